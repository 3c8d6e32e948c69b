"""Workbooks: all rows of a big one, types restored, beside bare calamine; cells of a styled one, beside openpyxl."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook
from robo_files.box.trouble import Limits
from robo_files.flushing import flush
from robo_files.runner import FilesRunner

from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, CellChange, Context, Row
from robo.sdk.values import Effect
from tests.benchmarks.figures import Figure, growing, no_more_than

SHEET = "xl/worksheets/sheet1.xml"
LIMITS = {"size": 200_000_000, "expanded": 2_000_000_000, "cpu": 600, "memory": 4_000_000_000}


def reading(counts: Sequence[int], columns: int, times: int) -> list[Figure]:
    """Seconds until the last row was had, types restored; the goal is judged on the largest."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            file = big_book(Path(folder) / f"{count}.xlsx", count, columns)
            pairs = [(_calamine(file), _rows(file, count)) for _ in range(times)]
            raw, ours = (median(pair[side] for pair in pairs) for side in (0, 1))
            name = f"read {count} × {columns} xlsx, beside calamine"
            figures.append(no_more_than(name, raw=raw, ours=ours, unit="s", times=1.3))
    return growing(figures)


def updating(counts: Sequence[int], columns: int, cells: int, times: int) -> list[Figure]:
    """Seconds to write `cells` cells back into a styled workbook of so many rows; judged on the largest."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            file = styled_book(Path(folder) / f"{count}.xlsx", count, columns)
            some = min(cells, count)
            changes = _changes(file, some)
            pairs = []
            for turn in range(times):
                values = [f"R-{turn}-{n}" for n in range(some)]
                pairs.append((_openpyxl(file, Path(folder) / "twin.xlsx", values), _flush(file, changes, values)))
            raw, ours = (median(pair[side] for pair in pairs) for side in (0, 1))
            name = f"update {some} cells of a styled {count} × {columns} xlsx, beside openpyxl"
            figures.append(no_more_than(name, raw=raw, ours=ours, unit="s", times=0.25))
    return growing(figures)


def big_book(path: Path, rows: int, columns: int) -> Path:
    """A workbook of texts and whole numbers, written by hand: no library writes two million cells in seconds."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([f"Column {n}" for n in range(columns)])
    book.save(path.with_suffix(".small.xlsx"))
    letters = [get_column_letter(n + 1) for n in range(columns)]
    with (
        zipfile.ZipFile(path.with_suffix(".small.xlsx")) as small,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as big,
    ):
        for part in small.namelist():
            if part != SHEET:
                big.writestr(part, small.read(part))
        with big.open(SHEET, "w", force_zip64=True) as rows_part:
            rows_part.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for number in range(1, rows + 2):
                rows_part.write(_row_xml(number, letters).encode())
            rows_part.write(b"</sheetData></worksheet>")
    return path


def _row_xml(number: int, letters: Sequence[str]) -> str:
    cells = []
    for n, letter in enumerate(letters):
        if number == 1 or n % 2 == 0:
            text = f"Column {n}" if number == 1 else f"text {number} {n}"
            cells.append(f'<c r="{letter}{number}" t="inlineStr"><is><t>{text}</t></is></c>')
        else:
            cells.append(f'<c r="{letter}{number}"><v>{number * n}</v></c>')
    return f'<row r="{number}">{"".join(cells)}</row>'


def styled_book(path: Path, rows: int, columns: int) -> Path:
    """Bold headers, coloured cells, dates and numbers: what an office has."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([f"Column {n}" for n in range(columns)])
    bold, fill = Font(bold=True), PatternFill("solid", fgColor="FFEE99")
    for cell in sheet[1]:
        cell.font = bold
    for number in range(rows):
        sheet.append([f"K-{number}", date(2026, 1, 1), *(number * n for n in range(2, columns - 1)), ""])
        sheet.cell(number + 2, 3).fill = fill
    book.save(path)
    return path


def _calamine(file: Path) -> float:
    began = time.perf_counter()
    rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
    took = time.perf_counter() - began
    if len(rows) < 2:
        raise RuntimeError(f"calamine found {len(rows)} rows")
    return took


def _rows(file: Path, count: int) -> float:
    began = time.perf_counter()
    found = asyncio.run(_counted(file))
    took = time.perf_counter() - began
    if found != count:
        raise RuntimeError(f"{found} of {count} rows came")
    return took


async def _counted(file: Path) -> int:
    """Rows are looked at one by one, not kept: memory stays as it is, however many there are."""
    found = 0
    async for _ in _stream(file):
        found += 1
    return found


async def _some(file: Path, count: int) -> list[Row]:
    return [row async for row in _stream(file)][:count]


async def _stream(file: Path) -> AsyncIterator[Row]:
    runner = FilesRunner()
    await runner.start(LIMITS, headed=False, slots=1)
    session = await runner.open(context_of(file.parent))
    spec = runner.actions["files.rows"]
    params = parse_params(spec, {"file": str(file)})
    async for row in session.rows(Call(step="rows", action=spec.name, params=params, effect=Effect.READ, timeout=600)):
        yield row
    await runner.stop()


def _changes(file: Path, cells: int) -> list[CellChange]:
    """The last, empty column of the first rows."""
    rows = asyncio.run(_some(file, cells))
    column = list(rows[0].values)[-1]
    return [
        CellChange(file, row.where["sheet"], row.number, row.digest, column, row.values[column], None) for row in rows
    ]


def _flush(file: Path, changes: Sequence[CellChange], values: Sequence[str]) -> float:
    """On a copy: what is measured leaves the workbook as it was."""
    copy = Path(shutil.copy(file, file.with_suffix(".copy.xlsx")))
    asked = [replace(change, file=copy, new=value) for change, value in zip(changes, values, strict=True)]
    began = time.perf_counter()
    answers = flush(copy, asked, Limits(**LIMITS))
    took = time.perf_counter() - began
    if set(answers) != {"done"}:
        raise RuntimeError(f"not every cell was written: {set(answers)}")
    return took


def _openpyxl(file: Path, target: Path, values: Sequence[str]) -> float:
    began = time.perf_counter()
    book = load_workbook(file)
    sheet = book.active
    assert sheet is not None
    last = sheet.max_column
    for number, value in enumerate(values, 2):
        sheet.cell(number, last, value)
    book.save(target)
    return time.perf_counter() - began


def context_of(folder: Path) -> Context:
    """What a session of the files runner is given."""
    return Context(
        region="occitanie", environment="test", date_format="%d/%m/%Y", zone="Europe/Paris", folder=folder,
        hosts=(), secret=_no_secret, settings={},
    )  # fmt: skip


async def _no_secret(name: str) -> Any:
    raise AssertionError(f"a workbook needs no secret, {name} was asked for")
