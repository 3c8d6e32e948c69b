"""Rows as the SDK wants them, from the packed chunks of the box."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from robo.sdk.errors import Failure
from robo.sdk.runner import Row
from robo.sdk.values import MISSING, CellError
from robo_files.box.cells import plain, row_digest
from robo_files.box.columns import unpack


def need_rows(rows: Any, step: str) -> Sequence[Mapping[str, Any]]:
    """`rows` as a step was given them, if they are rows by column. Errors: RB842."""
    if isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows):
        return rows
    raise Failure(
        "RB842",
        "`rows` must be a list of rows by column",
        place=step,
        remedy="give the rows of a step: ${{ found.rows }}, or ${{ run.items }} in `finish`",
    )


class Addresses:
    """How the cells of a sheet are called: `Demandes!C` stands before the number of a row."""

    def __init__(self, sheet: str, letters: Mapping[str, str]) -> None:
        self._sheet = sheet
        self._letters = letters
        self.first = self.of(next(iter(letters)))

    def of(self, column: str) -> str:
        """`column` by its header."""
        return f"{self._sheet}!{self._letters[column]}"


class SheetRow(Row):
    """A row whose digest is computed when it is asked for: a source of 100 000 rows may be looked at without it."""

    __slots__ = ("_addresses", "_computed")
    _addresses: Addresses
    _computed: frozenset[int]

    def __init__(
        self,
        values: Mapping[str, Any],
        number: int,
        computed: frozenset[int],
        where: Mapping[str, Any],
        addresses: Addresses,
    ) -> None:
        put = object.__setattr__
        put(self, "values", values)
        put(self, "place", f"{addresses.first}{number}")
        put(self, "number", number)
        put(self, "_addresses", addresses)
        put(self, "where", where)
        put(self, "_computed", computed)

    def place_of(self, column: str) -> str:
        return f"{self._addresses.of(column)}{self.number} «{column}»"

    @property
    def digest(self) -> str:
        return row_digest([to_plain(value) for value in self.values.values()], self._computed)


def rows_of(
    chunk: Mapping[str, Any], headers: Sequence[str], where: Mapping[str, Any], addresses: Addresses
) -> Iterator[Row]:
    """The rows of one chunk."""
    computed: dict[int, set[int]] = {}
    for i, j in chunk["f"]:
        computed.setdefault(i, set()).add(j)
    none = frozenset[int]()
    columns = [_column(kind, data) for (kind, _), data in zip(chunk["c"], chunk["columns"], strict=True)]
    for i, (number, cells) in enumerate(zip(chunk["n"], zip(*columns, strict=True), strict=True)):
        own = frozenset(computed[i]) if i in computed else none
        yield SheetRow(dict(zip(headers, cells, strict=True)), number, own, where, addresses)


def _column(kind: str, data: bytes) -> Sequence[Any]:
    values = unpack(kind, data)
    if kind == "s":
        return [value or MISSING for value in values]
    return [from_plain(value) for value in values] if kind == "x" else values


def from_plain(value: Any) -> Any:
    """A cell as its Python value; a blank is MISSING."""
    if value is None:
        return MISSING
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    return _TAGS[tag](content)


def _span(seconds: Any) -> timedelta:
    return timedelta(seconds=float(seconds))


def _error(why: Any) -> CellError:
    return CellError(why=str(why))


_TAGS: Mapping[str, Callable[[Any], Any]] = {
    "d": date.fromisoformat,
    "t": datetime.fromisoformat,
    "h": time.fromisoformat,
    "s": _span,
    "n": Decimal,
    "e": _error,
}


def to_plain(value: Any) -> Any:
    """A Python value as a cell; MISSING and None are blanks, a list is its parts as such a cell is read (`a; b`)."""
    if value is None or value is MISSING:
        return None
    if isinstance(value, CellError):
        return {"e": value.why}
    if isinstance(value, str | bool | int | float | Decimal | date | time | timedelta):
        return plain(value)
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in value) or None
    return str(value)
