"""The first process of the library: it is valid everywhere, every rule has a case, its workbook is what it says."""

from __future__ import annotations

from datetime import date, datetime

import openpyxl
import pytest

from robo.model.base import ItemState
from robo.model.case import Mishap
from tests.processes.published import REGIONS, Published

IT = Published("titre-sejour-saisie")
EARLIEST = date(2029, 1, 1)
"""The demonstration must go on working: its workbook holds no date that expires before."""


@pytest.mark.parametrize("region", [None, *REGIONS])
def test_it_is_valid_in_every_region(region: str | None) -> None:
    built = IT.plan(region)
    assert [segment.id for segment in built.segments] == ["created", "end"]
    assert built.done_by == "created"
    assert built.runners == ("browser", "files")


def test_its_digest_is_stable_and_each_region_has_its_own() -> None:
    digests = {region: IT.plan(region).digest for region in REGIONS}
    assert digests == {region: IT.plan(region).digest for region in REGIONS}
    assert len(set(digests.values())) == len(REGIONS)


def test_in_guyane_the_same_steps_press_other_words() -> None:
    once = IT.plan("guyane").segments[0].once
    assert once is not None
    assert once.submit.params == "Valider la demande"
    assert once.submit.read == {"number": "Numéro de dossier"}
    assert IT.plan("guyane").tables["pays"]["Surinamaise"] == "SUR"
    (written,) = (step for unit in IT.plan("guyane").segments[1].lead for step in unit.steps)  # type: ignore[union-attr]  # no groups
    assert list(written.params["set"]) == ["N° dossier"]


def test_the_page_is_entered_in_few_round_trips() -> None:
    once = IT.plan("occitanie").segments[0].once
    assert once is not None
    assert [len(unit.steps) for unit in once.body] == [1, 2, 1, 2, 1]  # type: ignore[union-attr]  # no groups
    assert [step.action for step in once.entries] == ["browser.check"]


def test_every_rejection_and_refusal_has_a_case() -> None:
    declared = IT.decided() | IT.refused()
    tried = IT.tried()
    assert declared
    assert declared <= tried


def test_the_cases_a_release_needs_are_there() -> None:
    faults = IT.faults()
    outcomes = IT.outcomes()
    assert ("created", "submit", Mishap.CRASH) in faults
    assert ("created", "submit", Mishap.LOST) in faults
    assert ("dossier", "search", Mishap.ERROR500) in faults
    assert any(case.runs > 1 and case.not_taken for case in IT.cases)
    assert {ItemState.DONE, ItemState.SKIPPED, ItemState.REJECTED} <= outcomes
    assert IT.regions() == set(REGIONS)


def test_every_fault_of_a_case_names_a_step_or_a_finder() -> None:
    known = {step.id for step in IT.steps()} | set(IT.process.finders)
    assert {fault.step for case in IT.cases for fault in case.faults} <= known


def test_every_row_of_a_case_has_the_columns_of_the_workbook() -> None:
    columns = {column.column for column in IT.process.items.fields}  # type: ignore[union-attr]  # it has items
    for case in IT.cases:
        for row in case.items:
            assert set(row) == columns, case.id


def test_the_baseline_says_that_nobody_here_measured_it() -> None:
    record = IT.baseline()
    assert (record.before, record.after, record.method, record.n) == (30, 5, "imported", 0)
    assert record.unit == IT.process.counts.unit


def test_the_workbook_has_the_columns_and_more_than_cells() -> None:
    book = openpyxl.load_workbook(IT.home / "fixtures" / "demandes.xlsx")
    sheet = book["Demandes"]
    columns = {column.column for column in IT.process.items.fields}  # type: ignore[union-attr]  # it has items
    assert columns == {cell.value for cell in sheet[1]}
    assert sheet["A1"].font.bold
    assert sheet.data_validations.dataValidation
    assert sheet.conditional_formatting
    assert book["Suivi"]._charts
    assert book.sheetnames == ["Demandes", "Suivi", "Lisez-moi"]


def test_the_workbook_goes_on_working_for_years() -> None:
    sheet = openpyxl.load_workbook(IT.home / "fixtures" / "demandes.xlsx")["Demandes"]
    names = [cell.value for cell in sheet[1]]
    ends = [row[names.index("Fin de validité du passeport")] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert all(isinstance(end, datetime) and end.date() > EARLIEST for end in ends)


def test_the_folder_is_complete() -> None:
    assert {"process.yaml", "README.md", "CHANGELOG.md", "baseline.yaml", "cases", "fixtures"} <= {
        path.name for path in IT.home.iterdir()
    }
