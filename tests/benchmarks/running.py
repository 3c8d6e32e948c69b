"""A run of idle actions in this process: plan from YAML, store on disk, one worker."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from robo.definition.loading import load_process
from robo.model.base import Environment
from robo.plan.build import build
from robo.plan.model import Plan
from robo.services.settings import Settings
from robo.services.worker.beginning import begin_run, new_run
from robo.services.worker.requests import RunReport, RunRequest, host_rules
from robo.services.worker.running import Running
from robo.services.worker.sessions import RunnerPool
from robo.store import runs
from robo.store.engine import Store, open_store, upgrade
from tests.benchmarks.guest import ACTIONS, IdlePool

REGION = "occitanie"


def plan_of(text: str) -> Plan:
    """A plan whose actions are the idle runner's."""
    return build(load_process("bench/process.yaml", text, actions=ACTIONS), None, ACTIONS)


@contextmanager
def fresh_store(folder: Path) -> Iterator[Store]:
    store = open_store(str(folder / "robo.db"), units=lambda _region: bytes(32))
    try:
        upgrade(store)
        yield store
    finally:
        store.close()


def plain_commits(count: int) -> float:
    """Seconds for `count` small rows, each in a durable commit of its own, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        raw = sqlite3.connect(Path(folder) / "plain.db", isolation_level=None)
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, body TEXT)")
        began = time.perf_counter()
        for _ in range(count):
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("INSERT INTO log (body) VALUES (?)", ("x" * 200,))
            raw.execute("COMMIT")
        took = time.perf_counter() - began
        raw.close()
    return took


async def run_to_rest(store: Store, folder: Path, plan: Plan, *, slots: int, told: Callable[..., Any]) -> None:
    """One run from its creation to its end, as `robo run` does it. Raises `RuntimeError` when an item is not done."""
    async with IdlePool({}, headed=False, slots=slots) as pool:
        report = await work(store, folder, plan, pool, told=told)
    bad = {state.value: number for state, number in report.items.items() if number and state != "done"}
    if bad or report.trouble:
        raise RuntimeError(f"not every item is done: {bad} {report.trouble}")


async def work(
    store: Store, folder: Path, plan: Plan, pool: RunnerPool, *, told: Callable[..., Any] = lambda _what, _facts: None
) -> RunReport:
    """A new run of `plan`, worked on until nothing of it is due, with as many slots as `pool` has."""
    request = RunRequest(process=plan.process, region=REGION, slots=pool.slots)
    new = new_run(plan, request, Environment.TEST, {}, {})
    run = begin_run(store, new, request)
    with store.read() as tx:
        found = runs.get(tx, run)
    running = Running(
        store=store,
        settings=Settings(project=folder, store=store.name),
        plan=plan,
        run=found,
        inputs={},
        hosts=host_rules(plan, {}, None)[0],
        request=request,
        secret=_no_secret,
        told=told,
        baseline=None,
        pool=pool,
    )
    return await running.to_rest()


def _no_secret(name: str, _kind: str) -> Any:
    raise AssertionError(f"nothing here needs a secret, {name} was asked for")
