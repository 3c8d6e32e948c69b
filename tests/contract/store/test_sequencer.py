"""The write path of the audit log: one commit for what happened and its event, one order for all of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from robo.errors import InfrastructureError
from robo.model.audit import EventType
from robo.model.base import ItemState
from robo.proof.entry import read_entry
from robo.proof.merkle import tree_root
from robo.proof.policy import Policy
from robo.proof.verify import Flaw, Log, Report, verify_log
from robo.services.sequencing import sequence_all
from robo.store import audit, audit_reading, audit_search, decisions, holds, rollups, sequencer
from robo.store.audit_tables import audit_leaf, audit_outbox, audit_payload
from robo.store.clock import Tx
from robo.store.engine import Store, open_store, upgrade
from robo.store.ids import new_id

SEQUENCE = """
import sys
from robo.store import sequencer
from robo.store.engine import open_store
store = open_store(sys.argv[1])
while store.transact(lambda tx: sequencer.sequence(tx, limit=7)):
    pass
store.close()
"""


def tell(tx: Tx, number: int = 0, region: str = "r") -> str:
    """An event with a payload."""
    who = {"key": f"k{number}", "row": ""}
    data = {"state": "queued", "doing": number}
    kind = EventType.ITEM_OPENED
    return audit.emit(tx, type=kind, region=region, actor="robot:w", obj=new_id(), data=data, payload=who)


def ordered(store: Store) -> list[str]:
    """The ids of the events of the log, in its order."""
    with store.read() as tx:
        return [read_entry(raw)["id"] for raw in sequencer.entries(tx)]


def sequence(store: Store, limit: int = 1000) -> int:
    return store.transact(lambda tx: sequencer.sequence(tx, limit=limit))


def verified(store: Store) -> Report:
    """The report on a log that is whole but for a checkpoint, which nobody made yet; and whose tables agree with it."""
    with store.read() as tx:
        payloads = audit_reading.payloads(tx, audit_leaf.c.seq >= 0)
        log = Log(list(sequencer.entries(tx)), checkpoints=[], payloads=payloads)
        report, head = verify_log("robo.example/r", log, Policy()), sequencer.head(tx)
        assert (head.size, head.root) == (report.size, report.root)
        assert tree_root(head.size, sequencer.node_of(tx)) == head.root
        assert tx.execute(select(func.count()).select_from(audit_leaf)).scalar_one() == head.size
    assert [found.flaw for found in report.findings] == [Flaw.SIGNATURE]
    return report


# ---- one commit ---------------------------------------------------------------------------------------------
def test_a_change_its_payload_and_its_event_are_one_commit_or_nothing(lab: Any, store: Store, counted: Any) -> None:
    claimed = lab.unknown()
    before = {table: counted(table) for table in ("audit_outbox", "audit_payload", "attempts")}

    def decide_and_fail() -> None:
        with store.write() as tx:
            decisions.there(tx, lab.saw(claimed.fence.item), actor="person-1", receipt={"no": "A-1"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        decide_and_fail()
    assert {table: counted(table) for table in before} == before
    assert lab.state(claimed.fence.item) is ItemState.UNKNOWN
    with store.write() as tx:
        decisions.there(tx, lab.saw(claimed.fence.item), actor="person-1", receipt={"no": "A-1"})
    assert {table: counted(table) for table in before} == {table: n + 1 for table, n in before.items()}


def test_an_event_that_cannot_be_written_takes_its_change_with_it(lab: Any, store: Store, counted: Any) -> None:
    with pytest.raises(InfrastructureError) as refused, store.write() as tx:
        holds.put(tx, process="p", region="r", kind="portal", subject="« Jean Martin »", reason="down")
    assert refused.value.code == "RB685"
    assert counted("holds") == 0


# ---- one order ----------------------------------------------------------------------------------------------
def test_every_event_gets_its_place_once(store: Store) -> None:
    with store.write() as tx:
        told = [tell(tx, number, region) for number, region in enumerate("rsrrs")]
    assert [sequence(store, limit=2), sequence(store, limit=2), sequence(store), sequence(store)] == [2, 2, 1, 0]
    assert ordered(store) == told
    assert verified(store).regions == {"r": 3, "s": 2}


def test_an_event_that_is_committed_after_later_ones_is_not_lost(store: Store) -> None:
    """Its id is smaller than those that have their place: whoever read "behind the last seen" would never see it."""
    with store.write() as tx:
        late = audit.entry(tx, EventType.RUN_OPENED, "r", "robot:w", new_id())
        early = tell(tx)
    assert sequence(store) == 1
    with store.write() as tx:
        (late_id,) = audit.emit_all(tx, [late])
    assert late_id < early
    assert sequence(store) == 1
    assert ordered(store) == [early, late_id]
    verified(store)


def test_transactions_that_commit_out_of_order_lose_nothing(store: Store) -> None:
    if store.is_sqlite:
        pytest.skip("SQLite has one writer at a time; the test above holds ids apart there")
    with store.write() as slow:
        late = tell(slow, 1)
        with store.write() as quick:
            early = tell(quick, 2)
        assert sequence(store) == 1
    assert late < early
    assert sequence(store) == 1
    assert ordered(store) == [early, late]
    verified(store)


def test_while_one_sequences_the_others_wait_and_find_nothing_left(store: Store) -> None:
    if store.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with store.write() as tx:
        told = [tell(tx, number) for number in range(5)]
    found: list[int] = []
    with store.write() as first:
        assert sequencer.sequence(first) == 5
        second = threading.Thread(target=lambda: found.append(sequence(store)))
        second.start()
        second.join(0.2)
        assert not found
    second.join(20)
    assert found == [0]
    assert ordered(store) == told


def test_several_sequencers_beside_several_writers_make_one_log(store: Store, address: str) -> None:
    told: list[str] = []
    writing = threading.Event()

    def write() -> None:
        told.extend(store.transact(partial(tell, number=number, region="rs"[number % 2])) for number in range(30))

    def order() -> None:
        while sequence(store, limit=3) or not writing.is_set():
            pass

    writers = [threading.Thread(target=write) for _ in range(2)]
    sequencers = [threading.Thread(target=order) for _ in range(3)]
    for thread in (*writers, *sequencers):
        thread.start()
    for thread in writers:
        thread.join(60)
    writing.set()
    for thread in sequencers:
        thread.join(60)
    assert sorted(ordered(store)) == sorted(told)
    assert len(told) == 60
    assert verified(store).size == 60


def test_who_orders_what_waits_comes_to_an_end_while_others_write_on(store: Store) -> None:
    class Busy:
        """A store in which others write between any two commits of ours."""

        commits = 0

        def transact(self, work: Callable[[Tx], int]) -> int:
            self.commits += 1
            assert self.commits < 9
            with store.write() as tx:
                tell(tx)
            return store.transact(work)

    assert sequence_all(cast("Store", Busy())) == 1


@pytest.mark.parametrize("point", [pytest.param("sequencer:1", marks=pytest.mark.long), "sequencer:3"])
def test_a_sequencer_that_is_killed_leaves_whole_batches_and_the_next_one_goes_on(
    store: Store, address: str, counted: Any, point: str
) -> None:
    with store.write() as tx:
        told = [tell(tx, number) for number in range(20)]
    environment = {**os.environ, "ROBO_TESTING": "1", "ROBO_CRASH_AT": point}
    killed = subprocess.run([sys.executable, "-c", SEQUENCE, address], env=environment, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    done = 7 * (int(point[-1]) - 1)
    assert (ordered(store), counted("audit_outbox")) == (told[:done], 20 - done)
    assert sequence(store) == 20 - done
    assert ordered(store) == told
    verified(store)


@pytest.mark.parametrize(
    ("before", "behind"),
    [("}", ""), ('"data"', '"date"'), ('"id":"0', '"id":"1')],
    ids=["text", "member", "id"],
)
def test_an_event_that_is_no_event_stops_the_sequencer_and_nothing_is_half_done(
    store: Store, counted: Any, before: str, behind: str
) -> None:
    with store.write() as tx:
        tell(tx)
        event = tell(tx)
        row = audit_outbox.c.id == event
        body = tx.execute(select(audit_outbox.c.body).where(row)).scalar_one()
        tx.execute(audit_outbox.update().where(row).values(body=body.replace(before, behind)))
    looks = (
        sequencer.sequence,
        audit_reading.log_of,
        rollups.first_difference,
        lambda tx: audit_search.search(tx, audit_search.Wanted(), 10),
    )
    for look in looks:
        with pytest.raises(InfrastructureError) as told, store.write() as tx:
            look(tx)
        assert (told.value.code, told.value.place) == ("RB634", f"audit_outbox/{event}")
    assert (counted("audit_outbox"), counted("audit_leaf"), counted("audit_region")) == (2, 0, 0)


# ---- clocks and disks ---------------------------------------------------------------------------------------
def test_a_clock_that_jumps_back_changes_no_order_and_is_remarked(lab: Any, store: Store) -> None:
    told = []
    for step in (0, 60, -7200, 30):
        lab.timer.pass_(step)
        with store.write() as tx:
            told.append(tell(tx))
        sequence(store)
    assert ordered(store) == told
    report = verified(store)
    assert [(each.flaw, each.seq) for each in report.remarks] == [(Flaw.CLOCK, 2)]


@pytest.fixture
def small_store(tmp_path: Path) -> Iterator[tuple[Store, Path]]:
    """A store on a disk of 4 MB, where this user may have one; and that disk."""
    disk = tmp_path / "disk"
    disk.mkdir()
    make = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if not hasattr(os, "geteuid") or os.geteuid() or subprocess.run(make, check=False).returncode:
        pytest.skip("only root can make a small disk")
    store = open_store(str(disk / "robo.db"), timer=lambda: datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
    upgrade(store)
    yield store, disk
    store.close()
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_while_events_are_ordered_loses_none(small_store: tuple[Store, Path]) -> None:
    store, disk = small_store
    with store.write() as tx:
        told = [tell(tx, number) for number in range(200)]
    assert sequence(store, limit=20) == 20
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)
    with pytest.raises(InfrastructureError) as refused:
        sequence(store)
    assert (refused.value.code, bool(refused.value.remedy)) == ("RB602", True)
    ordered_before = ordered(store)
    assert ordered_before == told[: len(ordered_before)]
    with store.read() as tx:
        assert sequencer.waiting(tx) == len(told) - len(ordered_before)
    (disk / "filler").unlink()
    while sequence(store, limit=20):
        pass
    assert ordered(store) == told
    assert verified(store).present == len(told)


def test_payloads_are_not_readable_in_the_database(store: Store) -> None:
    with store.write() as tx:
        told = tell(tx, 7731)
        (row,) = tx.execute(select(audit_payload)).all()
        assert b"7731" not in bytes(row.body)
        salt, body = audit.payload_of(tx, told) or (b"", b"")
    assert json.loads(body) == {"key": "k7731", "row": ""}
    assert len(salt) == 32
