"""Sign-ins of one worker, in turn: a wrong password reaches its application once, however many slots want in."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from robo.errors import CredentialsRefused, SignInUnclear

Refusal = Callable[[CredentialsRefused], Awaitable[None]]


class SignIns:
    """Gives `turn` to every session: one sign-in with a secret at a time, for as long as the worker lives. What one
    meets (a refusal, an unclear answer) the others are told without trying: a password may be changed in the middle of
    a run, when every slot wants in again.

    `refused` marks the secret; it has been awaited before anybody else may ask for it."""

    def __init__(self, refused: Refusal) -> None:
        self._refused = refused
        self._met: dict[str, CredentialsRefused | SignInUnclear] = {}
        self._doors: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, secret: str) -> AsyncIterator[None]:
        """One sign-in. Raises what an earlier one met, instead of trying the same secret again."""
        async with self._doors[secret]:
            if (met := self._met.get(secret)) is not None:
                raise met.told_as(type(met))
            try:
                yield
            except CredentialsRefused as refused:
                self._met[secret] = refused
                await self._refused(refused)
                raise
            except SignInUnclear as unclear:
                self._met[secret] = unclear
                raise
