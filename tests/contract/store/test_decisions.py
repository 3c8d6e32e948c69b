"""What people decide: compared with what they saw; no "not there" before the effect could be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from robo.engine.ports import JournalState, Wish, Wished
from robo.errors import StoreConflict
from robo.model.base import ItemState, Outcome
from robo.model.run import Decision, RunState
from robo.store import attempts, credentials, decisions, holds, journal, runs
from robo.store.clock import Tx
from robo.store.engine import Store

DECISIONS: dict[str, Callable[[Tx, Decision], object]] = {
    "there": lambda tx, saw: decisions.there(tx, saw, actor="person-1", receipt={"no": "A-1"}),
    "not there": lambda tx, saw: decisions.not_there(tx, saw, actor="person-1"),
    "verify again": lambda tx, saw: decisions.verify_again(tx, saw, actor="person-1"),
}


def test_there_closes_the_row_by_person_earning_nothing_and_goes_on(lab: Any, store: Store) -> None:
    claimed = lab.unknown()
    with store.write() as tx:
        DECISIONS["there"](tx, lab.saw(claimed.fence.item))
    row = lab.read(lab.once(claimed))
    assert (row.state, row.closed_by, row.ours) == (JournalState.DONE, "person", False)
    assert row.outputs == {"created": {"no": "A-1"}}
    again = lab.claim()
    assert again.fence.token == claimed.fence.token + 1


def test_not_there_counts_only_after_act_by_and_settle(lab: Any, store: Store) -> None:
    claimed = lab.unknown()
    with pytest.raises(StoreConflict) as refused, store.write() as tx:
        DECISIONS["not there"](tx, lab.saw(claimed.fence.item))
    assert refused.value.code == "RB614"
    lab.timer.pass_(40)
    with store.write() as tx:
        DECISIONS["not there"](tx, lab.saw(claimed.fence.item))
    row = lab.read(lab.once(claimed))
    assert (row.state, row.n, row.closed_by) == (JournalState.NONE, 1, "person")
    assert lab.intent(lab.claim(), row).n == 2


def test_verify_again_leaves_the_journal_as_it_is(lab: Any, store: Store) -> None:
    claimed = lab.unknown()
    with store.write() as tx:
        DECISIONS["verify again"](tx, lab.saw(claimed.fence.item))
    assert lab.read(lab.once(claimed)).state is JournalState.OPEN
    assert lab.claim().fence.token == claimed.fence.token + 1


@pytest.mark.parametrize(
    ("decision", "change"),
    [(name, change) for name in DECISIONS for change in ({"token": 7}, {"state": ItemState.FAILED})]
    + [("there", {"n": 5}), ("not there", {"n": 5})],  # to verify again is not about one intent
)
def test_a_decision_on_what_is_no_longer_so_does_nothing(lab: Any, store: Store, decision: str, change: Any) -> None:
    claimed = lab.unknown()
    lab.timer.pass_(40)
    saw = replace(lab.saw(claimed.fence.item), **change)
    with pytest.raises(StoreConflict, match="it changed") as refused, store.write() as tx:
        DECISIONS[decision](tx, saw)
    assert refused.value.code == "RB620"
    assert lab.state(claimed.fence.item) is ItemState.UNKNOWN


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS.keys())
def test_two_people_decide_once(lab: Any, store: Store, decide: Any) -> None:
    claimed = lab.unknown()
    lab.timer.pass_(40)
    saw = lab.saw(claimed.fence.item)
    with store.write() as tx:
        decide(tx, saw)
    with pytest.raises(StoreConflict), store.write() as tx:
        decide(tx, saw)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.REJECTED, Outcome.SKIPPED, Outcome.CANCELLED])
def test_an_ended_item_is_retried_under_a_new_token_with_tries_of_its_own(
    lab: Any, store: Store, outcome: Outcome
) -> None:
    claimed = lab.item()
    with store.write() as tx:
        attempts.postpone(tx, claimed.fence, 0, "timeout", costs=True)
    claimed = lab.claim()
    lab.end(claimed, outcome)
    with store.write() as tx:
        runs.end(tx, claimed.run, summary={})
        decisions.retry(tx, lab.saw(claimed.fence.item), actor="person-1")
    again = lab.claim(claimed.run)
    assert (again.fence.token, again.tries) == (claimed.fence.token + 1, 0)


def test_a_done_item_is_not_retried(lab: Any, store: Store) -> None:
    claimed = lab.item()
    lab.end(claimed)
    with pytest.raises(StoreConflict), store.write() as tx:
        decisions.retry(tx, lab.saw(claimed.fence.item), actor="person-1")


def test_a_retry_is_refused_while_the_key_is_live_elsewhere_or_done_since(lab: Any, store: Store) -> None:
    old = lab.item("k1")
    lab.end(old, Outcome.FAILED)
    new = lab.item("k1")
    with pytest.raises(StoreConflict, match="it is live"), store.write() as tx:
        decisions.retry(tx, lab.saw(old.fence.item), actor="person-1")
    lab.end(new)
    with pytest.raises(StoreConflict, match="done since"), store.write() as tx:
        decisions.retry(tx, lab.saw(old.fence.item), actor="person-1")


def test_cancelling_what_nobody_works_on_is_done_at_once_with_a_new_token(lab: Any, store: Store) -> None:
    run, (verdict,) = lab.open("k1")
    with store.write() as tx:
        assert decisions.cancel(tx, lab.saw(verdict.item), actor="person-1")
    assert lab.look(verdict.item).token == 2
    assert lab.state(verdict.item) is ItemState.CANCELLED
    assert lab.claim(run) is None


def test_cancelling_what_runs_is_a_wish(lab: Any, store: Store) -> None:
    claimed = lab.item()
    with store.write() as tx:
        assert not decisions.cancel(tx, lab.saw(claimed.fence.item), actor="person-1")
        assert attempts.wish(tx, claimed.fence) is Wish.CANCEL
    assert lab.state(claimed.fence.item) is ItemState.RUNNING


def test_after_a_wish_no_intent_is_written(lab: Any, store: Store) -> None:
    """Rule `boundary`, in the intent's own transaction: there is no moment between the look and the write."""
    claimed = lab.item()
    seen = lab.read(lab.once(claimed))
    with store.write() as tx:
        decisions.cancel(tx, lab.saw(claimed.fence.item), actor="person-1")
    with pytest.raises(Wished) as asked:
        lab.intent(claimed, seen)
    assert asked.value.wish is Wish.CANCEL
    assert lab.read(lab.once(claimed)) == seen


def test_cancelling_what_waits_to_be_verified_is_a_wish(lab: Any, store: Store) -> None:
    claimed = lab.item()
    lab.intent(claimed)
    with store.write() as tx:
        attempts.postpone(tx, claimed.fence, 40, "no answer", costs=False)
    with store.write() as tx:
        assert not decisions.cancel(tx, lab.saw(claimed.fence.item), actor="person-1")
    assert lab.state(claimed.fence.item) is ItemState.QUEUED


def test_an_unknown_item_is_decided_not_cancelled(lab: Any, store: Store) -> None:
    claimed = lab.unknown()
    with pytest.raises(StoreConflict) as refused, store.write() as tx:
        decisions.cancel(tx, lab.saw(claimed.fence.item), actor="person-1")
    assert refused.value.code == "RB616"


def test_a_cancelled_item_frees_its_key(lab: Any, store: Store) -> None:
    _, (first,) = lab.open("k1")
    _, (second,) = lab.open("k1")
    with store.write() as tx:
        decisions.cancel(tx, lab.saw(first.item), actor="person-1")
    assert lab.state(second.item) is ItemState.QUEUED


def test_a_cancelled_run_cancels_what_it_can_and_wishes_the_rest(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1", "k2", "k3")
    claimed = lab.claim(run)
    with store.write() as tx:
        assert decisions.cancel_run(tx, run, actor="person-1")[:2] == (2, 1)
        assert attempts.wish(tx, claimed.fence) is Wish.CANCEL
        assert runs.get(tx, run).state is RunState.RUNNING
    lab.end(claimed, Outcome.CANCELLED)
    with store.write() as tx:
        assert decisions.cancel_run(tx, run, actor="person-1")[:2] == (0, 0)
        assert runs.get(tx, run).state is RunState.CANCELLED


def test_a_refused_secret_is_marked_once_and_cleared_by_a_person(store: Store) -> None:
    with store.write() as tx:
        assert credentials.refuse(tx, "portal", region="r", reason="Identifiants incorrects")
        assert not credentials.refuse(tx, "portal", region="r", reason="again")
        assert credentials.refused(tx, "r") == {"portal": "Identifiants incorrects"}
        assert credentials.refused(tx, "guyane") == {}
        assert credentials.clear(tx, "portal", region="r", actor="person-1")
        assert not credentials.clear(tx, "portal", region="r", actor="person-1")


def test_holds_are_told_once_and_released_one_by_one(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1")
    with store.write() as tx:
        assert holds.put(tx, process="p", region="r", kind="portal", subject="https://x", reason="down")
        assert holds.put(tx, process="p", region="r", kind="secret", subject="portal", reason="refused")
        holds.release(tx, process="p", region="r", kind="portal")
        assert holds.is_held(tx, "p", "r")
        assert [hold.kind for hold in holds.standing(tx)] == ["secret"]
    assert lab.claim(run) is None
    with store.write() as tx:
        holds.release(tx, process="p", region="r", subject="portal")
    assert lab.claim(run) is not None


@pytest.mark.parametrize("said", ["there", "not there"])
def test_a_person_answers_for_an_effect_that_was_submitted_twice_and_is_not_there(
    said: str, lab: Any, store: Store
) -> None:
    claimed = lab.item()
    row = lab.intent(claimed)
    lab.timer.pass_(60)
    with store.write() as tx:
        journal.absent(tx, claimed.fence, row, "the list is empty")
    lab.end(claimed, Outcome.UNKNOWN, code="not-there")
    with store.read() as tx:
        ((which, _),) = journal.rows_of(tx, claimed.fence.item)
    with store.write() as tx:
        DECISIONS[said](tx, replace(lab.saw(claimed.fence.item), journal=which, n=1))
    row = lab.read(lab.once(claimed))
    state = JournalState.DONE if said == "there" else JournalState.NONE
    assert (row.state, row.closed_by, row.n) == (state, "person", 1)
    assert lab.claim().fence.item == claimed.fence.item
