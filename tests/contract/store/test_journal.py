"""The once journal: its transitions, and rules `number`, `wait`, `mark`, `refusal`, `shared`, `cap`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from robo.engine.ports import JournalRow, JournalState, OnceKey
from robo.errors import StaleToken, StoreConflict
from robo.model.base import MISSING, ItemState, Outcome
from robo.model.run import NewItem
from robo.store import attempts, journal
from robo.store.engine import Store

ONCE = OnceKey("production", "p", "r", "created", "k1")


def test_a_key_nobody_acted_on_is_none_and_not_stored(lab: Any, counted: Any) -> None:
    assert lab.read(ONCE) == JournalRow(once=ONCE)
    assert counted("journal") == 0


def test_an_intent_opens_the_row_until_the_database_s_now_plus_the_budget(lab: Any) -> None:
    claimed = lab.item()
    row = lab.intent(claimed, budget=10.0, settle=30.0, digest="d9")
    assert (row.state, row.n, row.ripe_in) == (JournalState.OPEN, 1, 40.0)
    assert row.act_by == lab.timer.at + timedelta(seconds=10)
    assert (row.item, row.token, row.digest) == (claimed.fence.item, claimed.fence.token, "d9")
    lab.timer.pass_(15)
    assert lab.read(ONCE).ripe_in == 25.0
    lab.timer.pass_(100)
    assert lab.read(ONCE).ripe_in == 0.0


def test_what_intent_returns_is_what_is_read_afterwards(lab: Any) -> None:
    row = lab.intent(lab.item(), outputs={"look": {"name": "Ana"}})
    assert lab.read(ONCE) == row


def test_a_receipt_closes_the_row_with_its_typed_values(lab: Any) -> None:
    claimed = lab.item()
    values = {"no": "A-1", "day": date(2026, 3, 2), "fee": Decimal("1.50"), "other": MISSING}
    row = lab.receipt(claimed, lab.intent(claimed), receipt=values, outputs={"created": values}, sends=1)
    read = lab.read(ONCE)
    assert read == row
    assert (read.state, read.closed_by, read.ours, read.sends) == (JournalState.DONE, "answer", True, 1)
    assert read.receipt == values
    assert read.outputs["created"]["other"] is MISSING


def test_done_never_changes(lab: Any, store: Store) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    row = lab.receipt(claimed, seen)
    for stale in (row, seen):
        with pytest.raises(StaleToken):
            lab.intent(claimed, stale)
        with pytest.raises(StaleToken):
            lab.receipt(claimed, stale, receipt={"no": "A-2"})
    assert lab.read(ONCE) == row


def test_found_before_any_intent_is_done_and_never_ours(lab: Any) -> None:
    claimed = lab.item()
    row = lab.receipt(claimed, lab.read(ONCE), by="verify", ours=True)
    assert (row.state, row.ours, row.n) == (JournalState.DONE, False, 0)
    assert not lab.read(ONCE).ours


def test_absent_is_committed_and_keeps_n(lab: Any, store: Store) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    lab.timer.pass_(40)
    with store.write() as tx:
        row = journal.absent(tx, claimed.fence, seen, "list empty")
    assert (row.state, row.n) == (JournalState.NONE, 1)
    assert lab.intent(claimed, row).n == 2


def test_who_opened_an_intent_may_say_at_once_that_its_own_session_saw_nothing_leave(lab: Any, store: Store) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    with store.write() as tx:
        row = journal.absent(tx, claimed.fence, seen, "no final dot", witnessed=True)
    assert (row.state, row.n) == (JournalState.NONE, 1)
    assert lab.read(ONCE) == row


def test_nobody_else_may_say_so_before_its_time(lab: Any, store: Store) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    other = replace(seen, token=seen.token + 1)
    with pytest.raises(StoreConflict) as refused, store.write() as tx:
        journal.absent(tx, claimed.fence, other, "no final dot", witnessed=True)
    assert refused.value.code == "RB614"


def test_the_age_of_an_intent_counts_from_its_deadline(lab: Any) -> None:
    lab.intent(lab.item(), budget=10.0, settle=30.0)
    assert lab.read(ONCE).age == 0.0
    lab.timer.pass_(25)
    assert lab.read(ONCE).age == 15.0


@pytest.mark.parametrize("early", [0, 10, 39.9])
def test_nobody_says_absent_before_act_by_plus_settle(lab: Any, store: Store, early: float) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    lab.timer.pass_(early)
    with pytest.raises(StoreConflict, match="on its way") as refused, store.write() as tx:
        journal.absent(tx, claimed.fence, seen, "list empty")
    assert refused.value.code == "RB614"
    assert lab.read(ONCE).state is JournalState.OPEN


def test_cannot_tell_is_counted_since_the_intent(lab: Any, store: Store) -> None:
    claimed = lab.item()
    row = lab.intent(claimed)
    for looks in (1, 2):
        with store.write() as tx:
            row = journal.cannot_tell(tx, claimed.fence, row, "portal down")
        assert (row.looks, row.state) == (looks, JournalState.OPEN)
    lab.timer.pass_(40)
    with store.write() as tx:
        row = journal.absent(tx, claimed.fence, row, "list empty")
    assert lab.intent(claimed, row).looks == 0


def test_a_refusal_is_kept_until_verify_decides(lab: Any, store: Store) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    with store.write() as tx:
        row = journal.note_refusal(tx, claimed.fence, seen, "already-known", "Dossier déjà existant")
    assert (row.state, row.after_refusal) == (JournalState.OPEN, "already-known")
    lab.timer.pass_(40)
    lab.end(claimed, Outcome.REJECTED, code="already-known", journal=row)
    closed = lab.read(ONCE)
    assert (closed.state, closed.n, closed.after_refusal) == (JournalState.REFUSED, 1, "already-known")
    assert lab.state(claimed.fence.item) is ItemState.REJECTED


def test_a_refused_row_may_open_again_with_the_next_number_when_the_row_changed(lab: Any, store: Store) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    with store.write() as tx:
        row = journal.note_refusal(tx, claimed.fence, seen, "already-known", "")
    lab.timer.pass_(40)
    lab.end(claimed, Outcome.REJECTED, journal=row)
    again = lab.intent(lab.item(NewItem(key="k1", digest="another")))
    assert (again.n, again.after_refusal) == (2, "")


def test_a_refusal_is_not_rejected_before_it_can_be_verified(lab: Any, store: Store) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    with store.write() as tx:
        row = journal.note_refusal(tx, claimed.fence, seen, "already-known", "")
    with pytest.raises(StoreConflict) as refused:
        lab.end(claimed, Outcome.REJECTED, journal=row)
    assert refused.value.code == "RB614"
    assert lab.state(claimed.fence.item) is ItemState.RUNNING


def test_two_items_that_share_a_once_key_are_kept_apart_by_the_number(lab: Any) -> None:
    run, _ = lab.open("k1", "k2")
    one, two = lab.claim(run), lab.claim(run)
    both = lab.read(lab.once(one, key="shared"))
    seen = lab.intent(one, both)
    with pytest.raises(StaleToken):
        lab.intent(two, both)
    lab.receipt(one, seen)
    with pytest.raises(StaleToken):
        lab.receipt(two, seen, receipt={"no": "B-1"})
    assert lab.read(both.once).receipt == {"no": "A-1"}


def test_a_reader_of_an_older_look_cannot_write(lab: Any, store: Store) -> None:
    claimed = lab.item()
    seen = lab.intent(claimed)
    with store.write() as tx:
        journal.cannot_tell(tx, claimed.fence, seen, "down")
    with pytest.raises(StaleToken), store.write() as tx:
        journal.cannot_tell(tx, claimed.fence, seen, "down")


def test_the_journal_belongs_to_the_key_not_to_the_run(lab: Any, store: Store) -> None:
    first = lab.item("k1")
    lab.receipt(first, lab.intent(first), outputs={"created": {"no": "A-1"}})
    lab.end(first, Outcome.FAILED, code="later-step")
    second = lab.item("k1")
    assert second.run != first.run
    row = lab.read(lab.once(second))
    assert (row.state, row.outputs) == (JournalState.DONE, {"created": {"no": "A-1"}})


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.UNKNOWN])
def test_no_outcome_but_unknown_while_an_intent_is_open(lab: Any, outcome: Outcome) -> None:
    claimed = lab.item()
    lab.intent(claimed)
    with pytest.raises(StoreConflict) as refused:
        lab.end(claimed, outcome)
    assert refused.value.code == "RB616"
    assert lab.state(claimed.fence.item) is ItemState.RUNNING
    lab.end(claimed, Outcome.UNKNOWN)
    assert lab.state(claimed.fence.item) is ItemState.UNKNOWN


def test_whoever_takes_over_finds_the_intent_and_its_outputs(lab: Any, store: Store) -> None:
    claimed = lab.item()
    lab.intent(claimed, outputs={"look": {"name": "Ana"}})
    with store.write() as tx:
        attempts.postpone(tx, claimed.fence, 40, "no answer", costs=False)
    lab.timer.pass_(40)
    second = lab.claim()
    row = lab.read(lab.once(second))
    assert (row.state, row.token, row.outputs) == (JournalState.OPEN, 1, {"look": {"name": "Ana"}})
    assert lab.receipt(second, row, by="verify").token == 2


def test_effects_in_loops_are_found_by_the_item_s_key_whatever_their_turns_are(lab: Any, store: Store) -> None:
    earlier = lab.item("k1")
    for turn in ("k1 › a", "k1 › b"):
        lab.intent(earlier, lab.read(lab.once(earlier, "sent", turn)))
    lab.receipt(earlier, lab.read(lab.once(earlier, "sent", "k1 › a")))
    lab.intent(earlier)  # not in a loop
    lab.end(earlier, Outcome.UNKNOWN)
    other = lab.item("k2")
    lab.intent(other, lab.read(lab.once(other, "sent", "k2 › a")))
    with store.read() as tx:
        found = journal.in_loops(tx, earlier.fence.item)
    assert {(row.once.key, row.state) for row in found} == {
        ("k1 › a", JournalState.DONE),
        ("k1 › b", JournalState.OPEN),
    }
    assert found[0].ripe_in >= 0.0


def test_a_later_item_of_the_key_finds_the_turns_of_an_earlier_one(lab: Any, store: Store) -> None:
    earlier = lab.item("k1")
    lab.receipt(earlier, lab.intent(earlier, lab.read(lab.once(earlier, "sent", "k1 › a"))))
    lab.end(earlier, Outcome.FAILED)
    later = lab.item("k1")
    with store.read() as tx:
        assert [row.once.key for row in journal.in_loops(tx, later.fence.item)] == ["k1 › a"]


def test_turns_of_an_earlier_pass_are_not_those_of_this_one(lab: Any, store: Store) -> None:
    earlier = lab.item("k1", again=timedelta(0))
    lab.receipt(earlier, lab.intent(earlier, lab.read(lab.once(earlier, "sent", "k1 › a"))))
    lab.end(earlier)
    later = lab.item("k1", again=timedelta(0))
    assert later.doing == earlier.doing + 1
    with store.read() as tx:
        assert journal.in_loops(tx, later.fence.item) == []
