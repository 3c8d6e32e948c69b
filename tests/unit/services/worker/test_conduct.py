"""A worker's slots: what they take, and when they stop taking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from robo.errors import Failure
from robo.model.base import ItemState
from robo.model.run import RunState
from robo.sdk.runner import Call, Result
from robo.services.worker.sessions import RunnerPool
from tests.benchmarks.guest import Idle, IdlePool, IdleRunner
from tests.benchmarks.running import fresh_store, plan_of, work

PROCESS = """robo: 1
process: bench
title: Items that fail
limits: {stop_after: {failed_in_a_row: 2}}
on_failure: {retry: 0}
items:
  from: {bench.rows: 5}
  fields: {number: number, name: name}
  key: ${{ item.number }}
steps:
  - bench.look: ${{ item.number }}
"""


class Failing(Idle):
    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        raise Failure("RB701", "nothing works here")


class FailingRunner(IdleRunner):
    async def open(self, context: Any) -> Idle:
        return Failing()


class FailingPool(IdlePool):
    async def _start(self, name: str) -> Any:
        return FailingRunner()


async def rest(folder: Path, pool: RunnerPool) -> tuple[Any, list[tuple[str, Mapping[str, Any]]]]:
    told: list[tuple[str, Mapping[str, Any]]] = []
    with fresh_store(folder) as store:
        async with pool:
            report = await work(store, folder, plan_of(PROCESS), pool, told=lambda *said: told.append(said))
    return report, told


async def test_the_failure_that_is_one_too_many_is_the_last_thing_done(tmp_path: Path) -> None:
    report, told = await rest(tmp_path, FailingPool({}, headed=False, slots=1))
    assert (report.items[ItemState.FAILED], report.items[ItemState.QUEUED]) == (2, 3)
    assert (report.state, report.reason) == (RunState.WAITING, "2 items failed in a row")
    assert [what for what, _ in told] == ["opened", "item", "item", "waiting"]


async def test_items_are_done_in_the_order_of_their_rows(tmp_path: Path) -> None:
    report, told = await rest(tmp_path, IdlePool({}, headed=False, slots=1))
    assert report.items[ItemState.DONE] == 5
    assert [facts["key"] for what, facts in told if what == "item"] == [f"K-{n}" for n in range(1, 6)]
