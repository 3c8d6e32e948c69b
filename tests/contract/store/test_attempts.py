"""Rules `claim`, `fence`, `sweep`, `cap`: who may work on an item, and who may not any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from robo.engine.ports import Fence, Held, ItemEnd, StepTrace, Wish
from robo.errors import StaleToken
from robo.model.base import ItemState, Outcome
from robo.model.run import ItemKind, NewItem, RunState
from robo.store import accounts_tables, attempts, history, holds, items, journal, outcomes, runs, sweeps, workers
from robo.store.clock import Tx
from robo.store.engine import Store

DOWN = Held(kind="portal", subject="RB715", code="RB715", message="%(url)s is down", facts={"url": "https://x"})


def test_an_attempt_is_claimed_once(lab: Any) -> None:
    run, _ = lab.open("k1")
    assert lab.claim(run).key == "k1"
    assert lab.claim(run) is None


def test_a_wake_up_names_an_attempt_and_carries_no_right(lab: Any, store: Store) -> None:
    _, (verdict,) = lab.open("k1")
    with store.write() as tx:
        (first,) = attempts.claim(tx, "w", 1, attempt=verdict.attempt)
    with store.write() as tx:
        assert attempts.claim(tx, "w", 1, attempt=verdict.attempt) == []
    assert first.fence.attempt == verdict.attempt


def test_items_are_claimed_in_the_order_of_their_source(lab: Any) -> None:
    run, _ = lab.open(*[f"k{n}" for n in range(5)])
    assert [lab.claim(run).position for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_claim_hands_over_the_typed_row(lab: Any) -> None:
    from datetime import date
    from decimal import Decimal

    from robo.model.base import MISSING

    row = {"born": date(1990, 2, 3), "sum": Decimal("12.30"), "receipt": MISSING, "$": "x", "many": [1, None, True]}
    claimed = lab.item(NewItem(key="k1", row=row, digest="d", place="S!A2"))
    assert claimed.row == row
    assert claimed.row["receipt"] is MISSING
    assert claimed.place == "S!A2"


def test_a_postponed_attempt_is_not_claimed_before_its_time(lab: Any, store: Store) -> None:
    claimed = lab.item()
    with store.write() as tx:
        attempts.postpone(tx, claimed.fence, 60, "settle", costs=False)
        assert attempts.due_in(tx, claimed.run) == 60
    assert lab.claim() is None
    lab.timer.pass_(60)
    again = lab.claim()
    assert (again.fence.token, again.tries) == (claimed.fence.token + 1, 0)


def test_a_failed_try_is_counted_and_a_wait_is_not(lab: Any, store: Store) -> None:
    claimed = lab.item(retries=2)
    with store.write() as tx:
        attempts.postpone(tx, claimed.fence, 0, "timeout", costs=True)
    claimed = lab.claim()
    assert claimed.tries == 1
    with store.write() as tx:
        assert attempts.left(tx, claimed.fence) == 1
        attempts.postpone(tx, claimed.fence, 0, "settle", costs=False)
    assert lab.claim().tries == 1


def test_nothing_of_a_waiting_run_is_claimed_until_somebody_says_yes(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1")
    with store.write() as tx:
        assert runs.wait(tx, run, "limits")
    assert lab.claim(run) is None
    with store.write() as tx:
        assert runs.allow(tx, run, actor="person-1")
    assert lab.claim(run) is not None


def test_a_held_item_holds_its_process_and_comes_back_when_it_is_released(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1", "k2")
    claimed = lab.claim(run)
    with store.write() as tx:
        attempts.postpone(tx, claimed.fence, 0, "portal down", costs=False, held=DOWN)
    assert lab.state(claimed.fence.item) is ItemState.HELD
    assert lab.claim(run) is None
    with store.write() as tx:
        (told,) = holds.troubles(tx, "p", "r")
        assert (told.code, str(told)) == ("RB715", "https://x is down")
        assert holds.release(tx, process="p", region="r") == 1
    assert {lab.claim(run).key, lab.claim(run).key} == {"k1", "k2"}


def test_the_sweep_wakes_what_is_held_for_nothing(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1")
    claimed = lab.claim(run)
    with store.write() as tx:
        attempts.postpone(tx, claimed.fence, 0, "", costs=False, held=DOWN)
        tx.execute(accounts_tables.holds.delete())
        sweeps.sweep(tx)
    assert lab.claim(run) is not None


def test_a_hold_elsewhere_holds_nothing_here(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1")
    with store.write() as tx:
        holds.put(tx, process="p", region="guyane", kind="portal", reason="down")
    assert lab.claim(run) is not None


def test_the_kill_switch_holds_everything_and_is_a_wish_for_what_runs(lab: Any, store: Store) -> None:
    claimed = lab.item("k1", "k2")
    with store.write() as tx:
        assert attempts.wish(tx, claimed.fence) is None
        assert holds.put(tx, process="*", region="*", kind="stop", reason="wrong workbook", actor="person-1")
        assert not holds.put(tx, process="*", region="*", kind="stop", reason="again", actor="person-1")
        assert attempts.wish(tx, claimed.fence) is Wish.STOP
    assert lab.claim() is None


STALE_WRITES: dict[str, Callable[[Tx, Fence, Any], object]] = {
    "intent": lambda tx, f, row: journal.intent(tx, f, row, budget=1, settle=1, digest="", outputs={}),
    "note refusal": lambda tx, f, row: journal.note_refusal(tx, f, row, "known", "déjà"),
    "cannot tell": lambda tx, f, row: journal.cannot_tell(tx, f, row, "down"),
    "absent": lambda tx, f, row: journal.absent(tx, f, row, "empty"),
    "done": lambda tx, f, row: journal.done(tx, f, row, by="answer", ours=True, receipt={}, outputs={}),
    "end": lambda tx, f, row: outcomes.end(tx, f, ItemEnd(outcome=Outcome.DONE)),
    "postpone": lambda tx, f, row: attempts.postpone(tx, f, 1, "later", costs=False),
    "trace": lambda tx, f, row: history.trace(
        tx, f, [StepTrace(step="a", title="", state="ok", started=row.act_by, seconds=0.0)]
    ),
    "begin": lambda tx, f, row: items.begin(tx, f),
    "chunk": lambda tx, f, row: items.insert_chunk(tx, f, [], start=0),
    "opened": lambda tx, f, row: items.opened(tx, f),
}


@pytest.mark.parametrize("write", STALE_WRITES.values(), ids=STALE_WRITES.keys())
@pytest.mark.parametrize("taken", ["swept", "ended", "never claimed"])
def test_a_stale_fence_is_refused_everywhere(lab: Any, store: Store, write: Any, taken: str) -> None:
    claimed = lab.item()
    row = lab.intent(claimed)
    fence = claimed.fence
    if taken == "swept":
        with store.write() as tx:
            assert sweeps.sweep(tx, dead=["w"])
        assert lab.claim().fence.item == fence.item
    elif taken == "ended":
        lab.end(claimed, Outcome.UNKNOWN)
    else:
        fence = Fence(fence.attempt, fence.item, fence.token + 1)
    with pytest.raises(StaleToken), store.write() as tx:
        write(tx, fence, row)


def test_a_silent_worker_loses_its_attempts_and_a_living_one_keeps_them(lab: Any, store: Store) -> None:
    claimed = lab.item()
    lab.timer.pass_(29)
    with store.write() as tx:
        assert sweeps.sweep(tx) == []
        assert workers.heartbeat(tx, "w", lab.incarnation)
    lab.timer.pass_(29)
    with store.write() as tx:
        assert sweeps.sweep(tx) == []
    lab.timer.pass_(2)
    with store.write() as tx:
        (swept,) = sweeps.sweep(tx)
    assert swept.item == claimed.fence.item
    assert lab.claim().fence == Fence(swept.attempt, swept.item, claimed.fence.token + 1)


def test_a_worker_that_comes_back_has_another_incarnation_and_loses_what_it_had(lab: Any, store: Store) -> None:
    lab.item()
    with store.write() as tx:
        assert workers.join(tx, "w") == lab.incarnation + 1
        assert not workers.heartbeat(tx, "w", lab.incarnation)
        assert len(sweeps.sweep(tx)) == 1


def test_an_item_that_kills_its_workers_ends_failed_at_the_cap(lab: Any, store: Store) -> None:
    claimed = lab.item()
    for _ in range(2):
        with store.write() as tx:
            assert sweeps.sweep(tx, dead=["w"])[0].attempt
        assert lab.claim() is not None
    with store.write() as tx:
        (last,) = sweeps.sweep(tx, dead=["w"])
    assert (last.outcome, last.kind) == (Outcome.FAILED, ItemKind.ITEM)
    assert lab.look(claimed.fence.item).code == "worker-lost"


def test_at_the_cap_an_open_intent_makes_the_item_unknown(lab: Any, store: Store) -> None:
    claimed = lab.item()
    lab.intent(claimed)
    with store.write() as tx:
        (last,) = sweeps.sweep(tx, dead=["w"], cap=1)
    assert last.outcome is Outcome.UNKNOWN
    assert lab.state(claimed.fence.item) is ItemState.UNKNOWN


def test_what_is_due_can_be_announced_again(lab: Any, store: Store) -> None:
    _, verdicts = lab.open("k1", "k2")
    with store.write() as tx:
        assert attempts.announceable(tx) == [(each.attempt, "r") for each in verdicts]
        attempts.claim(tx, "w", 1, attempt=verdicts[0].attempt)
        assert attempts.announceable(tx) == [(verdicts[1].attempt, "r")]


def test_a_lease_belongs_to_one_holder_until_it_runs_out(lab: Any, store: Store) -> None:
    with store.write() as tx:
        assert workers.take(tx, "workbook:/a.xlsx", "w1", 30)
        assert workers.take(tx, "workbook:/a.xlsx", "w1", 30)
        assert not workers.take(tx, "workbook:/a.xlsx", "w2", 30)
        assert not workers.give(tx, "workbook:/a.xlsx", "w2")
    lab.timer.pass_(30)
    with store.write() as tx:
        assert not workers.renew(tx, "workbook:/a.xlsx", "w1", 30)
        assert workers.take(tx, "workbook:/a.xlsx", "w2", 30)
        assert workers.give(tx, "workbook:/a.xlsx", "w2")
        assert workers.take(tx, "workbook:/a.xlsx", "w1", 30)


def test_what_a_dead_worker_held_is_free_at_once_and_what_a_silent_one_holds_is_not(lab: Any, store: Store) -> None:
    with store.write() as tx:
        lives = {name: workers.join(tx, name) for name in ("dead", "silent", "left", "back")}
        for name, life in lives.items():
            assert workers.take(tx, f"file:{name}", name, 60, incarnation=life)
        workers.join(tx, "back")
    lab.timer.pass_(40)
    with store.write() as tx:
        workers.leave(tx, "left", lives["left"])
        sweeps.sweep(tx, dead={"dead"})
    with store.write() as tx:
        free = [name for name in lives if workers.take(tx, f"file:{name}", "other", 60)]
    assert free == ["dead", "left", "back"]


def test_a_worker_that_leaves_in_good_order_hands_back_what_it_had_and_it_is_no_crash(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    with store.write() as tx:
        assert len(sweeps.hand_back(tx, "w", lab.incarnation)) == 1
        assert sweeps.hand_back(tx, "w", lab.incarnation) == []
        workers.leave(tx, "w", lab.incarnation)
        assert sweeps.sweep(tx) == []
    with pytest.raises(StaleToken):
        lab.end(claimed)
    for _ in range(5):
        again = lab.claim()
        assert (again.key, again.tries) == ("k1", 0)
        with store.write() as tx:
            sweeps.hand_back(tx, "w", lab.incarnation)
    assert lab.look(claimed.fence.item).token == claimed.fence.token + 6


def test_an_opening_that_kills_every_worker_cancels_its_run_and_frees_its_keys(lab: Any, store: Store) -> None:
    run = lab.create()
    fence = lab.begin(run)
    with store.write() as tx:
        items.insert_chunk(tx, fence, [NewItem(key="k1", row={}, digest="d")], start=0)
    for _ in range(sweeps.OPENING_CAP):
        with store.write() as tx:
            assert runs.get(tx, run).state is RunState.OPENING
            (swept,) = sweeps.sweep(tx, dead={"w"})
        lab.claim(run)
    assert (swept.kind, swept.outcome) == (ItemKind.OPEN, Outcome.FAILED)
    with store.read() as tx:
        assert runs.get(tx, run).state is RunState.CANCELLED
        assert [item.state for item in items.of_run(tx, run)] == [ItemState.CANCELLED]
    assert lab.item("k1").key == "k1"
