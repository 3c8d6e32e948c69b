"""Typed values as JSON text and back: what a row of a workbook holds survives the database unchanged.

Text, whole numbers, fractions, true, false, null, lists and mappings are themselves; everything else is written
`{"$": kind, "v": text}`. A mapping that has a key `$` of its own is wrapped, so nothing can be mistaken. What a page or
an answer may hold and a database may not (half a character, a number that is none) survives too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Final

from robo.errors import InfrastructureError
from robo.model.base import DIFFERS, MISSING, Differs, Missing

_MICROSECOND: Final = timedelta(microseconds=1)

_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "missing": lambda _: MISSING,
    "differs": lambda _: DIFFERS,
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "duration": lambda v: timedelta(microseconds=v),
    "path": Path,
    "float": float,
    "mapping": dict,
}


def dump(value: Any) -> str:
    """`value` as JSON text. `InfrastructureError` RB615 for a type that has no written form (a secret has none)."""
    if not value:
        return "{}" if isinstance(value, Mapping) else _encode(value)
    plain = _plain(value)
    try:
        text = _encode(plain)
    except ValueError:
        return _escape(_finite(plain))
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return _escape(plain)
    return text


def whole(text: str) -> str:
    """A text that both databases take: half of a character, which a page may hold, is the sign of what is unknown."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def load(text: str | None) -> Any:
    """What `dump` was given; tuples come back as lists, and nothing (NULL) as an empty mapping."""
    if not text or text == "{}":
        return {}
    return json.loads(text, object_hook=_read) if '"$"' in text else json.loads(text)


def _plain(value: Any) -> Any:
    """`value` with mappings that could be mistaken for a tag wrapped; keys must be text."""
    if isinstance(value, Mapping):
        whole = {str(key): _plain(each) for key, each in value.items()}
        return {"$": "mapping", "v": list(whole.items())} if "$" in whole else whole
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _tagged(value: Any) -> Any:
    """The tag of a value that JSON has no form for."""
    if isinstance(value, Missing):
        return {"$": "missing"}
    if isinstance(value, Differs):
        return {"$": "differs"}
    if isinstance(value, Decimal):
        return {"$": "decimal", "v": str(value)}
    if isinstance(value, datetime):
        return {"$": "datetime", "v": value.isoformat()}
    if isinstance(value, date):
        return {"$": "date", "v": value.isoformat()}
    if isinstance(value, time):
        return {"$": "time", "v": value.isoformat()}
    if isinstance(value, timedelta):
        return {"$": "duration", "v": value // _MICROSECOND}
    if isinstance(value, Path):
        return {"$": "path", "v": str(value)}
    if isinstance(value, Enum):
        return value.value
    raise InfrastructureError(
        "RB615",
        "a value of type %(type)s cannot be stored",
        remedy="give the store text, numbers, dates, lists or mappings; a secret is never stored",
        type=type(value).__name__,
    )


_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_tagged, allow_nan=False).encode
_escape: Final = json.JSONEncoder(separators=(",", ":"), default=_tagged, allow_nan=False).encode
"""Half of a character (a lone surrogate) has no UTF-8: it is escaped, and reads back as it was."""


def _finite(value: Any) -> Any:
    """`value` with NaN and the infinities as tags."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"$": "float", "v": str(value)}
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value


def _read(found: dict[str, Any]) -> Any:
    kind = found.get("$")
    return _READERS[kind](found.get("v")) if isinstance(kind, str) and kind in _READERS else found
