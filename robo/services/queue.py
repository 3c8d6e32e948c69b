"""The queue port: it wakes, and nothing else. The attempt rows are the truth.

A wake-up may be lost, late, doubled, or name an attempt that somebody took long ago: whoever is woken claims by
compare-and-set and may find nothing. `announce_again` is the sweep that makes lost ones harmless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final, Protocol

from robo.store import attempts
from robo.store.engine import Store

ANY: Final = ""
"""The name of the queue everybody listens to unless told otherwise."""


class Queue(Protocol):
    """How a worker learns that there may be work. One instance belongs to one event loop."""

    def announce(self, attempts: Sequence[str], *, name: str = ANY) -> None:
        """Say that these attempts may be claimed. Never blocks, never fails an outcome that is already committed."""
        ...

    async def wait(self, *, timeout: float, names: Collection[str] = (ANY,)) -> str | None:  # noqa: ASYNC109 - a port
        """The next announced attempt of these queues, or None after `timeout` seconds. One wake-up, one waiter."""
        ...


class InProcessQueue:
    """Wake-ups inside one process, in the order they came. What is announced again before it was taken counts once.

    Another process on the same store hears nothing of them; its own sweep finds what they were about."""

    def __init__(self) -> None:
        self._pending: dict[str, dict[str, None]] = {}
        self._waiting: list[tuple[Collection[str], asyncio.Future[str]]] = []

    def announce(self, attempts: Sequence[str], *, name: str = ANY) -> None:
        for attempt in attempts:
            waiter = self._waiter(name)
            if waiter is None:
                self._pending.setdefault(name, {})[attempt] = None
            else:
                waiter.set_result(attempt)

    def _waiter(self, name: str) -> asyncio.Future[str] | None:
        """The one who has waited longest for this queue and still does."""
        for n, (names, future) in enumerate(self._waiting):
            if name in names and not future.done():
                del self._waiting[n]
                return future
        return None

    async def wait(self, *, timeout: float, names: Collection[str] = (ANY,)) -> str | None:  # noqa: ASYNC109 - a port
        for name in names:
            pending = self._pending.get(name)
            if pending:
                attempt = next(iter(pending))
                del pending[attempt]
                return attempt
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        entry = (names, future)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            return future.result() if _was_woken(future) else None
        except asyncio.CancelledError:
            if _was_woken(future):  # it leaves while it is being woken: the wake-up is another's
                self.announce([future.result()], name=next(iter(names)))
            raise
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)


def _was_woken(future: asyncio.Future[str]) -> bool:
    return future.done() and not future.cancelled()


async def announce_again(store: Store, queue: Queue, *, limit: int = 500) -> int:
    """The sweep of wake-ups: announce every queued attempt whose time has come; how many there were.

    The queue drops those it is about to deliver anyway; the others are the lost ones."""
    due = await store.look(lambda tx: attempts.announceable(tx, limit=limit))
    queue.announce([attempt for attempt, _ in due])
    return len(due)
