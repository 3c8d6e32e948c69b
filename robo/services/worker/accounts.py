"""`sessions: {account: exclusive}`: one session at a time is signed in with an account, over all runs of the store.

Some applications end a session when its account signs in elsewhere. So the account is leased before it signs in, kept
while it is used, and given back after a minute without work, or between two items when another run waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Final

from robo.errors import RoboError
from robo.store import workers
from robo.store.clock import Tx
from robo.store.engine import Store

LIFE: Final = 120.0
"""Seconds a lease lasts unless it is renewed: a worker that hangs keeps an account no longer."""
KNOCK: Final = 0.2
"""Seconds between two tries."""
IDLE: Final = 60.0
"""Seconds without work after which an account is given back."""

Door = Callable[[str], AbstractAsyncContextManager[None]]


class Accounts:
    """The accounts that one worker holds. `incarnation` is asked each time: a worker may come back as another."""

    def __init__(self, store: Store, holder: str, incarnation: Callable[[], int]) -> None:
        self._store = store
        self._holder = holder
        self._incarnation = incarnation
        self._held: set[str] = set()
        self._renewing: asyncio.Task[None] | None = None

    def behind(self, door: Door) -> Door:
        """A door that leads to the sign-in once the account is held."""

        @asynccontextmanager
        async def open_door(secret: str) -> AsyncIterator[None]:
            await self.take(secret)
            async with door(secret):
                yield

        return open_door

    async def take(self, secret: str) -> None:
        """Wait until the account is ours. Whoever waits holds the place of the next one, so that who has just given it
        back does not take it again before them. One that was lost meanwhile is waited for like any other."""
        if secret in self._held and await self._lease(_account(secret)):
            return
        while not await self._lease(_next(secret)):  # noqa: ASYNC110 - another process gives it back
            await asyncio.sleep(KNOCK)
        while not await self._lease(_account(secret)):
            await asyncio.sleep(KNOCK)
            await self._lease(_next(secret))
        await self._store.run(partial(self._give, resource=_next(secret)))
        self._held.add(secret)
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew())

    async def wanted(self) -> bool:
        """Whether another run waits for an account that is held here, or has it: this one could not keep it."""

        def look(tx: Tx) -> bool:
            at_the_door = (workers.holder_of(tx, name(secret)) for secret in self._held for name in (_next, _account))
            return any(holder not in {None, self._holder} for holder in at_the_door)

        return bool(self._held) and await self._store.look(look)

    async def give_back(self) -> None:
        """All of them; whoever signed in with them is to have left before."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
            self._renewing = None
        for secret in sorted(self._held):
            await self._store.run(partial(self._give, resource=_account(secret)))
        self._held.clear()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LIFE / 4)
            for secret in sorted(self._held):
                with suppress(RoboError):  # a renewal that is missed is not the last; `LIFE` decides
                    await self._lease(_account(secret))

    async def _lease(self, resource: str) -> bool:
        life = self._incarnation()
        take = partial(workers.take, resource=resource, holder=self._holder, seconds=LIFE, incarnation=life)
        return await self._store.run(take)

    def _give(self, tx: Tx, resource: str) -> None:
        workers.give(tx, resource, self._holder, incarnation=self._incarnation())


def _account(secret: str) -> str:
    return f"account:{secret}"


def _next(secret: str) -> str:
    return f"account:{secret}:next"
