"""What reports read of the book beside its cells: late corrections, rows in pages, the last few days, what waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from robo.model.base import Outcome
from robo.model.ledger import LedgerKind, LedgerRow
from robo.proof.hours import Sums
from robo.store import ledger, ledger_reading, sequencer
from robo.store.engine import Store

SEPTEMBER, OCTOBER = datetime(2026, 9, 20, tzinfo=UTC), datetime(2026, 10, 20, 8, tzinfo=UTC)


def add(store: Store, kind: LedgerKind = LedgerKind.CREDIT, unit: int = 0, **said: Any) -> str:
    same: dict[str, Any] = {
        "environment": "production",
        "region": "idf",
        "process": "p",
        "version": "1.0.0",
        "unit": "p/dossier",
        "unit_hash": f"{unit:x}",
        "minutes_before": 30,
        "minutes_after": 5,
        "auditable": True,
        "provenance": "timed",
        "zone": "Europe/Paris",
    }
    with store.write() as tx:
        new = ledger.add(tx, LedgerRow(kind=kind, **(same | said)), actor="robot")
        sequencer.sequence(tx)
    return new


def taken_back(store: Store, row: str, **said: Any) -> str:
    same = {"reason": "wrong", "corrects": row, "units": -1, "minutes_before": -30, "minutes_after": -5}
    return add(store, LedgerKind.CORRECTION, **(same | said))


def test_corrections_of_earlier_months_are_told_and_those_of_their_own_month_are_not(lab: Any, store: Store) -> None:
    lab.timer.at = SEPTEMBER
    old = [add(store, unit=unit) for unit in (1, 2)]
    lab.timer.at = OCTOBER
    new = add(store, unit=3)
    rehearsed = add(store, unit=4, environment="test", month="2026-09")
    for row in (*old, new):
        taken_back(store, row)
    taken_back(store, rehearsed, environment="test")
    with store.read() as tx:
        assert ledger_reading.late(tx) == [("idf", "p", "2026-09", "2026-10", "wrong", Sums(-2, -60, -10))]


def test_the_last_unit_is_one_that_was_credited_in_production(lab: Any, store: Store) -> None:
    lab.timer.at = SEPTEMBER
    add(store, unit=1)
    lab.timer.at = OCTOBER
    add(store, unit=2, environment="test")
    add(store, LedgerKind.DEBIT, reason="triage")
    with store.read() as tx:
        assert ledger_reading.lasts(tx) == {("idf", "p"): SEPTEMBER}


def test_rows_come_in_pages_by_months_regions_and_processes(
    lab: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_reading, "_PAGE", 2)
    lab.timer.at = SEPTEMBER
    add(store, unit=1)
    lab.timer.at = OCTOBER
    wanted = [add(store, unit=unit) for unit in range(2, 7)]
    add(store, unit=8, region="bfc")
    add(store, unit=9, process="q")
    with store.read() as tx:
        found = list(ledger_reading.rows(tx, "2026-10", "2026-10", regions=["idf"], processes=["p"]))
        everything = list(ledger_reading.rows(tx, "2026-01", "2026-12"))
    assert [row["id"] for row in found] == sorted(wanted)
    assert (len(everything), found[0]["written"]) == (8, OCTOBER)
    assert not {"item", "run", "receipt_hash"} & found[0].keys()


def test_a_few_days_are_added_up_by_kind_and_standing(lab: Any, store: Store) -> None:
    lab.timer.at = OCTOBER - timedelta(days=8)
    add(store, unit=1)
    lab.timer.at = OCTOBER
    add(store, unit=2)
    add(store, unit=3, auditable=False)
    add(store, unit=4, reason="repeated receipt", minutes_before=0, minutes_after=0, auditable=False)
    add(store, LedgerKind.DEBIT, reason="triage", minutes_before=0, minutes_after=10)
    with store.read() as tx:
        found = ledger_reading.since(tx, "idf", OCTOBER - timedelta(days=7))
    assert found == {
        ("p", "credit", True): (1, 30, 5),
        ("p", "credit", False): (1, 30, 5),
        ("p", "debit", True): (1, 0, 10),
    }


def test_what_waits_for_somebody_is_counted_by_process_and_state(lab: Any, store: Store) -> None:
    lab.unknown("k1")
    lab.unknown("k2")
    lab.end(lab.item("k3"), Outcome.DONE)
    lab.end(lab.item("k4", environment="test"), Outcome.UNKNOWN, code="cannot-tell")
    with store.read() as tx:
        assert ledger_reading.waiting(tx) == {("r", "p", "unknown"): 2}
