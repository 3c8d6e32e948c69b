"""What a child of the nursery does until it is killed, or until its work is done. Acknowledgements go to a file, each
after the commit it tells of, so that they outlive the child."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from robo.errors import RoboError
from robo.proof.checkpoint import Checkpoint
from robo.store import sequencer
from robo.store.engine import Store
from tests.faults.audit import books

SEALED: Final = "sealed "
"""What the acknowledgement of a checkpoint begins with; any other line is a key."""
ROUNDS: Final = 3
"""Appends of one run whose every system call is broken once."""


def load() -> None:
    """All that is imported late is imported now, so that a child's calls are its work's."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/robo.db"
        books.made(url, 2)
        one_run(url, acks=open_acks(f"{folder}/acks"), name="warm", rounds=1)
        import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401 - loaded by children that use it


def one_run(url: str, *, acks: int, name: str, rounds: int = ROUNDS, settle: int = -1) -> None:
    """Append, order, seal, so many times. An error of the store is told and the next round begins, as a worker does.
    After round `settle` the write-ahead log is written back, so that a cut may fall into that too."""
    store = _unless_refused(lambda: books.opened(url))
    if store is None:
        return
    for number in range(rounds):
        key = f"{name}-{number}"
        _unless_refused(lambda key=key: _append(store, key, acks))
        _unless_refused(lambda: store.transact(sequencer.sequence))
        _unless_refused(lambda: _seal(store, acks))
        if number == settle:
            _unless_refused(lambda: _write_back(store))
    store.close()


def writer(url: str, *, acks: int, name: str, count: int = -1, until: str = "") -> None:
    """Append until killed, `count` times, or until the file `until` is there; a store that refuses is asked again, with
    the same key."""
    store = books.opened(url)
    append_all(store, acks=acks, name=name, count=count, until=until)
    store.close()


def append_all(store: Store, *, acks: int, name: str, count: int, until: str = "") -> None:
    """What a writer does, on a store that others may share."""
    number = 0
    while number != count and not (until and Path(until).exists()):
        if _unless_refused(lambda number=number: _append(store, f"{name}-{number}", acks)):
            number += 1
        else:
            time.sleep(0.02)  # a server that starts again needs the machine


def sequencer_of(url: str, *, until: str) -> None:
    """Order what waits until the file `until` is there and nothing waits any more."""
    store = books.opened(url)
    _repeat(until, lambda: store.transact(lambda tx: sequencer.sequence(tx, 50)), pause=0.002)
    store.close()


def sealer(url: str, *, until: str) -> None:
    """Seal until the file `until` is there."""
    store = books.opened(url)

    def once() -> int:
        books.seal(store)
        return 0

    _repeat(until, once, pause=0.02)
    store.close()


ROLES: Final[dict[str, Callable[..., None]]] = {
    "one run": one_run,
    "writer": writer,
    "sequencer": sequencer_of,
    "sealer": sealer,
}


def _append(store: Store, key: str, answered: int) -> bool:
    store.transact(lambda tx: books.append(tx, key) or True, happened=lambda tx: books.is_credited(tx, key))
    os.write(answered, f"{key}\n".encode())
    return True


def _seal(store: Store, answered: int) -> None:
    sealed = books.seal(store)
    os.write(answered, f"{SEALED}{sealed.size} {sealed.root.hex()}\n".encode())


def _write_back(store: Store) -> None:
    with store.read() as tx:
        tx.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _unless_refused(work: Callable[[], Any]) -> Any:
    """What `work` gives, None when the store refused: only its own errors, any other is a fault of robo."""
    try:
        return work()
    except RoboError as refused:
        os.write(2, f"{refused.code}\n".encode())
        return None


def _repeat(until: str, work: Callable[[], int], *, pause: float) -> None:
    """Do the work, which says how much it did, until the file is there and nothing was left; pause when idle."""
    while True:
        last = Path(until).exists()
        done = _unless_refused(work)
        if last and done == 0:
            return
        if not done:
            time.sleep(pause)  # nobody tells a sequencer that there is something to do


def read_acks(lines: Iterable[str], before: Checkpoint) -> tuple[set[str], Checkpoint]:
    """The keys whose append was answered, and the newest checkpoint that was (`before` when there is none)."""
    keys = set()
    for line in lines:
        if line.startswith(SEALED):
            size, root = line.removeprefix(SEALED).split()
            before = Checkpoint(books.ORIGIN, int(size), bytes.fromhex(root))
        else:
            keys.add(line.strip())
    return keys, before


def open_acks(path: str) -> int:
    """Where acknowledgements go. Opened before anything is broken: it is the trial's file, not robo's."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
