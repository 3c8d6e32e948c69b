"""Sending signed decisions: valid everywhere, every rule has a case, its words are those of the archive."""

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
from robo.sandbox.archive import ARCHIVE, KINDS
from robo.services.guests import installed_actions

ROOT = Path(__file__).parents[2]
HOME = ROOT / "processes" / "decisions-envoi-rh"
REGIONS = [path.stem for path in sorted((ROOT / "config" / "regions").glob("*.yaml"))]
CASES = load_cases(HOME)
PROCESS = load_process(HOME / "process.yaml", actions=installed_actions())


def plan(region: str) -> Plan:
    return build(PROCESS, load_region(ROOT / "config" / "regions" / f"{region}.yaml"), installed_actions())


@pytest.mark.parametrize("region", REGIONS)
def test_it_is_valid_in_every_region(region: str) -> None:
    built = plan(region)
    assert [segment.id for segment in built.segments] == ["filed", "sent", "end"]
    assert built.done_by == "sent"
    assert built.runners == ("browser", "files", "mail")


@pytest.mark.parametrize("region", REGIONS)
def test_its_words_are_those_of_the_archive_of_the_region(region: str) -> None:
    once = plan(region).segments[0].once
    assert once is not None
    words = set(ARCHIVE.labels[region].values()) | {"Référence"}
    steps = [step for unit in once.body for step in unit.steps] + list(once.entries)  # type: ignore[union-attr]  # no groups
    entered = {label: value for step in steps if isinstance(step.params, dict) for label, value in step.params.items()}
    assert entered.keys() <= words
    assert entered["Type de document"] in KINDS
    assert once.submit.params in words
    finder = plan(region).finders["document"].step.params
    assert {finder["button"], finder["empty"], *finder["read"].values(), *finder["where"]} <= words  # type: ignore[index,call-overload,union-attr]  # a mapping


def test_every_end_that_the_process_can_decide_has_a_case() -> None:
    declared = {step.code for step in walk(PROCESS.steps) if step.kind in {StepKind.REJECT_IF, StepKind.SKIP_IF}}
    declared |= {rule.code for step in walk(PROCESS.steps) for rule in step.rules}
    declared |= {refusal.code for step in walk(PROCESS.steps) for refusal in step.refused}
    tried = {expected.code for case in CASES for expected in case.expect.values()}
    assert len(declared) == 8
    assert declared <= tried
    assert {"bad-field", "duplicate-in-source", "already-there", "cannot-tell", "handed-over"} <= tried


def test_the_cases_a_release_needs_are_there() -> None:
    faults = {(fault.step, fault.after or fault.before, fault.do) for case in CASES for fault in case.faults}
    assert faults == {
        ("filed", "submit", Mishap.CRASH),
        ("filed", "submit", Mishap.LOST),
        ("sent", "submit", Mishap.CRASH),
        ("sent", "receipt", Mishap.CRASH),
        ("document", "search", Mishap.ERROR500),
    }
    assert any(case.runs > 1 and case.not_taken for case in CASES)
    outcomes = {expected.outcome for case in CASES for expected in case.expect.values()}
    assert outcomes == {ItemState.DONE, ItemState.SKIPPED, ItemState.REJECTED, ItemState.UNKNOWN, ItemState.HELD}
    assert {case.region for case in CASES} == set(REGIONS)


def test_every_folder_of_decisions_is_used_by_a_case() -> None:
    folders = {path.name for path in (HOME / "fixtures").iterdir()}
    assert folders == {case.inputs["depot"].removeprefix("fixtures/") for case in CASES}


def test_the_baseline_is_a_hypothesis() -> None:
    record = read_baseline(HOME / "baseline.yaml", "decisions-envoi-rh", "occitanie")
    assert record is not None
    assert (record.method, record.n, record.unit) == ("hypothesis", 0, PROCESS.counts.unit)
