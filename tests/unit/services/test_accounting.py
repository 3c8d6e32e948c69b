"""What an outcome earns."""

from __future__ import annotations

import hashlib

import pytest

from robo.engine.ports import ItemEnd
from robo.model.audit import EventType
from robo.model.base import HANDED_OVER, Outcome
from robo.model.baseline import BaselineRecord
from robo.model.events import SAID
from robo.model.ledger import LedgerKind
from robo.services.accounting import Earner, certified, receipt_hash, rows_for, sums, unit_hash

KEY = b"k" * 32


def earner(**changes: str) -> Earner:
    facts = {
        "process": "p",
        "version": "1",
        "region": "r",
        "environment": "production",
        "unit": "item",
        "unit_key": "A1",
        "run": "run",
        "item": "item",
        "host": "https://portail.example.fr",
    }
    return Earner(**{**facts, **changes})


def baseline() -> BaselineRecord:
    minutes = {"before": 30, "after": 5, "triage": 10, "recovery": 15}
    figures = {what: {"median": median} for what, median in minutes.items()}
    return BaselineRecord.of({"process": "p", "region": "r", "unit": "item", "method": "timed", **figures})


def test_a_done_item_with_our_receipt_earns_before_less_after() -> None:
    (row,) = rows_for(earner(), ItemEnd(outcome=Outcome.DONE, ours=True, receipt={"n": "7"}), baseline(), KEY)
    assert (row.kind, row.minutes_before, row.minutes_after, row.net) == (LedgerKind.CREDIT, 30, 5, 25)
    assert row.receipt_hash == receipt_hash(KEY, {"n": "7"})
    assert row.receipt_hash != receipt_hash(b"o" * 32, {"n": "7"})


def test_a_row_says_which_certificate_its_host_showed_where_it_is_known() -> None:
    rows = rows_for(earner(), ItemEnd(outcome=Outcome.DONE, ours=True), baseline(), KEY)
    host = "https://portail.example.fr"
    (row,) = certified(rows, {host: b"der", "https://other.example.fr": b"x"})
    assert row.host == f"{host}#{hashlib.sha256(b'der').hexdigest()[:16]}"
    assert SAID[EventType.CREDIT].data["host"].holds(row.host)
    assert certified(rows, {}) == rows


def test_work_that_was_not_ours_earns_nothing() -> None:
    assert rows_for(earner(), ItemEnd(outcome=Outcome.DONE, ours=False), baseline(), KEY) == ()


COUNTED = {Outcome.DONE, Outcome.REJECTED, Outcome.CANCELLED}


@pytest.mark.parametrize("outcome", [o for o in Outcome if o not in COUNTED])
def test_no_other_outcome_touches_the_ledger(outcome: Outcome) -> None:
    assert rows_for(earner(), ItemEnd(outcome=outcome, ours=True), baseline(), KEY) == ()


def test_a_hand_over_earns_and_costs_its_triage() -> None:
    end = ItemEnd(outcome=Outcome.DONE, code=HANDED_OVER, ours=True)
    credit, debit = rows_for(earner(), end, baseline(), KEY)
    assert (credit.kind, debit.kind, debit.net, debit.reason) == (LedgerKind.CREDIT, LedgerKind.DEBIT, -10, "triage")


def test_what_is_handed_over_and_was_not_ours_costs_only() -> None:
    (row,) = rows_for(earner(), ItemEnd(outcome=Outcome.DONE, code=HANDED_OVER), baseline(), KEY)
    assert row.kind is LedgerKind.DEBIT


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.CANCELLED])
def test_a_rejection_and_what_a_person_ends_cost_their_triage(outcome: Outcome) -> None:
    (row,) = rows_for(earner(), ItemEnd(outcome=outcome, code="x"), baseline(), KEY)
    assert (row.kind, row.net, row.reason) == (LedgerKind.DEBIT, -10, "triage")


@pytest.mark.parametrize("number", [0, 1, 3])
def test_each_unit_of_an_item_earns_and_the_item_costs_its_triage_once(number: int) -> None:
    units = [earner(unit_key=f"F{n}") for n in range(number)]
    handed_over = ItemEnd(outcome=Outcome.DONE, code="handed-over", ours=True, receipt={"n": "7"})
    rows = rows_for(earner(), handed_over, baseline(), KEY, units)
    assert [row.kind for row in rows] == [LedgerKind.CREDIT] * number + [LedgerKind.DEBIT]
    assert len({row.unit_hash for row in rows}) == number + 1
    (debit,) = rows_for(earner(), ItemEnd(outcome=Outcome.REJECTED), baseline(), KEY, units)
    assert (debit.kind, debit.unit_hash) == (LedgerKind.DEBIT, unit_hash(KEY, earner()))


def test_without_a_baseline_the_unit_is_still_claimed_with_zero_minutes() -> None:
    (row,) = rows_for(earner(), ItemEnd(outcome=Outcome.DONE, ours=True), None, KEY)
    assert (row.net, row.baseline) == (0, "")


def test_the_worked_check_of_the_design_gives_311_hours() -> None:
    credit = rows_for(earner(), ItemEnd(outcome=Outcome.DONE, ours=True), baseline(), KEY)[0]
    debit = rows_for(earner(), ItemEnd(outcome=Outcome.REJECTED), baseline(), KEY)[0]
    done = sums([credit] * 880 + [debit] * 80)
    assert done.gross == 440 * 60
    assert (done.net - 40 * 15 - 32 * 60) // 60 == 311


@pytest.mark.parametrize(
    ("changes", "stands", "proven"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"environment": "test"}, True, False),
        ({"host": ""}, True, False),
        ({"host": "http://localhost:8000"}, True, False),
    ],
    ids=["in production", "not valid", "sandbox", "nobody granted a host", "this machine"],
)
def test_only_minutes_of_production_on_a_baseline_that_stands_are_auditable(
    changes: dict[str, str], stands: bool, proven: bool
) -> None:
    done = ItemEnd(outcome=Outcome.DONE, ours=True)
    (row,) = rows_for(earner(**changes), done, baseline(), KEY, proven=stands)
    assert row.auditable is proven
    assert (row.baseline, row.provenance) == (baseline().id, "timed")
    assert sums([row]).auditable == (25 if proven else 0)
