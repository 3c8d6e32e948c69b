"""A workbook that LibreOffice saved.

`fixtures/libreoffice.xlsx` was written by openpyxl (a title, a filter that hides a row, a comment, formulas, times, yes
and no), then saved by `soffice --headless --convert-to xlsx` of LibreOffice 7.4."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from datetime import date, time
from pathlib import Path

import openpyxl
import pytest
from robo_files import FilesRunner

from robo.sdk.errors import phrase
from robo.sdk.runner import CellChange, Row
from robo.sdk.values import MISSING

SHEET = "Été d'oc"

Read = Callable[..., Awaitable[list[Row]]]
Change = Callable[..., CellChange]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return Path(shutil.copy(Path(__file__).parent / "fixtures" / "libreoffice.xlsx", tmp_path))


async def test_its_cells_keep_their_types_and_its_hidden_row_is_there(read: Read, saved: Path) -> None:
    rows = await read(saved, sheet=SHEET)
    assert [row.place for row in rows] == [f"{SHEET}!B5", f"{SHEET}!B6", f"{SHEET}!B7"]
    assert dict(rows[1].values) == {
        "N° demande": "00006",
        "Né le": date(1980, 1, 6),
        "N° dossier": MISSING,
        "Total": 10,
        "Heure": time(8, 6),
        "Vu": True,
    }


async def test_values_are_brought_back_into_it_and_nothing_else_changes(
    runner: FilesRunner, read: Read, saved: Path, change: Change, parts: Callable[[Path], dict[str, bytes]]
) -> None:
    before = parts(saved)
    rows = await read(saved, sheet=SHEET)
    owed = [change(row, "N° dossier", f"00{row.number}") for row in rows] + [change(rows[0], "Vu", new=True)]
    assert runner.flush(saved, owed) == ["done"] * 4
    after = parts(saved)
    assert {name for name in before if before[name] != after[name]} == {"xl/workbook.xml", "xl/worksheets/sheet1.xml"}
    sheet = openpyxl.load_workbook(saved)[SHEET]
    assert [sheet.cell(number, 4).value for number in (5, 6, 7)] == ["005", "006", "007"]
    assert (sheet["G5"].value, sheet["E5"].value) == (True, "=LEN(B5)*2")
    assert [row.values["N° dossier"] for row in await read(saved, sheet=SHEET)] == ["005", "006", "007"]


async def test_its_formulas_are_not_overwritten(runner: FilesRunner, read: Read, saved: Path, change: Change) -> None:
    row, *_ = await read(saved, sheet=SHEET)
    assert runner.flush(saved, [change(row, "Total", 12)]) == [phrase("the cell holds a formula")]
