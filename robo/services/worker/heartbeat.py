"""A worker's sign of life: a lock the kernel releases at its death, and a lease renewed from a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from robo.services.disk import on_disk

LEASE_SECONDS: Final = 30.0
BEAT_SECONDS: Final = 5.0
PROBED: Final = 5.0
"""Seconds in which somebody who probes a lock has certainly released it."""


class LifeLock:
    """A file lock held while this process lives. On one machine its release is seen at once after kill -9."""

    def __init__(self, path: Path) -> None:
        with on_disk(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = FileLock(path)

    def hold(self) -> None:
        """Take it. Somebody may be trying it at this very moment, to see whether we live: then it is free at once."""
        with on_disk(self._path):
            self._lock.acquire(timeout=PROBED)

    def release(self, *, left: bool) -> None:
        """Free it. The file stays where the store could not be told (`left`): whoever comes next finds it free, and
        takes over at once what this worker held."""
        self._lock.release(force=True)
        if left:
            self._path.unlink(missing_ok=True)
            return
        with suppress(OSError):  # a disk so full that it holds no empty file: then the lease runs out
            self._path.touch()


def is_dead(lock: Path) -> bool:
    """True when the lock is on this machine and nobody holds it. False: its worker lives, or is on another machine."""
    if not lock.exists():
        return False
    probe = FileLock(lock)
    try:
        with on_disk(lock):
            probe.acquire(timeout=0)
    except Timeout:
        return False
    probe.release()
    return True


class Heartbeat(threading.Thread):
    """Calls `beat` every few seconds in its own thread and its own connection, whatever the event loop does.

    `beat` renews the lease and returns the database time in seconds. `asking` is called before, and what it returns
    is told that time: deadlines written by a clock that jumped cannot be trusted for a while.
    """

    def __init__(
        self, beat: Callable[[], float], asking: Callable[[], Callable[[float], None]], every: float = BEAT_SECONDS
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._beat = beat
        self._every = every
        self._asking = asking
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            said = self._asking()
            with suppress(Exception):  # a missed beat is not death; the lease decides
                said(self._beat())
            self._ended.wait(self._every)

    def end(self) -> None:
        self._ended.set()
        self.join(timeout=self._every)
