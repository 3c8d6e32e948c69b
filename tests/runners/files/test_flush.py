"""Write-backs into a workbook: only the cells that are meant, found again wherever they moved, all or nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from robo_files import FilesRunner, flushing

from robo.sdk.errors import InfrastructureError, english, phrase
from robo.sdk.runner import CellChange, Flusher, Row

Read = Callable[..., Awaitable[list[Row]]]
Write = Callable[..., Path]
Change = Callable[..., CellChange]
Parts = Callable[[Path], dict[str, bytes]]

HEAD = ["N°", "Nom", "N° dossier"]
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def simple(book: Write) -> Path:
    return book([HEAD, [1, "Léa", None], [2, "Ali", None], [3, "Zoé", None]])


def cells(file: Path, sheet: str = "Demandes") -> list[list[Any]]:
    """What another library reads back."""
    workbook = openpyxl.load_workbook(file)
    found = [[cell.value for cell in row] for row in workbook[sheet].iter_rows()]
    workbook.close()
    return found


def edited(file: Path, edit: Callable[[Any], object]) -> None:
    """Somebody opens the workbook, changes it and saves it."""
    workbook = openpyxl.load_workbook(file)
    edit(workbook["Demandes"])
    workbook.save(file)


async def test_a_value_lands_in_the_row_it_is_for(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    _, ali, _ = await read(simple)
    assert runner.flush(simple, [change(ali, "N° dossier", "2026-0042")]) == ["done"]
    assert cells(simple) == [HEAD, [1, "Léa", None], [2, "Ali", "2026-0042"], [3, "Zoé", None]]


def test_the_runner_is_a_flusher(runner: FilesRunner) -> None:
    assert callable(Flusher.flush)
    assert callable(runner.flush)


async def test_a_second_flush_of_the_same_changes_changes_nothing(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    changes = [change(row, "N° dossier", f"D{row.number}") for row in await read(simple)]
    assert runner.flush(simple, changes) == ["done"] * 3
    after = simple.read_bytes()
    assert runner.flush(simple, changes) == ["done"] * 3
    assert simple.read_bytes() == after


async def test_a_change_that_an_old_copy_undid_is_not_there_and_can_be_flushed_again(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    old = simple.read_bytes()
    owed = [change(row, "N° dossier", f"D{row.number}") for row in await read(simple)]
    runner.flush(simple, owed)
    after = simple.read_bytes()
    edited(simple, lambda sheet: sheet.__setitem__("C3", "autre"))
    assert runner.there(simple, owed) == [True] * 3
    simple.write_bytes(old)
    assert runner.there(simple, owed) == [False] * 3
    assert simple.read_bytes() == old
    assert runner.flush(simple, owed) == ["done"] * 3
    assert simple.read_bytes() == after


async def test_several_cells_of_a_row_are_one_matter(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    lea, *_ = await read(simple)
    first = [change(lea, "N° dossier", "D1")]
    both = [*first, change(lea, "Nom", "Léa M.")]
    assert runner.flush(simple, first) == ["done"]
    assert runner.flush(simple, both) == ["done", "done"]
    assert cells(simple)[1] == [1, "Léa M.", "D1"]


async def test_a_row_that_moved_is_found_by_what_it_held(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    *_, zoe = await read(simple)
    edited(simple, lambda sheet: sheet.insert_rows(2, amount=3))
    assert runner.flush(simple, [change(zoe, "N° dossier", "D3")]) == ["done"]
    assert cells(simple)[6] == [3, "Zoé", "D3"]


async def test_a_row_that_moved_after_it_was_written_is_done(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    *_, zoe = await read(simple)
    owed = [change(zoe, "N° dossier", "D3")]
    runner.flush(simple, owed)
    edited(simple, lambda sheet: sheet.insert_rows(2))
    before = simple.read_bytes()
    assert runner.flush(simple, owed) == ["done"]
    assert simple.read_bytes() == before


async def test_a_value_somebody_typed_is_not_overwritten(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    lea, ali, _ = await read(simple)
    edited(simple, lambda sheet: sheet.__setitem__("C2", "autre"))
    answers = runner.flush(simple, [change(lea, "N° dossier", "D1"), change(ali, "N° dossier", "D2")])
    assert answers[0] != "done"
    assert answers[1] == "done"
    assert [row[2] for row in cells(simple)[1:]] == ["autre", "D2", None]


def _sorted(sheet: Any) -> None:
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    for number, values in enumerate(reversed(rows), 2):
        for column, value in enumerate(values, 1):
            sheet.cell(number, column).value = value


def _agents(sheet: Any) -> None:
    sheet.insert_cols(2)
    for number, value in enumerate(["Agent", "Marie", "Marie", "Paul"], 1):
        sheet.cell(number, 2).value = value


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(_sorted, id="rows sorted"),
        pytest.param(_agents, id="a column inserted and filled"),
        pytest.param(lambda sheet: sheet.delete_cols(2), id="a column deleted"),
        pytest.param(lambda sheet: sheet.__setitem__("B3", "Ali B."), id="another cell corrected"),
        pytest.param(lambda sheet: (_sorted(sheet), _agents(sheet)), id="sorted, and a column inserted"),
        pytest.param(lambda sheet: (sheet.insert_rows(1, 2), _agents(sheet)), id="a title above, and a column"),
    ],
)
async def test_the_key_finds_a_row_that_somebody_worked_on(
    runner: FilesRunner, read: Read, simple: Path, change: Change, edit: Callable[[Any], object]
) -> None:
    owed = [change(row, "N° dossier", f"D{row.values['N°']}", ["N°"]) for row in await read(simple)]
    edited(simple, edit)
    assert runner.flush(simple, owed) == ["done"] * 3
    written = {row[0]: row[-1] for row in cells(simple) if isinstance(row[0], int)}
    assert written == {1: "D1", 2: "D2", 3: "D3"}
    assert runner.there(simple, owed) == [True] * 3


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        pytest.param(
            lambda sheet: sheet.__setitem__("A3", 99), "the row is not in the sheet any more", id="key edited"
        ),
        pytest.param(
            lambda sheet: (sheet.__setitem__("B3", "Ali B."), sheet.append([2, "Un autre", None])),
            "several rows look like",
            id="key twice",
        ),
        pytest.param(
            lambda sheet: (sheet.__setitem__("B3", "Ali B."), sheet.__setitem__("C3", "autre")),
            "somebody wrote another value into the cell",
            id="cell taken",
        ),
        pytest.param(lambda sheet: sheet.__setitem__("C1", "Reçu"), "no column «N° dossier»", id="column renamed"),
        pytest.param(lambda sheet: setattr(sheet, "title", "Autre"), "no sheet «Demandes»", id="sheet renamed"),
    ],
)
async def test_a_row_whose_key_does_not_tell_is_a_conflict_that_says_why(
    runner: FilesRunner, read: Read, simple: Path, change: Change, edit: Callable[[Any], object], why: str
) -> None:
    _, ali, _ = await read(simple)
    edited(simple, edit)
    before = simple.read_bytes()
    (answer,) = runner.flush(simple, [change(ali, "N° dossier", "D2", ["N°"])])
    assert answer != "done"
    assert why in english(answer)
    assert simple.read_bytes() == before


async def test_a_row_that_is_gone_is_a_conflict(runner: FilesRunner, read: Read, simple: Path, change: Change) -> None:
    _, ali, _ = await read(simple)
    edited(simple, lambda sheet: sheet.delete_rows(3))
    (answer,) = runner.flush(simple, [change(ali, "N° dossier", "D2")])
    assert english(answer).startswith("the row is not in the sheet any more")


async def test_twins_that_moved_are_a_conflict_and_twins_in_place_are_not(
    runner: FilesRunner, read: Read, book: Write, change: Change
) -> None:
    file = book([HEAD, [1, "Léa", None], [1, "Léa", None]])
    one, two = await read(file)
    assert runner.flush(file, [change(two, "N° dossier", "D2")]) == ["done"]
    assert [row[2] for row in cells(file)[1:]] == [None, "D2"]
    again = book([HEAD, [0, "x", None], [0, "y", None], [1, "Léa", None], [1, "Léa", None]])
    assert english(runner.flush(again, [change(one, "N° dossier", "D1")])[0]).startswith("several rows")


async def test_a_column_or_a_sheet_that_is_gone_is_a_conflict(
    runner: FilesRunner, read: Read, simple: Path, book: Write, change: Change
) -> None:
    lea, *_ = await read(simple)
    assert english(runner.flush(simple, [change(lea, "Référence", "D1")])[0]).endswith("has no column «Référence»")
    other = book(name=simple.name, Autre=[HEAD, [1, "Léa", None]])
    (answer,) = runner.flush(other, [change(lea, "N° dossier", "D1")])
    assert english(answer) == "the workbook has no sheet «Demandes»"


async def test_a_formula_is_never_overwritten(runner: FilesRunner, read: Read, raw_book: Write, change: Change) -> None:
    head = "".join(f'<c r="{c}1" t="inlineStr"><is><t>{n}</t></is></c>' for c, n in zip("ABC", HEAD, strict=True))
    file = raw_book(f'<row r="1">{head}</row><row r="2"><c r="A2"><v>1</v></c><c r="C2"><f>A2+1</f><v>2</v></c></row>')
    (row,) = await read(file)
    before = file.read_bytes()
    assert runner.flush(file, [change(row, "N° dossier", "D1")]) == [phrase("the cell holds a formula")]
    assert file.read_bytes() == before


async def test_a_merged_cell_is_not_written_into(runner: FilesRunner, read: Read, simple: Path, change: Change) -> None:
    edited(simple, lambda sheet: sheet.merge_cells("B2:C2"))
    lea, *_ = await read(simple)
    assert "merged" in english(runner.flush(simple, [change(lea, "N° dossier", "D1")])[0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "=1+1"),
        ('<a> & "b"', '<a> & "b"'),
        ("  deux  blancs ", "  deux  blancs "),
        ("une\nautre", "une\nautre"),
        ("0042", "0042"),
        (42, 42),
        (Decimal("12.50"), 12.5),
        (True, True),
        (12345678901234567890, "12345678901234567890"),
        (Decimal("353824634596190.46940"), "353824634596190.46940"),
        (-0.06807915752839236, -0.06807915752839236),
        (date(2026, 3, 4), datetime(2026, 3, 4)),  # noqa: DTZ001 - a workbook knows no zone
        (datetime(2026, 3, 4, 14, 30), datetime(2026, 3, 4, 14, 30)),  # noqa: DTZ001 - the same
        (time(14, 30), time(14, 30)),
        (timedelta(hours=30), timedelta(hours=30)),
        (date(1850, 1, 2), "02/01/1850"),
        (("a", "b"), "a; b"),
    ],
    ids=repr,
)
async def test_values_keep_their_type_in_the_workbook(
    runner: FilesRunner, read: Read, simple: Path, change: Change, value: Any, expected: Any
) -> None:
    lea, *_ = await read(simple)
    owed = [change(lea, "N° dossier", value)]
    assert runner.flush(simple, owed) == ["done"]
    workbook = openpyxl.load_workbook(simple)
    cell = workbook["Demandes"]["C2"]
    assert (cell.value, cell.data_type == "f") == (expected, False)
    assert runner.flush(simple, owed) == ["done"]


@pytest.mark.parametrize("words", ["a_x0041_b", "a\x01b", "a\rb"], ids=ascii)
async def test_control_characters_survive_and_escapes_in_a_text_do_not_come_alive(
    runner: FilesRunner, read: Read, simple: Path, change: Change, words: str
) -> None:
    lea, *_ = await read(simple)
    assert runner.flush(simple, [change(lea, "N° dossier", words)]) == ["done"]
    assert next(iter(await read(simple))).values["N° dossier"] == words


async def test_nothing_clears_a_cell(runner: FilesRunner, read: Read, simple: Path, change: Change) -> None:
    lea, *_ = await read(simple)
    assert runner.flush(simple, [change(lea, "Nom", None)]) == ["done"]
    assert cells(simple)[1] == [1, None, None]


async def test_a_text_longer_than_a_cell_is_a_conflict(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    lea, *_ = await read(simple)
    assert "32767" in english(runner.flush(simple, [change(lea, "Nom", "x" * 40_000)])[0])


def rich(file: Path) -> None:
    """Everything that a careless writer loses."""
    workbook = openpyxl.load_workbook(file)
    sheet = workbook["Demandes"]
    line = Border(*[Side("thin")] * 4)
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            cell.border, cell.font, cell.fill = line, Font(bold=True), PatternFill("solid", fgColor="FFEEAA")
    sheet.conditional_formatting.add("A2:A4", CellIsRule("greaterThan", ["1"], fill=PatternFill(bgColor="FF0000")))
    sheet.add_data_validation(DataValidation(type="list", formula1='"a,b"', sqref="B2:B4"))
    sheet.add_table(Table(displayName="T1", ref="A1:C4"))
    sheet["E2"] = "=A2*2"
    sheet.column_dimensions["C"].width = 30
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=4))
    sheet.add_chart(chart, "G2")
    workbook.create_sheet("Autre")["A1"] = "reste"
    workbook.defined_names["zone"] = DefinedName("zone", attr_text="Demandes!$A$1:$C$4")
    workbook.save(file)


async def test_every_part_that_is_not_meant_stays_byte_for_byte(
    runner: FilesRunner, read: Read, simple: Path, change: Change, parts: Parts
) -> None:
    rich(simple)
    before = parts(simple)
    lea, *_ = await read(simple, sheet="Demandes")
    assert runner.flush(simple, [change(lea, "N° dossier", "D1")]) == ["done"]
    after = parts(simple)
    assert list(after) == list(before)
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"xl/workbook.xml"} == {SHEET}
    assert b'fullCalcOnLoad="1"' in after["xl/workbook.xml"]
    old, new = before[SHEET], after[SHEET]
    start = next(i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    end = next(i for i, (a, b) in enumerate(zip(reversed(old), reversed(new), strict=False)) if a != b)
    assert b'<c r="C2"' in old[start - 20 : len(old) - end + 20]
    assert len(old) - start - end < 20


async def test_the_style_of_the_cell_is_kept(runner: FilesRunner, read: Read, simple: Path, change: Change) -> None:
    rich(simple)
    lea, *_ = await read(simple, sheet="Demandes")
    runner.flush(simple, [change(lea, "N° dossier", "D1")])
    cell = openpyxl.load_workbook(simple)["Demandes"]["C2"]
    assert (cell.font.bold, cell.border.left.style, cell.fill.fgColor.rgb) == (True, "thin", "00FFEEAA")


async def test_a_cell_that_was_not_there_takes_the_style_of_its_column(
    runner: FilesRunner, read: Read, raw_book: Write, change: Change
) -> None:
    head = "".join(f'<c r="{c}1" t="inlineStr"><is><t>{n}</t></is></c>' for c, n in zip("ABC", HEAD, strict=True))
    file = raw_book(
        f'<row r="1">{head}</row><row r="2"><c r="A2"><v>1</v></c><c r="C2" s="1"><v>45000</v></c></row>'
        '<row r="3" spans="1:1"><c r="A3"><v>2</v></c></row>'
    )
    _, row = await read(file)
    assert runner.flush(file, [change(row, "Nom", "Ali"), change(row, "N° dossier", date(2026, 1, 2))]) == ["done"] * 2
    assert cells(file)[2] == [2, "Ali", datetime(2026, 1, 2)]  # noqa: DTZ001 - a workbook knows no zone


async def test_a_date_keeps_the_look_of_its_cell_and_shows_as_a_date(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    rich(simple)
    lea, *_ = await read(simple, sheet="Demandes")
    runner.flush(simple, [change(lea, "N° dossier", date(2026, 1, 2))])
    cell = openpyxl.load_workbook(simple)["Demandes"]["C2"]
    assert (cell.is_date, cell.font.bold, cell.border.left.style) == (True, True, "thin")


async def test_a_number_in_a_cell_for_dates_is_not_shown_as_a_date(
    runner: FilesRunner, read: Read, raw_book: Write, change: Change
) -> None:
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>Né le</t></is></c></row>'
    file = raw_book(f'{head}<row r="2"><c r="A2" s="1"><v>45000</v></c></row>')
    (row,) = await read(file)
    assert runner.flush(file, [change(row, "Né le", 7)]) == ["done"]
    assert [row.values["Né le"] for row in await read(file)] == [7]


async def test_a_value_no_cell_can_hold_is_a_conflict_and_stops_nobody(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    lea, ali, _ = await read(simple)
    owed = [
        change(lea, "N° dossier", "a\ud800b"),
        change(lea, "Nom", "L."),
        change(ali, "N° dossier", "D2"),
    ]
    assert runner.flush(simple, owed) == [flushing.UNREADABLE, "done", "done"]
    assert cells(simple)[1:3] == [[1, "L.", None], [2, "Ali", "D2"]]


async def test_dates_of_the_1904_calendar_are_written_in_it(
    runner: FilesRunner, read: Read, raw_book: Write, change: Change
) -> None:
    file = raw_book(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Né le</t></is></c></row>'
        '<row r="2"><c r="A2" s="1"><v>1</v></c></row>',
        workbook='<workbookPr date1904="1"/>',
    )
    (row,) = await read(file)
    assert runner.flush(file, [change(row, "Né le", date(2026, 1, 2))]) == ["done"]
    assert [row.values["Né le"] for row in await read(file)] == [date(2026, 1, 2)]


async def test_a_workbook_with_formulas_is_calculated_again_when_it_is_opened(
    runner: FilesRunner, read: Read, simple: Path, change: Change, parts: Parts
) -> None:
    edited(simple, lambda sheet: sheet.__setitem__("E2", "=A2*2"))
    lea, *_ = await read(simple)
    runner.flush(simple, [change(lea, "Nom", "x")])
    assert b'fullCalcOnLoad="1"' in parts(simple)["xl/workbook.xml"]
    assert openpyxl.load_workbook(simple)["Demandes"]["E2"].value == "=A2*2"


async def test_a_writer_that_prefixes_every_tag_is_written_its_way(
    runner: FilesRunner, read: Read, raw_book: Write, change: Change, parts: Parts
) -> None:
    cell = '<x:c r="{0}" t="inlineStr"><x:is><x:t>{1}</x:t></x:is></x:c>'
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        f'<x:row r="1">{cell.format("A1", "Nom")}{cell.format("B1", "N°")}</x:row>'
        f'<x:row r="2">{cell.format("A2", "Léa")}</x:row></x:sheetData></x:worksheet>'
    )
    file = raw_book("", sheet=sheet)
    (row,) = await read(file)
    assert runner.flush(file, [change(row, "N°", "D1")]) == ["done"]
    assert (
        '<x:c r="B2" t="inlineStr"><x:is><x:t xml:space="preserve">D1</x:t></x:is></x:c>' in parts(file)[SHEET].decode()
    )


async def test_blanks_within_tags_do_not_hide_a_cell(
    runner: FilesRunner, read: Read, raw_book: Write, change: Change
) -> None:
    file = raw_book(
        "<row r='1'\n ><c r='A1' t='str' ><v>N°</v></c ><c t='str' r='B1'><v>N° dossier</v></c\n></row >"
        "<row r='2' ><c r='A2' ><v>1</v></c ><c r='B2' s='0'   /></row\n>"
    )
    (row,) = await read(file)
    assert runner.flush(file, [change(row, "N° dossier", "D1")]) == ["done"]
    assert cells(file) == [["N°", "N° dossier"], [1, "D1"]]


@pytest.mark.parametrize(
    "line",
    [
        "<c r='A2'><v>1</v></c><c r='C2'><v>3</v></c><c r='B2'><v>2</v></c>",
        "<c r='A2'><v>1</v></c><c r='B2'><v>2</v></c><c r='B2'><v>2</v></c>",
    ],
    ids=["out of order", "twice"],
)
async def test_a_row_whose_cells_stand_in_disorder_is_not_written_into(
    runner: FilesRunner, read: Read, raw_book: Write, change: Change, line: str
) -> None:
    file = raw_book(
        "<row r='1'><c r='A1' t='str'><v>N°</v></c><c r='B1' t='str'><v>Nom</v></c>"
        f"<c r='C1' t='str'><v>Reçu</v></c></row><row r='2'>{line}</row>"
    )
    (row,) = await read(file)
    before = file.read_bytes()
    with pytest.raises(InfrastructureError) as told:
        runner.flush(file, [change(row, "Nom", "Léa")])
    assert told.value.code == "RB824"
    assert file.read_bytes() == before


async def test_cells_and_rows_without_references_are_counted(
    runner: FilesRunner, read: Read, raw_book: Write, change: Change
) -> None:
    cell = '<c t="inlineStr"><is><t>{0}</t></is></c>'
    file = raw_book(f"<row>{cell.format('Nom')}{cell.format('N°')}</row><row>{cell.format('Léa')}<c/></row>")
    (row,) = await read(file)
    assert runner.flush(file, [change(row, "N°", "D1")]) == ["done"]
    assert [row.values["N°"] for row in await read(file)] == ["D1"]


async def test_the_header_is_found_where_the_author_said_it_was(
    runner: FilesRunner, read: Read, book: Write, change: Change
) -> None:
    file = book([["a", "b", "c"], ["d", "e", "f"], HEAD, [1, "Léa", None]])
    (row,) = await read(file, header=3)
    assert runner.flush(file, [change(row, "N° dossier", "D1")]) == ["done"]


async def test_a_signed_workbook_is_left_alone(
    runner: FilesRunner, read: Read, raw_book: Write, change: Change
) -> None:
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>Nom</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
    file = raw_book(head, extra={"_xmlsignatures/sig1.xml": b"<Signature/>"})
    (row,) = await read(file)
    assert "signed" in english(runner.flush(file, [change(row, "Nom", "x")])[0])


# What keeps the file from being written now: everything stays pending, nothing is touched.


def refused(runner: FilesRunner, file: Path, owed: list[CellChange]) -> InfrastructureError:
    before = file.read_bytes()
    with pytest.raises(InfrastructureError) as caught:
        runner.flush(file, owed)
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir() if each.name.startswith(".~robo")] == []
    assert caught.value.advice
    return caught.value


@pytest.mark.parametrize("lock", ["~$demandes.xlsx", "~$mandes.xlsx", ".~lock.demandes.xlsx#"])
async def test_a_workbook_that_is_open_elsewhere_waits(
    runner: FilesRunner, read: Read, simple: Path, change: Change, lock: str
) -> None:
    lea, *_ = await read(simple)
    (simple.parent / lock).write_bytes(b"x")
    error = refused(runner, simple, [change(lea, "N° dossier", "D1")])
    assert (error.code, lock in error.advice) == ("RB820", True)


async def test_a_name_as_long_as_the_disk_takes_is_written_into(
    runner: FilesRunner, read: Read, simple: Path, change: Change
) -> None:
    long = simple.rename(simple.with_name("é" * 125 + ".xlsx"))
    lea, *_ = await read(long)
    assert runner.flush(long, [change(lea, "N° dossier", "D1")]) == ["done"]
    assert [each.name for each in long.parent.iterdir()] == [long.name]


async def test_a_read_only_workbook_waits(runner: FilesRunner, read: Read, simple: Path, change: Change) -> None:
    lea, *_ = await read(simple)
    simple.chmod(0o444)
    assert refused(runner, simple, [change(lea, "N° dossier", "D1")]).code == "RB821"


async def test_a_file_that_windows_holds_is_open_elsewhere(
    runner: FilesRunner, read: Read, simple: Path, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object) -> None:
        error = PermissionError(13, "held")
        error.winerror = 32  # type: ignore[attr-defined, misc]  # Windows alone has it
        raise error

    lea, *_ = await read(simple)
    monkeypatch.setattr(os, "replace", held)
    assert refused(runner, simple, [change(lea, "N° dossier", "D1")]).code == "RB820"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the always full device is Linux")
async def test_a_full_disk_leaves_the_workbook_as_it_was(
    runner: FilesRunner, read: Read, simple: Path, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    lea, *_ = await read(simple)
    close = os.close

    def full(handle: int) -> None:
        close(handle)
        new = simple.with_name(f".~robo-{simple.name}")
        if new.is_file():
            new.unlink()
            new.symlink_to("/dev/full")

    monkeypatch.setattr(flushing.os, "close", full)
    assert refused(runner, simple, [change(lea, "N° dossier", "D1")]).code == "RB822"


async def test_somebody_elses_save_in_between_is_not_overwritten(
    runner: FilesRunner, read: Read, simple: Path, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    lea, *_ = await read(simple)
    written = flushing._written

    def saved_meanwhile(path: Path, *rest: Any) -> list[str]:
        answers = written(path, *rest)
        edited(path, lambda sheet: sheet.__setitem__("B3", "Ali B."))
        return answers

    monkeypatch.setattr(flushing, "_written", saved_meanwhile)
    with pytest.raises(InfrastructureError) as caught:
        runner.flush(simple, [change(lea, "N° dossier", "D1")])
    assert caught.value.code == "RB823"
    assert cells(simple)[2][1] == "Ali B."
    monkeypatch.undo()
    assert runner.flush(simple, [change(lea, "N° dossier", "D1")]) == ["done"]
    assert cells(simple)[1:3] == [[1, "Léa", "D1"], [2, "Ali B.", None]]


async def test_a_workbook_that_is_gone_waits(runner: FilesRunner, read: Read, simple: Path, change: Change) -> None:
    lea, *_ = await read(simple)
    simple.unlink()
    with pytest.raises(InfrastructureError) as caught:
        runner.flush(simple, [change(lea, "N° dossier", "D1")])
    assert caught.value.code == "RB801"


async def test_rights_are_kept_and_a_link_stays_a_link(
    runner: FilesRunner, read: Read, simple: Path, change: Change, tmp_path: Path
) -> None:
    simple.chmod(0o640)
    link = tmp_path / "lien.xlsx"
    link.symlink_to(simple)
    lea, *_ = await read(link)
    assert runner.flush(link, [change(lea, "N° dossier", "D1")]) == ["done"]
    assert link.is_symlink()
    assert simple.stat().st_mode & 0o777 == 0o640


KILLED = """
import os, sys, json
from pathlib import Path
from robo.sdk.runner import CellChange
from robo_files import flushing, landing
from robo_files.box.trouble import Limits
file, change, point = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
def die(*a, **k):
    os.kill(os.getpid(), 9)
setattr(next(room for room in (flushing, landing, os) if hasattr(room, point)), point, die)
flushing.flush(file, [CellChange(file=file, **change)], Limits())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("point", ["_written", "swap", "replace", "sync_folder"])
async def test_dying_anywhere_leaves_one_whole_workbook_and_the_next_flush_finishes(
    runner: FilesRunner, read: Read, simple: Path, change: Change, point: str
) -> None:
    import json

    lea, *_ = await read(simple)
    owed = change(lea, "N° dossier", "D1")
    told = {name: getattr(owed, name) for name in ("sheet", "row", "row_digest", "column", "old", "new")}
    done = subprocess.run([sys.executable, "-c", KILLED, str(simple), json.dumps(told), point], check=False)
    assert done.returncode == -9
    assert cells(simple)[1] in ([1, "Léa", None], [1, "Léa", "D1"])
    assert runner.flush(simple, [owed]) == ["done"]
    assert cells(simple) == [HEAD, [1, "Léa", "D1"], [2, "Ali", None], [3, "Zoé", None]]
    assert sorted(each.name for each in simple.parent.iterdir()) == ["demandes.xlsx"]
