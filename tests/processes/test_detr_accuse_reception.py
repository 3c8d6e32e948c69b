"""Acknowledging grant applications: valid everywhere, every rule has a case, its words are those of the screens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
from robo.sandbox.deposits import FORMS, PROCEDURES
from robo.services.guests import installed_actions

ROOT = Path(__file__).parents[2]
HOME = ROOT / "processes" / "detr-accuse-reception"
REGIONS = [path.stem for path in sorted((ROOT / "config" / "regions").glob("*.yaml"))]
CASES = {case.id: case for case in load_cases(HOME)}


def process() -> Process:
    return load_process(HOME / "process.yaml", actions=installed_actions())


def plan(region: str) -> Plan:
    return build(process(), load_region(ROOT / "config" / "regions" / f"{region}.yaml"), installed_actions())


def every_step() -> Iterator[Step]:
    yield from walk(process().steps)


@pytest.mark.parametrize("region", REGIONS)
def test_it_is_valid_in_every_region(region: str) -> None:
    built = plan(region)
    assert [segment.id for segment in built.segments] == ["courrier", "accuse"]
    assert built.done_by == "accuse"
    assert built.runners == ("browser", "http", "mail")


@pytest.mark.parametrize("region", REGIONS)
def test_its_words_are_those_of_the_form_and_the_application_of_the_region(region: str) -> None:
    built = plan(region)
    assert set(built.tables["champs"].values()) <= set(FORMS[region].values())
    assert built.inputs["demarche"].default == str(PROCEDURES[region])


def test_every_end_that_the_process_can_decide_has_a_case() -> None:
    declared = {step.code for step in every_step() if step.kind in {StepKind.REJECT_IF, StepKind.SKIP_IF}}
    tried = {expected.code for case in CASES.values() for expected in case.expect.values()}
    assert declared == {"deja-instruit", "deja-accuse", "hors-campagne", "operation-commencee"}
    assert declared <= tried
    assert {"bad-field", "recipient-not-granted", "handed-over"} <= tried


def test_the_cases_a_release_needs_are_there() -> None:
    faults = {(fault.step, fault.after or fault.before, fault.do) for case in CASES.values() for fault in case.faults}
    assert faults >= {
        ("courrier", "submit", Mishap.CRASH),
        ("accuse", "submit", Mishap.CRASH),
        ("accuse", "submit", Mishap.LOST),
        ("registre", "search", Mishap.ERROR500),
    }
    assert any(case.runs > 1 and case.not_taken for case in CASES.values())
    assert all(case.world.mails is not None for case in CASES.values())
    outcomes = {expected.outcome for case in CASES.values() for expected in case.expect.values()}
    assert outcomes == {ItemState.DONE, ItemState.SKIPPED, ItemState.REJECTED, ItemState.UNKNOWN}
    assert {case.region for case in CASES.values()} == set(REGIONS)


def test_the_baseline_is_a_hypothesis() -> None:
    record = read_baseline(HOME / "baseline.yaml", "detr-accuse-reception", "occitanie")
    assert record is not None
    assert (record.method, record.n, record.unit) == ("hypothesis", 0, process().counts.unit)
