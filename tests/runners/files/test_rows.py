"""Rows of a workbook: types restored, headers found, places for people, strangers' writers."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from openpyxl.worksheet.table import Table
from robo_files.session import FilesSession

from robo.sdk.errors import RoboError, UsageError
from robo.sdk.runner import Call, Row
from robo.sdk.values import MISSING, CellError

Read = Callable[..., Awaitable[list[Row]]]
Write = Callable[..., Path]

STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELS = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def text_cell(place: str, words: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{words}</t></is></c>'


async def error_of(read: Read, file: Path, **more: Any) -> RoboError:
    with pytest.raises(RoboError) as caught:
        await read(file, **more)
    assert caught.value.advice
    assert str(caught.value)
    return caught.value


async def test_cells_keep_their_types(read: Read, book: Write) -> None:
    moment = datetime(2026, 3, 4, 14, 30)  # noqa: DTZ001 - a workbook knows no zone
    head = ["Nom", "Âge", "Taux", "Né le", "Reçu", "Heure", "Oui", "Code", "Vide"]
    file = book([head, ["Léa", 41, 2.5, date(1984, 2, 29), moment, time(9, 5), True, "007", None]])
    (row,) = await read(file)
    assert dict(row.values) == {
        "Nom": "Léa",
        "Âge": 41,
        "Taux": 2.5,
        "Né le": date(1984, 2, 29),
        "Reçu": moment,
        "Heure": time(9, 5),
        "Oui": True,
        "Code": "007",
        "Vide": MISSING,
    }
    assert type(row.values["Âge"]) is int


async def test_a_place_is_the_sheet_and_the_cell_a_person_looks_for(read: Read, book: Write) -> None:
    rows = await read(book([[None, "N°"], [None, 1], [None, None], [None, 2]]))
    assert [(row.place, row.number) for row in rows] == [("Demandes!B2", 2), ("Demandes!B4", 4)]


async def test_a_cell_is_called_by_its_column_wherever_that_stands(read: Read, book: Write) -> None:
    row = (await read(book([["N°", None, "Né le"], [1, "?", "hier"]])))[0]
    assert row.place_of("Né le") == "Demandes!C2 «Né le»"


async def test_blank_rows_and_trailing_blanks_are_no_rows(read: Read, book: Write) -> None:
    rows = await read(book([["Nom", "Âge"], ["Léa", 41], [" ", ""], [None, None], ["Ali", None], ["  ", None]]))
    assert [row.values["Nom"] for row in rows] == ["Léa", "Ali"]


async def test_a_zero_is_not_a_blank(read: Read, book: Write) -> None:
    rows = await read(book([["Montant", "Payé"], [0, None], [None, False]]))
    assert [row.values["Montant"] for row in rows] == [0, MISSING]


@pytest.mark.parametrize(
    "written", ["Date de naissance", "Date de naissance ", "Date  de naissance", "Date de\u00a0naissance"]
)
async def test_headers_are_composed_trimmed_and_their_blanks_collapsed(read: Read, book: Write, written: str) -> None:
    (row,) = await read(book([[written, "N° de\ndossier", "Pre\u0301nom"], ["x", "y", "z"]]))
    assert list(row.values) == ["Date de naissance", "N° de dossier", "Prénom"]


async def test_a_title_above_the_header_is_passed_over(read: Read, book: Write) -> None:
    rows = await read(book([["Export du 3 mars"], [], ["Nom", "Âge", "Pays"], ["Léa", 41, "FR"]]))
    assert [row.place for row in rows] == ["Demandes!A4"]


async def test_merged_headings_over_the_header_are_passed_over(read: Read, book: Write) -> None:
    file = book(
        [["Identité", None, None, None, "Dossier"], ["Nom", "Prénom", "Né le", "Pays", "N°"], ["a", "b", "c", "d", 1]]
    )
    workbook = openpyxl.load_workbook(file)
    workbook["Demandes"].merge_cells("A1:D1")
    workbook.save(file)
    (row,) = await read(file)
    assert list(row.values) == ["Nom", "Prénom", "Né le", "Pays", "N°"]


async def test_the_author_may_say_where_the_header_is(read: Read, book: Write) -> None:
    rows = await read(book([["a", "b"], ["Nom", "2026"], ["Léa", 1]]), header=2)
    assert [dict(row.values) for row in rows] == [{"Nom": "Léa", "2026": 1}]


async def test_a_header_that_holds_a_number_is_its_text(read: Read, book: Write) -> None:
    (row,) = await read(book([["Nom", 2026], ["Léa", 7]]), header=1)
    assert row.values["2026"] == 7


async def test_a_column_that_stands_twice_is_refused_with_both_places(read: Read, book: Write) -> None:
    error = await error_of(read, book([["Nom", "Pays", "Nom "], ["a", "b", "c"]]))
    assert error.code == "RB816"
    assert "A and C" in str(error)


async def test_an_error_cell_is_no_value_and_no_blank(read: Read, raw_book: Write) -> None:
    file = raw_book(
        f'<row r="1">{text_cell("A1", "Nom")}{text_cell("B1", "Solde")}</row>'
        f'<row r="2">{text_cell("A2", "Léa")}<c r="B2" t="e"><v>#REF!</v></c></row>'
        '<row r="3"><c r="A3" t="e"><v>#N/A</v></c></row>'
    )
    one, two = await read(file)
    assert one.values["Solde"] == CellError(why="#REF!")
    assert two.values["Nom"] == CellError(why="#N/A")


async def test_a_formula_gives_the_value_that_was_calculated(read: Read, raw_book: Write) -> None:
    file = raw_book(
        f'<row r="1">{text_cell("A1", "Nom")}{text_cell("B1", "Solde")}</row>'
        f'<row r="2">{text_cell("A2", "Léa")}<c r="B2"><f>1+1</f><v>2</v></c></row>'
    )
    (row,) = await read(file)
    assert row.values["Solde"] == 2


async def test_a_formula_that_was_never_calculated_is_not_a_blank(read: Read, book: Write) -> None:
    (row,) = await read(book([["Nom", "Solde"], ["Léa", "=1+1"]]))
    assert row.values["Solde"] == CellError(why="formula without a value")


async def test_the_digest_stays_when_only_a_formula_gave_another_value(read: Read, raw_book: Write) -> None:
    def file(value: int, name: str) -> Path:
        head = f'<row r="1">{text_cell("A1", "Nom")}{text_cell("B1", "Jours")}</row>'
        cells = f'{text_cell("A2", "Léa")}<c r="B2"><f>TODAY()-A1</f><v>{value}</v></c>'
        return raw_book(f'{head}<row r="2">{cells}</row>', name=name)

    (today,), (tomorrow,) = await read(file(7, "a.xlsx")), await read(file(8, "b.xlsx"))
    assert today.values != tomorrow.values
    assert today.digest == tomorrow.digest


async def test_the_digest_changes_with_a_value_and_not_with_its_spaces(read: Read, book: Write) -> None:
    one, two, three = await read(book([["Nom", "Pays"], ["Léa", "FR"], ["Léa ", "FR"], ["Léo", "FR"]]))
    assert one.digest == two.digest != three.digest


async def test_hidden_sheets_are_not_guessed_but_may_be_named(read: Read, book: Write) -> None:
    file = book(Demandes=[["Nom", "Pays"], ["a", "FR"]], Listes=[["Code", "Nom"], ["1", "x"]])
    workbook = openpyxl.load_workbook(file)
    workbook["Listes"].sheet_state = "hidden"
    workbook.save(file)
    assert [row.place for row in await read(file)] == ["Demandes!A2"]
    assert [row.place for row in await read(file, sheet="Listes")] == ["Listes!A2"]


async def test_several_sheets_ask_for_a_name(read: Read, book: Write) -> None:
    error = await error_of(read, book(Demandes=[["a"]], Archives=[["a"]]))
    assert (error.code, str(error)) == ("RB812", "demandes.xlsx has several sheets: «Demandes», «Archives»")


async def test_an_unknown_sheet_names_the_nearest(read: Read, book: Write) -> None:
    error = await error_of(read, book([["Nom"], ["a"]]), sheet="Demande")
    assert (error.code, error.advice) == ("RB813", "did you mean «Demandes»?")


@pytest.mark.parametrize(
    ("rows", "code"),
    [([], "RB814"), ([[None], ["  "]], "RB814"), ([[1, 2], [3, 4]], "RB815")],
    ids=["nothing", "only blanks", "only numbers"],
)
async def test_a_sheet_without_a_table_is_said_to_have_none(
    read: Read, book: Write, rows: list[Any], code: str
) -> None:
    assert (await error_of(read, book(rows))).code == code


async def test_a_header_without_rows_is_no_row(read: Read, book: Write) -> None:
    assert await read(book([["Nom", "Pays"]])) == []


async def test_dates_of_the_1904_calendar_are_the_same_days(read: Read, raw_book: Write) -> None:
    file = raw_book(
        f'<row r="1">{text_cell("A1", "Né le")}</row><row r="2"><c r="A2" s="1"><v>1</v></c></row>',
        workbook='<workbookPr date1904="1"/>',
    )
    (row,) = await read(file)
    assert row.values["Né le"] == date(1904, 1, 2)


async def test_a_strict_workbook_is_read_like_another(read: Read, raw_book: Write) -> None:
    rows = f'<row r="1">{text_cell("A1", "Nom")}</row><row r="2">{text_cell("A2", "Léa")}</row>'
    (row,) = await read(raw_book(rows, main=STRICT_MAIN, rels=STRICT_RELS))
    assert row.values["Nom"] == "Léa"


async def test_a_writer_that_prefixes_every_tag_is_read_errors_included(read: Read, raw_book: Write) -> None:
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        '<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>Nom</x:t></x:is></x:c></x:row>'
        '<x:row r="2"><x:c r="A2" t="e"><x:v>#DIV/0!</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    (row,) = await read(raw_book("", sheet=sheet))
    assert row.values["Nom"] == CellError(why="#DIV/0!")


async def test_formats_of_a_styled_workbook_do_not_change_values(read: Read, book: Write) -> None:
    file = book([["Nom", "Taux"], ["Léa", 0.3]])
    workbook = openpyxl.load_workbook(file)
    workbook["Demandes"]["B2"].number_format = "0 %"
    workbook["Demandes"]["A2"].fill = PatternFill("solid", fgColor="FFFF00")
    workbook.save(file)
    (row,) = await read(file)
    assert row.values["Taux"] == 0.3


async def test_a_thousand_rows_and_more_come_in_order(read: Read, book: Write) -> None:
    rows = await read(book([["N°", "Nom"]] + [[i, f"nom {i}"] for i in range(2500)]))
    assert [row.values["N°"] for row in rows] == list(range(2500))
    assert [row.number for row in rows] == list(range(2, 2502))


async def test_reading_may_stop_anywhere_and_leaves_no_process(
    session: FilesSession, book: Write, rows_call: Callable[..., Call]
) -> None:
    file = book([["N°", "Nom"]] + [[i, f"nom {i}"] for i in range(3000)])
    rows = session.rows(rows_call(file))
    assert (await anext(rows)).number == 2
    (box,) = session._desk._mine
    await rows.aclose()  # type: ignore[attr-defined]  # an async generator, as the protocol does not say
    assert not session._desk._mine
    assert box._child.returncode is not None


async def test_the_columns_can_be_asked_for_without_the_rows(
    session: FilesSession, book: Write, rows_call: Callable[..., Call]
) -> None:
    assert await session.headers(rows_call(book([["Nom", "Pays"], ["a", "b"]]))) == ("Nom", "Pays")


async def test_a_missing_file_is_said_to_be_missing(read: Read, tmp_path: Path) -> None:
    error = await error_of(read, tmp_path / "absent.xlsx")
    assert (error.code, str(error)) == ("RB801", "the file absent.xlsx is not there")
    assert isinstance(error, UsageError)


async def test_what_an_item_keeps_of_its_row_can_be_stored(read: Read, raw_book: Write) -> None:
    file = raw_book(
        f'<row r="1">{text_cell("A1", "Nom")}{text_cell("B1", "Solde")}{text_cell("C1", "Vide")}</row>'
        f'<row r="2">{text_cell("A2", "Léa")}<c r="B2" t="e"><v>#REF!</v></c></row>'
    )
    (row,) = await read(file)
    assert row.origin() == {
        "file": str(file),
        "sheet": "Demandes",
        "place": "Demandes!A2",
        "row": 2,
        "digest": row.digest,
        "values": {"Nom": "Léa", "Solde": "#REF!"},
    }


@pytest.mark.parametrize(("typed", "on_disk"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
async def test_a_name_is_found_whichever_way_its_accents_are_written(
    read: Read, book: Write, typed: Any, on_disk: Any
) -> None:
    file = book([["N°"], [1]], name=unicodedata.normalize(on_disk, "L'été à l'œuvre.xlsx"))
    (row,) = await read(file.with_name(unicodedata.normalize(typed, file.name)))
    assert row.where["file"] == str(file)


async def test_formulas_and_errors_in_cells_without_references_are_counted(read: Read, raw_book: Write) -> None:
    file = raw_book(
        "<row><c t='str'><v>N°</v></c><c t='str'><v>Total</v></c><c t='str'><v>Reste</v></c></row>"
        "<row><c><v>1</v></c><c><f>A2+1</f><v>2</v></c><c><f>A2+2</f></c></row><row/>"
        "<row><c><v>2</v></c><c t='e'><v>#REF!</v></c></row>"
        "<row r='9'><c><v>3</v></c><c r='C9' t='e'><v>#N/A</v></c></row><row><c t='e'><v>#NUM!</v></c></row>"
    )
    found = {row.number: dict(row.values) for row in await read(file)}
    assert found == {
        2: {"N°": 1, "Total": 2, "Reste": CellError(why="formula without a value")},
        4: {"N°": 2, "Total": CellError(why="#REF!"), "Reste": MISSING},
        9: {"N°": 3, "Total": MISSING, "Reste": CellError(why="#N/A")},
        10: {"N°": CellError(why="#NUM!"), "Total": MISSING, "Reste": MISSING},
    }


def _with_totals(file: Path, ref: str, beside: str = "") -> None:
    workbook = openpyxl.load_workbook(file)
    sheet = workbook["Demandes"]
    table = Table(displayName="Demandes1", ref=ref, totalsRowCount=1)
    sheet.add_table(table)
    if beside:
        sheet["D4"] = beside
    workbook.save(file)


async def test_the_row_of_totals_of_a_table_is_no_row(read: Read, book: Write) -> None:
    file = book([["N°", "Nom", "Montant"], [1, "Léa", 12], [2, "Ali", 30], ["Total", None, 42]])
    _with_totals(file, "A1:C4")
    assert [row.values["N°"] for row in await read(file)] == [1, 2]


async def test_data_beside_a_row_of_totals_is_a_row(read: Read, book: Write) -> None:
    file = book([["N°", "Nom", "Montant", "Suivi"], [1, "Léa", 12], [2, "Ali", 30], ["Total", None, 42]])
    _with_totals(file, "A1:C4", beside="à voir")
    assert [row.values["N°"] for row in await read(file)] == [1, 2, "Total"]


async def test_rows_that_a_filter_hides_are_rows(read: Read, book: Write) -> None:
    file = book([["N°", "Nom"], [1, "Léa"], [2, "Ali"]])
    workbook = openpyxl.load_workbook(file)
    sheet = workbook["Demandes"]
    sheet.auto_filter.ref = "A1:B3"
    sheet.auto_filter.add_filter_column(1, ["Ali"])
    sheet.row_dimensions[2].hidden = True
    workbook.save(file)
    assert [row.values["N°"] for row in await read(file)] == [1, 2]
