"""Sending signed decisions: valid everywhere, every rule has a case, its words are those of the archive."""

from __future__ import annotations

import pytest

from robo.model.base import ItemState
from robo.model.case import Mishap
from robo.sandbox.archive import ARCHIVE, KINDS
from tests.processes.published import REGIONS, Published

IT = Published("decisions-envoi-rh")


@pytest.mark.parametrize("region", REGIONS)
def test_it_is_valid_in_every_region(region: str) -> None:
    built = IT.plan(region)
    assert [segment.id for segment in built.segments] == ["filed", "sent", "end"]
    assert built.done_by == "sent"
    assert built.runners == ("browser", "files", "mail")


@pytest.mark.parametrize("region", REGIONS)
def test_its_words_are_those_of_the_archive_of_the_region(region: str) -> None:
    once = IT.plan(region).segments[0].once
    assert once is not None
    words = set(ARCHIVE.labels[region].values()) | {"Référence"}
    steps = [step for unit in once.body for step in unit.steps] + list(once.entries)  # type: ignore[union-attr]  # no groups
    entered = {label: value for step in steps if isinstance(step.params, dict) for label, value in step.params.items()}
    assert entered.keys() <= words
    assert entered["Type de document"] in KINDS
    assert once.submit.params in words
    finder = IT.plan(region).finders["document"].step.params
    assert {finder["button"], finder["empty"], *finder["read"].values(), *finder["where"]} <= words  # type: ignore[index,call-overload,union-attr]  # a mapping


def test_every_end_that_the_process_can_decide_has_a_case() -> None:
    declared = IT.decided() | IT.ruled() | IT.refused()
    tried = IT.tried()
    assert len(declared) == 8
    assert declared <= tried
    assert {"bad-field", "duplicate-in-source", "already-there", "cannot-tell", "handed-over"} <= tried


def test_the_cases_a_release_needs_are_there() -> None:
    faults = IT.faults()
    assert faults == {
        ("filed", "submit", Mishap.CRASH),
        ("filed", "submit", Mishap.LOST),
        ("sent", "submit", Mishap.CRASH),
        ("sent", "receipt", Mishap.CRASH),
        ("document", "search", Mishap.ERROR500),
    }
    assert any(case.runs > 1 and case.not_taken for case in IT.cases)
    outcomes = IT.outcomes()
    assert outcomes == {ItemState.DONE, ItemState.SKIPPED, ItemState.REJECTED, ItemState.UNKNOWN, ItemState.HELD}
    assert IT.regions() == set(REGIONS)


def test_every_folder_of_decisions_is_used_by_a_case() -> None:
    folders = {path.name for path in (IT.home / "fixtures").iterdir()}
    assert folders == {case.inputs["depot"].removeprefix("fixtures/") for case in IT.cases}


def test_the_baseline_is_a_hypothesis() -> None:
    record = IT.baseline()
    assert (record.method, record.n, record.unit) == ("hypothesis", 0, IT.process.counts.unit)
