"""A worker's sign of life: a lock the kernel releases at its death, and a lease renewed from a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

LEASE_SECONDS: Final = 30.0
BEAT_SECONDS: Final = 5.0
CLOCK_TOLERANCE: Final = 1.0
"""Seconds by which the database clock may differ from a monotonic clock between two beats before nobody verifies."""


class LifeLock:
    """A file lock held while this process lives. On one machine its release is seen at once after kill -9."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = FileLock(path)

    def hold(self) -> None:
        self._lock.acquire(timeout=0)

    def release(self) -> None:
        self._lock.release(force=True)
        self._path.unlink(missing_ok=True)


def is_dead(lock: Path) -> bool:
    """True when the lock is on this machine and nobody holds it. False: its worker lives, or is on another machine."""
    if not lock.exists():
        return False
    probe = FileLock(lock)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return False
    probe.release()
    return True


class Heartbeat(threading.Thread):
    """Calls `beat` every few seconds in its own thread and its own connection, whatever the event loop does.

    `beat` renews the lease and returns the database time in seconds. `clock_trouble` is set when that time and a
    monotonic clock drift apart: deadlines written by one cannot be trusted until it has been quiet for a while.
    """

    def __init__(self, beat: Callable[[], float], every: float = BEAT_SECONDS) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._beat = beat
        self._every = every
        self._ended = threading.Event()
        self.clock_trouble = False

    def run(self) -> None:
        base: float | None = None
        while not self._ended.is_set():
            try:
                offset = self._beat() - time.monotonic()
            except Exception:  # noqa: BLE001 - a missed beat is not death; the lease decides
                offset = base if base is not None else 0.0
            if base is not None and abs(offset - base) > CLOCK_TOLERANCE:
                self.clock_trouble = True
            base = offset
            self._ended.wait(self._every)

    def end(self) -> None:
        self._ended.set()
        self.join(timeout=self._every)
