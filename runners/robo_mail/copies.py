"""Copies of what was sent: what a mail is proven by whose answer nobody heard."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from robo.sdk.errors import RoboError
from robo.sdk.runner import Call, Finding
from robo.sdk.values import Keeper, Mailbox
from robo_mail.imap import since
from robo_mail.letter import MARK
from robo_mail.looking import Looking
from robo_mail.received import Received

LATE: Final = 300.0
"""Seconds after which the copy of a mail that was taken is there."""
MOST: Final = 5000
"""Mails that are looked through for one."""
SEEN: Final = timedelta(days=7)
"""How long before the mail another robot's copy may have come to show that the server keeps them still."""
KEEPING: Final = 5.0
"""Seconds for a copy of ours: the server's yes is in hand, and waits for it."""
NONE_IS_BOUND = "it is not among the copies; the region does not say who keeps them (`kept_by`), so that says nothing"
WE_KEEP = "it is not among the copies; robo keeps them itself, after the server's yes, so that says nothing"
NONE_OF_OURS = "it is not among the copies, and no other mail of a robot of late is: the server may keep none"
TOO_MANY = "too many mails were sent since then to look through them"
NOT_YET = "it is not among the copies yet"


class Copies:
    """The folder `sent` of the region's mailbox."""

    def __init__(self, looking: Looking, box: Mailbox, folder: str) -> None:
        self._looking = looking
        self._box = box
        self._folder = folder

    async def find(self, call: Call, message_id: str, age: float) -> Finding:
        """Whether the mail lies there. Absent only where the server keeps a copy of every mail it takes, had the time
        to, and is seen to do so. `age`: seconds since the mail's deadline."""
        await self._looking.ready()
        return await self._looking.talk(lambda: self._find(call, message_id, age))

    def _find(self, call: Call, message_id: str, age: float) -> Finding:
        wire = self._looking.wire
        wire.look_into(call, self._folder)
        day = (datetime.now(UTC) - timedelta(seconds=age)).date() - timedelta(days=2)
        uids = wire.search(*since(day))
        if len(uids) > MOST:
            return Finding(None, why=TOO_MANY)
        if any(Received(head.content).id == message_id for head in wire.heads(uids)):
            return Finding(True)
        if self._box.kept_by is Keeper.ROBO:
            return Finding(None, why=WE_KEEP, for_good=True)
        if age < LATE:
            return Finding(None, why=NOT_YET)
        if self._box.kept_by is None:
            return Finding(None, why=NONE_IS_BOUND, for_good=True)
        if not wire.search(*since(day - SEEN), "HEADER", "Message-ID", f'"{MARK}"'):
            return Finding(None, why=NONE_OF_OURS, for_good=True)
        return Finding(False, why="the server keeps what it takes, and this mail is not there")

    @property
    def are_ours(self) -> bool:
        """Whether robo puts them there."""
        return self._box.kept_by is Keeper.ROBO

    async def keep(self, content: bytes) -> str:
        """A copy of a mail that was taken; why there is none, or ''. Never more than a moment, and never a failure: the
        mail has left."""
        try:
            async with asyncio.timeout(KEEPING):
                await self._looking.talk(lambda: self._looking.wire.keep(self._folder, content))
        except (RoboError, TimeoutError) as bad:
            self._looking.wire.close()
            return str(bad) or "no answer in time"
        return ""
