"""Workbooks that are no xlsx: read as one, never written into.

`fixtures/libreoffice.xls` and `.ods` were saved by `soffice --headless --convert-to` of LibreOffice 7.4 from a
workbook of openpyxl with dates, times, yes and no, formulas, cells that are errors, and a hidden sheet."""

from __future__ import annotations

import shutil
import struct
import zipfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from robo_files import FilesRunner
from robo_files.box.oldbook import scan_records, stream_of
from robo_files.box.trouble import Trouble

from robo.sdk.errors import InfrastructureError, RoboError
from robo.sdk.runner import CellChange, Row
from robo.sdk.values import MISSING, CellError

FIXTURES = Path(__file__).parent / "fixtures"
XLS = FIXTURES / "libreoffice.xls"
MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPE}"/></manifest:manifest>'
)
SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
TEXT = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
HEAD = f"<table:table-row>{TEXT.format('Nom')}</table:table-row>"

Read = Callable[..., Awaitable[list[Row]]]
Change = Callable[..., CellChange]


@pytest.fixture(params=["xls", "ods"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(shutil.copy(FIXTURES / f"libreoffice.{request.param}", tmp_path))


@pytest.fixture
def ods(tmp_path: Path) -> Callable[..., Path]:
    """A document written part by part: `ods('<table:table-row>…')`."""

    def write(rows: str, doctype: str = "") -> Path:
        content = (
            f"<?xml version='1.0'?>{doctype}<office:document-content {SPACES}><office:body><office:spreadsheet>"
            f'<table:table table:name="Demandes">{HEAD}{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>"
        )
        with zipfile.ZipFile(tmp_path / "brut.ods", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", MIMETYPE, zipfile.ZIP_STORED)
            archive.writestr("META-INF/manifest.xml", MANIFEST)
            archive.writestr("content.xml", content)
        return tmp_path / "brut.ods"

    return write


async def refused(read: Read, file: Path) -> RoboError:
    with pytest.raises(RoboError) as caught:
        await read(file)
    return caught.value


async def test_cells_have_their_types_and_the_hidden_sheet_is_not_in_question(read: Read, saved: Path) -> None:
    one, two, three = await read(saved)
    assert [row.place for row in (one, two, three)] == ["Demandes!A2", "Demandes!A3", "Demandes!A4"]
    assert (one.values["N° demande"], one.values["Né le"], one.values["Heure"]) == (
        "00006",
        date(1980, 1, 6),
        time(8, 6),
    )
    assert (one.values["Montant"], one.values["Total"], one.values["Vu"]) == (12.5, 25, 1)
    assert three.values["Né le"] == datetime(1981, 1, 6, 10, 30)  # noqa: DTZ001 - a workbook knows no zone
    assert (three.values["Heure"], three.values["Faux"]) == (MISSING, "texte")


async def test_an_error_is_no_blank(read: Read, saved: Path) -> None:
    one, two, _ = await read(saved)
    assert (one.values["Faux"], two.values["Faux"]) == (CellError(why="#DIV/0!"), CellError(why="#N/A"))


async def test_a_hidden_sheet_is_read_when_it_is_named(read: Read, saved: Path) -> None:
    with pytest.raises(RoboError) as caught:
        await read(saved, sheet="Cachee")
    assert (caught.value.code, "did you mean «Cachée»?" in caught.value.advice) == ("RB813", True)
    assert await read(saved, sheet="Cachée") == []


async def test_what_a_formula_computes_is_no_part_of_what_a_row_is_known_by(read: Read, saved: Path) -> None:
    (row, *_) = await read(saved)
    again = {**row.values, "Total": 99}
    assert type(row)(again, row.number, row._computed, row.where, row._addresses).digest == row.digest  # type: ignore[attr-defined,call-arg]  # the runner's own kind of row


async def test_a_row_says_that_its_file_is_only_read(read: Read, saved: Path) -> None:
    (row, *_) = await read(saved)
    assert row.where["read_only"] is True


async def test_a_value_that_is_brought_back_all_the_same_waits_and_the_file_stays(
    runner: FilesRunner, read: Read, saved: Path, change: Change
) -> None:
    before = saved.read_bytes()
    (row, *_) = await read(saved)
    with pytest.raises(InfrastructureError) as caught:
        runner.flush(saved, [change(row, "Montant", 7)])
    assert caught.value.code in {"RB804", "RB824"}
    assert saved.read_bytes() == before


async def test_the_name_does_not_decide(read: Read, tmp_path: Path) -> None:
    file = Path(shutil.copy(XLS, tmp_path / "export.xlsx"))
    assert len(await read(file)) == 3


async def test_a_page_that_an_application_calls_an_excel_file_is_told(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "export.xls"
    file.write_text("<html><table><tr><td>1</td></tr></table></html>", encoding="utf-8")
    error = await refused(read, file)
    assert (error.code, "HTML or XML" in str(error)) == ("RB804", True)


async def test_repeated_rows_and_columns_of_an_ods_keep_their_places(read: Read, ods: Callable[..., Path]) -> None:
    blank = "<table:table-cell/>"
    wrong = (
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" calcext:value-type="error">'
        "<text:p>#DIV/0!</text:p></table:table-cell>"
    )
    rows = (
        f'<table:table-row table:number-rows-repeated="3">{blank}</table:table-row>'
        f'<table:table-row table:number-rows-repeated="2">{wrong}</table:table-row>'
        f"<table:table-row>{TEXT.format('Léa')}</table:table-row>"
    )
    found = await read(ods(rows))
    assert [(row.number, row.values["Nom"]) for row in found] == [
        (5, CellError(why="#DIV/0!")),
        (6, CellError(why="#DIV/0!")),
        (7, "Léa"),
    ]


async def test_a_formula_of_an_ods_that_was_never_calculated_is_no_blank(read: Read, ods: Callable[..., Path]) -> None:
    (row,) = await read(ods('<table:table-row><table:table-cell table:formula="of:=1+1"/></table:table-row>'))
    assert row.values["Nom"] == CellError(why="formula without a value")


async def test_more_rows_than_a_sheet_has_are_not_believed(read: Read, ods: Callable[..., Path]) -> None:
    wrong = '<table:table-cell table:formula="of:=1"/>'
    row = f'<table:table-row table:number-rows-repeated="2000000000">{wrong}</table:table-row>'
    assert (await refused(read, ods(row))).code in {"RB806", "RB810"}


async def test_a_document_type_in_an_ods_is_refused(read: Read, ods: Callable[..., Path]) -> None:
    assert (await refused(read, ods("", doctype="<!DOCTYPE x [<!ENTITY a 'b'>]>"))).code == "RB811"


async def test_an_xls_that_was_cut_short_is_told(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "coupe.xls"
    file.write_bytes(XLS.read_bytes()[:1500])
    assert (await refused(read, file)).code == "RB806"


async def test_an_xls_whose_parts_go_round_in_a_circle_ends(read: Read, tmp_path: Path) -> None:
    data = bytearray(XLS.read_bytes())
    (fat,) = struct.unpack_from("<L", data, 76)
    for sector in range(128):
        struct.pack_into("<L", data, (fat + 1) * 512 + sector * 4, sector)
    file = tmp_path / "cercle.xls"
    file.write_bytes(data)
    assert (await refused(read, file)).code == "RB806"


async def test_another_old_document_is_no_workbook(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "lettre.xls"
    names = ("Workbook", "WordDocumen")
    file.write_bytes(XLS.read_bytes().replace(*(name.encode("utf-16-le")[:16] for name in names)))
    assert (await refused(read, file)).code in {"RB804", "RB806"}


@given(st.data())
def test_damage_is_told_as_such_and_never_raises_anything_else(data: st.DataObject) -> None:
    content = bytearray(XLS.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(600, len(content))) :]
    with suppress(Trouble):
        scan_records(stream_of(bytes(content)), 0)
