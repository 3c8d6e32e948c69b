"""`start`: once per run, in the first session, and again when that session is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robo.errors import Failure, SessionLost
from robo.model.base import ItemState
from robo.sdk.runner import Call, Result
from tests.benchmarks.guest import Idle, IdlePool, IdleRunner
from tests.benchmarks.running import fresh_store, plan_of, work

PROCESS = """robo: 1
process: bench
title: Items after a beginning
on_failure: {retry: 1, wait: 0s}
sessions: {span: SPAN}
items:
  from: {bench.rows: 6}
  fields: {number: number, name: name}
  key: ${{ item.number }}
setup:
  - bench.look: setup
start:
  - bench.look: start
  - bench.look: begun
steps:
  - bench.look: ${{ item.number }}
"""


@dataclass
class Watched(Idle):
    """Tells what was looked at in which session; loses itself at some items, once each."""

    number: int
    pool: WatchedPool

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        results = await super().perform(calls)
        seen = [str(result.values["seen"]) for result in results]
        if set(seen) & self.pool.broken:
            self.pool.broken -= set(seen)
            raise SessionLost("RB701", "the session is gone")
        if set(seen) & self.pool.failing:
            raise Failure("RB701", "nothing works here")
        if not set(seen) & {"setup", "start", "begun"}:
            await self.pool.all_there()
        self.pool.seen += [(self.number, what) for what in seen]
        return results


class WatchedRunner(IdleRunner):
    def __init__(self, pool: WatchedPool) -> None:
        self.pool = pool

    async def open(self, context: Any) -> Idle:
        self.pool.opened += 1
        if self.pool.opened == self.pool.slots:
            self.pool.there.set()
        return Watched(self.pool.opened, self.pool)


@dataclass
class WatchedPool(IdlePool):
    slots: int = 1
    broken: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    seen: list[tuple[int, str]] = field(default_factory=list)
    opened: int = 0
    there: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__init__({}, headed=False, slots=self.slots)

    async def _start(self, name: str) -> Any:
        return WatchedRunner(self)

    async def all_there(self) -> None:
        """Items are looked at once every slot has a session."""
        await self.there.wait()

    def sessions_of(self, what: str) -> list[int]:
        return [number for number, seen in self.seen if seen == what]


async def rest(folder: Path, pool: WatchedPool, *, span: str = "worker") -> Any:
    with fresh_store(folder) as store:
        async with pool:
            return await work(store, folder, plan_of(PROCESS.replace("SPAN", span)), pool)


async def test_it_comes_after_setup_in_the_first_session_alone(tmp_path: Path) -> None:
    pool = WatchedPool(slots=2)
    report = await rest(tmp_path, pool)
    assert report.items[ItemState.DONE] == 6
    assert pool.sessions_of("setup") == [1, 2]
    assert len(pool.sessions_of("start")) == 1
    begun = pool.seen.index((pool.sessions_of("begun")[0], "begun"))
    assert all(what in ("setup", "start", "begun") for _, what in pool.seen[:begun])
    assert pool.seen[:3] == [(1, "setup"), *pool.seen[1:3]]


async def test_it_comes_again_when_its_session_is_lost(tmp_path: Path) -> None:
    pool = WatchedPool(broken={"K-3"})
    report = await rest(tmp_path, pool)
    assert report.items[ItemState.DONE] == 6
    assert (pool.sessions_of("setup"), pool.sessions_of("start")) == ([1, 2], [1, 2])


async def test_sessions_that_are_closed_after_each_item_are_not_lost(tmp_path: Path) -> None:
    pool = WatchedPool()
    report = await rest(tmp_path, pool, span="item")
    assert report.items[ItemState.DONE] == 6
    assert len(pool.sessions_of("setup")) >= 6
    assert pool.sessions_of("start") == [1]


async def test_a_beginning_that_fails_is_told_before_anything_is_begun(tmp_path: Path) -> None:
    pool = WatchedPool(failing={"begun"})
    report = await rest(tmp_path, pool)
    assert report.trouble is not None
    assert (report.trouble.code, sum(report.items.values())) == ("RB701", 0)
