"""New files and rows: a text is never a formula, a file is the old one or the new one, a row is there once."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table
from robo_files import FilesRunner
from robo_files.actions import ACTIONS, APPEND_ROW, WRITE_CSV

from robo.sdk.action import Proof
from robo.sdk.errors import Failure
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context, Result, Row
from robo.sdk.values import MISSING, CellError, Effect

Do = Callable[..., Awaitable[Result]]
Read = Callable[..., Awaitable[list[Row]]]
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"]
ROWS = [{"N°": "007", "Nom": "Léa"}, {"N°": "008", "Nom": "Ali"}]


@pytest.fixture
def log(given: Path) -> Path:
    """A table as an office has it: a title, a bold header, one row, a row below that is dressed and blank."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Suivi"
    for line in (["Suivi 2026"], [], ["N°", "Nom", "Le", "Montant"], ["007", "Léa", date(2026, 3, 4), 12.5]):
        sheet.append(line)
    sheet["B4"].font = Font(bold=True)
    sheet["C4"].number_format = "dd/mm/yyyy"
    other = book.create_sheet("Autre")
    other["A1"] = "=Suivi!D4*2"
    book.save(given / "suivi.xlsx")
    return given / "suivi.xlsx"


@pytest.mark.parametrize("name", ["files.append_row", "files.write_csv", "files.write_xlsx"])
def test_they_are_local_and_need_no_once(name: str) -> None:
    assert (ACTIONS[name].effect, ACTIONS[name].proof) == (Effect.LOCAL, Proof.IDEMPOTENT)


# -- whole files


async def test_a_csv_is_what_excel_in_france_reads(do: Do, given: Path) -> None:
    one = {"Nom": 'Léa "B"', "Le": date(2026, 3, 4), "Montant": Decimal("12.50"), "Vu": True}
    rows = [one, {"Nom": "a;b", "Le": MISSING}]
    result = await do("files.write_csv", file=str(given / "sous" / "bilan"), rows=rows)
    assert (result.values["name"], result.values["count"]) == ("bilan.csv", 2)
    written = (given / "sous" / "bilan.csv").read_bytes()
    lines = 'Nom;Le;Montant;Vu\r\n"Léa ""B""";04/03/2026;12,5;oui\r\n"a;b";;;\r\n'
    assert written == b"\xef\xbb\xbf" + lines.encode()


async def test_a_csv_for_another_program_is_written_as_it_wants_it(do: Do, given: Path) -> None:
    rows = [{"Nom": "Léa", "Montant": Decimal("12.5"), "Le": date(2026, 3, 4)}]
    await do("files.write_csv", file=str(given / "a.csv"), rows=rows, encoding="windows-1252", delimiter=",")
    assert (given / "a.csv").read_bytes() == "Nom,Montant,Le\r\nLéa,12.5,2026-03-04\r\n".encode("cp1252")


async def test_a_sign_that_the_encoding_lacks_is_told(do: Do, given: Path) -> None:
    with pytest.raises(Failure) as caught:
        await do("files.write_csv", file=str(given / "a.csv"), rows=[{"Nom": "Łódź"}], encoding="windows-1252")
    assert (caught.value.code, "«Ł»" in str(caught.value), list(given.iterdir())) == ("RB843", True, [])


@pytest.mark.parametrize("words", FORMULAS)
async def test_no_text_becomes_a_formula(do: Do, read: Read, given: Path, words: str) -> None:
    rows = [{words: words}]
    await do("files.write_csv", file=str(given / "a.csv"), rows=rows)
    assert all(line.lstrip('"').startswith("'") for line in (given / "a.csv").read_text("utf-8-sig").splitlines())
    await do("files.write_xlsx", file=str(given / "a.xlsx"), rows=rows)
    sheet = openpyxl.load_workbook(given / "a.xlsx").active
    assert sheet is not None
    assert [sheet.cell(row, 1).data_type for row in (1, 2)] == ["s", "s"]
    assert sheet.cell(2, 1).value == words.replace("\t", "\t")


async def test_the_types_of_a_workbook_come_back(do: Do, read: Read, given: Path) -> None:
    row = {
        "text": "007",
        "day": date(2026, 3, 4),
        "moment": datetime(2026, 3, 4, 14, 30),  # noqa: DTZ001 - a workbook knows no zone
        "money": Decimal("12.50"),
        "whole": 10203040506070,
        "yes": True,
        "blank": MISSING,
        "account": 12345678901234567890,
        "old": date(1850, 1, 2),
        "list": ["a", "b"],
        "wrong": CellError(why="#REF!"),
        "time": time(8, 5),
        "span": timedelta(hours=26, minutes=1),
        "sign": "a\x01b\ud800",
    }
    await do("files.write_xlsx", file=str(given / "a.xlsx"), rows=[row], sheet="Suivi [2026]/mars")
    (back,) = await read(given / "a.xlsx")
    assert back.place.startswith("Suivi -2026-mars!")
    assert dict(back.values) == {
        **row,
        "money": 12.5,
        "account": "12345678901234567890",
        "old": "02/01/1850",
        "list": "a; b",
        "wrong": "#REF!",
        "time": "08:05:00",
        "span": "26:01:00",
        "sign": "a\ufffdb\ufffd",
    }


async def test_columns_may_be_chosen_and_ordered(do: Do, read: Read, given: Path) -> None:
    for name in ("a.csv", "a.xlsx"):
        action = f"files.write_{name[2:]}"
        await do(action, file=str(given / name), rows=ROWS, columns=["Nom", "Vide"])
        first, _ = await read(given / name)
        assert dict(first.values) == {"Nom": "Léa", "Vide": MISSING}


async def test_without_rows_there_is_the_header(do: Do, given: Path) -> None:
    await do("files.write_csv", file=str(given / "a.csv"), rows=[], columns=["N°", "Nom"])
    await do("files.write_xlsx", file=str(given / "a.xlsx"), rows=[], columns=["N°", "Nom"])
    sheet = openpyxl.load_workbook(given / "a.xlsx").active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]] == ["N°", "Nom"]
    assert (given / "a.csv").read_text("utf-8-sig") == "N°;Nom\n"


@pytest.mark.parametrize("rows", [[], "texte", [1], {"a": 1}], ids=repr)
async def test_what_is_no_list_of_rows_is_told(do: Do, given: Path, rows: Any) -> None:
    with pytest.raises(Failure) as caught:
        await do("files.write_xlsx", file=str(given / "a.xlsx"), rows=rows)
    assert (caught.value.code, list(given.iterdir())) == ("RB842", [])


async def test_what_a_cell_cannot_hold_is_told_and_the_old_file_stays(do: Do, given: Path) -> None:
    await do("files.write_xlsx", file=str(given / "a.xlsx"), rows=ROWS)
    before = (given / "a.xlsx").read_bytes()
    with pytest.raises(Failure) as caught:
        await do("files.write_xlsx", file=str(given / "a.xlsx"), rows=[{"a": "x" * 40_000}])
    assert (caught.value.code, [each.name for each in given.iterdir()]) == ("RB844", ["a.xlsx"])
    assert (given / "a.xlsx").read_bytes() == before


@pytest.mark.parametrize("lock", ["~$a.xlsx", ".~lock.a.xlsx#"])
async def test_a_file_that_is_open_in_a_spreadsheet_is_told_and_stays(do: Do, given: Path, lock: str) -> None:
    await do("files.write_xlsx", file=str(given / "a.xlsx"), rows=ROWS)
    before = (given / "a.xlsx").read_bytes()
    (given / lock).write_bytes(b"")
    for action, more in (("write_xlsx", {"rows": ROWS[:1]}), ("append_row", {"row": {"N°": "9", "Nom": "Zoé"}})):
        with pytest.raises(Failure) as caught:
            await do(f"files.{action}", file=str(given / "a.xlsx"), **more)
        assert caught.value.code == "RB820"
    assert (given / "a.xlsx").read_bytes() == before


async def test_a_file_elsewhere_is_not_written(do: Do, given: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("ailleurs")
    (given / "lien.csv").symlink_to(elsewhere / "a.csv")
    for file in (elsewhere / "a.csv", given / ".." / ".." / "a.csv", given / "lien.csv"):
        for action, more in (("write_csv", {"rows": ROWS}), ("append_row", {"row": ROWS[0]})):
            with pytest.raises(Failure) as caught:
                await do(f"files.{action}", file=str(file), **more)
            assert caught.value.code == "RB830"
    assert list(elsewhere.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from robo_files import landing
from robo.sdk.runner import Call
point = sys.argv[1]
real = getattr(os, point)
def dies(*given):
    if point == "replace":
        os.kill(os.getpid(), signal.SIGKILL)
    real(*given)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(os, point, dies)
target = Path(sys.argv[2])
with landing.beside(target) as new:
    new.write_bytes(b"new")
    landing.land(new, target, over=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
@pytest.mark.parametrize("point", ["open", "fsync", "replace"])
def test_whoever_is_killed_leaves_the_old_file_or_the_new_one(given: Path, point: str) -> None:
    target = given / "a.csv"
    target.write_bytes(b"old")
    command = [sys.executable, "-c", textwrap.dedent(KILLED), point, str(target)]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert target.read_bytes() in {b"old", b"new"}


async def test_a_dry_run_writes_nothing(runner: FilesRunner, context: Context, given: Path, log: Path) -> None:
    before = log.read_bytes()
    session = await runner.open(replace(context, dry_run=True))
    asked = {
        "files.write_csv": (WRITE_CSV, {"file": str(given / "a.csv"), "rows": ROWS}),
        "files.append_row": (APPEND_ROW, {"file": str(log), "row": {"N°": "8"}, "sheet": "Suivi"}),
    }
    for name, (spec, params) in asked.items():
        await session.perform([Call("step", name, parse_params(spec, params), Effect.LOCAL, 10)])
    assert ([each.name for each in given.iterdir()], log.read_bytes()) == (["suivi.xlsx"], before)


# -- one more row


def sheet_of(file: Path, name: str = "Suivi") -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(file)[name].iter_rows()]


async def test_a_row_is_added_under_the_last_one_and_dressed_like_it(
    do: Do, log: Path, parts: Callable[[Path], dict[str, bytes]]
) -> None:
    before = parts(log)
    row = {"Nom": "Zoé", "N°": "008", "Le": date(2026, 3, 5), "Montant": Decimal("7.5")}
    result = await do("files.append_row", file=str(log), sheet="Suivi", row=row)
    assert (result.values["added"], result.note[:9]) == (True, "Suivi!A5:")
    assert sheet_of(log)[4] == ["008", "Zoé", datetime(2026, 3, 5), 7.5]  # noqa: DTZ001 - as openpyxl says it
    sheet = openpyxl.load_workbook(log)["Suivi"]
    assert (sheet["B5"].font.bold, sheet["C5"].number_format) == (True, "dd/mm/yyyy")
    changed = {name for name, content in parts(log).items() if before[name] != content}
    assert changed - {"xl/workbook.xml"} == {"xl/worksheets/sheet1.xml"}


async def test_added_twice_is_added_once(do: Do, log: Path) -> None:
    for added in (True, False):
        result = await do("files.append_row", file=str(log), sheet="Suivi", row={"N°": "008", "Le": date(2026, 3, 5)})
        assert result.values["added"] is added
    assert [line[0] for line in sheet_of(log)] == ["Suivi 2026", None, "N°", "007", "008"]


async def test_many_rows_stand_one_under_the_other_and_are_read_back(do: Do, log: Path, read: Read) -> None:
    for number in range(20):
        await do("files.append_row", file=str(log), sheet="Suivi", row={"N°": f"1{number:02}"})
    found = [row.values["N°"] for row in await read(log, sheet="Suivi")]
    assert found == ["007", *(f"1{number:02}" for number in range(20))]


async def test_a_row_with_the_key_and_other_cells_is_left_to_a_person(do: Do, log: Path) -> None:
    before = log.read_bytes()
    with pytest.raises(Failure) as caught:
        await do("files.append_row", file=str(log), sheet="Suivi", row={"N°": "007", "Nom": "Ali"}, key="N°")
    assert (caught.value.code, "Suivi!A4" in str(caught.value), log.read_bytes()) == ("RB845", True, before)


async def test_a_row_that_is_dressed_and_blank_is_used(do: Do, log: Path) -> None:
    book = openpyxl.load_workbook(log)
    book["Suivi"]["B5"].font = Font(italic=True)
    book["Suivi"].row_dimensions[6].height = 30
    book.save(log)
    for number in ("008", "009", "010"):
        await do("files.append_row", file=str(log), sheet="Suivi", row={"N°": number, "Nom": "x"})
    assert [line[0] for line in sheet_of(log)][3:] == ["007", "008", "009", "010"]
    sheet = openpyxl.load_workbook(log)["Suivi"]
    assert (sheet["B5"].font.italic, sheet.row_dimensions[6].height) == (True, 30)


async def test_a_table_of_excel_grows_with_its_row(do: Do, log: Path) -> None:
    book = openpyxl.load_workbook(log)
    book["Suivi"].add_table(Table(displayName="T", ref="A3:D4"))
    book.save(log)
    await do("files.append_row", file=str(log), sheet="Suivi", row={"N°": "008"})
    assert openpyxl.load_workbook(log)["Suivi"].tables["T"].ref == "A3:D5"


async def test_a_column_that_the_file_lacks_is_told(do: Do, log: Path) -> None:
    before = log.read_bytes()
    with pytest.raises(Failure) as caught:
        await do("files.append_row", file=str(log), sheet="Suivi", row={"Numéro": "8"})
    assert (caught.value.code, log.read_bytes()) == ("RB835", before)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
async def test_a_workbook_that_libreoffice_saved_takes_a_row(do: Do, given: Path) -> None:
    file = Path(shutil.copy(Path(__file__).parent / "fixtures" / "libreoffice.xlsx", given))
    sheet = "Été d'oc"
    before = [line for line in sheet_of(file, sheet) if any(line)]
    await do("files.append_row", file=str(file), sheet=sheet, row={"N° demande": "00099", "Né le": date(1990, 1, 2)})
    after = [line for line in sheet_of(file, sheet) if any(line)]
    assert after[:-1] == before
    assert after[-1][:3] in ([None, "00099", datetime(1990, 1, 2)], ["00099", datetime(1990, 1, 2), None])  # noqa: DTZ001


@pytest.mark.parametrize("ending", ["\n", "\r\n", ""], ids=["unix", "windows", "no last line end"])
async def test_a_csv_grows_in_its_own_way(do: Do, given: Path, ending: str) -> None:
    file = given / "suivi.csv"
    between = ending or "\n"
    file.write_bytes(f"N°;Nom;Le{between}007;Léa;{ending}".encode("cp1252"))
    for added in (True, False):
        row = {"Nom": "=1+1", "N°": "008", "Le": date(2026, 3, 5)}
        assert (await do("files.append_row", file=str(file), row=row)).values["added"] is added
    lines = f"N°;Nom;Le{between}007;Léa;{between}008;'=1+1;05/03/2026{between}"
    assert file.read_bytes() == lines.encode("cp1252")


async def test_a_text_that_the_file_cannot_hold_is_told_and_it_stays(do: Do, given: Path) -> None:
    file = given / "suivi.csv"
    file.write_bytes("N°;Nom\n007;Léa\n".encode("cp1252"))
    with pytest.raises(Failure) as caught:
        await do("files.append_row", file=str(file), row={"Nom": "Łódź"})
    assert (caught.value.code, file.read_bytes()) == ("RB843", "N°;Nom\n007;Léa\n".encode("cp1252"))


@pytest.mark.parametrize("name", ["suivi.csv", "suivi.xlsx"])
async def test_the_first_row_makes_the_file(do: Do, read: Read, given: Path, name: str) -> None:
    for row in (*ROWS, *ROWS):
        await do("files.append_row", file=str(given / name), row=row)
    assert [dict(row.values) for row in await read(given / name)] == ROWS


async def test_a_file_of_another_kind_takes_no_row(do: Do, given: Path) -> None:
    for name in ("a.ods", "a.pdf"):
        with pytest.raises(Failure) as caught:
            await do("files.append_row", file=str(given / name), row=ROWS[0])
        assert caught.value.code == "RB846"
