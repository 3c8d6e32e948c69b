"""One worker at work on one run, or on all: claims, opens, executes, finishes, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from robo.engine.execute import execute
from robo.engine.faultpoints import reach
from robo.engine.ports import Fence, ItemEnd
from robo.errors import InfrastructureError, RoboError, StaleToken
from robo.model.base import ItemState, Outcome
from robo.model.process import Limits
from robo.model.run import ItemKind, RunState
from robo.plan.model import Plan
from robo.services.queue import Queue
from robo.services.worker import flushing
from robo.services.worker.clock import WorkerClock
from robo.services.worker.heartbeat import LEASE_SECONDS, Heartbeat, LifeLock, is_dead
from robo.services.worker.limits import Breaker
from robo.services.worker.sessions import RunnerPool, SlotSessions
from robo.store import attempts, holds, items, outcomes, runs, sweeps, workers
from robo.store.attempts import Claimed
from robo.store.book import Onward, StoreBook
from robo.store.clock import Tx
from robo.store.engine import Store

PATIENCE: Final = 120.0
"""Seconds a plain `robo run` waits for the next due attempt before it leaves the rest to `--resume`."""
POLL: Final = 1.0
"""Seconds between two looks when no wake-up came: what makes lost wake-ups harmless."""
BAD: Final = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.REJECTED)
"""Outcomes that can make a run wait (`stop_after`)."""

Found = Claimed | str | None
"""What a slot finds to do: an attempt, or why the run waits for a person's yes from now on, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a worker works with: one plan's run, and the ways to its item, its sessions and its person."""

    plan: Plan
    run: str
    work: Callable[[Claimed], Awaitable[Any]]
    """From a claim to the engine's `Work`."""
    sessions: Callable[[], SlotSessions]
    """The sessions of a new slot."""
    opening: Callable[[Claimed, SlotSessions], Awaitable[None]]
    """Opens the run and commits it; raises what a person must be told."""
    told: Callable[[str, Mapping[str, Any]], None] = lambda _what, _facts: None
    """Progress: `opened`, `item`, `waiting`."""


@dataclass(slots=True)
class Worker:
    """A worker under one incarnation. `run_to_rest` is all that a plain `robo run` needs."""

    store: Store
    book: Callable[..., StoreBook[Found]]
    """The book of a new slot, given what it does `onward`."""
    clock: WorkerClock
    queue: Queue
    locks: Path
    pool: RunnerPool
    lease: float = LEASE_SECONDS
    patience: float = PATIENCE
    jump: Callable[[float], bool] | None = None
    name: str = field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}")
    incarnation: int = 0
    trouble: RoboError | None = None
    """What stopped the run for everybody: an opening that failed, a portal that is down, a refused secret."""

    async def run_to_rest(self, desk: Desk, slots: int) -> None:
        """Join, work on the run until nothing of it is due, flush, leave. Runners start while rows are read."""
        await self._join()
        lock = LifeLock(self.locks / f"{self.name}.lock")
        lock.hold()
        heart = Heartbeat(self._beat, self.clock.asking, every=self.lease / 4)
        heart.start()
        for runner in desk.plan.runners:
            self.pool.begin(runner)
        in_order = False
        try:
            await self.sweep()
            await self._slots(desk, slots)
            await self._end(desk)
            in_order = True
        except RoboError as missing:
            self.trouble, in_order = self.trouble or missing, True
        except asyncio.CancelledError:
            in_order = True
            raise
        finally:
            await self.pool.stop()
            heart.end()
            lock.release(left=await self._leave(in_order=in_order))

    async def _join(self) -> None:
        self.incarnation = await self.store.run(lambda tx: workers.join(tx, self.name, lock=f"{self.name}.lock"))

    async def _leave(self, *, in_order: bool) -> bool:
        """In good order, what the worker could not finish goes to the next one; a defect counts as a crash of what it
        happened to. False where the store is what is missing: the next one's sweep does the same."""

        def leave(tx: Tx) -> None:
            if in_order:
                sweeps.hand_back(tx, self.name, self.incarnation)
            workers.leave(tx, self.name, self.incarnation)

        try:
            await self.store.run(leave)
        except InfrastructureError:
            return False
        return True

    def _beat(self) -> float:
        """One heartbeat, in the heart's own thread and connection; the database time in seconds."""
        with self.store.write() as tx:
            workers.heartbeat(tx, self.name, self.incarnation)
            return self.store.now(tx).timestamp()

    async def sweep(self) -> None:
        """Rule `sweep`: attempts of dead workers get a new token. On this machine a released lock says dead at once."""
        known = await self.store.run(workers.alive)
        dead = [name for name, lock, _ in known if name != self.name and is_dead(self.locks / lock)]
        swept = await self.store.run(lambda tx: sweeps.sweep(tx, dead=dead, lease=self.lease))
        reach("wake-up")
        self.queue.announce([one.attempt for one in swept if one.attempt])

    # ---- slots ------------------------------------------------------------------------------------------
    async def _slots(self, desk: Desk, slots: int) -> None:
        """All slots until each finds nothing due. What robo itself stands on may be missing (a browser): that ends the
        work and is told; the items it happened to stay where they are, for the next worker."""
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(slots):
                    group.create_task(self._slot(desk), name=f"slot {number + 1}")
        except* RoboError as missing:
            self.trouble = first_of(missing)

    async def _slot(self, desk: Desk) -> None:
        """Item after item: the commit that ends one takes the next."""
        sessions, book = desk.sessions(), self.book(onward=self._onward(desk))
        try:
            claimed = await self._next(desk, sessions, None)
            while claimed is not None:
                await self._do(desk, claimed, book, sessions)
                claimed = await self._next(desk, sessions, book.taken(), something_ended=True)
        finally:
            await sessions.close()

    def _onward(self, desk: Desk) -> Onward[Found]:
        def take(tx: Tx) -> Found:
            return None if self.trouble else self._take(tx, run=desk.run, brake=desk.plan.limits)

        def took(tx: Tx, ended: Fence) -> Found:
            return attempts.claimed_after(tx, ended, self.name, self.incarnation)

        return Onward(take, took)

    async def _next(
        self, desk: Desk, sessions: SlotSessions, found: Found, *, something_ended: bool = False
    ) -> Claimed | None:
        """The next attempt of the run (`found`: taken already), or None when nothing is due within this worker's
        patience."""
        idle_since = time.monotonic()
        while self.trouble is None:
            if found is None:
                brake = desk.plan.limits if something_ended else None
                found = await self.store.run(partial(self._take, run=desk.run, brake=brake))
            if isinstance(found, Claimed):
                return found
            if found:
                desk.told("waiting", {"reason": found})
            found, something_ended = None, False
            wait = await self._wait(desk)
            if wait is None:
                return None
            if self.jump is None or not self.jump(wait):
                await self.queue.wait(timeout=min(wait, POLL))
                await sessions.idle(time.monotonic() - idle_since)
            await self.sweep()
        return None

    def _take(self, tx: Tx, *, run: str, brake: Limits | None) -> Found:
        """In one commit: an attempt of the run, or the reason why the run waits for a person's yes from now on
        (`brake`: the limits to look at, when an item has ended), or nothing."""
        reason = _reason_to_stop(tx, run, Breaker(brake)) if brake is not None else ""
        if reason and runs.wait(tx, run, reason):
            return reason
        found = attempts.claim(tx, self.name, self.incarnation, run=run, limit=1)
        return found[0] if found else None

    async def _wait(self, desk: Desk) -> float | None:
        """Seconds to wait before looking again; None: the run is at rest, or what is left is not for now."""

        def look(tx: Tx) -> tuple[float | None, bool, bool, RunState]:
            run = runs.get(tx, desk.run)
            held = holds.is_held(tx, run.process, run.region)
            return attempts.due_in(tx, desk.run), runs.at_rest(tx, desk.run), held, run.state

        due, rest, held, state = await self.store.look(look)
        if held or state not in {RunState.OPEN, RunState.OPENING, RunState.RUNNING}:
            return None
        if due is not None:
            return max(due, 0.01) if due <= self.patience else None
        return None if rest else POLL

    async def _do(self, desk: Desk, claimed: Claimed, book: StoreBook[Found], sessions: SlotSessions) -> None:
        if claimed.kind is ItemKind.OPEN:
            await self._open(desk, claimed, sessions)
            return
        await sessions.between_items(span=desk.plan.sessions.span, kept=desk.plan.sessions.page == "kept")
        work = await desk.work(claimed)
        end = await execute(desk.plan, work, book=book, sessions=sessions, clock=self.clock)
        reach("wake-up")
        desk.told(
            "sequel" if claimed.kind is ItemKind.SEQUEL else "item",
            {"key": claimed.key, "state": end.outcome.value if end else ""},
        )

    async def _open(self, desk: Desk, claimed: Claimed, sessions: SlotSessions) -> None:
        """An opening that fails before its first row cancels the run, and the person is told why. Whoever finds its
        token stale says nothing: another worker opens the run."""
        try:
            await desk.opening(claimed, sessions)
        except StaleToken:
            return
        except RoboError as trouble:
            ended = ItemEnd(outcome=Outcome.FAILED, code=trouble.code, message=trouble.message, facts=trouble.facts)
            told = {"error": trouble.code}
            try:
                await self.store.run(lambda tx: outcomes.abandon(tx, claimed.fence, ended, told))
            except StaleToken:
                return
            self.trouble = trouble
            return
        counts = await self.store.run(lambda tx: runs.counts(tx, desk.run))
        desk.told("opened", {"items": counts[ItemState.QUEUED]})

    # ---- the end ----------------------------------------------------------------------------------------
    async def _end(self, desk: Desk) -> None:
        await self._finish_item(desk)
        await self._flush(desk)
        await self.store.run(lambda tx: runs.close(tx, desk.run))

    async def _finish_item(self, desk: Desk) -> None:
        if not desk.plan.finish:
            return
        attempt = await self.store.run(lambda tx: runs.add_finish(tx, desk.run))
        if attempt:
            self.queue.announce([attempt])
            await self._slots(desk, 1)

    async def _flush(self, desk: Desk) -> None:
        for flusher in await self.pool.flushers():
            flushed = await flushing.check(
                self.store, flusher, holder=self.name, incarnation=self.incarnation, run=desk.run
            )
            for trouble in flushed.trouble:
                desk.told("write-back", {"trouble": trouble})


def _reason_to_stop(tx: Tx, run: str, breaker: Breaker) -> str:
    """`stop_after`: too many failures, rejections or unknowns. Almost always the first, cheap count says no."""
    if not breaker.may_stop(items.ended(tx, run, BAD)):
        return ""
    row = items.failed_in_a_row(tx, run, breaker.limits.stop_after.failed_in_a_row)
    return breaker.says(items.ended(tx, run, Outcome), row)


def first_of(group: BaseExceptionGroup[RoboError]) -> RoboError:
    """The first error of a group of groups."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
