"""`files.read`: rows of a table, or single cells, as values of a step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from robo.sdk.errors import Failure
from robo.sdk.runner import Call, Result, Row
from robo.sdk.values import MISSING, BadScalar, CellError, Kind, parse
from robo_files.actions import Cell, Column, ReadParams, TableParams
from robo_files.box.cells import text, tidy
from robo_files.box.marks import place_of
from robo_files.desk import Desk
from robo_files.rows import Addresses, from_plain, rows_of, to_plain

_PLACE = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")


def request_of(desk: Desk, params: TableParams) -> dict[str, Any]:
    """What the box is asked for the rows of a table."""
    file = desk.on_disk(params.file)
    return {"do": "rows", "file": str(file), "sheet": params.sheet, "header": params.header, "how": params.how}


def read(desk: Desk, call: Call) -> Result:
    """Errors: those of the file, RB834 too many rows, RB835 no such column, RB836 a cell that is no value."""
    params = call.params
    assert isinstance(params, ReadParams)  # noqa: S101 - the action's own parameters
    if params.cells:
        return _cells(desk, call, params, params.cells)
    rows: list[Mapping[str, Any]] = []
    for row in _rows(desk, call, params):
        if len(rows) == params.most:
            raise Failure(
                "RB834",
                "%(file)s has more than %(most)s such rows",
                place=call.step,
                remedy="say which with `where: {Column: value}`, or raise `most:`",
                file=desk.on_disk(params.file).name,
                most=params.most,
            )
        rows.append(row)
    return Result(values={"rows": rows, "count": len(rows)}, note=f"{len(rows)} × {params.file}")


def _rows(desk: Desk, call: Call, params: ReadParams) -> Iterator[Mapping[str, Any]]:
    """The rows that `where` means, each with what `read` takes of it."""
    with desk.box(request_of(desk, params)) as box:
        head = box.next()
        headers: list[str] = head["headers"]
        wanted = {
            _named(call, "where", column, headers): text(to_plain(value))
            for column, value in (params.where or {}).items()
        }
        columns = {
            name: each if isinstance(each, Column) else Column(column=each)
            for name, each in (params.read or {}).items()
        }
        taken = {name: (_named(call, "read", each.column, headers), each.type) for name, each in columns.items()}
        addresses = Addresses(head["sheet"], dict(zip(headers, head["letters"], strict=True)))
        while "end" not in (chunk := box.next()):
            for row in rows_of(chunk, headers, {}, addresses):
                if all(text(to_plain(row.values[column])) == value for column, value in wanted.items()):
                    yield _taken(call, row, taken)


def _taken(call: Call, row: Row, taken: Mapping[str, tuple[str, Kind]]) -> Mapping[str, Any]:
    found = {
        name: _typed(call, row.place_of(column), row.values[column], kind) for name, (column, kind) in taken.items()
    } or {name: _value(value) for name, value in row.values.items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def _named(call: Call, under: str, column: str, headers: list[str]) -> str:
    """The column as the file names it."""
    there = {tidy(name): name for name in headers}
    if tidy(column) in there:
        return there[tidy(column)]
    near = get_close_matches(tidy(column), there, n=1)
    raise Failure(
        "RB835",
        "the file has no column «%(column)s»; it has %(there)s",
        place=call.step,
        remedy="correct the name under `%(under)s`; nearest: %(near)s",
        column=column,
        under=under,
        there=", ".join(f"«{name}»" for name in headers),
        near=there[near[0]] if near else "-",
    )


def _cells(desk: Desk, call: Call, params: ReadParams, asked: Mapping[str, str | Cell]) -> Result:
    cells = {name: each if isinstance(each, Cell) else Cell(cell=each) for name, each in asked.items()}
    places = {name: _place(call, each.cell) for name, each in cells.items()}
    told = desk.ask({**request_of(desk, params), "do": "cells", "cells": places})
    values = {
        name: _typed(call, f"{told['sheet']}!{each.cell}", from_plain(told["cells"][name]), each.type)
        for name, each in cells.items()
    }
    return Result(values=values, note=", ".join(f"{each.cell} = «{values[name]}»" for name, each in cells.items()))


def _place(call: Call, cell: str) -> tuple[int, int]:
    plain = cell.replace("$", "").upper()
    if not _PLACE.fullmatch(plain):
        raise Failure(
            "RB836",
            "«%(cell)s» is not the address of a cell",
            place=call.step,
            remedy="write it as D12; the sheet is said with `sheet:`",
            cell=cell,
        )
    return place_of(plain.encode())


def _typed(call: Call, place: str, value: Any, kind: Kind) -> Any:
    if value is MISSING:
        return MISSING
    try:
        return parse(kind, value)
    except BadScalar as bad:
        raise Failure(
            "RB836",
            "%(cell)s: %(got)s is not %(wanted)s",
            place=call.step,
            remedy="correct the cell, or say its type, as `type: money`",
            got=str(bad.got),
            wanted=bad.expected,
            cell=place,
        ) from bad


def _value(value: Any) -> Any:
    """A cell as expressions calculate with it: a float is the number that its digits say."""
    if isinstance(value, float):
        return Decimal(repr(value))
    return value.why if isinstance(value, CellError) else value
