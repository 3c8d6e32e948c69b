"""The first process of the library: it is valid everywhere, every rule has a case, its workbook is what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from robo.definition.baseline import read_baseline
from robo.definition.case import load_cases
from robo.definition.loading import load_process
from robo.definition.region import load_region
from robo.model.base import ItemState
from robo.model.case import Mishap
from robo.model.process import Process, Step, StepKind
from robo.plan.build import build
from robo.plan.model import Plan
from robo.plan.steps import walk
from robo.services.guests import installed_actions

ROOT = Path(__file__).parents[2]
HOME = ROOT / "processes" / "titre-sejour-saisie"
REGIONS = [path.stem for path in sorted((ROOT / "config" / "regions").glob("*.yaml"))]
EARLIEST = date(2029, 1, 1)
"""The demonstration must go on working: its workbook holds no date that expires before."""


def process() -> Process:
    return load_process(HOME / "process.yaml", actions=installed_actions())


def plan(region: str | None) -> Plan:
    here = load_region(ROOT / "config" / "regions" / f"{region}.yaml") if region else None
    return build(process(), here, installed_actions())


def every_step() -> Iterator[Step]:
    found = process()
    yield from walk(found.setup)
    yield from walk(found.steps)


@pytest.mark.parametrize("region", [None, *REGIONS])
def test_it_is_valid_in_every_region(region: str | None) -> None:
    built = plan(region)
    assert [segment.id for segment in built.segments] == ["created", "end"]
    assert built.done_by == "created"
    assert built.runners == ("browser", "files")


def test_its_digest_is_stable_and_each_region_has_its_own() -> None:
    digests = {region: plan(region).digest for region in REGIONS}
    assert digests == {region: plan(region).digest for region in REGIONS}
    assert len(set(digests.values())) == len(REGIONS)


def test_in_guyane_the_same_steps_press_other_words() -> None:
    once = plan("guyane").segments[0].once
    assert once is not None
    assert once.submit.params == "Valider la demande"
    assert once.submit.read == {"number": "Numéro de dossier"}
    assert plan("guyane").tables["pays"]["Surinamaise"] == "SUR"
    (written,) = (step for unit in plan("guyane").segments[1].lead for step in unit.steps)  # type: ignore[union-attr]  # no groups
    assert list(written.params["set"]) == ["N° dossier"]


def test_the_page_is_entered_in_few_round_trips() -> None:
    once = plan("occitanie").segments[0].once
    assert once is not None
    assert [len(unit.steps) for unit in once.body] == [1, 2, 1, 2, 1]  # type: ignore[union-attr]  # no groups
    assert [step.action for step in once.entries] == ["browser.check"]


def test_every_rejection_and_refusal_has_a_case() -> None:
    declared = {step.code for step in every_step() if step.kind in {StepKind.REJECT_IF, StepKind.SKIP_IF}}
    declared |= {refusal.code for step in every_step() for refusal in step.refused}
    tried = {expected.code for case in load_cases(HOME) for expected in case.expect.values()}
    assert declared
    assert declared <= tried


def test_the_cases_a_release_needs_are_there() -> None:
    cases = load_cases(HOME)
    faults = {(fault.step, fault.after or fault.before, fault.do) for case in cases for fault in case.faults}
    outcomes = {expected.outcome for case in cases for expected in case.expect.values()}
    assert ("created", "submit", Mishap.CRASH) in faults
    assert ("created", "submit", Mishap.LOST) in faults
    assert ("dossier", "search", Mishap.ERROR500) in faults
    assert any(case.runs > 1 and case.not_taken for case in cases)
    assert {ItemState.DONE, ItemState.SKIPPED, ItemState.REJECTED} <= outcomes
    assert {case.region for case in cases} == set(REGIONS)


def test_every_fault_of_a_case_names_a_step_or_a_finder() -> None:
    known = {step.id for step in every_step()} | set(process().finders)
    assert {fault.step for case in load_cases(HOME) for fault in case.faults} <= known


def test_every_row_of_a_case_has_the_columns_of_the_workbook() -> None:
    columns = {column.column for column in process().items.fields}  # type: ignore[union-attr]  # it has items
    for case in load_cases(HOME):
        for row in case.items:
            assert set(row) == columns, case.id


def test_the_baseline_says_that_nobody_here_measured_it() -> None:
    record = read_baseline(HOME / "baseline.yaml", "titre-sejour-saisie", "occitanie")
    assert record is not None
    assert (record.before, record.after, record.method, record.n) == (30, 5, "imported", 0)
    assert record.unit == process().counts.unit


def test_the_workbook_has_the_columns_and_more_than_cells() -> None:
    book = openpyxl.load_workbook(HOME / "fixtures" / "demandes.xlsx")
    sheet = book["Demandes"]
    columns = {column.column for column in process().items.fields}  # type: ignore[union-attr]  # it has items
    assert columns == {cell.value for cell in sheet[1]}
    assert sheet["A1"].font.bold
    assert sheet.data_validations.dataValidation
    assert sheet.conditional_formatting
    assert book["Suivi"]._charts
    assert book.sheetnames == ["Demandes", "Suivi", "Lisez-moi"]


def test_the_workbook_goes_on_working_for_years() -> None:
    sheet = openpyxl.load_workbook(HOME / "fixtures" / "demandes.xlsx")["Demandes"]
    names = [cell.value for cell in sheet[1]]
    ends = [row[names.index("Fin de validité du passeport")] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert all(isinstance(end, datetime) and end.date() > EARLIEST for end in ends)


def test_the_folder_is_complete() -> None:
    assert {"process.yaml", "README.md", "CHANGELOG.md", "baseline.yaml", "cases", "fixtures"} <= {
        path.name for path in HOME.iterdir()
    }
