"""Typed values as JSON text and back: what a row of a workbook holds survives the database unchanged.

Text, whole numbers, fractions, true, false, null, lists and mappings are themselves; everything else is written
`{"$": kind, "v": text}`. A mapping that has a key `$` of its own is wrapped, so nothing can be mistaken.
"""

from __future__ import annotations

import json
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
    "mapping": dict,
}


def dump(value: Any) -> str:
    """`value` as JSON text. `InfrastructureError` RB615 for a type that has no written form (a secret has none)."""
    return _encode(_plain(value)) if value else "{}" if isinstance(value, Mapping) else _encode(value)


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


def _read(found: dict[str, Any]) -> Any:
    kind = found.get("$")
    return _READERS[kind](found.get("v")) if isinstance(kind, str) and kind in _READERS else found
