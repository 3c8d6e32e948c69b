"""What a case says of the tables that its last run wrote: every row of a workbook or CSV, by column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from robo.errors import RoboError, Words, phrase
from robo.model.base import MISSING, CellError
from robo.model.process import Kind
from robo.model.scalars import parse
from robo.model.text import header
from robo.services.cases.world import is_as

Row = Mapping[str, Any]
Table = Callable[[Path], Sequence[Row]]
"""The rows of a workbook or CSV, by header."""


def table_problems(
    wanted: Mapping[str, Sequence[Mapping[str, str]]], given: Mapping[str, str], table: Table
) -> Iterator[Words]:
    """Each table has these rows, in their order, and no other. `given`: what the last run was given, by input."""
    for place, rows in wanted.items():
        name, *below = place.split("/")
        file = Path(given.get(name, "")).joinpath(*below)
        if not file.is_file():
            yield phrase("file: there is no %(place)s", place=place)
            continue
        try:
            yield from _row_problems(place, rows, table(file))
        except RoboError as trouble:
            yield phrase("file: %(place)s: %(told)s", place=place, told=phrase(trouble.message, **trouble.facts))


def shown(value: Any) -> str:
    """A cell as text, as an item's field of type `str` reads it."""
    if value is None or value is MISSING:
        return ""
    return value.why if isinstance(value, CellError) else str(parse(Kind.STR, value))


def _row_problems(place: str, rows: Sequence[Mapping[str, str]], there: Sequence[Row]) -> Iterator[Words]:
    if len(there) != len(rows):
        facts = {"place": place, "found": len(there), "number": len(rows)}
        yield phrase("file: %(place)s has %(found)s row(s), expected %(number)s", **facts)
    for number, (wanted, row) in enumerate(zip(rows, there, strict=False), 1):
        cells = {header(column): shown(value) for column, value in row.items()}
        for column, text in wanted.items():
            got = cells.get(header(column))
            if got is None:
                facts = {"name": column, "known": ", ".join(row) or "-"}
                yield phrase("file: there is no column «%(name)s»; there are %(known)s", **facts)
            elif not is_as(text, got):
                facts = {"key": f"{place}, {number}", "column": column, "got": got, "text": text}
                yield phrase("file: %(key)s, column %(column)s: « %(got)s », expected « %(text)s »", **facts)
