"""The secrets of one run: given out by name, unless an application refused them before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from robo.errors import CredentialsRefused
from robo.plan.model import Plan
from robo.sdk.secret import Secret
from robo.services.credentials import refused_before
from robo.services.worker.signins import one_time_code
from robo.store import credentials, fences
from robo.store.engine import Store

Given = Callable[[str, str], Secret]
"""A secret, by its name and kind. Blocking: a keyring may ask a person."""


@dataclass(frozen=True, slots=True)
class Keychain:
    """What sessions ask for secrets."""

    store: Store
    plan: Plan
    given: Given
    run: str
    worker: str

    async def secret(self, name: str) -> Secret:
        """The secret, unless an application refused it before: then nobody tries it again. The seed of its codes stays
        here."""
        marked = await self.store.look(lambda tx: credentials.refused(tx, self.plan.region))
        if name in marked:
            raise refused_before(name)
        return (await self._whole(name)).without("otp")

    async def code(self, name: str) -> str:
        """A one-time code, valid now and never given twice."""
        return await one_time_code(await self._whole(name), store=self.store)

    async def _whole(self, name: str) -> Secret:
        return await asyncio.to_thread(self.given, name, self.plan.secrets[name].kind)

    async def signed_in(self, name: str, host: str) -> None:
        """An application took it: told in the log."""
        region, run, actor = self.plan.region, self.run, fences.actor(self.worker)
        await self.store.run(lambda tx: credentials.signed_in(tx, name, region=region, host=host, run=run, actor=actor))

    async def mark_refused(self, refused: CredentialsRefused) -> None:
        """An application refused it: from now on nobody gets it, until a new one is set."""
        name = str(refused.facts.get("secret", ""))
        await self.store.run(lambda tx: credentials.refuse(tx, name, region=self.plan.region, reason=refused.code))
