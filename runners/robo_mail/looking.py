"""Looking into the region's mailbox: mails as rows, one mail as a finding, its files into the run's own folder."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import re2  # type: ignore[import-untyped]  # google-re2 has no stubs

from robo.sdk.errors import phrase
from robo.sdk.runner import Call, Context, Finding, Result, Row
from robo.sdk.values import MISSING, CellError, Mailbox
from robo_mail import trouble
from robo_mail.actions import AttachParams, FindParams, LookParams, MessagesParams
from robo_mail.imap import Fetched, MailboxWire, since
from robo_mail.received import Received, safe_name

MEGABYTE: Final = 1024 * 1024
T = TypeVar("T")


class Looking:
    """One slot's way into the mailbox. It connects at the first look, and keeps the connection."""

    def __init__(self, context: Context, box: Mailbox, settings: Mapping[str, Any]) -> None:
        self._context = context
        self._box = box
        self._zone = ZoneInfo(context.zone)
        self.wire = MailboxWire(box, settings)

    # -- the actions

    async def messages(self, call: Call, params: MessagesParams) -> Result:
        """`mail.messages` as a step."""
        found = [dict(row.values) async for row in self.rows(call, params)]
        shown = [{name: _told(value) for name, value in each.items()} for each in found]
        return Result(values={"messages": tuple(shown), "count": len(shown)}, note=f"{len(shown)} × {params.folder}")

    async def rows(self, call: Call, params: MessagesParams) -> AsyncIterator[Row]:
        """The mails that are asked for, oldest first."""
        heads, more = await self._heads(call, params)
        if more:
            raise trouble.too_many_messages(call, params.folder, params.max_messages)
        number = 0
        for head in heads:
            values = await self._read(head, params)
            if values is None:
                continue
            number += 1
            yield Row(
                values=values,
                place=f"{params.folder} «{values['subject']}»"[:120],
                number=number,
                digest=hashlib.sha256(f"{values['id']}\0{head.size}".encode()).hexdigest()[:24],
                where={"folder": params.folder},
            )

    async def find(self, call: Call, params: FindParams) -> Result:
        """`mail.find`: absent only when every mail of the time was looked at."""
        heads, more = await self._heads(call, params)
        if more:
            most = params.max_messages
            why = phrase("more than %(most)s mails since then: not all of them were looked at", most=most)
            return Result(finding=Finding(None, why=why))
        found = [values for head in heads if (values := await self._read(head, params)) is not None]
        if len(found) != 1:
            return Result(finding=Finding(bool(found), several=len(found) > 1), note=f"{len(found)} × {params.folder}")
        values = {**found[0], **_reads(params.read, found[0])}
        return Result(values=values, finding=Finding(True), note=f"{params.folder} «{values['subject']}»")

    async def attach(self, call: Call, params: AttachParams) -> Result:
        """`mail.attach`: the files of one mail, under names of ours, in the folder of the run."""
        heads, more = await self._heads(call, params)
        if more:
            raise trouble.too_many_messages(call, params.folder, params.max_messages)
        head = next((each for each in heads if Received(each.content).id == params.message), None)
        whole = None
        if head is not None:
            if head.size > params.max_mb * MEGABYTE:
                raise trouble.too_large_to_read(call, head.size, params.max_mb)
            whole = await self.talk(lambda: self.wire.whole(head.uid))
        if whole is None:
            raise trouble.no_message(call, params.folder, params.message)
        files = await asyncio.to_thread(self._save, call, params, Received(whole.content))
        values = {
            "files": tuple(str(file) for file in files),
            "file": str(files[0]) if files else MISSING,
            "count": len(files),
        }
        return Result(values=values, note=", ".join(file.name for file in files))

    def _save(self, call: Call, params: AttachParams, received: Received) -> list[Path]:
        """Always the same names for the same mail, so that doing it again changes nothing."""
        pieces = [each for each in received.pieces() if not params.match or re2.search(params.match, each.name)]
        if not pieces and params.required:
            raise trouble.no_piece(call, params.match or "", [each.name for each in received.pieces()])
        folder = self._context.folder / "mails" / hashlib.sha256(params.message.encode()).hexdigest()[:24]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken: set[str] = set()
        found = []
        for piece in pieces:
            file = folder / safe_name(piece.name, taken)
            file.write_bytes(piece.content())
            found.append(file)
        return found

    # -- looking

    async def _heads(self, call: Call, params: LookParams) -> tuple[list[Fetched], bool]:
        """The heads of the mails that are asked for, as far as heads tell; whether there were too many to look."""
        await self.ready()
        first = (datetime.now(UTC) - params.since).date() - timedelta(days=1)  # the server's day may be another
        asked = (*since(first), *(["UNSEEN"] if isinstance(params, MessagesParams) and params.unread else []))

        def look() -> tuple[list[Fetched], bool]:
            self.wire.look_into(call, params.folder)
            uids = self.wire.search(*asked)
            if len(uids) > params.max_messages:
                return [], True
            return [head for head in self.wire.heads(uids) if _is_meant(params, Received(head.content))], False

        return await self.talk(look)

    async def _read(self, head: Fetched, params: MessagesParams | FindParams) -> dict[str, Any] | None:
        """The columns of a mail; None when its text is not what is asked for, or it has gone meanwhile."""
        if head.size > params.max_mb * MEGABYTE:
            why = f"the mail has {round(head.size / MEGABYTE)} MB, more than the {params.max_mb} MB that are read"
            values = self._columns(Received(head.content), head.size)
            return None if params.says else {**values, "text": CellError(why=why), "attachments": CellError(why=why)}
        whole = await self.talk(lambda: self.wire.whole(head.uid))
        if whole is None:
            return None
        values = await asyncio.to_thread(lambda: self._columns(Received(whole.content), head.size))
        return values if _has(values["text"], params.says) else None

    def _columns(self, received: Received, size: int) -> dict[str, Any]:
        name, address = received.sender
        return {
            "id": received.id,
            "from": address,
            "from_name": name,
            "to": ", ".join(each for _, each in received.addresses("To")),
            "cc": ", ".join(each for _, each in received.addresses("Cc")),
            "subject": received.header("Subject"),
            "date": received.date(self._zone),
            "text": received.text,
            "attachments": tuple(piece.name for piece in received.pieces()),
            "size": size,
        }

    # -- the connection

    async def ready(self) -> None:
        """Connected and signed in."""
        wire = self.wire
        if not await self.talk(wire.alive):
            await self.talk(wire.connect)
        if not wire.signed_in:
            async with self._context.turn(self._box.secret):
                secret = await self._context.secret(self._box.secret)
                await self.talk(lambda: wire.sign_in(secret))
                await self._context.signed_in(self._box.secret, self._box.server)

    async def talk(self, said: Callable[[], T]) -> T:
        """Something said in a thread, one after the other."""
        return await asyncio.to_thread(said)


def _is_meant(params: LookParams, head: Received) -> bool:
    """As far as its head tells."""
    if isinstance(params, AttachParams):
        return head.id == params.message
    if not (_is_of([head.sender[1]], params.from_) and _has(head.header("Subject"), params.subject)):
        return False
    if not isinstance(params, FindParams):
        return True
    receivers = [address for name in ("To", "Cc", "Bcc") for _, address in head.addresses(name)]
    return params.id in {"", head.id} and _is_of(receivers, params.to)


def _is_of(addresses: list[str], wanted: str) -> bool:
    """`lea@exemple.fr` is that address, `@exemple.fr` every one of that domain."""
    wanted = wanted.casefold()
    if not wanted:
        return True
    return any(
        each.casefold().endswith(wanted) if wanted.startswith("@") else each.casefold() == wanted for each in addresses
    )


def _has(text: Any, words: str) -> bool:
    """Whether the text has these words; case, accents and blanks do not count."""
    return not words or (isinstance(text, str) and _bare(words) in _bare(text))


def _bare(text: str) -> str:
    split = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in split if not unicodedata.combining(letter)).split())


def _reads(patterns: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The first group of each pattern in the subject or the text; MISSING where it is not there."""
    text = values["text"] if isinstance(values["text"], str) else ""
    whole = f"{values['subject']}\n{text}"
    found = {name: re2.search(pattern, whole) for name, pattern in patterns.items()}
    return {
        name: MISSING if match is None else (match.group(1) if match.re.groups else match.group(0))
        for name, match in found.items()
    }


def _told(value: Any) -> Any:
    return value.why if isinstance(value, CellError) else value
