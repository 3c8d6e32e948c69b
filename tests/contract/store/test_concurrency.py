"""Several writers, and writers killed between statements: one truth, and nothing half."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import event, text

from robo.engine.ports import ItemEnd, JournalState, OnceKey
from robo.errors import StaleToken
from robo.model.base import ItemState, Outcome
from robo.model.run import NewItem, Taken
from robo.store import attempts, audit, items, journal, outcomes, runs, sweeps
from robo.store.attempts import Claimed
from robo.store.book import Onward, StoreBook
from robo.store.engine import Store, open_store

WORKER = """
import json, sys
from datetime import UTC, datetime
from robo.engine.ports import ItemEnd, OnceKey
from robo.model.base import Outcome
from robo.store import attempts, journal, outcomes, workers
from robo.store.engine import open_store
address, name = sys.argv[1:3]
store = open_store(address, timer=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
life = store.transact(lambda tx: workers.join(tx, name))
print("ready", flush=True)
sys.stdin.readline()
keys = []
while True:
    found = store.transact(lambda tx: attempts.claim(tx, name, life))
    if not found:
        break
    (mine,) = found
    once = OnceKey(mine.environment, mine.process, mine.region, "created", mine.key, mine.doing)
    with store.read() as tx:
        seen = journal.read(tx, once)
    row = store.transact(lambda tx: journal.intent(tx, mine.fence, seen, budget=1, settle=1, digest="d", outputs={}))
    store.transact(lambda tx: journal.done(tx, mine.fence, row, by="answer", ours=True, receipt={}, outputs={}))
    store.transact(lambda tx: outcomes.end(tx, mine.fence, ItemEnd(outcome=Outcome.DONE)))
    keys.append(mine.key)
print(json.dumps(keys), flush=True)
store.close()
"""


def start(address: str, name: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, address, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "ROBO_TESTING": "1", **environment},
    )


def finish(worker: subprocess.Popen[str]) -> str:
    with worker:
        out, _ = worker.communicate("go\n", timeout=60)
    return out


def test_two_processes_share_the_items_and_do_each_once(lab: Any, store: Store, address: str) -> None:
    run, _ = lab.open(*[f"k{n}" for n in range(40)])
    pair = [start(address, name) for name in ("w1", "w2")]
    for worker in pair:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    done = [json.loads(finish(worker).splitlines()[-1]) for worker in pair]
    assert Counter(done[0] + done[1]) == Counter({f"k{n}": 1 for n in range(40)})
    with store.read() as tx:
        assert runs.counts(tx, run)[ItemState.DONE] == 40


@pytest.mark.parametrize("point", ["claim:1", "outbox:1", "outbox:2", "outbox:3"])
def test_killed_between_two_statements_a_worker_leaves_nothing_half(
    lab: Any, store: Store, address: str, point: str
) -> None:
    _, (verdict,) = lab.open("k1")
    worker = start(address, "dying", ROBO_CRASH_AT=point)
    finish(worker)
    assert worker.returncode == -signal.SIGKILL
    with store.write() as tx:
        whole = {
            "claim:1": (ItemState.QUEUED, JournalState.NONE),
            "outbox:1": (ItemState.RUNNING, JournalState.NONE),
            "outbox:2": (ItemState.RUNNING, JournalState.OPEN),
            "outbox:3": (ItemState.RUNNING, JournalState.DONE),
        }[point]
        row = journal.read(tx, OnceKey("production", "p", "r", "created", "k1"))
        assert (lab.state(verdict.item), row.state) == whole
        events = Counter(json.loads(entry)["type"] for entry in audit.pending(tx))
        assert events["once.intent"] == (row.n > 0)
        assert events["once.receipt"] == (row.state is JournalState.DONE)
        assert events["item.ended"] == 0


def test_what_a_killed_worker_left_is_done_by_the_next_one(lab: Any, store: Store, address: str) -> None:
    run, _ = lab.open("k1", "k2")
    finish(start(address, "dying", ROBO_CRASH_AT="outbox:3"))
    with store.write() as tx:
        (swept,) = sweeps.sweep(tx, dead=["dying"])
    both = {each.fence.attempt: each for each in (lab.claim(run), lab.claim(run))}
    mine = both[swept.attempt]
    row = lab.read(lab.once(mine))
    assert row.state is JournalState.DONE
    lab.end(mine)
    assert lab.state(mine.fence.item) is ItemState.DONE


async def test_the_book_takes_writes_of_many_slots_and_refuses_one_without_the_others(lab: Any, store: Store) -> None:
    run, _ = lab.open(*[f"k{n}" for n in range(12)])
    claimed = [lab.claim(run) for _ in range(12)]
    book = StoreBook(store)
    lab.end(claimed[5], Outcome.FAILED)

    async def do(each: Any) -> str:
        seen = await book.journal(lab.once(each))
        row = await book.intent(each.fence, seen, budget=10, settle=30, digest="d", outputs={})
        await book.done(each.fence, row, by="answer", ours=True, receipt={"no": each.key}, outputs={})
        await book.end(each.fence, ItemEnd(outcome=Outcome.DONE))
        return str(each.key)

    answers = await asyncio.gather(*(do(each) for each in claimed), return_exceptions=True)
    assert [type(answer) for answer in answers].count(StaleToken) == 1
    assert isinstance(answers[5], StaleToken)
    with store.read() as tx:
        assert runs.counts(tx, run)[ItemState.DONE] == 11


def onward(lab: Any, run: str) -> Onward[Claimed | None]:
    """What the slots of this lab's worker do with an outcome: they take the next item of the run in its commit."""

    def take(tx: Any) -> Claimed | None:
        return next(iter(attempts.claim(tx, "w", lab.incarnation, run=run)), None)

    return Onward(take, lambda tx, ended: attempts.claimed_after(tx, ended, "w", lab.incarnation))


async def test_the_commit_of_an_outcome_takes_what_comes_next(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1", "k2")
    first, book = lab.claim(run), StoreBook(store, onward=onward(lab, run))
    await book.end(first.fence, ItemEnd(outcome=Outcome.DONE))
    second = book.taken()
    assert second is not None
    assert (second.key, lab.state(second.fence.item), book.taken()) == ("k2", ItemState.RUNNING, None)
    await book.end(second.fence, ItemEnd(outcome=Outcome.DONE))
    assert book.taken() is None


async def test_an_outcome_that_is_refused_takes_nothing(lab: Any, store: Store) -> None:
    run, _ = lab.open("k1", "k2")
    first, book = lab.claim(run), StoreBook(store, onward=onward(lab, run))
    lab.end(first)
    with pytest.raises(StaleToken):
        await book.end(first.fence, ItemEnd(outcome=Outcome.FAILED))
    assert book.taken() is None
    assert lab.claim(run).key == "k2"


def test_a_reading_sees_one_state_whatever_others_write_meanwhile(lab: Any, store: Store) -> None:
    claimed = lab.item()
    with store.read() as tx:
        before = items.get(tx, claimed.fence.item).state
        lab.end(claimed)
        assert items.get(tx, claimed.fence.item).state is before
    with store.read() as tx:
        assert items.get(tx, claimed.fence.item).state is ItemState.DONE


async def test_a_caller_that_is_cancelled_leaves_its_commit_whole_or_unbegun(lab: Any, store: Store) -> None:
    claimed = lab.item()
    task = asyncio.create_task(StoreBook(store).end(claimed.fence, ItemEnd(outcome=Outcome.DONE)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.gather(*(store.run(lambda tx: None) for _ in range(8)))
    with store.read() as tx:
        state = items.get(tx, claimed.fence.item).state
        ended = sum('"item.ended"' in entry for entry in audit.pending(tx))
    assert (state, ended) in {(ItemState.DONE, 1), (ItemState.RUNNING, 0)}


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)  # SQLite has no connection to lose
async def test_a_commit_of_unknown_fate_is_read_again(lab: Any, postgres: str, timer: Any) -> None:
    """The session ends after the commit reached the server and before its answer came back."""
    run, _ = lab.open("k1", "k2")
    claimed = lab.claim(run)
    shaky = open_store(postgres, timer=timer)
    cut: list[int] = []

    def commit_then_cut(connection: Any) -> None:
        if not cut and connection.get_execution_options().get("robo_write"):
            cut.append(1)
            raw = connection.connection.driver_connection
            raw.commit()
            raw.close()

    event.listen(shaky._engine, "commit", commit_then_cut)
    book = StoreBook(shaky, onward=onward(lab, run))
    seen = lab.read(lab.once(claimed))
    row = await book.intent(claimed.fence, seen, budget=10, settle=30, digest="d", outputs={})
    assert (cut, row.state, row.n) == ([1], JournalState.OPEN, 1)
    cut.clear()
    row = await book.done(claimed.fence, row, by="answer", ours=True, receipt={"no": "A-1"}, outputs={})
    assert (row.state, row.ours) == (JournalState.DONE, True)
    cut.clear()
    await book.end(claimed.fence, ItemEnd(outcome=Outcome.DONE))
    assert lab.state(claimed.fence.item) is ItemState.DONE
    following = book.taken()
    assert following is not None
    assert (cut, following.key, lab.state(following.fence.item)) == ([1], "k2", ItemState.RUNNING)
    with lab.store.read() as tx:
        types = Counter(json.loads(entry)["type"] for entry in audit.pending(tx))
    assert (types["once.intent"], types["once.receipt"], types["item.ended"]) == (1, 1, 1)
    shaky.close()


def test_an_owner_that_ends_while_the_next_run_opens_leaves_nobody_waiting(lab: Any, store: Store) -> None:
    """The chunk waits for the owner's commit and judges the key again: queued, never held behind an ended item."""
    first = lab.item("k1")
    fence = lab.begin(lab.create())
    verdicts: list[Any] = []

    def insert() -> None:
        rows = [NewItem(key="k1", digest="d")]
        verdicts.extend(store.transact(lambda tx: items.insert_chunk(tx, fence, rows, start=0)))

    opening = threading.Thread(target=insert)
    with store.write() as tx:
        outcomes.end(tx, first.fence, ItemEnd(outcome=Outcome.FAILED))
        opening.start()
        await_blocked(store, opening)
    opening.join()
    assert [each.taken for each in verdicts] == [Taken.QUEUED]


def await_blocked(store: Store, thread: threading.Thread) -> None:
    """Until the other transaction waits for ours (SQLite: it cannot even begin)."""
    for _ in range(500):
        if store.is_sqlite or not thread.is_alive():
            return
        with store.read() as tx:
            if tx.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one():
                return
        time.sleep(0.005)
    raise AssertionError("the opening did not wait")


def test_two_runs_that_open_at_once_give_a_key_to_one(lab: Any, store: Store) -> None:
    fences = [lab.begin(lab.create()) for _ in range(2)]
    rows = [NewItem(key=f"k{n}", digest="d") for n in range(20)]
    verdicts: list[Any] = []

    def insert(fence: Any) -> None:
        verdicts.extend(store.transact(lambda tx: items.insert_chunk(tx, fence, rows, start=0)))

    pair = [threading.Thread(target=insert, args=(fence,)) for fence in fences]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    assert Counter(each.taken for each in verdicts) == {Taken.QUEUED: 20, Taken.HELD: 20}


@pytest.mark.parametrize("address", ["postgresql"], indirect=True)  # SQLite's clock is this machine's
def test_deadlines_are_by_the_server_s_clock_asked_once_a_transaction(store: Store, postgres: str) -> None:
    plain = open_store(postgres)
    with plain.read() as tx:
        first = plain.now(tx)
        asked = tx.execute(text("SELECT clock_timestamp()")).scalar_one()
        assert plain.now(tx) == first <= asked
    with plain.read() as tx:
        assert first < plain.now(tx)
    plain.close()
