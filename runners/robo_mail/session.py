"""One slot's session: a connection kept between mails, and each mail sent once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from robo.sdk.runner import Answer, Call, Context, Finding, Gate, Result, Row
from robo.sdk.values import MailAccount
from robo_mail import trouble
from robo_mail.actions import SendParams
from robo_mail.letter import Letter, write
from robo_mail.wire import NotSent, Wire

NO_MAILBOX = "the region declares no mailbox to look for it in"


class MailSession:
    """Connects at the first mail; `reset` keeps the connection, as it keeps a sign-in."""

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        self._context = context
        self._settings = settings
        account = context.settings.get("mail")
        self._account = account if isinstance(account, MailAccount) else None
        self._wire: Wire | None = None

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        if calls:
            raise trouble.only_sends(calls[0])
        return ()

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        """Up to the recipients before the gate; the mail itself behind it."""
        account, letter = self._have_account(call), await self._letter(call)
        if self._context.dry_run:
            await gate([letter.rehearsed])
            raise trouble.rehearsing(call)
        wire = await self._addressed(account, letter)
        deadline = await self._passed(wire, gate, letter)
        try:
            said = await asyncio.to_thread(wire.send, letter.content, deadline)
        except NotSent as not_sent:
            return Answer(absent=not_sent.why)
        return Answer(values=letter.values, words=said, requests=1)

    async def _passed(self, wire: Wire, gate: Gate, letter: Letter) -> float:
        """Through the gate; if it is closed, the server is told to forget."""
        try:
            return await gate([letter.told])
        except BaseException:
            wire.close()
            raise

    async def prove(self, call: Call, age: float) -> Result:
        return Result(finding=Finding(None, why=NO_MAILBOX, for_good=True))

    async def _letter(self, call: Call) -> Letter:
        if not isinstance(call.params, SendParams):
            raise trouble.only_sends(call)
        return await asyncio.to_thread(
            write,
            call,
            call.params,
            account := self._have_account(call),
            trial=self._context.environment != "production" and not account.practice,
            date_format=self._context.date_format,
        )

    def _have_account(self, call: Call) -> MailAccount:
        if self._account is None:
            raise trouble.no_account(call)
        return self._account

    async def _addressed(self, account: MailAccount, letter: Letter) -> Wire:
        wire = self._wire = self._wire or Wire(account, self._settings)
        if not await asyncio.to_thread(wire.alive):
            await asyncio.to_thread(wire.connect)
        if account.secret is not None and not wire.signed_in:
            await self._sign_in(wire, account.secret)
        await asyncio.to_thread(wire.address, letter.recipients)
        return wire

    async def _sign_in(self, wire: Wire, name: str) -> None:
        async with self._context.turn(name):
            secret = await self._context.secret(name)
            await asyncio.to_thread(wire.sign_in, secret)

    def rows(self, call: Call) -> AsyncIterator[Row]:
        raise trouble.only_sends(call)

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        """Nothing: the history says what was written to whom."""
        return {}

    async def reset(self) -> None:
        return None

    async def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
