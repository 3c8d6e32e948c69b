"""What calamine does not tell about cells: which are errors, which are computed. A scan of the sheet's bytes does.

calamine 0.9 gives an error cell (`#REF!`) and a formula that was never calculated as an empty text; read as *missing*
either would be a silent lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from robo_files.box.archive import Archive
from robo_files.box.trouble import Trouble, phrase

_ROW = 32_000_000
"""Bytes of the longest row that is believed (16 384 columns of short texts are 2 MB)."""
_LETTERS = 26


@dataclass(slots=True)
class Marks:
    """Columns by row, both from 1."""

    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    computed: dict[int, set[int]] = field(default_factory=dict)
    totals: dict[int, range] = field(default_factory=dict)
    """Rows of totals under the tables of the sheet, and the columns of the table."""


def place_of(reference: bytes) -> tuple[int, int]:
    """`B7` is (7, 2)."""
    column, i = 0, 0
    while i < len(reference) and reference[i : i + 1].isalpha():
        column = column * _LETTERS + reference[i] - 64
        i += 1
    return int(reference[i:]), column


def is_computed(content: bytes) -> bool:
    """Whether a cell holds a formula. A plain yes or no, which LibreOffice writes as `TRUE()`, is a value."""
    return bool(_FORMULA.search(content)) and not _CONSTANT.search(content)


def letters(column: int) -> str:
    """1 is `A`, 28 is `AB`."""
    name = ""
    while column:
        column, rest = divmod(column - 1, _LETTERS)
        name = chr(65 + rest) + name
    return name


_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c\s*>)", re.DOTALL)
_REF = re.compile(rb"\br=[\"']([A-Z]{1,3}[0-9]{1,7})[\"']")
_TYPE = re.compile(rb"\bt=[\"']e[\"']")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_CONSTANT = re.compile(rb"<(?:\w+:)?f\b[^>]*>(?:TRUE|FALSE)\(\)<")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]*)<")
_ROWS = re.compile(rb"<(?:\w+:)?row\b([^>]*?)(/?)>")
_NUMBER = re.compile(rb"\br=[\"']([0-9]{1,7})[\"']")
_ROOT = re.compile(rb"<(\w+:)?worksheet\b")


class _Unnamed(Exception):  # noqa: N818 - no error: the other way of looking takes over
    """A marked cell does not say where it stands."""


def scan(archive: Archive, part: str) -> Marks:
    """The marks of one sheet. Quick where there are none: a few searches per megabyte. Where cells do not say their
    places, as some writers leave them, they are counted from the first."""
    try:
        return _scan(archive, part)
    except _Unnamed:
        marks = Marks()
        _mark(_counted(archive.read(part)), marks)
        return marks


def _scan(archive: Archive, part: str) -> Marks:
    """Whole rows at a time, because a block may end anywhere."""
    marks = Marks()
    rest, row = b"", b""
    triggers: tuple[bytes, ...] = ()
    for block in archive.blocks(part):
        window = rest + block
        if not row:
            root = _ROOT.search(window)
            prefix = (root and root[1]) or b""
            row, triggers = b"<" + prefix + b"row", (b't="e"', b"t='e'", b"<" + prefix + b"f")
        cut = max(window.rfind(row), 0)
        body, rest = window[:cut], window[cut:]
        if len(rest) > _ROW:
            raise Trouble(
                "broken", why=phrase("%(part)s holds a row of more than %(size)s MB", part=part, size=_ROW // 1_000_000)
            )
        if any(trigger in body for trigger in triggers):
            _mark(((None, cell) for cell in _CELL.finditer(body)), marks)
    if any(trigger in rest for trigger in triggers):
        _mark(((None, cell) for cell in _CELL.finditer(rest)), marks)
    return marks


def _counted(data: bytes) -> Iterator[tuple[tuple[int, int], re.Match[bytes]]]:
    """Every cell with its place: where it says so, else next to the one before."""
    rows = list(_ROWS.finditer(data))
    number = 0
    for row, below in zip(rows, [*(each.start() for each in rows[1:]), len(data)], strict=True):
        named = _NUMBER.search(row[1])
        number = int(named[1]) if named else number + 1
        column = 0
        for cell in _CELL.finditer(data, row.end(), below):
            reference = _REF.search(cell[1])
            column = place_of(reference[1])[1] if reference else column + 1
            yield (number, column), cell


def _mark(cells: Iterable[tuple[tuple[int, int] | None, re.Match[bytes]]], marks: Marks) -> None:
    for counted, cell in cells:
        attributes, content = cell[1], cell[2] or b""
        wrong = _TYPE.search(attributes)
        formula = is_computed(content)
        if not wrong and not formula:
            continue
        reference = _REF.search(attributes)
        place = place_of(reference[1]) if reference else counted
        if place is None:
            raise _Unnamed
        value = _VALUE.search(content)
        if formula:
            marks.computed.setdefault(place[0], set()).add(place[1])
        if wrong:
            marks.errors.setdefault(place[0], {})[place[1]] = value[1].decode("utf-8", "replace") if value else "#ERR!"
        elif not value or (not value[1] and b't="str"' not in attributes):
            marks.errors.setdefault(place[0], {})[place[1]] = "formula without a value"
