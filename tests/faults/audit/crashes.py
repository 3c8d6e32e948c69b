"""PostgreSQL crashes under writers: whose answer was lost asks again with the same key; nothing is lost or twice."""

from __future__ import annotations

import time
from typing import Final

from tests.faults.audit import books, children
from tests.faults.audit.bench import seeded
from tests.faults.audit.figures import Found
from tests.faults.audit.nursery import Nursery
from tests.faults.processes import await_that
from tests.postgres import Server

DURABLE: Final = {"fsync": "off"}
"""The machine does not lose its power here, only the server its life: what it gave to the system is safe."""
WRITERS: Final = 4


def campaign(children_of: Nursery, server: Server, url: str, count: int, seed: int) -> Found:
    """`count` crashes of the server under the same writers, a sequencer and a sealer of its database at `url`."""
    found, folder = Found("PostgreSQL crashes"), children_of.room("crashes")
    chance = seeded(seed)
    before = books.made(url, 20)
    done, acks, told = folder / "done", folder / "acks", _refusals(children_of)
    acks.touch()
    working = [
        children_of.start("writer", url=url, acks=str(acks), name=f"w{number}", until=str(done))
        for number in range(WRITERS)
    ]
    working += [children_of.start(role, url=url, until=str(done)) for role in ("sequencer", "sealer")]
    for _ in range(count):
        known = acks.stat().st_size
        if not await_that(lambda known=known: acks.stat().st_size > known, 30):
            raise RuntimeError("nothing was acknowledged in 30 s")
        time.sleep(chance.uniform(0, 0.3))  # the moment is what is tried
        server.crash()
        server.start()
        found.trials += 1
    done.touch()
    ended = [children_of.wait(pid) for pid in working]
    keys, before = children.read_acks(acks.read_text(encoding="ascii").splitlines(), before)
    found.violations, sealed = books.judged(url, keys, before)
    found.violations += [f"a process ended with {code}, see {children_of.log}" for code in ended if code]
    found.count(acknowledged=len(keys), entries=sealed.size, errors_that_were_told=_refusals(children_of) - told)
    return found


def _refusals(children_of: Nursery) -> int:
    lines = children_of.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return sum(line.startswith("RB") for line in lines)
