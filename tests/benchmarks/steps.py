"""What a step costs besides its action: an item with 1, n, 10 n steps in turn; the difference a step."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import Figure, at_most, growing
from tests.benchmarks.running import fresh_store, plain_commits, plan_of, run_to_rest

HEAD = "robo: 1\nprocess: bench\ntitle: Steps\nlimits: {effects: 100000}\nsteps:\n"
READ = '  - {{bench.look: "{n}", id: s{n}}}\n'
ONCE = '  - {{bench.send: "{n}", id: s{n}, once: K, unverifiable: nothing is sent, read: {{number: N}}}}\n'
GOALS = {"read": (READ, 1.0), "once": (ONCE, 3.0)}


def measure(counts: Sequence[int], times: int) -> list[Figure]:
    """Milliseconds of overhead a step; beside a `once` step, two plain durable commits by hand."""
    figures: list[Figure] = []
    for kind, (step, goal) in GOALS.items():
        raw = median(plain_commits(100) / 50 * 1000 for _ in range(times)) if kind == "once" else None
        of_kind = []
        for count in counts:
            pairs = [(_seconds(step, 1), _seconds(step, count + 1)) for _ in range(times)]
            each = max(0.0, median(many - one for one, many in pairs)) / count * 1000
            name = f"overhead of a `{kind}` step, {count} in an item"
            of_kind.append(at_most(name, raw=raw, ours=each, unit="ms", most=goal))
        figures += growing(of_kind)
    return figures


def _seconds(step: str, count: int) -> float:
    """From the claim of the only item to its end."""
    plan = plan_of(HEAD + "".join(step.format(n=n) for n in range(count)))
    moments: dict[str, float] = {}

    def told(what: str, _facts: object) -> None:
        moments.setdefault(what, time.perf_counter())

    with tempfile.TemporaryDirectory() as folder, fresh_store(Path(folder)) as store:
        asyncio.run(run_to_rest(store, Path(folder), plan, slots=1, told=told))
    return moments["item"] - moments["opened"]
