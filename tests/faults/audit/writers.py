"""Many at once: threads and processes that write, several that order, several that seal; and the log is one."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from tests.faults.audit import books, children
from tests.faults.audit.figures import Found
from tests.faults.audit.nursery import Nursery

PROCESSES: Final = 3
THREADS: Final = 4
EACH: Final = ("sequencer", "sequencer", "sealer", "sealer")


def campaign(children_of: Nursery, url: str, count: int) -> Found:
    """`count` appends of each writer on the store at `url`, whose tables are new."""
    found = Found(f"writers at once, {url.partition(':')[0]}", trials=PROCESSES + THREADS)
    before, folder = books.made(url, 20), children_of.room("writers")
    done, acks = folder / "done", folder / "acks"
    acks.touch()
    writing = [
        children_of.start("writer", url=url, acks=str(acks), name=f"p{number}", count=count)
        for number in range(PROCESSES)
    ]
    others = [children_of.start(role, url=url, until=str(done)) for role in EACH]
    _threads(url, acks, count)
    ended = [children_of.wait(pid) for pid in writing]
    done.touch()
    ended += [children_of.wait(pid) for pid in others]
    keys, before = children.read_acks(acks.read_text(encoding="ascii").splitlines(), before)
    found.violations, sealed = books.judged(url, keys, before)
    found.violations += [f"a process ended with {code}, see {children_of.log}" for code in ended if code]
    wanted = (PROCESSES + THREADS) * count
    if len(keys) != wanted or sealed.size != 20 + 2 * wanted:
        found.violations.append(f"{len(keys)} of {wanted} appends answered, {sealed.size} entries")
    found.count(acknowledged=len(keys), entries=sealed.size)
    return found


def _threads(url: str, acks: Path, count: int) -> None:
    """Writers that share one store of this process."""
    store = books.opened(url)

    def write(name: str) -> None:
        children.append_all(store, acks=children.open_acks(str(acks)), name=name, count=count)

    threads = [threading.Thread(target=write, args=(f"t{number}",)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
