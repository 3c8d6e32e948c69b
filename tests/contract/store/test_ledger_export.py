"""The ledger of a store as it is given away: written from what lies in its tables, verified without them; on both
engines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from robo.engine.ports import ItemEnd
from robo.errors import UsageError
from robo.model.base import Outcome
from robo.model.baseline import BaselineRecord, Verdict
from robo.model.ledger import LedgerKind, LedgerRow
from robo.model.statements import Reconciled
from robo.proof import baselines as proof
from robo.proof import hours
from robo.proof.baselines import VerdictKind
from robo.proof.closings import Closing
from robo.proof.hours import Key
from robo.proof.ledger import Proven, verify_ledger
from robo.services import bookkeeping, closings, proving
from robo.services.accounting import Earner, rows_for
from robo.services.auditing.sealing import seal
from robo.services.auditing.verifying import Verified
from robo.services.baselines import Applied
from robo.store import baselines, ledger, rollups, samples, statements
from robo.store import closings as kept
from robo.store.accounts_tables import ledger as rows
from robo.store.audit_tables import ledger_months
from robo.store.engine import Store
from robo.store.samples import Rechecked
from tests.contract.conftest import Lab, Timer
from tests.faults.audit.books import KEYS, POLICY, SETTINGS

PARIS = "Europe/Paris"
EFFECTS = "e" * 64
HERE = bookkeeping.Where(region="r", zone=PARIS)
WANTED = proving.Wanted(region="r", zone=PARIS)


def record_of(store: Store, timer: Timer) -> BaselineRecord:
    """Timed by one, approved by another."""
    days = [(timer.at - timedelta(days=back)).date().isoformat() for back in (1, 2)]
    minutes = {"before": 30, "after": 5, "triage": 10, "recovery": 15, "wrong": 20}
    seen = [[what, days[turn % 2], each * 60] for what, each in minutes.items() for turn in range(10)]
    said = {
        "v": 1,
        "process": "p",
        "region": "r",
        "unit": "dossier",
        "method": "timed",
        "role": "apprentie",
        "procedure": "p",
        "steps": [1],
        "whole": 40,
        "effects": EFFECTS,
        "source": "",
        "note": "été",
        **proof.calculated(seen),
    }
    record = BaselineRecord.of(said, "person-1")
    day, role = timer.at.date().isoformat(), "cheffe-de-bureau"
    verdict = Verdict(kind=VerdictKind.APPROVED, record=record.id, day=day, role=role, actor="person-2")
    with store.write() as tx:
        baselines.add(tx, record)
        baselines.decide(tx, record, verdict)
    return record


def earns(lab: Lab, record: BaselineRecord, *keys: str, outcome: Outcome = Outcome.DONE) -> None:
    """Items of one run, each with its receipt."""
    applied = Applied(record=record, effects=EFFECTS)

    def credit(fence: Any, end: ItemEnd, tx: Any) -> Any:
        earner = Earner(
            process="p",
            version="1.0.0",
            region="r",
            environment="production",
            unit="p/dossier",
            unit_key=fence.item,
            run=run,
            item=fence.item,
            host="https://ants.example",
            zone=PARIS,
        )
        return rows_for(earner, end, record, b"k" * 32, proven=applied.is_proven(tx, PARIS))

    run, _ = lab.open(*keys, effects=EFFECTS)
    for key in keys:
        claimed = lab.claim(run)
        assert claimed is not None
        end: dict[str, Any] = {"outcome": outcome, "credit": credit}
        if outcome is Outcome.DONE:
            receipt = {"no": key}
            lab.receipt(claimed, lab.intent(claimed), receipt=receipt)
            end |= {"ours": True, "receipt": receipt}
        lab.end(claimed, **end)


@pytest.fixture
def filled(lab: Lab, store: Store, timer: Timer) -> Lab:
    """A month that is closed, and one that is not."""
    record = record_of(store, timer)
    earns(lab, record, "a", "b", "c")
    earns(lab, record, "d", outcome=Outcome.REJECTED)
    said = Reconciled(region="r", process="p", month="2026-03", volume=3, source="ANTS", stock=4)
    with store.write() as tx:
        bookkeeping.log_time(tx, HERE, {hours.SUPERVISION: 60, hours.BUILD: 600}, actor="person-1")
        statements.reconcile(tx, said, actor="person-3")
        ledger.add(tx, opening(), actor="person-3")
    timer.at = datetime(2026, 4, 10, 8, tzinfo=UTC)
    closings.close(store, KEYS, SETTINGS, closings.Wanted(region="r", month="2026-03", zone=PARIS, actor="robot"))
    earns(lab, record, "e")
    with store.write() as tx:
        seed = Closing.parse(kept.closed(tx)[-1].figures.encode()).digest
        counts = {"credits": 3, "drawn": 1, "found": 1, "absent": 0, "unseen": 0}
        samples.note(tx, Rechecked(region="r", process="p", month="2026-03", seed=seed, **counts), actor="robot")
        known = ledger.rows(tx)
        one = {each["kind"]: each["id"] for each in known}
        for kind, minutes in (("credit", None), ("debit", None), ("time", 30), ("opening", None)):
            correct = partial(bookkeeping.correct, zone_of=lambda _: PARIS, actor="person-4", why="double")
            correct(tx, one[kind], "slip", minutes=minutes)
    return lab


def opening() -> LedgerRow:
    same = {"environment": "production", "region": "r", "process": "rob-o", "version": "", "unit": "rob-o/processus"}
    more = {"minutes_before": 67_140, "minutes_after": 0, "units": 13, "unit_hash": "", "provenance": "declared"}
    return LedgerRow(kind=LedgerKind.OPENING, zone=PARIS, **same, **more)


def exported(store: Store, folder: Path, wanted: proving.Wanted = WANTED) -> Proven:
    proving.export_ledger(store, folder, wanted, partial(seal, store, KEYS, SETTINGS), POLICY)
    return verify_ledger(folder, POLICY)


def looked_at(store: Store) -> tuple[Verified, list[Proven]]:
    seal(store, KEYS, SETTINGS)
    settings: Any = None  # the policy is given
    return proving.verify_books(store, KEYS, settings, {"r": PARIS}, POLICY)


def test_an_export_verifies_without_the_store_and_has_its_figures(filled: Lab, store: Store, tmp_path: Path) -> None:
    found = exported(store, tmp_path / "r")
    assert found.difference is None, (found.difference.place, str(found.difference))
    assert found.figures[Key("r", "p", "2026-03")].proven == 3 * 25 - 10
    assert found.figures[Key("r", "p", "2026-04")].unreconciled == 25
    with store.read() as tx:
        assert found.cells == rollups.cells(tx)
    assert [closing.month for closing, _ in found.closings] == ["2026-03"]


def test_only_the_months_asked_for_are_claimed(filled: Lab, store: Store, tmp_path: Path) -> None:
    april = proving.Wanted(region="r", zone=PARIS, first="2026-04", last="2026-04")
    found = exported(store, tmp_path / "r", april)
    assert found.whole
    assert {key.month for key in found.figures} == {"2026-04"}
    assert found.rows == 12


def test_nothing_personal_is_in_it(filled: Lab, store: Store, tmp_path: Path) -> None:
    exported(store, tmp_path / "r")
    written = {each.name: each.read_text(encoding="utf-8") for each in (tmp_path / "r").rglob("*") if each.is_file()}
    assert "payloads" not in written
    assert not [name for name, text in written.items() if '"n":"a"' in text or '"no":"a"' in text]


def test_the_books_of_a_store_are_verified_where_they_lie(filled: Lab, store: Store) -> None:
    log, (found,) = looked_at(store)
    assert (log.report.whole, found.difference, found.rows) == (True, None, 12)
    with store.read() as tx:
        assert found.cells == rollups.cells(tx)


def test_a_row_that_was_altered_behind_robo_is_named(filled: Lab, store: Store, tmp_path: Path) -> None:
    with store.write() as tx:
        row = tx.execute(rows.select().where(rows.c.kind == "credit", rows.c.month == "2026-04")).one()
        tx.execute(update(rows).where(rows.c.id == row.id).values(minutes_before=90))
        tx.execute(
            update(ledger_months)
            .where(ledger_months.c.kind == "credit", ledger_months.c.month == "2026-04")
            .values(minutes_before=90)
        )
    log, (found,) = looked_at(store)
    assert log.report.whole
    for each in (found, exported(store, tmp_path / "r")):
        assert each.difference is not None
        assert each.difference.code == "RB052"
        facts = each.difference.facts
        assert (facts["row"], facts["member"], facts["says"], facts["should"]) == (row.id, "before", 90, 30)


def test_an_export_is_a_folder_of_its_own(filled: Lab, store: Store, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "mine").write_text(json.dumps({}), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        exported(store, tmp_path / "r")
    assert caught.value.code == "RB664"


def test_a_region_without_entries_is_told(filled: Lab, store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        exported(store, tmp_path / "x", proving.Wanted(region="nowhere", zone=PARIS))
    assert caught.value.code == "RB665"
    assert list(tmp_path.iterdir()) == []
