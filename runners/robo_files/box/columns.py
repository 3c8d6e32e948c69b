"""A column of a chunk as bytes, and back. Two million cells cross the pipe without a call per cell, and what comes
out of the box can only ever be texts, numbers and days.

Kinds: `s` texts joined by U+001F, `i` days as machine integers, `d` numbers as doubles (whole ones are integers again
on the other side), `x` plain cells as JSON.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from datetime import date
from typing import Any

from robo_files.box.cells import plain

_EXACT = 1e15
_MARK = "\x1f"


def pack(column: tuple[Any, ...], wrong: Mapping[int, str] | None = None) -> tuple[str, bytes]:
    """Kind and bytes of a column as calamine gives it. `wrong`: cells that are errors."""
    kinds = {type(value) for value in column} if wrong is None else None
    if kinds == {str}:
        joined = _MARK.join(column)
        if joined.count(_MARK) == len(column) - 1:
            return "s", joined.encode("utf-8", "surrogatepass")
    elif kinds == {float} and all(-_EXACT < value < _EXACT for value in (min(column), max(column), sum(column))):
        return "d", array("d", column).tobytes()
    elif kinds == {date}:
        return "i", array("i", map(date.toordinal, column)).tobytes()
    cells = [plain(value) for value in column]
    for i, why in (wrong or {}).items():
        cells[i] = {"e": why}
    return "x", json.dumps(cells, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def unpack(kind: str, data: bytes) -> list[Any]:
    """Texts (blank: empty), numbers, days, or plain cells, by kind."""
    if kind == "s":
        return data.decode("utf-8", "surrogatepass").split(_MARK)
    if kind == "d":
        return [int(value) if value.is_integer() else value for value in array("d", data)]
    if kind == "i":
        return list(map(date.fromordinal, array("i", data)))
    cells: list[Any] = json.loads(data.decode("utf-8", "surrogatepass"))
    return cells
