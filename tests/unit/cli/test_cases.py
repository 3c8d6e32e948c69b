"""`robo test`: what a case claims is looked at, row by row and key by key; what it names must be there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from robo.app import open_app
from robo.cli.staging import staged
from robo.definition.case import load_case
from tests.unit.cli.conftest import Robo

CASES = Path("processes/verifier-demandes/cases")
HEAD = 'robo: 1\nsays: La liste est vérifiée\nregion: ma-region\ntoday: "2026-11-16"\n'
ROW = "{N° demande: %s, Nom: A, Date de naissance: 17/05/1984, Montant: 10, Vérifiée le: ''}"
MINOR = "{N° demande: %s, Nom: A, Date de naissance: 17/05/2015, Montant: 10, Vérifiée le: ''}"
TWO = f"runs: 2\nitems:\n  - {ROW % '2026-AA-0001'}\n  - {MINOR % '2026-AA-0002'}\n"
CSV = "inputs: {export: fixtures/demandes.csv}\n"


def write(project: Path, text: str) -> Path:
    for old in (project / CASES).glob("*.yaml"):
        old.unlink()
    file = project / CASES / "01-essai.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return file


def problems(robo: Robo, **environ: str) -> list[str]:
    (case,) = robo("test", "--json", **environ).json["cases"]
    found: list[str] = case["problems"]
    return found


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("not_taken: [2026-AA-0001]", ""),
        ("not_taken: [2026-AA-0001, 2026-AA-0002]", ""),
        ("not_taken: [2026-AA-0002]", "2026-AA-0001 was left because it is done"),
        ("not_taken: []", "2026-AA-0001 was left because it is done"),
        ("not_taken: [2026-AA-0001, 2026-AA-0009]", "2026-AA-0009 was taken, or is not in the source"),
        ("file: {2026-AA-0001: {Vérifiée le: 16/11/2026}, 2026-AA-0002: {Vérifiée le: empty}}", ""),
        ("file: {2026-AA-0001: {Vérifiée le: empty}}", "« 16/11/2026 », expected « empty »"),
        ("file: {2026-AA-0009: {Vérifiée le: empty}}", "no row has the key 2026-AA-0009; there are 2026-AA-0001"),
        ("file: {2026-AA-0001: {Verifiee le: empty}}", "no column «Verifiee le»"),
    ],
)
def test_a_source_run_twice_is_looked_at_by_its_keys_and_cells(
    project: Path, robo: Robo, expect: str, told: str
) -> None:
    write(project, f"{TWO}expect:\n  2026-AA-0001: {{outcome: done}}\n  {expect}\n")
    found = problems(robo)
    assert bool(told) is bool(found)
    assert told in "".join(found)


def test_what_is_not_there_comes_with_what_was_meant_in_the_readers_language(project: Path, robo: Robo) -> None:
    write(project, TWO + "expect:\n  file: {2026-AA-0001: {Verifiee le: empty}}\n")
    (told,) = problems(robo, ROBO_LANG="fr")
    assert told.startswith("fichier : il n'y a pas de colonne «Verifiee le»")
    assert told.endswith("vouliez-vous dire Vérifiée le ?")


def test_a_csv_file_is_looked_into_like_a_workbook(project: Path, robo: Robo) -> None:
    cells = "2026-AA-0001: {Vérifiée le: 16/11/2026, Montant: '1 250,00 €'}, 2026-AA-0003: {Vérifiée le: empty}"
    write(project, f"{CSV}expect:\n  file: {{{cells}}}\n")
    assert problems(robo) == []


FILING = """\
steps:
  - files.append_row:
      file: ${{ inputs.filed }}/suivi.csv
      row: {N°: "${{ item.number }}", Montant: "${{ item.amount }}"}
      key: N°
"""
LISTED = "filed/suivi.csv: [{N°: 2026-AA-0001, Montant: '10'}, {N°: 2026-AA-0002, Montant: filled}]"


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (LISTED, ""),
        ("filed/suivi.csv: [{N°: 2026-AA-0001}]", "filed/suivi.csv has 2 row(s), expected 1"),
        ("filed/suivi.csv: []", "filed/suivi.csv has 2 row(s), expected 0"),
        (LISTED.replace("'10'", "'11'"), "filed/suivi.csv, 1, column Montant: « 10 », expected « 11 »"),
        (LISTED.replace("N°", "No"), "there is no column «No»"),
        ("filed/suivis.csv: [{N°: a}]", "there is no filed/suivis.csv"),
    ],
)
def test_the_rows_of_a_table_that_a_run_wrote_are_looked_at(project: Path, robo: Robo, file: str, told: str) -> None:
    process = project / "processes/verifier-demandes/process.yaml"
    text = process.read_text(encoding="utf-8").replace("\ninputs:\n", "\ninputs:\n  filed: {type: folder}\n")
    process.write_text(text[: text.index("steps:")] + FILING, encoding="utf-8")
    write(project, f"{TWO.replace('runs: 2', 'runs: 1')}expect:\n  file: {{{file}}}\n")
    found = problems(robo)
    assert bool(told) is bool(found)
    assert told in "".join(found)


def test_the_place_of_a_table_is_below_one_of_the_processs_inputs(project: Path, robo: Robo) -> None:
    write(project, "expect:\n  file: {filed/a.csv: [{N°: a}], export/a.csv: [{N°: a}]}\n")
    found = robo("process", "validate", "--json").json["problems"]
    assert [one["code"] for one in found] == ["RB466", "RB466"]


@pytest.mark.parametrize("cell", [12, 12.0, "12"], ids=["number", "decimal", "text"])
def test_a_number_is_the_key_a_run_makes_of_it(project: Path, robo: Robo, cell: object) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["N° demande", "Nom", "Date de naissance", "Montant", "Vérifiée le"])
    sheet.append([cell, "A", date(1984, 5, 17), 12, None])
    sheet.append([13, "A", date(1984, 5, 17), 12, None])
    book.save(project / "processes/verifier-demandes/fixtures/nombres.xlsx")
    process = project / "processes/verifier-demandes/process.yaml"
    text = process.read_text(encoding="utf-8").replace(r", pattern: '\d{4}-[A-Z]{2}-\d{4}'", "")
    process.write_text(text.replace("reject_if: item.amount > 5000", "reject_if: item.number == '13'"), "utf-8")
    expect = (
        "12: {outcome: done}\n  13: {outcome: rejected}\n  file: {12: {Vérifiée le: filled}, 13: {Vérifiée le: empty}}"
    )
    write(project, f"inputs: {{export: fixtures/nombres.xlsx}}\nexpect:\n  {expect}\n")
    assert problems(robo) == []


def test_a_run_that_crashes_has_the_day_of_its_case(project: Path) -> None:
    case = load_case(
        write(project, f"items:\n  - {ROW % '2026-AA-0001'}\nexpect:\n  2026-AA-0001: {{outcome: done}}\n")
    )
    app = open_app()
    with staged(app, "verifier-demandes", case) as player:
        source = player.stage.folder / "export.csv"
        source.write_bytes((project / "demandes.csv").read_bytes())
        inputs = {"export": str(source)}
        assert player.stage.crash(inputs, (), today=case.day(1), only="2026-AA-0001", point="outcome")
        ((_, row),) = [row for row in player.stage.rows(inputs, "export") if row[0] == "2026-AA-0001"]
        assert row["Vérifiée le"] == "16/11/2026"
        assert not player.stage.crash(inputs, (), today=case.day(1), only="2026-AA-0002", point="after receipt")


@pytest.mark.parametrize(
    ("given", "portal", "told"),
    [
        (
            "{in: depots, reference: '41001', with: {Devis: ''}}",
            "{depots: {'41001': {Devis: empty, Coût: filled}}}",
            "",
        ),
        ("{in: depots, reference: '41001'}", "{depots: {'41001': 2}}", "1 of 41001 in depots, expected 2"),
        ("{in: depots, reference: '41001'}", "{depots: {'41001': {Devis: x.pdf}}}", "Devis: « devis.pdf », expected"),
        ("{in: depots, reference: '41001'}", "{depots: {'41001': {Devi: x}}}", "nothing of Devi; it says"),
        ("{in: depot, reference: '41001'}", "{dossiers: {'1': 0}}", "holds no depot; it holds dossiers, "),
        ("{in: depots, reference: '41001', with: {Devi: ''}}", "{depos: {}}", "a deposit says"),
        ("{reference: '1'}", "{dossiers: {'1': 1}}", ""),
    ],
)
def test_what_any_application_of_the_portal_holds_is_given_and_looked_at(
    project: Path, robo: Robo, given: str, portal: str, told: str
) -> None:
    write(project, f"{CSV}given: [{given}]\nexpect:\n  portal: {portal}\n")
    found = problems(robo)
    assert bool(told) is bool(found)
    assert told in "".join(found)


BROKEN = f"""\
region: ma-regionn
items:
  - {ROW.replace("N° demande", "N°demande") % "2026-AA-0001"}
faults:
  - {{step: setpu, do: down}}
  - {{step: setup, do: down, run: 3}}
inputs: {{exprot: a.xlsx}}
expect:
  2026-AA-0001: {{outcome: done}}
"""


def test_validate_tells_what_is_wrong_with_cases_too_each_where_it_stands(project: Path, robo: Robo) -> None:
    file = write(project, "")
    text = HEAD.replace("region: ma-region\n", "") + BROKEN
    file.write_text(text, encoding="utf-8")
    said = robo("process", "validate", "--json")
    assert said.code == 2
    found = [(one["code"], one["line"], one["did_you_mean"]) for one in said.json["problems"]]
    assert found == [
        ("RB460", 4, "ma-region"),
        ("RB462", 6, ""),
        ("RB463", 8, "setup"),
        ("RB464", 9, ""),
        ("RB461", 10, "export"),
    ]
    assert said.json["problems"][1]["remedy"] == "write «N° demande» instead of «N°demande»"


def test_the_problems_of_a_process_and_of_the_text_of_its_cases_come_together(project: Path, robo: Robo) -> None:
    write(project, "runz: 2\nexpect:\n  2026-AA-0001: {outcome: done}\n")
    process = project / "processes/verifier-demandes/process.yaml"
    process.write_text(process.read_text(encoding="utf-8").replace("add_years", "add_year"), encoding="utf-8")
    for command in (("process", "validate"), ("test",)):
        said = robo(*command, "--json")
        assert (said.code, {one["code"] for one in said.json["problems"]}) == (2, {"RB203", "RB305"})


def test_rows_stand_where_the_process_looks_for_their_names(project: Path, robo: Robo) -> None:
    process = project / "processes/verifier-demandes/process.yaml"
    head, found, rest = process.read_text(encoding="utf-8").partition('file: "${{ inputs.export }}"')
    process.write_text(f"{head}{found}, header: 4{rest}", encoding="utf-8")
    write(project, f"items:\n  - {ROW % '2026-AA-0001'}\nexpect:\n  2026-AA-0001: {{outcome: done}}\n")
    assert problems(robo) == []


def test_a_run_that_could_not_begin_says_why_in_its_case(project: Path, robo: Robo) -> None:
    (project / "processes/verifier-demandes/fixtures/demandes.csv").write_text("A;B\n1;2\n", encoding="utf-8")
    write(project, f"{CSV}expect:\n  2026-AA-0001: {{outcome: done}}\n")
    (told,) = problems(robo)
    assert told.startswith("2026-AA-0001: no item was opened, RB530 the source has no column «N° demande»")
