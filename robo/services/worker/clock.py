"""The worker's clock: real time, and how long an effect cannot be verified after the database clock jumped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

TOLERANCE: Final = 1.0
"""Seconds by which the database clock may run ahead of a monotonic clock, or behind it, between two comparisons."""
SPAN: Final = 5.0
"""Seconds after which a newer reading is compared with: a clock that is set right little by little is fine."""


class WorkerClock:
    """Implements `robo.engine.ports.Clock`. Heartbeats and readings of the journal tell it what the database's says.

    `watches`: False where the database clock jumps on purpose (cases)."""

    def __init__(self, *, watches: bool = True, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._watches = watches
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._ahead: tuple[float, float] | None = None
        """Seconds the database clock is ahead of the monotonic one: at least, at most."""
        self._compared = 0.0
        self._jumped: float | None = None

    def monotonic(self) -> float:
        return self._monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def asking(self) -> Callable[[float], None]:
        """Called before the database clock is read; what comes back is told the seconds that were read."""
        return partial(self._compare, self._monotonic())

    def _compare(self, since: float, database: float) -> None:
        """The database clock said `database` at some moment after `since` and before now, by the monotonic clock."""
        if not self._watches:
            return
        until = self._monotonic()
        ahead = (database - until, database - since)
        with self._lock:
            known = self._ahead
            if known is not None and (ahead[0] > known[1] + TOLERANCE or ahead[1] < known[0] - TOLERANCE):
                self._jumped = until
            elif known is not None and (until - self._compared < SPAN or until - since > TOLERANCE):
                return
            self._ahead, self._compared = ahead, until

    def untrusted(self, seconds: float) -> float:
        return 0.0 if self._jumped is None else max(0.0, self._jumped + seconds - self._monotonic())
