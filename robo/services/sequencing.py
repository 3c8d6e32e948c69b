"""Who sequences the audit log: whoever writes, about once a second while it works and once when it is done.

Nothing depends on when: what waits is safe in the outbox, and the next process that comes orders it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from robo.errors import InfrastructureError, RoboError
from robo.store import sequencer
from robo.store.engine import Store

Then = Callable[[], Awaitable[object]]
EVERY: Final = 1.0
"""Seconds between two looks of a process that works."""
MANY: Final = 1000
"""Events a commit orders when all that wait are."""
BATCH: Final = 200
"""Events a commit orders while others wait to write."""


def sequence_all(store: Store) -> int:
    """Order all that waits now, in as many commits as it takes; how many events that was. What others write meanwhile
    may wait on: among many writers there would be no end of it."""
    ordered, count = 0, MANY
    while count == MANY:
        count = store.transact(partial(sequencer.sequence, limit=MANY))
        ordered += count
    return ordered


@asynccontextmanager
async def sequencing(store: Store, troubles: list[RoboError], then: Then | None = None) -> AsyncIterator[None]:
    """Order what is written inside the block, and what is left at its end. What goes wrong stops nobody's work: it is
    tried again a second later, and what went wrong at the end is added to `troubles`. `then`: what follows each time,
    while the block lasts."""
    task = asyncio.create_task(_now_and_then(store, then))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        try:
            await _order(store)
        except InfrastructureError as trouble:
            troubles.append(trouble)


async def _now_and_then(store: Store, then: Then | None) -> None:
    while True:
        await asyncio.sleep(EVERY)
        try:
            await _order(store)
            if then is not None:
                await then()
        except InfrastructureError:
            continue


async def _order(store: Store) -> None:
    while await store.run(partial(sequencer.sequence, limit=BATCH)) == BATCH:
        pass
