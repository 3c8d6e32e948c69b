"""Rounds of SIGKILL: writers, a sequencer and a sealer work on one store and are killed at random, in any order; each
round ends with a log that verifies and extends that of the round before."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.faults.audit import books, children
from tests.faults.audit.bench import seeded
from tests.faults.audit.figures import Found
from tests.faults.audit.nursery import Nursery
from tests.faults.processes import await_that

WRITERS = 2


def campaign(children_of: Nursery, url: str, count: int, seed: int) -> Found:
    """`count` rounds on the store at `url`, whose tables are new."""
    found, folder = Found(f"kill -9, {url.partition(':')[0]}"), children_of.room("kills")
    chance = seeded(seed)
    before = books.made(url, 20)
    acknowledged: set[str] = set()
    for number in range(count):
        acks = folder / f"acks-{number}"
        killed = _round(children_of, url, acks, chance)
        keys, sealed = children.read_acks(acks.read_text(encoding="ascii").splitlines(), before)
        acknowledged |= keys
        wrong, before = books.judged(url, acknowledged, sealed)
        found.trials += 1
        found.count(killed=killed)
        found.violations += [f"round {number}: {each}" for each in wrong]
    found.count(acknowledged=len(acknowledged), entries=before.size)
    return found


def _round(children_of: Nursery, url: str, acks: Path, chance: random.Random) -> int:
    """Start all, let them work a moment, kill all; how many were killed."""
    acks.touch()
    never = f"{acks}.never"
    working = [
        children_of.start("writer", url=url, acks=str(acks), name=f"{acks.name}-{writer}") for writer in range(WRITERS)
    ]
    working += [children_of.start(role, url=url, until=never) for role in ("sequencer", "sealer")]
    if not await_that(lambda: acks.stat().st_size > 0, 30):
        raise RuntimeError("nothing was acknowledged in 30 s")
    time.sleep(chance.uniform(0, 0.3))  # the moment is what is tried
    chance.shuffle(working)
    ended = []
    for pid in working:
        ended.append(children_of.kill(pid))
        time.sleep(chance.uniform(0, 0.004))
    assert all(code == -9 for code in ended), f"a child ended by itself: {ended}"
    return len(ended)
