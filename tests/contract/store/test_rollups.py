"""Minutes by month are the sum of their rows, whatever was written when, ordered when, in whose calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from robo.model.ledger import LedgerKind, LedgerRow
from robo.proof import hours
from robo.proof.entry import read_entry
from robo.proof.hours import Cell, Sums
from robo.store import ledger, rollups, sequencer, upkeep
from robo.store.accounts_tables import ledger as rows
from robo.store.audit_tables import ledger_months
from robo.store.engine import Store, open_store, upgrade
from tests.contract.conftest import Timer

PARIS, CAYENNE = "Europe/Paris", "America/Cayenne"
BORDERS = [
    ("2026-01-31T22:59:59", "2026-01", "2026-01"),
    ("2026-01-31T23:00:00", "2026-02", "2026-01"),
    ("2026-02-01T02:59:59", "2026-02", "2026-01"),
    ("2026-02-01T03:00:00", "2026-02", "2026-02"),
    ("2026-03-31T21:59:59", "2026-03", "2026-03"),  # summer time: the border of Paris is an hour earlier
    ("2026-03-31T22:00:00", "2026-04", "2026-03"),
    ("2026-03-29T00:59:59", "2026-03", "2026-03"),
    ("2026-10-25T00:30:00", "2026-10", "2026-10"),  # an hour that Paris has twice
    ("2026-12-31T23:30:00", "2027-01", "2026-12"),
]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def row(kind: LedgerKind = LedgerKind.CREDIT, *, zone: str = PARIS, unit: int = 0, **more: Any) -> LedgerRow:
    same: dict[str, Any] = {
        "environment": "production",
        "region": "idf" if zone == PARIS else "guyane",
        "process": "p",
        "version": "1.0.0",
        "unit": "p/dossier",
        "minutes_before": 30,
        "minutes_after": 5,
        "provenance": "timed",
        "auditable": True,
        "unit_hash": f"{unit:x}",
    }
    return LedgerRow(kind=kind, zone=zone, **(same | more))


def cells(store: Store) -> dict[Cell, Sums]:
    with store.read() as tx:
        return rollups.cells(tx)


def told(store: Store) -> dict[Cell, Sums]:
    """The same, from the entries of the log and nothing else."""
    with store.read() as tx:
        entries = [read_entry(raw) for raw in sequencer.entries(tx)]
    ledgers = [each for each in entries if each["type"].startswith(rollups.LEDGER)]
    return hours.fold(
        hours.row(each["region"], each["type"].removeprefix(rollups.LEDGER), each["data"]) for each in ledgers
    )


@pytest.mark.parametrize(("at", "paris", "cayenne"), BORDERS, ids=[at for at, *_ in BORDERS])
def test_the_month_is_that_of_the_region_s_calendar(lab: Any, store: Store, at: str, paris: str, cayenne: str) -> None:
    lab.timer.at = moment(at)
    with store.write() as tx:
        for unit, zone in enumerate((PARIS, CAYENNE)):
            ledger.add(tx, row(zone=zone, unit=unit), actor="robot")
        sequencer.sequence(tx)
    assert {(cell.region, cell.month) for cell in cells(store)} == {("idf", paris), ("guyane", cayenne)}


def test_what_waits_to_be_ordered_is_not_missed(store: Store) -> None:
    with store.write() as tx:
        ledger.add(tx, row(unit=1), actor="robot")
        sequencer.sequence(tx)
        ledger.add(tx, row(unit=2), actor="robot")
    with store.read() as tx:
        assert rollups.first_difference(tx) is None
    assert list(cells(store).values()) == [(1, 30, 5)]


def test_the_check_of_a_store_tells_of_a_month_that_was_altered(store: Store) -> None:
    with store.write() as tx:
        ledger.add(tx, row(), actor="robot")
        sequencer.sequence(tx)
    assert upkeep.check(store) == []
    with store.write() as tx:
        tx.execute(update(ledger_months).values(minutes_after=0))
    assert [each.code for each in upkeep.check(store)] == ["RB688"]


def test_a_row_or_a_month_that_was_altered_is_named_with_its_cell(store: Store) -> None:
    with store.write() as tx:
        for unit, process in enumerate(("a", "b", "c")):
            ledger.add(tx, row(unit=unit, process=process), actor="robot")
        sequencer.sequence(tx)
    for change in (
        update(rows).where(rows.c.process == "b").values(minutes_before=31),
        update(ledger_months).where(ledger_months.c.process == "b").values(units=2),
        rows.delete().where(rows.c.process == "b"),
        ledger_months.delete().where(ledger_months.c.process == "b"),
    ):
        connection = store._writer.connect()
        with connection, connection.begin() as transaction:
            connection.execute(change)
            found = rollups.first_difference(connection)
            transaction.rollback()
        assert found is not None
        assert (found.code, found.place) == ("RB688", "ledger/production/idf/b/2026-03/credit/timed")
    with store.read() as tx:
        assert rollups.first_difference(tx) is None


KINDS = {
    LedgerKind.CREDIT: ("", 1, 30, 5),
    LedgerKind.DEBIT: ("triage", 1, 0, 10),
    LedgerKind.CORRECTION: ("not found", -1, -30, -5),
    LedgerKind.TIME: ("supervision", 1, 0, 90),
    LedgerKind.OPENING: ("", 13, 67_140, 0),
}
INSTANTS = st.sampled_from([moment(at) for at, *_ in BORDERS]).flatmap(
    lambda at: st.integers(-2, 2).map(lambda seconds: at + timedelta(seconds=seconds))
)
WRITES = st.tuples(
    INSTANTS,
    st.sampled_from(LedgerKind),
    st.sampled_from([PARIS, CAYENNE]),
    st.sampled_from(["timed", "declared"]),
    st.booleans(),
    st.integers(0, 5),
)
ACTS = st.lists(st.one_of(WRITES, st.integers(1, 4)), max_size=12)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Timer]]:
    timer = Timer()
    folder: Path = tmp_path_factory.mktemp("months")
    store = open_store(str(folder / "robo.db"), timer=timer)
    upgrade(store)
    yield store, timer
    store.close()


RUNS = iter(range(1_000_000))


@given(ACTS)
def test_the_months_are_the_sums_of_what_is_ordered_at_every_moment(
    books: tuple[Store, Timer], acts: list[Any]
) -> None:
    """Each example is a process of its own in one store: what others wrote is among the rows all the same."""
    store, timer = books
    process = f"p{next(RUNS)}"
    waiting: list[tuple[Cell, Sums]] = []
    expected: list[tuple[Cell, Sums]] = []
    seen: set[Any] = set()

    def order(limit: int) -> None:
        with store.write() as tx:
            done = sequencer.sequence(tx, limit=limit)
        expected.extend(waiting[:done])
        del waiting[:done]

    for act in acts:
        if isinstance(act, int):
            order(act)
            continue
        timer.at, kind, zone, provenance, auditable, unit = act
        reason, units, before, after = KINDS[kind]
        made = row(
            kind,
            zone=zone,
            unit=unit,
            process=process,
            unit_hash=f"{unit:x}{int(process[1:]):06x}",
            units=units,
            reason=reason,
            minutes_before=before,
            minutes_after=after,
            provenance=provenance,
            auditable=auditable,
        )
        with store.write() as tx:
            landed = ledger.add(tx, made, actor="robot")
        first = kind is not LedgerKind.CREDIT or (made.region, unit) not in seen
        assert bool(landed) == first
        if kind is LedgerKind.CREDIT:
            seen.add((made.region, unit))
        if landed:
            month = f"{timer.at.astimezone(ZoneInfo(zone)):%Y-%m}"
            same = {name: getattr(made, name) for name in Cell._fields}
            waiting.append((Cell(**{**same, "kind": kind.value, "month": month}), Sums(units, before, after)))
        with store.read() as tx:
            assert rollups.first_difference(tx) is None
    order(1000)
    found = {cell: sums for cell, sums in cells(store).items() if cell.process == process}
    assert found == hours.fold(expected)
    assert found == {cell: sums for cell, sums in told(store).items() if cell.process == process}
