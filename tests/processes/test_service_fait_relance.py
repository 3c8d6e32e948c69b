"""Reminding people of invoices: valid everywhere, every rule has a case, its words are those of the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from robo.definition.baseline import read_baseline
from robo.definition.case import load_cases
from robo.definition.loading import load_process
from robo.definition.region import load_region
from robo.model.base import ItemState
from robo.model.case import Mishap
from robo.model.process import StepKind
from robo.plan.build import build
from robo.plan.model import Plan
from robo.plan.steps import walk
from robo.sandbox.invoices import FINANCES
from robo.services.guests import installed_actions

ROOT = Path(__file__).parents[2]
HOME = ROOT / "processes" / "service-fait-relance"
REGIONS = [path.stem for path in sorted((ROOT / "config" / "regions").glob("*.yaml"))]
CASES = load_cases(HOME)
PROCESS = load_process(HOME / "process.yaml", actions=installed_actions())


def plan(region: str) -> Plan:
    return build(PROCESS, load_region(ROOT / "config" / "regions" / f"{region}.yaml"), installed_actions())


@pytest.mark.parametrize("region", REGIONS)
def test_it_is_valid_in_every_region(region: str) -> None:
    built = plan(region)
    assert built.done_by == "reminded"
    assert built.runners == ("browser", "mail")
    assert built.secrets.keys() - {"messagerie"} == {"finances"}
    assert built.inputs["manager"].default


@pytest.mark.parametrize("region", REGIONS)
def test_its_words_are_those_of_the_list_of_the_region(region: str) -> None:
    items = plan(region).items
    assert items is not None
    assert items.source is not None
    said = items.source.params
    words = set(FINANCES.labels[region].values())
    columns = {field.column for field in items.fields}
    assert {*columns, *said["search"], said["button"], said["empty"]} <= words  # type: ignore[index]  # a mapping


def test_an_invoice_counts_once_however_often_its_person_is_reminded() -> None:
    built = plan("occitanie")
    assert (built.counts.unit, built.counts.period) == ("facture", None)
    assert built.again == "7 days"


def test_every_end_that_the_process_can_decide_has_a_case() -> None:
    declared = {step.code for step in walk(PROCESS.steps) if step.kind in {StepKind.REJECT_IF, StepKind.SKIP_IF}}
    tried = {expected.code for case in CASES for expected in case.expect.values()}
    assert declared == {"trop-de-factures"}
    assert declared | {"bad-field", "recipient-not-granted"} <= tried


def test_the_cases_a_release_needs_are_there() -> None:
    faults = {(fault.step, fault.after, fault.do) for case in CASES for fault in case.faults}
    assert faults == {
        ("reminded", "submit", Mishap.CRASH),
        ("reminded", "receipt", Mishap.CRASH),
        ("told", "submit", Mishap.CRASH),
        ("items", "", Mishap.ERROR500),
        ("setup", "", Mishap.DOWN),
    }
    assert any(case.runs > 1 and case.not_taken for case in CASES)
    assert any(case.runs > 1 and case.not_taken == () for case in CASES)
    assert all(case.world.mails is not None for case in CASES)
    assert any(not case.expect and case.world.mails == () for case in CASES)
    outcomes = {expected.outcome for case in CASES for expected in case.expect.values()}
    assert outcomes == {ItemState.DONE, ItemState.REJECTED, ItemState.HELD}
    assert {case.region for case in CASES} == set(REGIONS)


def test_the_baseline_is_a_hypothesis() -> None:
    record = read_baseline(HOME / "baseline.yaml", "service-fait-relance", "occitanie")
    assert record is not None
    assert (record.method, record.n, record.unit) == ("hypothesis", 0, PROCESS.counts.unit)


def test_nobody_is_named_to_a_manager() -> None:
    letter = PROCESS.beside["templates/responsable.md"]
    assert "item.mail" not in letter
    (told,) = (step for step in walk(PROCESS.steps) if step.id == "told")
    assert set(told.params["table"]["columns"].values()) == {"number", "supplier", "unit", "montant", "attente"}  # type: ignore[index,call-overload,union-attr]  # a mapping
