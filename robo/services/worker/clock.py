"""The worker's clock: real time, and how long the database clock cannot be trusted after it jumped."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class WorkerClock:
    """Implements `robo.engine.ports.Clock`."""

    def __init__(self) -> None:
        self._quiet_at = 0.0

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def distrust(self, seconds: float) -> None:
        """The two clocks drifted apart: nobody verifies for so long."""
        self._quiet_at = max(self._quiet_at, time.monotonic() + seconds)

    def untrusted(self) -> float:
        return max(0.0, self._quiet_at - time.monotonic())
