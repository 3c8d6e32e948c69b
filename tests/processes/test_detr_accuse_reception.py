"""Acknowledging grant applications: valid everywhere, every rule has a case, its words are those of the screens."""

from __future__ import annotations

import pytest

from robo.model.base import ItemState
from robo.model.case import Mishap
from robo.sandbox.deposits import FORMS, PROCEDURES
from tests.processes.published import REGIONS, Published

IT = Published("detr-accuse-reception")


@pytest.mark.parametrize("region", REGIONS)
def test_it_is_valid_in_every_region(region: str) -> None:
    built = IT.plan(region)
    assert [segment.id for segment in built.segments] == ["courrier", "accuse"]
    assert built.done_by == "accuse"
    assert built.runners == ("browser", "http", "mail")


@pytest.mark.parametrize("region", REGIONS)
def test_its_words_are_those_of_the_form_and_the_application_of_the_region(region: str) -> None:
    built = IT.plan(region)
    assert set(built.tables["champs"].values()) <= set(FORMS[region].values())
    assert built.inputs["demarche"].default == str(PROCEDURES[region])


def test_every_end_that_the_process_can_decide_has_a_case() -> None:
    declared = IT.decided()
    tried = IT.tried()
    assert declared == {"deja-instruit", "deja-accuse", "hors-campagne", "operation-commencee"}
    assert declared <= tried
    assert {"bad-field", "recipient-not-granted", "handed-over"} <= tried


def test_the_cases_a_release_needs_are_there() -> None:
    faults = IT.faults()
    assert faults >= {
        ("courrier", "submit", Mishap.CRASH),
        ("accuse", "submit", Mishap.CRASH),
        ("accuse", "submit", Mishap.LOST),
        ("registre", "search", Mishap.ERROR500),
    }
    assert any(case.runs > 1 and case.not_taken for case in IT.cases)
    assert all(case.world.mails is not None for case in IT.cases)
    outcomes = IT.outcomes()
    assert outcomes == {ItemState.DONE, ItemState.SKIPPED, ItemState.REJECTED, ItemState.UNKNOWN}
    assert IT.regions() == set(REGIONS)


def test_the_baseline_is_a_hypothesis() -> None:
    record = IT.baseline()
    assert (record.method, record.n, record.unit) == ("hypothesis", 0, IT.process.counts.unit)
