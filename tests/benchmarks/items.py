"""Trivial items through store, journal and queue: claimed, an intent, a receipt, an outcome, all of them durable."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import Figure, at_least, growing
from tests.benchmarks.running import fresh_store, plain_commits, plan_of, run_to_rest

SLOTS = 16
PROCESS = """robo: 1
process: bench
title: Trivial items
limits: {{items: 1000000, rows: 1000000, effects: 1000000}}
items:
  from: {{bench.rows: {many}}}
  fields: {{number: number, name: name}}
  key: ${{{{ item.number }}}}
steps:
  - bench.send: ${{{{ item.name }}}}
    id: sent
    once: ${{{{ item.key }}}}
    unverifiable: nothing is sent
    read: {{number: N}}
"""
COMMITS = 4
"""Durable commits of an item: claim, intent, receipt, outcome."""


def measure(counts: Sequence[int], times: int) -> list[Figure]:
    """Items a second in one process on SQLite, and how many four plain commits would allow, one after the other."""
    plain = median(200 / plain_commits(200 * COMMITS) for _ in range(times))
    figures = []
    for count in counts:
        rate = median(_rate(count) for _ in range(times))
        name = f"trivial items a second, {count} of them, {SLOTS} slots"
        figures.append(at_least(name, raw=plain, ours=rate, unit="/s", least=500))
    return growing(figures)


def _rate(count: int) -> float:
    """From the first item's outcome to the last one's."""
    plan = plan_of(PROCESS.format(many=count))
    ended: list[float] = []

    def told(what: str, _facts: object) -> None:
        if what == "item":
            ended.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder, fresh_store(Path(folder)) as store:
        asyncio.run(run_to_rest(store, Path(folder), plan, slots=SLOTS, told=told))
    if len(ended) != count:
        raise RuntimeError(f"{len(ended)} of {count} items ended")
    return (count - 1) / (ended[-1] - ended[0])
