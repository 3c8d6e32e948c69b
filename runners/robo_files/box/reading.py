"""Rows of a workbook, header found, types restored, in packed chunks.

calamine holds the sheet in the box's memory, which is limited; what leaves the box is a chunk at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain, islice, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Any

from robo_files.box.cells import plain, text, tidy
from robo_files.box.columns import pack
from robo_files.box.formats import Kind, kind_of, marks_of
from robo_files.box.marks import Marks, letters, scan
from robo_files.box.trouble import Limits, Trouble
from robo_files.box.workbook import Sheet, Workbook, choose, open_workbook, refuse_entities, totals_of

CHUNK = 1000
_LOOK = 30
"""Rows among which the header is looked for."""

Cells = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet with its header. `columns[i]` is the place from 0 of `headers[i]`; `rows` yields (number, cells, computed
    columns as indexes of `headers`), cells as calamine gives them, rows that are blank under every header left out."""

    sheet: str
    header: int
    headers: tuple[str, ...]
    columns: tuple[int, ...]
    rows: Iterator[tuple[int, Cells]]
    marks: Marks
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """A sheet as it stands: (number, cells) of every row, and the column (from 0) where the cells begin."""

    name: str
    rows: Iterator[tuple[int, Cells]]
    offset: int = 0
    marks: Marks | None = None
    writable: bool = True

    def table(self, header: int | None) -> Table:
        """What stands under its header."""
        found = table(self.name, self.rows, header, self.offset, self.marks)
        return found if self.writable else replace(found, writable=False)


def open_sheet(path: Path, sheet: str | None, limits: Limits) -> Opened:
    """Open a workbook. Limits and document types are checked before calamine sees the file."""
    kind = kind_of(path)
    if kind is not Kind.XLSX:
        return _open_other(path, kind, sheet, limits)
    book = open_workbook(path, limits)
    found = book.sheet(sheet)
    return Opened(found.name, *read_sheet(book, found))


def _open_other(path: Path, kind: Kind, sheet: str | None, limits: Limits) -> Opened:
    """As `open_sheet` for xls and ods: read, never written into."""
    import python_calamine as calamine

    scan = marks_of(path, kind, limits)
    with _calamine_words():
        book = calamine.load_workbook(BytesIO(path.read_bytes()))  # by content: a path is believed by its name
        names = [
            Sheet(each.name, str(index), each.visible is not calamine.SheetVisibleEnum.Visible)
            for index, each in enumerate(book.sheets_metadata)
            if each.typ is calamine.SheetTypeEnum.WorkSheet
        ]
        if not names:
            raise Trouble("empty-workbook")
        found = choose(names, sheet)
        cells = book.get_sheet_by_name(found.name)
    start, marks = cells.start[1] if cells.start else 0, scan(int(found.part))
    return Opened(found.name, _with_errors(cells.iter_rows(), marks), start, marks, writable=False)


def _with_errors(rows: Iterator[Cells], marks: Marks) -> Iterator[tuple[int, Cells]]:
    """The rows by number, and those after the last that hold nothing but errors: calamine ends before them."""
    last = 0
    for last, cells in enumerate(rows, 1):
        yield last, cells
    yield from ((number, ()) for number in sorted(marks.errors) if number > last)


def read_sheet(book: Workbook, sheet: Sheet) -> tuple[Iterator[tuple[int, Cells]], int, Marks]:
    """(number, cells) of every row, the column (from 0) where the cells begin, and the marks."""
    from concurrent.futures import ThreadPoolExecutor

    import python_calamine as calamine

    refuse_entities(book.archive)
    with ThreadPoolExecutor(1) as aside:  # calamine works without the interpreter's lock
        marks = aside.submit(scan, book.archive, sheet.part)
        with _calamine_words():
            cells = calamine.load_workbook(str(book.archive.path)).get_sheet_by_name(sheet.name)
        seen = marks.result()
    seen.totals.update(totals_of(book.archive, sheet.part))
    return enumerate(cells.iter_rows(), 1), cells.start[1] if cells.start else 0, seen


@contextmanager
def _calamine_words() -> Iterator[None]:
    """calamine's refusals, and its panics (no Exception) on files that were made to cause them."""
    import python_calamine as calamine

    try:
        yield
    except calamine.PasswordError as error:
        raise Trouble("encrypted") from error
    except (calamine.CalamineError, OSError) as error:
        raise Trouble("broken", why=str(error)) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise Trouble("broken", why="the reader gave up on it") from error
        raise


def table(
    sheet: str, rows: Iterator[tuple[int, Cells]], header: int | None, offset: int = 0, marks: Marks | None = None
) -> Table:
    """Find the header among the first rows (or take the row the author names), and keep what stands under it."""
    first = list(islice(rows, max(header or 0, _LOOK)))
    number = header if header is not None else _header_row(first, sheet)
    line = next((cells for n, cells in first if n == number), ())
    named = [(i, name) for i, value in enumerate(line) if (name := text(plain(value)))]
    if not named:
        raise Trouble("no-header", sheet=sheet, row=number)
    _refuse_doubles(sheet, named, offset)
    pick = tuple(i for i, _ in named)
    body = chain((pair for pair in first if pair[0] > number), rows)
    columns = tuple(i + offset for i in pick)
    seen = marks or Marks()
    rows = _without_totals(_kept(body, pick, seen), columns, seen) if seen.totals else _kept(body, pick, seen)
    return Table(sheet, number, tuple(name for _, name in named), columns, rows, seen)


def _header_row(first: Sequence[tuple[int, Cells]], sheet: str) -> int:
    """The first row that looks like a header: texts only, none twice, at least half as wide as the widest row near it.
    Titles and the upper line of a two-line header are narrower; data has numbers, dates or repeats."""
    widths = {number: sum(map(_is_filled, cells)) for number, cells in first}
    widest = max(widths.values(), default=0)
    if not widest:
        raise Trouble("empty-sheet", sheet=sheet)
    for number, cells in first:
        words = [tidy(value) for value in cells if isinstance(value, str) and value.strip()]
        if words and len(words) == widths[number] and len(words) * 2 >= widest:
            return number
    raise Trouble("no-header", sheet=sheet, row=0)


def _refuse_doubles(sheet: str, named: Sequence[tuple[int, str]], offset: int) -> None:
    seen: dict[str, int] = {}
    for i, name in named:
        if name in seen:
            raise Trouble(
                "double-header",
                sheet=sheet,
                column=name,
                one=letters(seen[name] + offset + 1),
                two=letters(i + offset + 1),
            )
        seen[name] = i


def _kept(rows: Iterator[tuple[int, Cells]], pick: tuple[int, ...], marks: Marks) -> Iterator[tuple[int, Cells]]:
    width, whole = pick[-1] + 1, pick == tuple(range(len(pick)))
    get = itemgetter(*pick) if len(pick) > 1 else lambda cells: (cells[pick[0]],)
    for number, full in rows:
        cells = full if len(full) >= width else [*full, *[""] * (width - len(full))]
        cells = cells if whole and len(cells) == width else get(cells)
        if _filled(cells) or number in marks.errors:
            yield number, cells


def _without_totals(
    rows: Iterator[tuple[int, Cells]], columns: Sequence[int], marks: Marks
) -> Iterator[tuple[int, Cells]]:
    """A row of totals is not data, unless something stands in it beside its table."""
    for number, cells in rows:
        within = marks.totals.get(number, range(0))
        if not within or any(
            column not in within for column, value in zip(columns, cells, strict=True) if _filled([value])
        ):
            yield number, cells


def _is_filled(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _filled(cells: Cells) -> bool:
    for value in cells:  # nearly always the first one decides  # noqa: SIM110 - a generator here is a quarter of a reading
        if value != "" and not (value.__class__ is str and value.isspace()):
            return True
    return False


def chunks(source: Table) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    """Packed chunks: `n` row numbers, `c` kind and size of each column's bytes, `f` computed cells as [row, column]
    indexes; then the bytes of the columns (`robo_files.box.columns`)."""
    while batch := list(islice(source.rows, CHUNK)):
        numbers = [number for number, _ in batch]
        wrong = _errors(numbers, source)
        packed = [
            pack(column, wrong.get(j)) for j, column in enumerate(zip(*(cells for _, cells in batch), strict=True))
        ]
        head = {"n": numbers, "c": [(kind, len(data)) for kind, data in packed], "f": _computed(numbers, source)}
        yield head, [data for _, data in packed]


def _errors(numbers: Sequence[int], source: Table) -> dict[int, dict[int, str]]:
    """Cells of the chunk that are errors: by column index, what is wrong by row index."""
    if not source.marks.errors:
        return {}
    places = {column + 1: j for j, column in enumerate(source.columns)}
    found: dict[int, dict[int, str]] = {}
    for i, number in enumerate(numbers):
        for column, why in source.marks.errors.get(number, {}).items():
            if column in places:
                found.setdefault(places[column], {})[i] = why
    return found


def _computed(numbers: Sequence[int], source: Table) -> list[tuple[int, int]]:
    if not source.marks.computed:
        return []
    places = {column + 1: j for j, column in enumerate(source.columns)}
    return [
        (i, places[column])
        for i, number in enumerate(numbers)
        for column in sorted(source.marks.computed.get(number, ()))
        if column in places
    ]


def cells_at(opened: Opened, wanted: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """Single cells in plain form, by name; a place is (row, column), both from 1. Beyond the sheet all is blank."""
    last = max((row for row, _ in wanted.values()), default=0)
    rows = {row for row, _ in wanted.values()}
    held = {number: cells for number, cells in takewhile(lambda pair: pair[0] <= last, opened.rows) if number in rows}
    marks = opened.marks or Marks()
    found: dict[str, Any] = {}
    for name, (row, column) in wanted.items():
        cells, index = held.get(row, ()), column - 1 - opened.offset
        wrong = marks.errors.get(row, {}).get(column)
        found[name] = {"e": wrong} if wrong else plain(cells[index]) if 0 <= index < len(cells) else None
    return found
