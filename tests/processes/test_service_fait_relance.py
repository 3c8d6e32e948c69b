"""Reminding people of invoices: valid everywhere, every rule has a case, its words are those of the list."""

from __future__ import annotations

import pytest

from robo.model.base import ItemState
from robo.model.case import Mishap
from robo.plan.steps import walk
from robo.sandbox.invoices import FINANCES
from tests.processes.published import REGIONS, Published

IT = Published("service-fait-relance")


@pytest.mark.parametrize("region", REGIONS)
def test_it_is_valid_in_every_region(region: str) -> None:
    built = IT.plan(region)
    assert built.done_by == "reminded"
    assert built.runners == ("browser", "mail")
    assert built.secrets.keys() - {"messagerie"} == {"finances"}
    assert built.inputs["manager"].default


@pytest.mark.parametrize("region", REGIONS)
def test_its_words_are_those_of_the_list_of_the_region(region: str) -> None:
    items = IT.plan(region).items
    assert items is not None
    assert items.source is not None
    said = items.source.params
    words = set(FINANCES.labels[region].values())
    columns = {field.column for field in items.fields}
    assert {*columns, *said["search"], said["button"], said["empty"]} <= words  # type: ignore[index]  # a mapping


def test_an_invoice_counts_once_however_often_its_person_is_reminded() -> None:
    built = IT.plan("occitanie")
    assert (built.counts.unit, built.counts.period) == ("facture", None)
    assert built.again == "7 days"


def test_every_end_that_the_process_can_decide_has_a_case() -> None:
    declared = IT.decided()
    tried = IT.tried()
    assert declared == {"trop-de-factures"}
    assert declared | {"bad-field", "recipient-not-granted"} <= tried


def test_the_cases_a_release_needs_are_there() -> None:
    faults = IT.faults()
    assert faults == {
        ("reminded", "submit", Mishap.CRASH),
        ("reminded", "receipt", Mishap.CRASH),
        ("told", "submit", Mishap.CRASH),
        ("items", "", Mishap.ERROR500),
        ("setup", "", Mishap.DOWN),
    }
    assert any(case.runs > 1 and case.not_taken for case in IT.cases)
    assert any(case.runs > 1 and case.not_taken == () for case in IT.cases)
    assert all(case.world.mails is not None for case in IT.cases)
    assert any(not case.expect and case.world.mails == () for case in IT.cases)
    outcomes = IT.outcomes()
    assert outcomes == {ItemState.DONE, ItemState.REJECTED, ItemState.HELD}
    assert IT.regions() == set(REGIONS)


def test_the_baseline_is_a_hypothesis() -> None:
    record = IT.baseline()
    assert (record.method, record.n, record.unit) == ("hypothesis", 0, IT.process.counts.unit)


def test_nobody_is_named_to_a_manager() -> None:
    letter = IT.process.beside["templates/responsable.md"]
    assert "item.mail" not in letter
    (told,) = (step for step in walk(IT.process.steps) if step.id == "told")
    assert set(told.params["table"]["columns"].values()) == {"number", "supplier", "unit", "montant", "attente"}  # type: ignore[index,call-overload,union-attr]  # a mapping
