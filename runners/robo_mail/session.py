"""One slot's session: a connection kept between mails, and each mail sent once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from robo.sdk.runner import Answer, Call, Context, Finding, Gate, Result, Row
from robo.sdk.values import MailAccount, Mailbox
from robo_mail import trouble
from robo_mail.actions import AttachParams, FindParams, MessagesParams, SendParams
from robo_mail.copies import Copies
from robo_mail.letter import Letter, write
from robo_mail.looking import Looking
from robo_mail.wire import NotSent, Wire

NO_MAILBOX = "the region declares no folder of what was sent (`mailbox: {sent}`) to look for it in"


class MailSession:
    """Connects at the first mail; `reset` keeps the connection, as it keeps a sign-in."""

    def __init__(self, context: Context, settings: Mapping[str, Any]) -> None:
        self._context = context
        self._settings = settings
        account = context.settings.get("mail")
        self._account = account if isinstance(account, MailAccount) else None
        self._wire: Wire | None = None
        self._looking: Looking | None = None

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        return [await self._perform(call) for call in calls]

    async def _perform(self, call: Call) -> Result:
        match call.params:
            case MessagesParams() as params:
                return await self._look(call).messages(call, params)
            case FindParams() as params:
                return await self._look(call).find(call, params)
            case AttachParams() as params:
                return await self._look(call).attach(call, params)
        raise trouble.only_sends(call)

    async def rows(self, call: Call) -> AsyncIterator[Row]:
        """The mails of a folder."""
        if not isinstance(call.params, MessagesParams):
            raise trouble.only_sends(call)
        async for row in self._look(call).rows(call, call.params):
            yield row

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        """Up to the recipients before the gate; the mail itself behind it."""
        account, letter = self._have_account(call), await self._letter(call)
        if self._context.dry_run:
            await gate([letter.rehearsed])
            raise trouble.rehearsing(call)
        copies = self._copies()
        if copies is not None and copies.are_ours:
            await self._look(call).ready()
        wire = await self._addressed(account, letter)
        deadline = await self._passed(wire, gate, letter)
        try:
            said = await asyncio.to_thread(wire.send, letter.content, deadline)
        except NotSent as not_sent:
            return Answer(absent=not_sent.why)
        if copies is not None and copies.are_ours and (why := await copies.keep(letter.content)):
            said = f"{said} (no copy was kept: {why})"
        return Answer(values=letter.values, words=said, requests=1)

    async def _passed(self, wire: Wire, gate: Gate, letter: Letter) -> float:
        """Through the gate; if it is closed, the server is told to forget."""
        try:
            return await gate([letter.told])
        except BaseException:
            wire.close()
            raise

    async def prove(self, call: Call, age: float) -> Result:
        """Its copy is looked for among those of what was sent."""
        copies = self._copies()
        if copies is None:
            return Result(finding=Finding(None, why=NO_MAILBOX, for_good=True))
        letter = await self._letter(call, whole=False)
        finding = await copies.find(call, letter.message_id, age)
        return Result(values=letter.values if finding.found else {}, finding=finding)

    def _copies(self) -> Copies | None:
        box = self._account.mailbox if self._account is not None else None
        if box is None or box.sent is None:
            return None
        return Copies(self._looker(box), box, box.sent)

    def _look(self, call: Call) -> Looking:
        box = self._account.mailbox if self._account is not None else None
        if box is None:
            raise trouble.no_mailbox(call)
        return self._looker(box)

    def _looker(self, box: Mailbox) -> Looking:
        self._looking = self._looking or Looking(self._context, box, self._settings)
        return self._looking

    async def _letter(self, call: Call, *, whole: bool = True) -> Letter:
        """`whole`: with its files; they may be gone when somebody asks what became of it."""
        params = call.params
        if not isinstance(params, SendParams):
            raise trouble.only_sends(call)
        return await asyncio.to_thread(
            write,
            call,
            params if whole else params.model_copy(update={"attach": ()}),
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
            await self._sign_in(wire, account.secret, account.server)
        await asyncio.to_thread(wire.address, letter.sender, letter.recipients)
        return wire

    async def _sign_in(self, wire: Wire, name: str, server: str) -> None:
        async with self._context.turn(name):
            secret = await self._context.secret(name)
            await asyncio.to_thread(wire.sign_in, secret)
            await self._context.signed_in(name, server)

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        """Nothing: the history says what was written to whom."""
        return {}

    async def reset(self) -> None:
        return None

    async def close(self) -> None:
        for wire in (self._wire, self._looking.wire if self._looking is not None else None):
            if wire is not None:
                wire.close()
