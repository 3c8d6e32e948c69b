"""Cells: their plain form on the pipe, and their text when two of them are compared.

Plain form (JSON): `null` blank, text, number, true/false, or one of `{"d": iso date}`, `{"t": iso datetime}`,
`{"h": iso time}`, `{"s": seconds}`, `{"n": decimal as text}`, `{"e": what is wrong with the cell}`.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

_EXACT = 1e15
"""Excel keeps 15 digits; a whole float below this is an integer for sure."""


def plain(value: Any) -> Any:
    """A Python value (or what calamine gives) in plain form."""
    kind = type(value)
    if kind is str:
        return value or None
    if kind is float:
        if value.is_integer() and abs(value) < _EXACT:
            return int(value)
        return value if math.isfinite(value) else {"e": "#NUM!"}
    if kind is datetime:
        return {"t": value.isoformat()}
    if kind is date:
        return {"d": value.isoformat()}
    if kind is time:
        return {"h": value.isoformat()}
    if kind is timedelta:
        return {"s": round(value.total_seconds(), 2)}
    if kind is Decimal:
        return {"n": str(value)}
    return value


def text(value: Any) -> str:
    """The text of a plain cell when cells are compared: tidy, and `7` is `7` however it is typed."""
    if value is None:
        return ""
    if value is True or value is False:
        return "TRUE" if value else "FALSE"
    if isinstance(value, dict):
        return _tagged(value)
    if isinstance(value, str):
        return tidy(value)
    return _number(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))


def _tagged(value: dict[str, Any]) -> str:
    ((tag, content),) = value.items()
    if tag == "t":
        return str(content).removesuffix("T00:00:00")
    return _number(Decimal(str(content))) if tag in "ns" else str(content)


def _number(value: Decimal) -> str:
    written = format(value, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def tidy(words: str) -> str:
    """A header or a text as it is compared: NFC, blanks (no-break ones too) collapsed, trimmed."""
    return " ".join(unicodedata.normalize("NFC", words).split())


def row_digest(cells: Sequence[Any], computed: Collection[int] = ()) -> str:
    """What a row is known by: its plain cells in column order. Those that a formula computes are left out (they change
    alone), and so are trailing blanks."""
    texts = ["" if i in computed else text(value) for i, value in enumerate(cells)]
    while texts and not texts[-1]:
        texts.pop()
    return blake2b("\x1f".join(texts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
