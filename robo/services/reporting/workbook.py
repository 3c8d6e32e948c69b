"""A workbook for people who calculate with it: tables with live totals, real hours, headings that stay, A4 across.

Hours are parts of a day, shown as [h]:mm; the workbook counts its days from 1904, since only then a spreadsheet shows
hours below zero. Every total is a formula, and carries the value it has, so that a reader without a calculator sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from robo.services.reporting.texts import capital

DAY: Final = 24 * 60
"""Minutes of a day: an hour is a 24th of what a cell holds."""
LAST_ROW: Final = 1_048_576
"""Rows of a sheet."""
A4: Final = 9
INK, BAND, RULE = "#1F2A44", "#E8ECF4", "#8A94A6"


class Kind(StrEnum):
    """What a column holds, and how it is shown."""

    TEXT = "text"
    HOURS = "hours"
    COUNT = "count"
    SHARE = "share"
    DAY = "day"
    MONTH = "month"
    POSTS = "posts"


NUMBERS: Final[dict[Kind, str]] = {
    Kind.HOURS: '[h]:mm;-[h]:mm;"–"',
    Kind.COUNT: '#,##0;-#,##0;"–"',
    Kind.SHARE: "0.0%",
    Kind.DAY: "dd/mm/yyyy",
    Kind.MONTH: "mm/yyyy",
    Kind.POSTS: "0.00",
}
LEFT: Final = frozenset({Kind.TEXT, Kind.DAY, Kind.MONTH})
"""What is read from the left."""
ADDED: Final = frozenset({Kind.HOURS, Kind.COUNT})
"""The columns that have a total."""


@dataclass(frozen=True, slots=True)
class Column:
    """`formula`: what is live in it, with `{row}` for the row as a spreadsheet counts; the row's value is then its
    result. `added`: whether the last row adds it up."""

    heading: str
    kind: Kind = Kind.TEXT
    width: int = 12
    formula: str = ""
    added: bool = True


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a table stands: rows as a spreadsheet counts them, from 1."""

    sheet: str
    first: int
    last: int
    total: int
    """0 where nothing is added up."""

    def cells(self, column: int) -> str:
        """The cells of a column, as a formula names them."""
        name = xl_col_to_name(column)
        return f"{quoted(self.sheet)}!${name}${self.first}:${name}${self.last}"

    def whole(self, column: int) -> str:
        """The total of a column."""
        return f"{quoted(self.sheet)}!${xl_col_to_name(column)}${self.total}"


def quoted(sheet: str) -> str:
    """A sheet's name as a formula has it."""
    return "'" + sheet.replace("'", "''") + "'"


_PARTS: Final[dict[Kind, int]] = {Kind.HOURS: DAY, Kind.SHARE: 1000, Kind.POSTS: 100}


def value_of(kind: Kind, value: Any) -> Any:
    """What a cell holds: minutes become parts of a day, thousandths a share, hundredths posts; None is nothing."""
    return value / _PARTS[kind] if value is not None and kind in _PARTS else value


class Book:
    """An open workbook with its formats, made once each; the file is written at the end of its block.

    Rows go into files of their own as they come, and are never all in memory. Raises `OSError` when it cannot be
    written; then nothing of it stays."""

    def __init__(self, file: Path, title: str) -> None:
        self.title = title
        self._beside = TemporaryDirectory(prefix="robo-report-")
        self._formats: dict[str, Any] = {}
        plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        streamed = {"constant_memory": True, "tmpdir": self._beside.name}
        self.book = xlsxwriter.Workbook(str(file), {"date_1904": True, "remove_timezone": True, **streamed, **plain})
        self.book.set_properties({"title": title, "comments": "robo"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_about: object) -> None:
        try:
            if kind is None:
                self.book.close()
        except FileCreateError as broken:
            raise OSError(str(broken)) from broken
        finally:
            for sheet in self.book.worksheets():
                if sheet.row_data_fh is not None:
                    sheet.row_data_fh.close()
            self._beside.cleanup()

    def format(self, **said: Any) -> Any:
        """A format, the same for the same words."""
        name = repr(sorted(said.items()))
        if name not in self._formats:
            look = {"font_name": "Calibri", "font_size": 10, "font_color": INK, "valign": "vcenter"}
            self._formats[name] = self.book.add_format({**look, **said})
        return self._formats[name]

    def cell(self, kind: Kind, **more: Any) -> Any:
        """The format of a cell of that kind."""
        shown = {"num_format": NUMBERS[kind]} if kind in NUMBERS else {}
        side = {"align": "left", "indent": 1} if kind in LEFT else {}
        return self.format(**shown, **side, **more)

    def sheet(self, name: str, *, headings: int | None = None) -> Any:
        """A sheet that prints across A4, fitted to its width. `headings`: so many rows stay on the screen; the last of
        them is on every page."""
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.hide_gridlines(2)
        sheet.set_footer(f"&L&8{self.title.replace('&', '&&')}&C&8&A&R&8&P / &N")
        if headings is not None:
            sheet.freeze_panes(headings, 1)
            sheet.repeat_rows(headings - 1)
        return sheet

    def heading(self, sheet: Any, row: int, text: str, *, size: int = 14) -> None:
        """A line that says what stands below it."""
        sheet.write_string(row, 0, text, self.format(bold=True, font_size=size))

    def line(self, sheet: Any, row: int, text: str, columns: int, *, height: int = 15, lead: str = "") -> None:
        """A sentence across so many columns; `lead` comes before it, strong."""
        wrapped = self.format(text_wrap=True, valign="top")
        sheet.merge_range(row, 0, row, columns - 1, "", wrapped)
        if lead:
            strong, plain = self.format(bold=True, font_size=12), self.format(font_size=12)
            sheet.write_rich_string(row, 0, strong, lead, plain, text, wrapped)
        else:
            sheet.write_string(row, 0, text, wrapped)
        sheet.set_row(row, height)

    def widths(self, sheet: Any, columns: Sequence[Column]) -> None:
        """As wide as its columns need."""
        for number, column in enumerate(columns):
            sheet.set_column(number, number, column.width)

    def table(
        self, sheet: Any, top: int, columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, total: str = ""
    ) -> Placed:
        """A table from row `top` (from 0): its headings, its rows, and their sums under the name `total`, if any. At
        the top of a sheet its columns are as wide as they ask for."""
        if top == 0:
            self.widths(sheet, columns)
        self.headings(sheet, top, columns)
        first, row, sums = top + 1, top + 1, [0] * len(columns)
        for values in rows:
            for number, (column, value) in enumerate(zip(columns, values, strict=True)):
                self.write(sheet, row, number, column, value)
                if column.kind in ADDED and value is not None:
                    sums[number] += value
            row += 1
        if total:
            self._totals(sheet, row, columns, (first, total), sums)
        return Placed(sheet.get_name(), first + 1, max(row, first + 1), row + 1 if total else 0)

    def headings(self, sheet: Any, row: int, columns: Sequence[Column]) -> None:
        """The row of headings."""
        look = {"bold": True, "bg_color": INK, "font_color": "#FFFFFF", "text_wrap": True, "valign": "vcenter"}
        for number, column in enumerate(columns):
            side = {"align": "left", "indent": 1} if column.kind in LEFT else {"align": "right"}
            sheet.write_string(row, number, capital(column.heading), self.format(**look, **side))
        lines = max(-(-len(each.heading) * 5 // (each.width * 4)) for each in columns)  # bold, and broken at blanks
        sheet.set_row(row, 6 + 13 * min(lines, 4))

    def write(self, sheet: Any, row: int, number: int, column: Column, value: Any, **look: Any) -> None:
        """One cell: a formula with its result, a number, a day, a text; of nothing a blank."""
        ruled = self.cell(column.kind, bottom=4, bottom_color=RULE, **look)
        shown = value_of(column.kind, value)
        if column.formula:
            sheet.write_formula(row, number, column.formula.format(row=row + 1), ruled, "" if shown is None else shown)
        elif shown is None:
            sheet.write_blank(row, number, None, ruled)
        elif isinstance(shown, datetime | date):
            sheet.write_datetime(row, number, shown, ruled)
        elif isinstance(shown, str):
            sheet.write_string(row, number, shown, ruled)
        else:
            sheet.write_number(row, number, shown, ruled)

    def _totals(
        self, sheet: Any, row: int, columns: Sequence[Column], of: tuple[int, str], sums: Sequence[int]
    ) -> None:
        first, called = of
        look = {"bold": True, "bg_color": BAND, "top": 1}
        for number, column in enumerate(columns):
            if number == 0:
                sheet.write_string(row, 0, capital(called), self.cell(Kind.TEXT, **look))
            elif column.kind not in ADDED or not column.added:
                sheet.write_blank(row, number, None, self.format(**look))
            else:
                cells = f"{xl_rowcol_to_cell(first, number)}:{xl_rowcol_to_cell(max(first, row - 1), number)}"
                formula, value = f"=SUM({cells})", value_of(column.kind, sums[number])
                sheet.write_formula(row, number, formula, self.cell(column.kind, **look), value)
