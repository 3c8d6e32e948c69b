"""Changes into a workbook: find the rows, patch the sheets' own XML, copy everything else as it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from robo_files.box.archive import Archive
from robo_files.box.cells import plain, text, tidy
from robo_files.box.locating import Found, Lines, Told, locate
from robo_files.box.marks import Marks
from robo_files.box.patching import FORMULA, SheetPatch, storable
from robo_files.box.reading import read_sheet, table
from robo_files.box.styles import Styles
from robo_files.box.trouble import Limits, Trouble, Words, phrase
from robo_files.box.workbook import Workbook, open_workbook, recalculated, relations_of

_LOOK = 200
"""Rows among which the header is looked for, when a process says where it is."""
_TRIES = 3

Change = Mapping[str, Any]


def update_workbook(path: Path, target: Path | None, changes: Sequence[Change], limits: Limits) -> list[Told]:
    """What becomes of each change; `target` is written only if something is to be. Without one, what would become."""
    book = open_workbook(path, limits)
    if any(name.startswith("_xmlsignatures/") for name in book.archive.parts):
        return [Told(phrase("the workbook is signed; a change would break the signature"))] * len(changes)
    told = [Told("")] * len(changes)
    parts: dict[str, bytes] = {}
    styles = Styles(book.archive, styles_part(book))
    for name, members in _by_sheet(changes).items():
        mine = [{**changes[i], "new": storable(changes[i]["new"], book.date1904)} for i in members]
        try:
            answers, part, content = _one_sheet(book, name, mine, styles)
        except Trouble as trouble:
            if trouble.kind not in ("no-sheet", "no-header", "empty-sheet", "double-header"):
                raise
            lost = Told(_lost(name, trouble, mine))
            answers, part, content = [lost] * len(mine), "", b""
        for i, answer in zip(members, answers, strict=True):
            told[i] = answer
        if content:
            parts[part] = content
    if parts and target:
        write_parts(book, target, parts, styles)
    return told


def _lost(name: str, trouble: Trouble, changes: Sequence[Change]) -> Words:
    """Why none of these changes has a place."""
    if trouble.kind == "no-sheet":
        return phrase("the workbook has no sheet «%(sheet)s»", sheet=name)
    columns = ", ".join(f"«{column}»" for column in dict.fromkeys(change["column"] for change in changes))
    return phrase("the sheet «%(sheet)s» has no column %(columns)s", sheet=name, columns=columns)


def check_workbook(path: Path, changes: Sequence[Change], told: Sequence[Told], limits: Limits) -> list[bool]:
    """Whether each cell that was told about holds the new value, read by whoever reads it next."""
    book = open_workbook(path, limits)
    held = [False] * len(changes)
    for name, members in _by_sheet(changes).items():
        rows, offset, _ = read_sheet(book, book.sheet(name))
        wanted = {told[i].row for i in members}
        lines = {number: cells for number, cells in rows if number in wanted}
        for i in members:
            cells, column = lines.get(told[i].row, ()), told[i].column - offset
            value = plain(cells[column]) if 0 <= column < len(cells) else None
            held[i] = text(value) == text(storable(changes[i]["new"], book.date1904))
    return held


def _by_sheet(changes: Sequence[Change]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for i, change in enumerate(changes):
        found.setdefault(change["sheet"], []).append(i)
    return found


def _one_sheet(book: Workbook, name: str, changes: Sequence[Change], styles: Styles) -> tuple[list[Told], str, bytes]:
    """Answers, the sheet's part, and its new content (empty: nothing to write)."""
    sheet = book.sheet(name)
    rows, offset, marks = read_sheet(book, sheet)
    lines, columns, found = _located(sheet.name, list(rows), offset, marks, changes)
    patch: SheetPatch | None = None
    for i, answer in enumerate(found.answers):
        if answer != "write":
            continue
        number, index = found.places[i]
        if index in lines.computed(number):
            found.answers[i] = FORMULA
            continue
        patch = patch or SheetPatch(book.archive.read(sheet.part), styles, book.date1904)
        why = patch.put(number, columns[index] + 1, changes[i]["new"])
        found.answers[i] = why or "written"
    content = patch.content() if patch and "written" in found.answers else b""
    return found.told(columns), sheet.part, content


def _located(
    name: str, rows: list[tuple[int, Sequence[Any]]], offset: int, marks: Marks, changes: Sequence[Change]
) -> tuple[Lines, tuple[int, ...], Found]:
    """Try the rows that could be the header; the one under which most changes find their row is it."""
    best: tuple[Lines, tuple[int, ...], Found] | None = None
    for header in islice(_headers(rows, changes), _TRIES):
        try:
            source = table(name, iter(rows), header, offset, marks)
        except Trouble:
            continue
        kept = {number: [plain(value) for value in cells] for number, cells in source.rows}
        places = {column + 1: j for j, column in enumerate(source.columns)}
        _mark_errors(kept, places, marks)
        lines = Lines(source.headers, kept, _computed(places, marks))
        found = locate(lines, changes)
        if best is None or found.settled > best[2].settled:
            best = (lines, source.columns, found)
        if found.settled == len(changes):
            break
    if best is None:
        raise Trouble("no-header", sheet=name, row=0)
    return best


def _headers(rows: list[tuple[int, Sequence[Any]]], changes: Sequence[Change]) -> Iterator[int]:
    """Numbers of the rows that name the changed columns, those that name most first."""
    wanted = {tidy(change["column"]) for change in changes}
    counted = [
        (-len(wanted.intersection(text(plain(value)) for value in cells)), number) for number, cells in rows[:_LOOK]
    ]
    return (number for count, number in sorted(counted) if count)


def _mark_errors(kept: dict[int, list[Any]], places: Mapping[int, int], marks: Marks) -> None:
    for number, wrong in marks.errors.items():
        for column, why in wrong.items():
            if number in kept and column in places:
                kept[number][places[column]] = {"e": why}


def _computed(places: Mapping[int, int], marks: Marks) -> Any:
    def computed(number: int) -> Collection[int]:
        return {places[column] for column in marks.computed.get(number, ()) if column in places}

    return computed


def styles_part(book: Workbook) -> str:
    """The part with the styles; empty when there is none."""
    relations = relations_of(book.archive, book.part).values()
    return next((target for kind, target in relations if kind == "styles"), "")


def write_parts(book: Workbook, target: Path, parts: dict[str, bytes], styles: Styles) -> None:
    """The workbook with some parts changed, the styles that they need, and formulas calculated when it is opened."""
    if styles.changed:
        parts[styles.part] = styles.content()
    if _has_formulas(book.archive):
        parts[book.part] = recalculated(book.archive.read(book.part))
    with target.open("wb") as out:
        book.archive.rewrite(out, parts)


def _has_formulas(archive: Archive) -> bool:
    """A formula anywhere: then Excel must calculate when it opens the file."""
    for name in archive.parts:
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            rest = b""
            for block in archive.blocks(name):
                window = rest + block
                if b"<f>" in window or b"<f " in window or b":f>" in window or b":f " in window:
                    return True
                rest = window[-4:]
    return False
