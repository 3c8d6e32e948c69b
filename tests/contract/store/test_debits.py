"""What a person takes up costs by the baseline of the item's run, each time; what passed by itself costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from robo.engine.ports import ItemEnd
from robo.errors import UsageError
from robo.model.base import HANDED_OVER, ItemState, Outcome
from robo.model.baseline import BaselineRecord
from robo.model.ledger import LedgerKind
from robo.services import bookkeeping
from robo.services.accounting import Earner, rows_for
from robo.store import baselines, debits, decisions, ledger
from robo.store.debits import Earns
from robo.store.engine import Store

KEY = b"k" * 32
MINUTES = {"before": 30, "after": 5, "triage": 10, "recovery": 15, "wrong": 20}
RECORD = BaselineRecord.of(
    {
        "process": "p",
        "region": "r",
        "unit": "dossier",
        "method": "declared",
        **{what: {"median": median} for what, median in MINUTES.items()},
    },
    "library",
)


class Work:
    """Items of one run whose minutes are known, and what people decide about them."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        with lab.store.write() as tx:
            baselines.add(tx, RECORD)

    def noted(self, run: str) -> None:
        with self.lab.store.write() as tx:
            debits.note(tx, run, Earns(unit="p/dossier", host="https://p.example.fr", zone="UTC", baseline=RECORD.id))

    def item(self, key: str = "k1", **values: Any) -> Any:
        run, _ = self.lab.open(key, **values)
        self.noted(run)
        claimed = self.lab.claim(run)
        assert claimed is not None
        return claimed

    def end(self, claimed: Any, outcome: Outcome = Outcome.DONE, **values: Any) -> None:
        self.lab.end(claimed, outcome, credit=lambda _fence, end, _tx: self.rows(claimed, end), **values)

    def rows(self, claimed: Any, end: ItemEnd) -> Any:
        earner = Earner(
            process="p",
            version="1.0.0",
            region=claimed.region,
            environment=claimed.environment,
            unit="p/dossier",
            unit_key=claimed.key,
            run=claimed.run,
            item=claimed.fence.item,
            host="https://p.example.fr",
        )
        return rows_for(earner, end, RECORD, KEY)

    def decide(self, work: Callable[..., object], claimed: Any, **values: Any) -> None:
        with self.lab.store.write() as tx:
            work(tx, self.lab.saw(claimed.fence.item), actor="person-1", **values)

    def costs(self) -> list[tuple[str, str, str, int]]:
        with self.lab.store.read() as tx:
            return [
                (row["kind"], row["reason"], row["code"], row["minutes_before"] - row["minutes_after"])
                for row in ledger.rows(tx)
            ]


@pytest.fixture
def work(lab: Any) -> Work:
    return Work(lab)


RECOVERED = ("debit", "recovery", "cannot-tell", -15)


def doubted(work: Work) -> Any:
    claimed = work.item()
    work.lab.intent(claimed)
    work.end(claimed, Outcome.UNKNOWN, code="cannot-tell")
    work.lab.timer.pass_(40)
    return claimed


def test_an_item_in_doubt_costs_when_a_person_looked_and_not_when_the_robot_looks_again(work: Work) -> None:
    claimed = doubted(work)
    assert work.costs() == []
    work.decide(decisions.verify_again, claimed)
    assert work.costs() == []


def test_what_a_person_found_there_earns_nothing_and_costs_its_recovery(work: Work) -> None:
    claimed = doubted(work)
    work.decide(decisions.there, claimed, receipt={"no": "A-1"})
    assert work.costs() == [RECOVERED]
    again = work.lab.claim()
    work.end(again, ours=False)
    assert work.costs() == [RECOVERED]


def test_what_a_person_did_not_find_costs_too_and_is_then_done_and_earned(work: Work) -> None:
    work.decide(decisions.not_there, doubted(work))
    work.end(work.lab.claim(), ours=True)
    assert work.costs() == [RECOVERED, ("credit", "", "", 25)]


def test_each_time_that_a_person_takes_up_a_failure_costs_and_a_failure_that_nobody_took_up_does_not(
    work: Work,
) -> None:
    claimed = work.item()
    work.end(claimed, Outcome.FAILED, code="RB721")
    assert work.costs() == []
    work.decide(decisions.retry, claimed)
    work.end(work.lab.claim(), Outcome.FAILED, code="RB722")
    work.decide(decisions.retry, claimed)
    assert work.costs() == [("debit", "recovery", code, -15) for code in ("RB721", "RB722")]


def test_a_rejection_costs_when_it_is_rejected_and_not_again_when_it_is_retried(work: Work) -> None:
    claimed = work.item()
    work.end(claimed, Outcome.REJECTED, code="bad-date")
    work.decide(decisions.retry, claimed)
    work.end(work.lab.claim(), code=HANDED_OVER, ours=True)
    assert work.costs() == [
        ("debit", "triage", "bad-date", -10),
        ("credit", "", "", 25),
        ("debit", "triage", HANDED_OVER, -10),
    ]


def test_what_a_person_cancels_costs_its_triage(work: Work) -> None:
    claimed = work.item()
    work.lab.end(claimed, Outcome.UNKNOWN, code="cannot-tell")
    work.decide(decisions.cancel, claimed)
    assert work.costs() == [("debit", "triage", "cancelled", -10)]


def test_what_a_robot_ends_because_a_person_wished_it_costs_its_triage_once(work: Work) -> None:
    claimed = work.item()
    work.decide(decisions.cancel, claimed)
    assert work.costs() == []
    work.end(claimed, Outcome.CANCELLED, code="cancelled")
    assert work.costs() == [("debit", "triage", "cancelled", -10)]


def test_of_a_run_that_is_ended_only_what_was_begun_costs(work: Work) -> None:
    run, _ = work.lab.open("k1", "k2", "k3")
    work.noted(run)
    first = work.lab.claim(run)
    work.lab.end(first, Outcome.UNKNOWN, code="cannot-tell")
    second = work.lab.claim(run)
    with work.lab.store.write() as tx:
        decisions.verify_again(tx, work.lab.saw(first.fence.item), actor="person-1")
        decisions.cancel_run(tx, run, actor="person-1")
    work.end(second, Outcome.CANCELLED, code="cancelled")
    assert work.costs() == [("debit", "triage", "cancelled", -10)] * 2
    assert work.lab.state(first.fence.item) is ItemState.CANCELLED


def test_a_dry_run_and_a_run_that_noted_nothing_cost_nothing(work: Work) -> None:
    dry = work.item("k1", dry_run=True)
    work.lab.end(dry, Outcome.FAILED, code="x")
    old = work.lab.item("k2")
    work.lab.end(old, Outcome.FAILED, code="x")
    for claimed in (dry, old):
        work.decide(decisions.retry, claimed)
    assert work.costs() == []


# ---- what the robot got wrong, and what is taken back -------------------------------------------------------
def flagged(work: Work, claimed: Any, *, undone: bool) -> list[str]:
    with work.lab.store.write() as tx:
        item = work.lab.look(claimed.fence.item)
        return bookkeeping.flag(tx, item, zone="UTC", actor="person-1", why="mauvais service", undone=undone)[1]


@pytest.mark.parametrize("undone", [False, True])
def test_what_the_robot_got_wrong_costs_once_and_where_it_was_undone_earns_nothing(work: Work, *, undone: bool) -> None:
    claimed = work.item()
    work.end(claimed, ours=True)
    flagged(work, claimed, undone=undone)
    back = [("correction", "wrong", "", -25)] if undone else []
    assert work.costs() == [("credit", "", "", 25), ("debit", "wrong", "", -20), *back]
    with pytest.raises(UsageError) as told:
        flagged(work, claimed, undone=undone)
    assert told.value.code == "RB022"
    with work.lab.store.read() as tx:
        (debit,) = (row["id"] for row in ledger.rows(tx) if row["kind"] == LedgerKind.DEBIT)
    corrected(work.lab.store, debit)
    assert len(flagged(work, claimed, undone=False)) == 0, "what was taken back as a slip may be said again"
    assert work.costs()[-2:] == [("correction", "not found", "", 20), ("debit", "wrong", "", -20)]
    assert work.rows(claimed, ItemEnd(outcome=Outcome.DONE, ours=True))
    with work.lab.store.write() as tx:
        (row,) = work.rows(claimed, ItemEnd(outcome=Outcome.DONE, ours=True))
        assert ledger.add(tx, row, actor="robot") == "", "what was taken back is never earned again"


def test_a_credit_that_was_taken_back_is_not_taken_back_again_when_it_was_wrong_too(work: Work, store: Store) -> None:
    claimed = work.item()
    work.end(claimed, ours=True)
    with store.read() as tx:
        (credit,) = ledger.rows(tx)
    corrected(store, credit["id"])
    assert flagged(work, claimed, undone=True) == []
    assert sum(net for *_, net in work.costs()) == -20


def test_of_an_item_that_the_book_does_not_know_nothing_is_wrong(work: Work) -> None:
    claimed = work.lab.item("k9")
    work.lab.end(claimed)
    with pytest.raises(UsageError) as told:
        flagged(work, claimed, undone=False)
    assert told.value.code == "RB023"


def corrected(store: Store, row: str, minutes: int | None = None) -> str:
    with store.write() as tx:
        return bookkeeping.correct(
            tx, row, "not-found", zone_of=lambda _: "UTC", actor="person-1", why="x", minutes=minutes
        )[1]


def refused(store: Store, row: str, minutes: int | None = None) -> str:
    with pytest.raises(UsageError) as told:
        corrected(store, row, minutes)
    return told.value.code


def test_a_row_is_taken_back_whole_and_once(work: Work, store: Store) -> None:
    claimed = work.item()
    work.end(claimed, code=HANDED_OVER, ours=True)
    with store.read() as tx:
        by_kind = {row["kind"]: row for row in ledger.rows(tx)}
    backs = [corrected(store, by_kind[kind]["id"]) for kind in ("credit", "debit")]
    with store.read() as tx:
        credit, debit = (row for row in ledger.rows(tx) if row["kind"] == LedgerKind.CORRECTION)
    assert (credit["units"], credit["minutes_before"], credit["minutes_after"]) == (-1, -30, -5)
    assert (debit["units"], debit["minutes_before"], debit["minutes_after"]) == (0, 0, -10)
    for back, first in ((credit, by_kind["credit"]), (debit, by_kind["debit"])):
        same = ("unit_hash", "baseline", "run", "item", "receipt_hash", "version", "host", "process", "auditable")
        assert {name: back[name] for name in same} == {name: first[name] for name in same}
    assert [refused(store, row) for row in (by_kind["credit"]["id"], by_kind["debit"]["id"], *backs)] == ["RB021"] * 4
    assert refused(store, "zzzzz") == "RB020"


def test_logged_time_is_taken_back_in_parts_and_never_more_than_was_logged(store: Store, lab: Any) -> None:
    where = bookkeeping.Where(region="r", zone="UTC")
    with store.write() as tx:
        time, none = bookkeeping.log_time(tx, where, {"supervision": 90, "build": 0}, actor="person-1")
    corrected(store, time, 30)
    assert refused(store, time, 61) == "RB021"
    corrected(store, time)
    assert [refused(store, time), refused(store, time, 1), refused(store, none)] == ["RB021"] * 3
    with store.read() as tx:
        backs = [(row["reason"], row["minutes_after"], row["units"]) for row in ledger.rows(tx) if row["corrects"]]
    assert backs == [("supervision", -30, 0), ("supervision", -60, 0)]


def test_times_are_read_as_people_write_them_and_absurd_ones_refused() -> None:
    known = {"3h30": 210, "20h": 1200, "90": 90, "0": 0, "1 h 05": 65, "45 min": 45}
    assert {text: bookkeeping.minutes_of(text, "--x") for text in known} == known
    for text in ("-5", "3h75", "1,5h", "2001h", "", "9" * 40, "abc"):
        with pytest.raises(UsageError) as told:
            bookkeeping.minutes_of(text, "--x")
        assert told.value.code == "RB019"
