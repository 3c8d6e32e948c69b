"""A sheet's XML with some cells changed and every other byte kept.

Format: ECMA-376 part 1, 18.3.1.4 (`c`), 18.3.1.73 (`row`), 18.18.11 (cell types). Texts are written inline, so the
shared strings stay as they are. In XML `<` never stands for itself in a text, so a tag can be found by its bytes once
comments and CDATA sections are excluded; a sheet that has some is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from robo_files.box.cells import plain
from robo_files.box.marks import is_computed, letters, place_of
from robo_files.box.styles import CLOCK, DAY, MOMENT, SPAN, Styles
from robo_files.box.trouble import Trouble, Words, phrase

FORMULA = phrase("the cell holds a formula")
"""Why a cell is left as it is: what it shows is calculated."""
_MAX_TEXT = 32_767
_MAX_DIGITS = 15
_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LEAP_1900 = date(1900, 3, 1)
"""Before this day Excel counts a 29 February 1900 that never was."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]{1,3}[0-9]{1,7})[\"']")
_NUMBER = re.compile(rb"\br=[\"']([0-9]{1,7})[\"']")
_STYLE = re.compile(rb"\bs=[\"']([0-9]+)[\"']")
_SPANS = re.compile(rb"\s+spans=(\"[^\"]*\"|'[^']*')")


@dataclass(frozen=True, slots=True)
class _Cell:
    column: int
    start: int
    end: int
    attributes: bytes
    content: bytes


class SheetPatch:
    """Collects changes of cells; `content` is the new part. Rows and cells are found once, in one pass."""

    def __init__(self, data: bytes, styles: Styles, date1904: bool) -> None:
        if not data.lstrip(b"\xef\xbb\xbf").startswith(b"<") or b"<!--" in data or b"<![CDATA[" in data:
            raise Trouble("unpatchable", why="its sheet is not written the way spreadsheets are")
        root = re.search(rb"<(\w+:)?worksheet\b", data)
        if root is None:
            raise Trouble("unpatchable", why="its sheet has no worksheet element")
        self._data, self._styles, self._date1904 = data, styles, date1904
        self._prefix = root[1] or b""
        self._rows = self._find_rows()
        self._numbers = list(self._rows)
        self._order = {number: i for i, number in enumerate(self._numbers)}
        cell = self._prefix + b"c"
        self._cell_tags = re.compile(rb"<" + cell + rb"\b([^>]*?)(?:/>|>(.*?)</" + cell + rb"\s*>)", re.DOTALL)
        self._cell_openings = re.compile(rb"<" + cell + rb"[\s/>]")
        self._column_styles = list(self._find_column_styles())
        self._covered = [
            *self._ranges(rb"mergeCell", b""),
            *self._ranges(rb"f", rb"(?=[^>]*\bt=[\"'](?:array|dataTable))"),
        ]
        self._cells: dict[int, list[_Cell]] = {}
        self._puts: dict[int, dict[int, bytes]] = {}

    def put(self, row: int, column: int, value: Any) -> Words:
        """Change one cell. Answers why it cannot be changed, or nothing."""
        if row not in self._rows:
            return phrase("the row has no cells")
        for top, left, bottom, right in self._covered:
            if top <= row <= bottom and left <= column <= right and (row, column) != (top, left):
                return phrase("the cell is part of a merged range or of an array formula")
        old = next((cell for cell in self._cells_of(row) if cell.column == column), None)
        if old is not None and is_computed(old.content):
            return FORMULA
        style = _style(old.attributes) if old else self._style_beside(row, column)
        written = self._written(row, column, style, value)
        if not isinstance(written, bytes):
            return written
        self._puts.setdefault(row, {})[column] = written
        return ""

    def append(self, last: int, cells: Mapping[int, Any]) -> Words:
        """Put a row of cells under the row `last`, dressed like it. Answers why that cannot be, or nothing."""
        row = last + 1
        if row not in self._rows:
            refused = self._open_row(row, last)
            if refused:
                return refused
        for column, value in sorted(cells.items()):
            above = next((cell for cell in self._cells_of(last) if cell.column == column), None)
            own = next((cell for cell in self._cells_of(row) if cell.column == column), None)
            model = own or above
            style = _style(model.attributes) if model else self._style_beside(row, column)
            written = self._written(row, column, style, value)
            if not isinstance(written, bytes):
                return written
            self._puts.setdefault(row, {})[column] = written
        return ""

    def _open_row(self, row: int, last: int) -> Words:
        """Make room for the cells of a row that has none: at the end of the rows, or where it stands empty."""
        p = self._prefix
        tag = b'<%srow r="%d">' % (p, row)
        empty = re.search(rb"<" + p + rb"row\b[^>]*\br=[\"']%d[\"'][^>]*/>" % row, self._data)
        if empty:
            start, end = empty.span()
            tag = empty[0][:-2].rstrip() + b">"
        elif last in self._rows:
            start = end = self._data.index(b">", self._rows[last][2]) + 1
        else:
            return phrase("no row stands above the new one")
        self._data = self._data[:start] + tag + b"</%srow>" % p + self._data[end:]
        self._rows = self._find_rows()
        self._numbers = list(self._rows)
        self._order = {number: i for i, number in enumerate(self._numbers)}
        self._cells.clear()
        return ""

    def content(self) -> bytes:
        """The part with all changes."""
        pieces: list[bytes] = []
        at = 0
        for row in sorted(self._puts, key=lambda number: self._rows[number][1]):
            opening, start, end = self._rows[row]
            pieces.append(self._data[at:opening])
            pieces.append(self._opened(opening, start, max(self._puts[row])))
            pieces.append(self._patched(row, start, end))
            at = end
        return b"".join(pieces) + self._data[at:]

    def _opened(self, opening: int, start: int, column: int) -> bytes:
        """The row's own tag; its `spans` (a hint only) go when a cell is beyond them."""
        tag = self._data[opening:start]
        spans = re.search(rb"spans=[\"'](\d+):(\d+)[\"']", tag)
        return _SPANS.sub(b"", tag) if spans and column > int(spans[2]) else tag

    def _patched(self, row: int, start: int, end: int) -> bytes:
        puts = dict(self._puts[row])
        pieces: list[bytes] = []
        at = start
        for cell in self._cells_of(row):
            for column in sorted(c for c in puts if c < cell.column):
                pieces += [self._data[at : cell.start], puts.pop(column)]
                at = cell.start
            if cell.column in puts:
                pieces += [self._data[at : cell.start], puts.pop(cell.column)]
                at = cell.end
        last = max([at, *(cell.end for cell in self._cells_of(row))])
        pieces.append(self._data[at:last])
        pieces += [puts[column] for column in sorted(puts)]
        return b"".join(pieces) + self._data[last:end]

    def _find_rows(self) -> dict[int, tuple[int, int, int]]:
        """By number: where the tag begins, where the content begins, where it ends. Empty rows are left out."""
        rows: dict[int, tuple[int, int, int]] = {}
        closings = re.compile(rb"</" + self._prefix + rb"row\s*>")
        number = 0
        for found in re.finditer(rb"<" + self._prefix + rb"row\b([^>]*?)(/?)>", self._data):
            named = _NUMBER.search(found[1])
            number = int(named[1]) if named else number + 1
            if not found[2]:
                closing = closings.search(self._data, found.end())
                if closing is None:
                    raise Trouble("unpatchable", why="a row of its sheet has no end")
                rows[number] = (found.start(), found.end(), closing.start())
        return rows

    def _cells_of(self, row: int) -> list[_Cell]:
        if row not in self._cells:
            start, end = self._rows[row][1:]
            cells = self._cells[row] = list(self._read_cells(start, end))
            rising = all(one.column < other.column for one, other in pairwise(cells))
            if not rising or len(cells) != len(self._cell_openings.findall(self._data, start, end)):
                raise Trouble("unpatchable", why=phrase("the cells of its row %(row)s do not stand in order", row=row))
        return self._cells[row]

    def _read_cells(self, start: int, end: int) -> Iterator[_Cell]:
        column = 0
        for found in self._cell_tags.finditer(self._data, start, end):
            named = _REFERENCE.search(found[1])
            column = place_of(named[1])[1] if named else column + 1
            yield _Cell(column, found.start(), found.end(), found[1], found[2] or b"")

    def _ranges(self, tag: bytes, condition: bytes) -> list[tuple[int, int, int, int]]:
        found = []
        pattern = (
            rb"<" + self._prefix + tag + rb"\b" + condition + rb"[^>]*\bref=[\"']([A-Z]+[0-9]+):([A-Z]+[0-9]+)[\"']"
        )
        for match in re.finditer(pattern, self._data):
            (top, left), (bottom, right) = place_of(match[1]), place_of(match[2])
            found.append((top, left, bottom, right))
        return found

    def _style_beside(self, row: int, column: int) -> int:
        """The style of a new cell: that of the column in the row above, else below, else the column's own."""
        place = self._order[row]
        for i in (place - 1, place + 1):
            if 0 < i < len(self._numbers):
                for cell in self._cells_of(self._numbers[i]):
                    if cell.column == column:
                        return _style(cell.attributes)
        return next((style for columns, style in self._column_styles if column in columns), 0)

    def _find_column_styles(self) -> Iterator[tuple[range, int]]:
        above = self._data[: self._rows[self._numbers[0]][0]] if self._numbers else b""
        for found in re.finditer(rb"<" + self._prefix + rb"col\b([^>]*)>", above):
            low, high = re.search(rb'\bmin="(\d+)"', found[1]), re.search(rb'\bmax="(\d+)"', found[1])
            style = re.search(rb'\bstyle="(\d+)"', found[1])
            if low and high and style:
                yield range(int(low[1]), int(high[1]) + 1), int(style[1])

    def _written(self, row: int, column: int, style: int, value: Any) -> bytes | Words:
        """The cell as XML, or why it cannot be written."""
        if isinstance(value, dict):
            value = _untagged(value)
        if isinstance(value, date | time | timedelta):
            return self._moment(row, column, style, value)
        if value is None or value == "":
            return self._cell(row, column, style, b"", b"")
        if isinstance(value, bool):
            return self._cell(row, column, style, b"b", self._value(b"1" if value else b"0"))
        if isinstance(value, float) or (isinstance(value, int | Decimal) and _exact(value)):
            return self._cell(row, column, self._styles.undated(style), b"", self._value(str(value).encode()))
        words = str(value)
        if len(words) > _MAX_TEXT:
            return phrase("the text is longer than the %(most)s characters of a cell", most=_MAX_TEXT)
        p = self._prefix
        inline = b'<%sis><%st xml:space="preserve">%s</%st></%sis>' % (p, p, _escaped(words), p, p)
        return self._cell(row, column, style, b"inlineStr", inline)

    def _moment(self, row: int, column: int, style: int, value: date | time | timedelta) -> bytes | Words:
        form = MOMENT if isinstance(value, datetime) else DAY if isinstance(value, date) else CLOCK
        form = SPAN if isinstance(value, timedelta) else form
        dated = self._styles.dated(style, form)
        if dated is None:
            return phrase("the workbook has no styles, so a date cannot be shown as one")
        return self._cell(row, column, dated, b"", self._value(_serial(value, self._date1904).encode()))

    def _value(self, text: bytes) -> bytes:
        return b"<%sv>%s</%sv>" % (self._prefix, text, self._prefix)

    def _cell(self, row: int, column: int, style: int, kind: bytes, content: bytes) -> bytes:
        p = self._prefix
        head = b'<%sc r="%s%d"' % (p, letters(column).encode(), row)
        head += b' s="%d"' % style if style else b""
        head += b' t="%s"' % kind if kind else b""
        return head + b">" + content + b"</%sc>" % p if content else head + b"/>"


def _style(attributes: bytes) -> int:
    found = _STYLE.search(attributes)
    return int(found[1]) if found else 0


def _exact(value: int | Decimal) -> bool:
    """Whether Excel's 15 digits hold it. What they do not (an account number) is written as text."""
    number = Decimal(value)
    return number.is_finite() and len(number.normalize().as_tuple().digits) <= _MAX_DIGITS


def storable(value: Any, date1904: bool) -> Any:
    """A plain cell as a workbook can hold it: numbers beyond its digits as text, moments to the second,
    days before Excel's first as text."""
    value = _untagged(value) if isinstance(value, dict) else value
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and not _exact(value):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, date) and _day(value) < (_EPOCH_1904 if date1904 else _LEAP_1900):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, datetime | time):
        value = value.replace(microsecond=0, tzinfo=None)
    elif isinstance(value, timedelta):
        value = timedelta(seconds=round(value.total_seconds()))
    return plain(value)


def _untagged(value: dict[str, Any]) -> Any:
    ((tag, content),) = value.items()
    readers = {"d": date.fromisoformat, "t": datetime.fromisoformat, "h": time.fromisoformat, "n": Decimal}
    return timedelta(seconds=float(content)) if tag == "s" else readers.get(tag, str)(content)


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _serial(value: date | time | timedelta, date1904: bool) -> str:
    """Days since Excel's epoch, the time as a fraction."""
    if isinstance(value, timedelta):
        whole = value
    else:
        clock = value if isinstance(value, time) else value.time() if isinstance(value, datetime) else time()
        days = (_day(value) - (_EPOCH_1904 if date1904 else _EPOCH)).days if isinstance(value, date) else 0
        whole = timedelta(days, clock.hour * 3600 + clock.minute * 60 + clock.second, clock.microsecond)
    return repr(whole / timedelta(days=1)).removesuffix(".0")


def _escaped(words: str) -> bytes:
    """Text for XML; what XML cannot hold is written `_x0001_`, as spreadsheets do, and such a text is escaped."""
    marked = _ESCAPE.sub("_x005F_", words)
    legal = _ILLEGAL.sub(lambda found: f"_x{ord(found[0]):04X}_", marked)
    return legal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode("utf-8")
