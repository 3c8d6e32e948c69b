"""The gate of the tests."""

from __future__ import annotations

import time
from collections.abc import Sequence

from robo.sdk.testing.world import World

BUDGET = 10.0
"""Seconds a gate of these tests gives."""


class GateClosed(Exception):  # noqa: N818 - what the gate of a test says
    """The gate did not let the submit through."""


class CountingGate:
    """A gate that counts, and notes what the other side had seen when it was called."""

    def __init__(self, world: World, seconds: float = BUDGET, *, closed: bool = False) -> None:
        self._world = world
        self._seconds = seconds
        self._closed = closed
        self.calls = 0
        self.entered = False
        self.effects_before: Sequence[str] = ()

    async def __call__(self, entered: Sequence[str] = ()) -> float:
        self.calls += 1
        self.entered = await self._world.entered()
        self.effects_before = tuple(self._world.effects())
        if self._closed:
            raise GateClosed
        return time.monotonic() + self._seconds
