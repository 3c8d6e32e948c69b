"""One more row at the end of a table, unless it is there already. Everything else of the file stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robo_files.box.cells import plain, text, tidy
from robo_files.box.csvchange import csv_text, quoted
from robo_files.box.csvfile import Dialect, open_csv, read_csv, records
from robo_files.box.marks import letters, place_of
from robo_files.box.patching import SheetPatch, storable
from robo_files.box.reading import Opened, Table, read_sheet
from robo_files.box.styles import Styles
from robo_files.box.trouble import Limits, Trouble
from robo_files.box.updating import styles_part, write_parts
from robo_files.box.workbook import Workbook, open_workbook, relations_of

_REF = re.compile(rb"\bref=[\"']([A-Z]{1,3}[0-9]{1,7}):([A-Z]{1,3}[0-9]{1,7})[\"']")
_TOTALS = re.compile(rb"\btotalsRowCount=[\"'][1-9]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A row by column in plain form, and the columns that tell whether it is there."""

    row: Mapping[str, Any]
    key: Sequence[str]


def append(request: Mapping[str, Any], path: Path, limits: Limits, *, csv: bool) -> dict[str, Any]:
    """`{answer, place}`: `written` (into `target`, if there is one), `done` when the row is there, `other` when its key
    is there with other cells. Raises `no-columns` for columns the table does not have."""
    asked = Asked(request["row"], request["key"] or list(request["row"]))
    target = Path(request["target"]) if request["target"] else None
    if csv:
        return _append_csv(request, asked, path, target, limits)
    return _append_sheet(request, asked, path, target, limits)


def _append_csv(
    request: Mapping[str, Any], asked: Asked, path: Path, target: Path | None, limits: Limits
) -> dict[str, Any]:
    dialect, whole = open_csv(path, limits, request["how"])
    found = read_csv(path, limits, request["how"]).table(request["header"])
    written = {tidy(name): csv_text(value, dialect) for name, value in asked.row.items()}
    answer = _there(found, Asked(written, asked.key))
    lines = list(records(whole, dialect.delimiter))
    if answer:
        return {"answer": answer[0], "place": f"{found.sheet}!A{answer[1]}"}
    place = f"{found.sheet}!A{len(lines) + 1}"
    if target is not None:
        last = max(found.columns[-1] + 1, max((len(line) for line in lines), default=0))
        line = _line(found, written, last, dialect)
        ending = "\r\n" if "\r\n" in whole else "\n"
        before = whole if whole.endswith(("\n", "\r")) else whole + ending
        try:
            target.write_bytes(dialect.bom + (before + line + ending).encode(dialect.encoding))
        except UnicodeEncodeError as foreign:
            raise Trouble("not-encodable", encoding=dialect.encoding) from foreign
    return {"answer": "written", "place": place}


def _line(found: Table, written: Mapping[str, str], width: int, dialect: Dialect) -> str:
    fields = [""] * width
    for name, column in zip(found.headers, found.columns, strict=True):
        fields[column] = quoted(written.get(name, ""), dialect)
    return dialect.delimiter.join(fields)


def _append_sheet(
    request: Mapping[str, Any], asked: Asked, path: Path, target: Path | None, limits: Limits
) -> dict[str, Any]:
    book = open_workbook(path, limits)
    if any(name.startswith("_xmlsignatures/") for name in book.archive.parts):
        raise Trouble("unpatchable", why="it is signed; a change would break the signature")
    sheet = book.sheet(request["sheet"])
    rows, offset, marks = read_sheet(book, sheet)
    held = list(rows)
    found = Opened(sheet.name, iter(held), offset, marks).table(request["header"])
    row = {tidy(name): storable(value, book.date1904) for name, value in asked.row.items()}
    answer = _there(found, Asked(row, asked.key))
    if answer:
        return {"answer": answer[0], "place": f"{found.sheet}!A{answer[1]}"}
    last = max((number for number, cells in held if any(value not in ("", None) for value in cells)), default=0)
    if last in marks.totals:
        raise Trouble("unpatchable", why="a row of totals stands under its table")
    if target is not None:
        styles = Styles(book.archive, styles_part(book))
        patch = SheetPatch(book.archive.read(sheet.part), styles, book.date1904)
        columns = {column + 1: row.get(name) for name, column in zip(found.headers, found.columns, strict=True)}
        why = patch.append(last, {column: value for column, value in columns.items() if value is not None})
        if why:
            raise Trouble("unpatchable", why=why)
        parts = {sheet.part: patch.content(), **_longer_tables(book, sheet.part, last)}
        write_parts(book, target, parts, styles)
    return {"answer": "written", "place": f"{found.sheet}!A{last + 1}"}


def _there(found: Table, asked: Asked) -> tuple[str, int] | None:
    """`done` or `other` with the number of the row that has the key; None when no row has it."""
    places = {name: i for i, name in enumerate(found.headers)}
    lacking = [name for name in (*asked.row, *map(tidy, asked.key)) if name not in places]
    if lacking:
        raise Trouble("no-columns", sheet=found.sheet, lacking=lacking, there=list(found.headers))
    key = {places[tidy(name)]: text(asked.row.get(tidy(name))) for name in asked.key}
    rest = {places[name]: text(value) for name, value in asked.row.items()}
    for number, cells in found.rows:
        if all(text(plain(cells[i])) == value for i, value in key.items()):
            same = all(text(plain(cells[i])) == value for i, value in rest.items())
            return "done" if same else "other", number
    return None


def _longer_tables(book: Workbook, sheet: str, last: int) -> dict[str, bytes]:
    """The tables of the sheet that end at row `last`, one row longer."""
    folder, _, name = sheet.rpartition("/")
    if f"{folder}/_rels/{name}.rels" not in book.archive.parts:
        return {}
    longer: dict[str, bytes] = {}
    for kind, part in relations_of(book.archive, sheet).values():
        if kind != "table" or part not in book.archive.parts:
            continue
        content = book.archive.read(part)
        area = _REF.search(content)
        if area and place_of(area[2])[0] == last and not _TOTALS.search(content):
            longer[part] = _REF.sub(lambda found: _one_more(found, last), content)
    return longer


def _one_more(found: re.Match[bytes], last: int) -> bytes:
    row, column = place_of(found[2])
    if row != last:
        return found[0]
    return b'ref="%s:%s%d"' % (found[1], letters(column).encode(), row + 1)
