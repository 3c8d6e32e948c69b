"""Sign-ins of one worker, in turn: a wrong password reaches its application once, however many slots want in."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from robo.errors import CredentialsRefused, SignInUnclear

Refusal = Callable[[CredentialsRefused], Awaitable[None]]


class SignIns:
    """Gives `turn` to every session. Until a secret was taken once, whoever wants to sign in with it waits for whoever
    does; what the first one meets (a refusal, an unclear answer) the others are told without trying.

    `refused` marks the secret; it has been awaited before anybody else may ask for it."""

    def __init__(self, refused: Refusal) -> None:
        self._refused = refused
        self._taken: set[str] = set()
        self._met: dict[str, CredentialsRefused | SignInUnclear] = {}
        self._doors: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, secret: str) -> AsyncIterator[None]:
        """One sign-in. Raises what an earlier one met, instead of trying the same secret again."""
        if secret in self._taken:
            async with self._noting(secret):
                yield
            return
        async with self._doors[secret], self._noting(secret):
            yield
            self._taken.add(secret)

    @asynccontextmanager
    async def _noting(self, secret: str) -> AsyncIterator[None]:
        if (met := self._met.get(secret)) is not None:
            raise type(met)(met.code, met.message, place=met.place, remedy=met.remedy, **met.facts)
        try:
            yield
        except CredentialsRefused as refused:
            self._met[secret] = refused
            await self._refused(refused)
            raise
        except SignInUnclear as unclear:
            self._met[secret] = unclear
            raise
