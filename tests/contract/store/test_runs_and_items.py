"""Opening a run, the same key in a later run, one live item per key, and outcomes in one commit."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from robo.engine.ports import ItemEnd
from robo.errors import StaleToken, StoreConflict, UsageError
from robo.model.base import ItemState, Outcome
from robo.model.ledger import LedgerKind, LedgerRow
from robo.model.run import NewItem, RunState, Taken, Trouble
from robo.proof.hours import REPEATED
from robo.sdk.runner import CellChange
from robo.store import audit, holds, items, journal, ledger, outcomes, runs, sweeps, writebacks
from robo.store.engine import Store

DAY = 24 * 3600


def taken(verdicts: Any) -> list[Taken]:
    return [each.taken for each in verdicts]


# ---- runs and their opening -------------------------------------------------------------------------------
def test_a_run_comes_with_its_opening_and_its_event(lab: Any, store: Store, counted: Any) -> None:
    run = lab.create(inputs={"export": Path("a.xlsx")}, again=timedelta(days=7))
    with store.read() as tx:
        known = runs.get(tx, run)
        assert known == runs.find(tx, run[-6:])
        changed, event = audit.pending(tx)
    assert (known.state, known.inputs, known.again) == (RunState.OPEN, {"export": Path("a.xlsx")}, timedelta(days=7))
    assert '"type":"run.created"' in event
    assert '"type":"definition.changed"' in changed
    assert (counted("items"), counted("attempts")) == (1, 1)


def test_a_run_that_fails_to_be_created_leaves_nothing(lab: Any, store: Store, counted: Any) -> None:
    from robo.model.run import NewRun

    new = NewRun(process="p", region="r", environment="test", version="1", digest="d")

    def create_and_fail() -> None:
        with store.write() as tx:
            runs.create(tx, new, actor="person-1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        create_and_fail()
    assert (counted("runs"), counted("items"), counted("audit_outbox")) == (0, 0, 0)


def test_an_unknown_run_is_named(store: Store) -> None:
    with pytest.raises(UsageError, match="there is no run zz"), store.read() as tx:
        runs.find(tx, "zz")


def test_items_are_not_claimed_before_the_opening_is_complete(lab: Any, store: Store) -> None:
    run = lab.create()
    fence = lab.begin(run)
    with store.write() as tx:
        items.insert_chunk(tx, fence, [NewItem(key="k1")], start=0)
    assert lab.claim(run) is None
    with store.write() as tx:
        assert items.opened(tx, fence).state is RunState.RUNNING
    assert lab.claim(run).key == "k1"


def test_an_opening_goes_on_where_it_stopped_and_no_chunk_is_inserted_twice(lab: Any, store: Store) -> None:
    run = lab.create()
    fence = lab.begin(run)
    first = [NewItem(key=f"k{n}") for n in range(3)]
    with store.write() as tx:
        items.insert_chunk(tx, fence, first, start=0)
    with pytest.raises(StoreConflict) as refused, store.write() as tx:
        items.insert_chunk(tx, fence, first, start=0)
    assert refused.value.code == "RB617"
    with store.write() as tx:
        assert items.begin(tx, fence).position == 3
        items.insert_chunk(tx, fence, [NewItem(key="k3")], start=3)
        items.opened(tx, fence)
        assert [item.key for item in items.of_run(tx, run)] == ["k0", "k1", "k2", "k3"]


def test_a_bad_row_is_rejected_at_opening_with_its_reason(lab: Any, store: Store) -> None:
    bad = Trouble(code="bad-field", message="%(column)s is not a date", facts={"column": "Né le"})
    run, verdicts = lab.open("k1", NewItem(key="k2", trouble=bad, place="S!A3"))
    assert taken(verdicts) == [Taken.QUEUED, Taken.REJECTED]
    item = lab.look(verdicts[1].item)
    assert (item.state, item.code, item.place, item.facts) == (ItemState.REJECTED, "bad-field", "S!A3", bad.facts)
    with store.read() as tx:
        assert runs.counts(tx, run)[ItemState.REJECTED] == 1


# ---- the same key in a later run ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("outcome", "digest", "expected"),
    [
        (Outcome.DONE, "same", Taken.ALREADY_DONE),
        (Outcome.DONE, "other", Taken.ALREADY_DONE),
        (Outcome.REJECTED, "same", Taken.ALREADY_REJECTED),
        (Outcome.REJECTED, "other", Taken.QUEUED),
        (Outcome.FAILED, "same", Taken.QUEUED),
        (Outcome.SKIPPED, "same", Taken.QUEUED),
        (Outcome.CANCELLED, "same", Taken.QUEUED),
        (Outcome.UNKNOWN, "same", Taken.HELD),
    ],
)
def test_what_ended_decides_what_a_later_run_takes(lab: Any, outcome: Outcome, digest: str, expected: Taken) -> None:
    first = lab.item(NewItem(key="k1", digest="same"))
    lab.end(first, outcome)
    run, (verdict,) = lab.open(NewItem(key="k1", digest=digest))
    assert verdict.taken is expected
    missed = {} if verdict.item else {expected.value: 1}
    with lab.store.read() as tx:
        assert runs.get(tx, run).not_taken == missed


def test_other_regions_environments_and_processes_do_not_share_keys(lab: Any) -> None:
    lab.end(lab.item("k1"))
    for other in ({"region": "guyane"}, {"environment": "test"}, {"process": "q"}):
        _, verdicts = lab.open("k1", **other)
        assert taken(verdicts) == [Taken.QUEUED]


def test_again_each_run_opens_a_new_pass(lab: Any) -> None:
    for doing in range(3):
        claimed = lab.item("k1", again=timedelta(0))
        assert claimed.doing == doing
        lab.receipt(claimed, lab.intent(claimed))
        lab.end(claimed)


def test_again_after_a_while_waits_that_long(lab: Any) -> None:
    lab.end(lab.item("k1", again=timedelta(days=7)))
    lab.timer.pass_(7 * DAY - 1)
    assert taken(lab.open("k1", again=timedelta(days=7))[1]) == [Taken.ALREADY_DONE]
    lab.timer.pass_(1)
    assert taken(lab.open("k1", again=timedelta(days=7))[1]) == [Taken.QUEUED]


def test_a_failed_pass_goes_on_with_the_same_pass(lab: Any) -> None:
    lab.end(lab.item("k1", again=timedelta(0)))
    failed = lab.item("k1", again=timedelta(0))
    lab.end(failed, Outcome.FAILED)
    assert lab.item("k1", again=timedelta(0)).doing == failed.doing == 1


def test_a_live_key_holds_the_same_key_of_a_later_run_back(lab: Any) -> None:
    first = lab.item("k1")
    run, (verdict,) = lab.open("k1")
    assert verdict.taken is Taken.HELD
    assert lab.look(verdict.item).behind == first.fence.item
    assert lab.claim(run) is None


def test_a_dry_run_neither_takes_a_key_nor_waits_for_one(lab: Any) -> None:
    dry = lab.item("k1", dry_run=True)
    real = lab.item("k1")
    _, (verdict,) = lab.open("k1", dry_run=True)
    assert (dry.dry_run, real.dry_run, verdict.taken) == (True, False, Taken.QUEUED)
    lab.end(dry, Outcome.DONE)
    lab.end(real, Outcome.FAILED)
    assert taken(lab.open("k1")[1]) == [Taken.QUEUED]


def test_the_database_itself_refuses_two_live_items_of_one_key(lab: Any, store: Store) -> None:
    lab.item("k1")
    _, (verdict,) = lab.open("k1")
    with pytest.raises(StoreConflict) as refused, store.write() as tx:
        tx.execute(text("UPDATE items SET behind = NULL WHERE id = :id"), {"id": verdict.item})
    assert refused.value.code == "RB609"


# ---- release ------------------------------------------------------------------------------------------------
def test_an_outcome_wakes_what_was_held_behind_its_key_one_by_one(lab: Any) -> None:
    first = lab.item("k1")
    second_run, (second,) = lab.open("k1")
    _, (third,) = lab.open("k1")
    (woken,) = lab.end(first, Outcome.FAILED)
    assert lab.state(second.item) is ItemState.QUEUED
    assert lab.look(third.item).behind == second.item
    claimed = lab.claim(second_run)
    assert (claimed.fence.attempt, claimed.fence.token) == (woken, 1)


def test_what_was_held_behind_a_key_that_got_done_is_skipped(lab: Any) -> None:
    first = lab.item("k1")
    held = [lab.open("k1")[1][0].item for _ in range(2)]
    assert lab.end(first) == ()
    assert [(lab.state(item), lab.look(item).code) for item in held] == [(ItemState.SKIPPED, "already-done")] * 2


def test_with_again_the_held_one_opens_the_next_pass(lab: Any) -> None:
    first = lab.item("k1", again=timedelta(0))
    run, _ = lab.open("k1", again=timedelta(0))
    assert len(lab.end(first)) == 1
    assert lab.claim(run).doing == 1


def test_an_unknown_item_keeps_its_key(lab: Any) -> None:
    first = lab.item("k1")
    _, (held,) = lab.open("k1")
    assert lab.end(first, Outcome.UNKNOWN) == ()
    assert lab.state(held.item) is ItemState.HELD


def test_a_run_that_had_ended_is_open_again_when_its_item_is_woken(lab: Any, store: Store) -> None:
    first = lab.item("k1")
    run, _ = lab.open("k1")
    with store.write() as tx:
        assert runs.at_rest(tx, run)
        assert runs.end(tx, run, summary={"held": 1})
        assert not runs.end(tx, run, summary={})
    lab.end(first, Outcome.FAILED)
    assert lab.claim(run) is not None


def test_nothing_held_is_orphaned(lab: Any, store: Store) -> None:
    first = lab.item("k1")
    _, (held,) = lab.open("k1")
    with store.write() as tx:
        assert outcomes.release_orphans(tx) == ()
        tx.execute(text("UPDATE items SET state = 'failed' WHERE id = :id"), {"id": first.fence.item})
        assert len(outcomes.release_orphans(tx)) == 1
    assert lab.state(held.item) is ItemState.QUEUED


# ---- outcomes -----------------------------------------------------------------------------------------------
def credit(claimed: Any, unit_hash: str = "a1", **more: Any) -> LedgerRow:
    return LedgerRow(
        kind=LedgerKind.CREDIT,
        environment="production",
        region="r",
        process="p",
        version="1.0.0",
        unit="dossier",
        unit_hash=unit_hash,
        minutes_before=30,
        minutes_after=5,
        auditable=True,
        run=claimed.run,
        item=claimed.fence.item,
        **more,
    )


def change(column: str = "N° dossier") -> CellChange:
    return CellChange(Path("/a.xlsx"), "S", 7, "rd", column, None, "A-1", {"N°": "k1"})


def test_a_receipt_that_was_credited_before_earns_nothing_and_says_so(lab: Any, store: Store) -> None:
    first, second = lab.item("k1"), lab.item("k2")
    with store.write() as tx:
        for claimed, unit in ((first, "a1"), (second, "a2")):
            assert ledger.add(tx, credit(claimed, unit, receipt_hash="5a"), actor="robot")
        assert ledger.add(tx, credit(second, "a3", receipt_hash="0f"), actor="robot")
    with store.read() as tx:
        told = [(row["minutes_before"], row["auditable"], row["reason"]) for row in ledger.rows(tx)]
    assert told == [(30, 1, ""), (0, 0, REPEATED), (30, 1, "")]


def test_of_two_items_that_earn_by_one_receipt_at_once_the_second_earns_nothing(lab: Any, store: Store) -> None:
    first, second = lab.item("k1"), lab.item("k2")

    def other() -> None:
        with store.write() as tx:
            ledger.add(tx, credit(second, "a2", receipt_hash="5a"), actor="robot")

    with store.write() as tx:
        ledger.add(tx, credit(first, "a1", receipt_hash="5a"), actor="robot")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(timeout=0.3)  # it waits for us, or it would be through by now
    thread.join()
    with store.read() as tx:
        told = {row["unit_hash"]: (row["minutes_before"], row["reason"]) for row in ledger.rows(tx)}
    assert told == {"a1": (30, ""), "a2": (0, REPEATED)}


def test_the_units_of_one_item_may_share_its_receipt(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    with store.write() as tx:
        for unit in ("a1", "a2"):
            assert ledger.add(tx, credit(claimed, unit, receipt_hash="5a"), actor="robot")
    with store.read() as tx:
        assert [row["minutes_before"] for row in ledger.rows(tx)] == [30, 30]


def test_a_receipt_of_a_rehearsal_does_not_spoil_production(lab: Any, store: Store) -> None:
    claimed = lab.item()
    with store.write() as tx:
        ledger.add(tx, replace(credit(claimed, receipt_hash="5a"), environment="test"), actor="robot")
        ledger.add(tx, credit(claimed, receipt_hash="5a"), actor="robot")
        assert ledger.minutes(tx).auditable == 50


def test_outcome_credit_write_backs_and_event_are_one_commit(lab: Any, store: Store, counted: Any) -> None:
    claimed = lab.item()

    def fails(*_: object) -> list[LedgerRow]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        lab.end(claimed, changes=(change(),), credit=fails)
    assert lab.state(claimed.fence.item) is ItemState.RUNNING
    assert (counted("writebacks"), counted("ledger")) == (0, 0)
    lab.end(claimed, changes=(change(),), ours=True, credit=lambda *_: [credit(claimed)])
    assert lab.state(claimed.fence.item) is ItemState.DONE
    assert (counted("writebacks"), counted("ledger")) == (1, 1)
    with store.read() as tx:
        assert ledger.minutes(tx, run=claimed.run).net == 25
        types = [entry.split('"type":"')[1].split('"')[0] for entry in audit.pending(tx)]
    assert types[-2:] == ["item.ended", "ledger.credit"]


def test_a_unit_is_credited_once_for_ever(lab: Any, store: Store) -> None:
    for key in ("k1", "k2"):
        claimed = lab.item(key)
        lab.end(claimed, credit=lambda *_, claimed=claimed: [credit(claimed)])
        assert lab.state(claimed.fence.item) is ItemState.DONE
    with store.read() as tx:
        assert ledger.minutes(tx, process="p") == ledger.Minutes(gross=30, net=25, auditable=25, units=1)


def test_write_backs_stay_pending_until_the_flusher_answers(lab: Any, store: Store) -> None:
    claimed = lab.item()
    lab.end(claimed, changes=(change("a"), change("b")))
    with store.write() as tx:
        one, two = writebacks.pending(tx, run=claimed.run, file=Path("/a.xlsx"))
        assert one.change == change("a")
        assert writebacks.settle(tx, {one.id: "done", two.id: "conflict: the cell holds B-9"}) == 2
        assert writebacks.settle(tx, {one.id: "done"}) == 0
        assert writebacks.pending(tx) == []
        assert writebacks.counts(tx, claimed.run) == {"done": 1, "conflict": 1}
        writebacks.owe_again(tx, [one.id])
        assert [each.id for each in writebacks.pending(tx)] == [one.id]


def test_the_finish_of_a_run_is_one_item_at_rest(lab: Any, store: Store) -> None:
    claimed = lab.item()
    with store.write() as tx:
        assert runs.add_finish(tx, claimed.run) == ""
    lab.end(claimed)
    with store.write() as tx:
        assert runs.add_finish(tx, claimed.run)
        assert runs.add_finish(tx, claimed.run) == ""
    finish = lab.claim(claimed.run)
    assert (finish.kind, finish.key) == ("finish", "finish")


def test_no_business_key_is_in_the_audit_log(lab: Any, store: Store) -> None:
    claimed = lab.item("2026-TS-7731", NewItem(key="2026-TS-7732", digest="d"))
    lab.receipt(claimed, lab.intent(claimed), receipt={"no": "AGDREF-99"})
    lab.end(claimed, receipt={"no": "AGDREF-99"}, message="of 2026-TS-7731")
    with store.write() as tx:
        entries = audit.pending(tx)
        assert len(entries) >= 6
        assert not [entry for entry in entries if "7731" in entry or "AGDREF" in entry]
        taken_ = audit.take(tx)
        assert [body for _, _, body in taken_] == entries
        assert audit.pending(tx) == []


def test_a_person_sees_every_attempt_and_every_step(lab: Any, store: Store) -> None:
    from robo.engine.ports import StepTrace
    from robo.store import attempts, history

    claimed = lab.item()
    lines = [StepTrace(step=f"s{n}", title="T", state="ok", started=lab.timer.at, seconds=0.25) for n in range(3)]
    with store.write() as tx:
        history.trace(tx, claimed.fence, lines)
        history.keep(tx, claimed.fence, "screen.png", "ab/cd.png", b"png")
        attempts.postpone(tx, claimed.fence, 0, "timeout", costs=True)
    with store.read() as tx:
        first, second = items.history(tx, claimed.fence.item)
        assert [line["step"] for line in first["traces"]] == ["s0", "s1", "s2"]
        assert first["traces"][0]["seconds"] == 0.25
        assert (first["reason"], second["traces"]) == ("timeout", [])
        assert history.evidence_of(tx, claimed.fence.item)[0]["size"] == 3


def test_the_last_outcomes_are_what_stop_after_looks_at(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1", "k2", "k3")
    for outcome in (Outcome.DONE, Outcome.FAILED, Outcome.FAILED):
        lab.timer.pass_(1)
        lab.end(lab.claim(run), outcome)
    with store.read() as tx:
        assert items.failed_in_a_row(tx, run, 5) == 2
        assert items.failed_in_a_row(tx, run, 1) == 1
        assert items.ended(tx, run, (Outcome.FAILED, Outcome.UNKNOWN)) == {ItemState.FAILED: 2, ItemState.UNKNOWN: 0}
        assert runs.counts(tx, run)[ItemState.DONE] == 1
        assert journal.rows_of(tx, "none") == []
        assert holds.standing(tx) == []


def test_a_run_whose_finish_waits_has_not_ended(lab: Any, store: Store) -> None:
    claimed = lab.item()
    lab.end(claimed)
    with store.write() as tx:
        runs.add_finish(tx, claimed.run)
        assert runs.at_rest(tx, claimed.run)
        assert not runs.at_rest(tx, claimed.run, all_=True)


def test_an_opening_that_fails_before_its_first_row_cancels_its_run(lab: Any, store: Store) -> None:
    run = lab.create()
    fence = lab.begin(run)
    with store.write() as tx:
        assert outcomes.abandon(tx, fence, ItemEnd(outcome=Outcome.FAILED, code="RB530"), {"error": "RB530"})
        assert runs.get(tx, run).state is RunState.CANCELLED
    assert lab.look(fence.item).state is ItemState.FAILED


def test_an_opening_that_fails_half_way_may_be_gone_on_with(lab: Any, store: Store) -> None:
    run = lab.create()
    fence = lab.begin(run)
    with store.write() as tx:
        items.insert_chunk(tx, fence, [NewItem(key="k1", row={}, digest="d")], start=0)
    with store.write() as tx:
        assert not outcomes.abandon(tx, fence, ItemEnd(outcome=Outcome.FAILED, code="RB602"), {})
        assert runs.get(tx, run).state is RunState.OPENING
    assert lab.claim(run).fence.token == fence.token + 1


def test_an_opening_whose_token_is_stale_cancels_nothing(lab: Any, store: Store) -> None:
    run = lab.create()
    fence = lab.begin(run)
    with store.write() as tx:
        sweeps.sweep(tx, dead={"w"})
    other = lab.begin(run)
    with pytest.raises(StaleToken), store.write() as tx:
        outcomes.abandon(tx, fence, ItemEnd(outcome=Outcome.FAILED, code="RB530"), {})
    with store.write() as tx:
        assert items.opened(tx, other).state is RunState.RUNNING


def test_a_run_ends_when_what_it_held_back_was_done_by_another(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    later, _ = lab.open("k1")
    lab.end(claimed)
    with store.read() as tx:
        assert runs.get(tx, later).state is RunState.ENDED


def test_a_run_whose_worker_died_before_it_ended_it_is_ended_by_the_sweep(lab: Any, store: Store) -> None:
    plain, waits = lab.item("k1"), lab.item("k2", options={"finish": True})
    for claimed in (plain, waits):
        lab.end(claimed)
    with store.write() as tx:
        sweeps.sweep(tx)
    with store.read() as tx:
        states = [runs.get(tx, claimed.run).state for claimed in (plain, waits)]
    assert states == [RunState.ENDED, RunState.RUNNING]


def test_what_another_run_of_the_process_owes_is_owed_by_its_next_run_too(lab: Any, store: Store) -> None:
    first, second = lab.item("k1"), lab.item("k2")
    other = lab.item("k3", region="s")
    for claimed in (first, other):
        lab.end(claimed, changes=(change(claimed.key),))
    with store.read() as tx:
        assert writebacks.pending(tx, run=second.run) == []
        owed = writebacks.pending(tx, run=second.run, siblings=True)
    assert [each.change for each in owed] == [change("k1")]
