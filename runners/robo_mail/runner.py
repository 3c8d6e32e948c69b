"""The runner itself. It starts nothing: a session connects at its first mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from robo.sdk.action import ActionSpec
from robo.sdk.runner import Context
from robo.sdk.values import MailAccount
from robo_mail.actions import ACTIONS

if TYPE_CHECKING:
    from robo_mail.session import MailSession


class MailRunner:
    """`mail.*`, from the account that the region declares."""

    name = "mail"
    actions: Mapping[str, ActionSpec] = ACTIONS

    def __init__(self) -> None:
        self._sessions: WeakSet[MailSession] = WeakSet()
        self._settings: Mapping[str, Any] = {}

    async def start(self, settings: Mapping[str, Any], *, headed: bool, slots: int) -> None:
        self._settings = settings

    async def open(self, context: Context) -> MailSession:
        from robo_mail.session import MailSession

        session = MailSession(context, self._settings)
        self._sessions.add(session)
        return session

    async def stop(self) -> None:
        """Close what its sessions hold open, whoever forgot to."""
        for session in tuple(self._sessions):
            await session.close()
        self._sessions.clear()

    async def reach(self, account: MailAccount) -> None:
        """Connect and leave, without a sign-in: a password is not spent on a look. Raises what is wrong."""
        import asyncio

        from robo_mail.wire import Wire

        wire = Wire(account, self._settings)
        try:
            await asyncio.to_thread(wire.connect)
        finally:
            wire.close()
