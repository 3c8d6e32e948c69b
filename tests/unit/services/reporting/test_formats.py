"""Every format says the same numbers: they are read back from each, and compared."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from robo.cli import report_table
from robo.proof.hours import as_members
from robo.services.reporting.as_csv import as_csv
from robo.services.reporting.as_json import as_json
from robo.services.reporting.books import Books
from robo.services.reporting.figures import report_of
from robo.services.reporting.html import page
from robo.services.reporting.model import Report
from robo.services.reporting.texts import Texts
from robo.services.reporting.xlsx import write_xlsx
from tests.reports import TODAY, any_books, books, country, credit
from tests.unit.services.reporting.reading import Page

SOFFICE = shutil.which("soffice")
SIDES = ("units", "proven", "low", "high", "unreconciled", "unmeasured")
LANGUAGES = ["fr", "en"]


# ---- reading back ----------------------------------------------------------------------------------------------
def minutes_of(text: str) -> int:
    """Minutes of `1 408 h 05`, and a count as it is."""
    found = re.fullmatch(r"([−-]?)([\d\s,]+?)(?:\sh\s(\d\d))?", text.strip())
    assert found, text
    whole = int(re.sub(r"[\s,]", "", found[2]))
    return (-1 if found[1] else 1) * (whole if found[3] is None else whole * 60 + int(found[3]))


def from_table(report: Report, texts: Texts, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    capsys.readouterr()
    report_table.show(report, texts)
    lines = capsys.readouterr().out.splitlines()
    total = next(line for line in lines if line.startswith("total"))
    _, units, *rest = re.split(r"\s{2,}", total)
    names = ("units", "proven", "low", "high", "unreconciled", "unmeasured")
    return dict(zip(names, map(minutes_of, [units, *rest[:5]]), strict=True))


def from_csv(report: Report) -> dict[str, int]:
    rows = csv.reader(io.StringIO(as_csv(report).decode("utf-8-sig")), delimiter=";")
    found = dict.fromkeys(as_members(report.total), 0)
    assert next(rows) == ["region", "process", "month", "measure", "value", "unit"]
    for *_, measure, value, _unit in rows:
        found[measure] += int(value)
    return found


def from_json(report: Report, texts: Texts) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(as_json(report, texts)))
    return read


def workbook(report: Report, texts: Texts, place: Path, rows: Any = ()) -> dict[str, Worksheet]:
    write_xlsx(report, texts, place, rows)
    return sheets_of(place)


def sheets_of(place: Path) -> dict[str, Worksheet]:
    book = openpyxl.load_workbook(place, data_only=True)
    names = ("summary", "processes", "regions", "monthly", "method", "to_measure", "items")
    return dict(zip(names, book.worksheets, strict=True))


def from_xlsx(sheets: dict[str, Worksheet]) -> dict[str, dict[str, int]]:
    """The totals of the sheets that have some, by their columns."""
    columns = {
        "processes": {"units": 2, "proven": 15, "low": 16, "high": 17, "unreconciled": 18, "unmeasured": 19},
        "regions": {"units": 5, "proven": 7, "unreconciled": 8, "unmeasured": 9},
        "monthly": {"units": 1, "proven": 5, "unreconciled": 6, "unmeasured": 7},
    }
    found = {}
    for name, of in columns.items():
        *_, last = sheets[name].iter_rows(values_only=True)
        found[name] = {measure: number(last[column], measure) for measure, column in of.items()}
    return found | {"summary": summary(sheets["summary"])}


def number(value: Any, measure: str) -> int:
    """Minutes of what a cell holds: openpyxl reads hours as a time span."""
    if measure in {"units", "touched"}:
        return int(value)
    days = value.total_seconds() / 86400 if hasattr(value, "total_seconds") else float(value)
    return round(days * 24 * 60)


def summary(sheet: Worksheet) -> dict[str, int]:
    """The figures of the first sheet, in their order."""
    rows = list(sheet.iter_rows(values_only=True))
    start = next(n for n, row in enumerate(rows) if str(row[1]).lower() in {"heures", "hours"}) + 1
    names = ("proven", "low", "high", "unreconciled", "unmeasured", "gross")
    return {name: number(rows[start + n][1], name) for n, name in enumerate(names)}


def from_page(report: Report, texts: Texts) -> dict[str, int | str]:
    """The last row of the page's table of processes: it adds up what the others say."""
    *_, last = Page(page(report, texts.language)).rows("processes")
    numbers = [line for cell in last for line in cell]
    _, _, units, proven, *_, unreconciled, unmeasured, _ = numbers
    return {"units": units, "proven": proven, "unreconciled": unreconciled, "unmeasured": unmeasured}


# ---- rules -----------------------------------------------------------------------------------------------------
def agree(report: Report, texts: Texts, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = as_members(report.total)
    assert from_csv(report) == right
    read = from_json(report, texts)
    assert {name: read["total"][name] for name in right} == right
    assert sum(each["proven"] for each in read["cube"]) == right["proven"]
    shown = from_table(report, texts, capsys)
    assert shown == {name: right[name] for name in shown}
    if report.bars:
        paged = from_page(report, texts)
        assert paged == {name: right[name] for name in paged}
    for name, found in from_xlsx(workbook(report, texts, place)).items():
        assert (name, found) == (name, {each: right[each] for each in found})


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(found_in=any_books(), language=st.sampled_from(LANGUAGES))
def test_whatever_the_books_say_all_formats_say_the_same(
    found_in: Books, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agree(report_of(found_in, TODAY), Texts(language), tmp_path / "report.xlsx", capsys)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_country_s_report_says_the_same_in_all_formats(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agree(report_of(country(), TODAY), Texts(language), tmp_path / "report.xlsx", capsys)


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not here: formulas are compared by their kept values only")
@pytest.mark.long
def test_a_calculator_that_makes_all_formulas_anew_gets_the_same(tmp_path: Path) -> None:
    report = report_of(country(), TODAY)
    place = tmp_path / "report.xlsx"
    kept = from_xlsx(workbook(report, Texts("fr"), place))
    emptied = tmp_path / "emptied.xlsx"
    book = openpyxl.load_workbook(place)  # formulas without the values they had
    book.save(emptied)
    out = tmp_path / "out"
    command = [str(SOFFICE), f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(out), str(emptied)], check=True, capture_output=True, timeout=120)
    assert from_xlsx(sheets_of(out / "emptied.xlsx")) == kept


def test_totals_are_live_formulas_and_pictures_have_texts(tmp_path: Path) -> None:
    place = tmp_path / "report.xlsx"
    write_xlsx(report_of(country(), TODAY), Texts("fr"), place, ())
    book = openpyxl.load_workbook(place)
    assert book.sheetnames == ["Synthèse", "Processus", "Régions", "Mensuel", "Méthode", "À mesurer", "Dossiers"]
    *_, total = book["Processus"].iter_rows(values_only=True)
    assert all(str(value).startswith("=SUM(") for value in total[2:])
    assert {sheet.page_setup.orientation for sheet in book.worksheets} == {"landscape"}
    assert all(sheet.page_setup.fitToHeight == 0 for sheet in book.worksheets)
    assert len(book.worksheets[0].row_breaks.brk) == 2
    assert all(sheet.freeze_panes == "B2" for sheet in book.worksheets[1:])
    drawings = drawing_of(place)
    assert drawings.count("<c:chart ") == 3
    assert len(re.findall(r'<xdr:cNvPr [^>]*descr="[^"]{40,}"', drawings)) == 3


def drawing_of(place: Path) -> str:
    import zipfile

    with zipfile.ZipFile(place) as parts:
        return parts.read("xl/drawings/drawing1.xml").decode()


def test_a_loss_is_a_number_below_zero_and_no_row_of_hashes(tmp_path: Path) -> None:
    found = report_of(books(credit(3, 5, 30, auditable=False)), TODAY)
    write_xlsx(found, Texts("fr"), tmp_path / "report.xlsx", ())
    book = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)
    assert book.epoch == datetime(1904, 1, 1)  # noqa: DTZ001 - the day from which a workbook counts, in no zone
    assert from_xlsx(sheets_of(tmp_path / "report.xlsx"))["processes"]["unmeasured"] == -75


def test_rows_are_streamed_without_a_name_and_what_does_not_fit_is_told(tmp_path: Path) -> None:
    from robo.services.reporting import sheets
    from robo.services.reporting.workbook import Book

    row = {
        "written": datetime(2026, 10, 3, tzinfo=UTC),
        **dict.fromkeys(("month", "region", "process", "version", "code", "baseline", "host"), "x"),
        "kind": "credit",
        "reason": "",
        "unit_hash": "0123456789abcdef" * 4,
        "units": 1,
        "auditable": 1,
        "minutes_before": 30,
        "minutes_after": 5,
        "process": '=cmd|"/c calc"!A1',
    }
    texts, place = Texts("fr"), tmp_path / "rows.xlsx"
    with Book(place, "x") as book:
        sheet = book.sheet("Dossiers")
        written = sheets.items(book, sheet, report_of(books(), TODAY), texts, rows=[row] * 9, limit=5)
    read = list(openpyxl.load_workbook(place).worksheets[0].iter_rows(values_only=True))
    assert (written, len(read)) == (3, 5)
    assert (read[1][3], read[1][8], read[1][12]) == ('=cmd|"/c calc"!A1', "0123456789ab", "oui")
    assert openpyxl.load_workbook(place).worksheets[0]["D2"].data_type == "s"
    assert "plus de lignes" in str(read[4][0])


def test_a_workbook_that_is_not_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows() -> Iterator[dict[str, Any]]:
        yield {}

    with pytest.raises(KeyError):
        write_xlsx(report_of(books(), TODAY), Texts("fr"), tmp_path / "report.xlsx", rows())
    with pytest.raises(OSError, match="nowhere"):
        write_xlsx(report_of(books(), TODAY), Texts("fr"), tmp_path / "nowhere" / "report.xlsx", ())
    assert list(tmp_path.iterdir()) == []


def test_texts_of_another_lab_are_no_formulas_in_csv() -> None:
    found = as_csv(report_of(books(credit(1, region="=HYPERLINK(1)", process="@x")), TODAY)).decode("utf-8-sig")
    assert "'=HYPERLINK(1);'@x;2026-10;units;1;count\r\n" in found


def test_json_has_whole_numbers_of_minutes_and_no_hours() -> None:
    read = from_json(report_of(country(), TODAY), Texts("fr"))

    def numbers(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [each for one in value.values() for each in numbers(one)]
        if isinstance(value, list):
            return [each for one in value for each in numbers(one)]
        return [value] if isinstance(value, float) else []

    assert numbers(read) == []
    assert {
        "sentence",
        "asked",
        "total",
        "cube",
        "bars",
        "squares",
        "months",
        "methods",
        "closings",
        "seals",
    } <= read.keys()
