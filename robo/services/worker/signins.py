"""Sign-ins in turn: a wrong password reaches its application once, however many slots and runs want in."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Final

from robo.errors import CredentialsRefused, SignInUnclear
from robo.sdk.secret import Secret
from robo.services.codes import Seed
from robo.store import workers
from robo.store.engine import Store

Refusal = Callable[[CredentialsRefused], Awaitable[None]]
Door = Callable[[str], AbstractAsyncContextManager[None]]

LONGEST: Final = 120.0
"""Seconds one sign-in may keep the others waiting; a worker that is killed at the door leaves it locked so long, or
until somebody's sweep finds it dead."""
KNOCK: Final = 0.2
"""Seconds between two tries of a door that another run holds."""
TYPING: Final = 4.0
"""Seconds a code must be valid for yet, to be typed and sent."""
APART: Final = 1.0
"""Seconds the clocks of two machines may be apart."""


@asynccontextmanager
async def door(secret: str, *, store: Store, holder: str, incarnation: Callable[[], int]) -> AsyncIterator[None]:
    """One sign-in with `secret` at a time over all runs of the store: a lease, waited for. Whoever comes next asks for
    the secret only then, and finds it marked if it was refused."""
    resource, life = f"sign-in:{secret}", incarnation()
    take = partial(workers.take, resource=resource, holder=holder, seconds=LONGEST, incarnation=life)
    while not await store.run(take):  # noqa: ASYNC110 - another process gives it back
        await asyncio.sleep(KNOCK)
    try:
        yield
    finally:
        await store.run(partial(workers.give, resource=resource, holder=holder, incarnation=life))


async def one_time_code(secret: Secret, *, store: Store) -> str:
    """A code of `secret` that is valid for some seconds yet and that nobody was given before, over all runs of the
    store: a lease on the codes as long as this one is valid. An application that is shown a code twice refuses it,
    and takes the account for attacked."""
    seed, mine = Seed.read(secret.reveal("otp"), secret.name), secrets.token_hex(8)
    while True:
        moment = time.time()
        left = seed.step - moment % seed.step
        take = partial(workers.take, resource=f"code:{secret.name}", holder=mine, seconds=left + APART)
        if left >= TYPING and await store.run(take) and time.time() <= moment + left - TYPING / 2:
            return seed.code(moment)  # else the store took its time, and the code may be over before it is sent
        await asyncio.sleep(left if left < TYPING else KNOCK)


class SignIns:
    """Gives `turn` to every session: one sign-in with a secret at a time, here and behind `door`. What one
    meets (a refusal, an unclear answer) the others are told without trying: a password may be changed in the middle of
    a run, when every slot wants in again.

    `refused` marks the secret; it has been awaited before anybody else may ask for it."""

    def __init__(self, refused: Refusal, door: Door) -> None:
        self._refused = refused
        self._door = door
        self._met: dict[str, CredentialsRefused | SignInUnclear] = {}
        self._doors: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, secret: str) -> AsyncIterator[None]:
        """One sign-in. Raises what an earlier one met, instead of trying the same secret again."""
        async with self._doors[secret]:
            if (met := self._met.get(secret)) is not None:
                raise met.told_as(type(met))
            async with self._door(secret):
                try:
                    yield
                except CredentialsRefused as refused:
                    self._met[secret] = refused
                    await self._refused(refused)
                    raise
                except SignInUnclear as unclear:
                    self._met[secret] = unclear
                    raise
