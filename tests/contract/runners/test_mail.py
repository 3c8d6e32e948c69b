"""The mail runner keeps the contract of every guest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from robo_mail import MailRunner
from robo_mail.actions import COLUMNS, FIND, MESSAGES, FindParams, MessagesParams
from ruamel.yaml import YAML

from robo.sdk.runner import Call
from robo.sdk.secret import Secret
from robo.sdk.testing import Asked, RunnerContract, Submit, World
from robo.sdk.testing.contract import call_of
from robo.sdk.values import MISSING
from tests.runners.mail.mailroom import Room, box, mailroom
from tests.runners.mail.support import PASSWORD, Post, account, mail, serving

MAIL = b"Message-ID: <a1@exemple.fr>\r\nFrom: a@exemple.fr\r\nSubject: Demande A-1\r\n\r\nBonjour"
ROW = {
    "id": "<a1@exemple.fr>",
    "from": "a@exemple.fr",
    "subject": "Demande A-1",
    "date": MISSING,
    "text": "Bonjour",
    "attachments": (),
    "size": len(MAIL),
}


class MailWorld(World):
    """A mail server and a mailbox. The server keeps what it takes; `resets` cuts the line instead of answering."""

    def __init__(self, post: Post, room: Room) -> None:
        self._post = post
        self.settings = {"mail": account(post, mailbox=box(room))}

    async def secret(self, name: str) -> Secret:
        return Secret(name, username="robot", password=PASSWORD)

    def calls(self) -> Sequence[Asked]:
        found = call_of(FIND, FindParams(subject="Demande"), step="found")
        return [Asked(found, {"subject": "Demande A-1"}), Asked(call_of(MESSAGES, MessagesParams()), {"count": 1})]

    def failing(self) -> Sequence[Call]:
        return [call_of(MESSAGES, MessagesParams(folder="nulle part"))]

    def source(self) -> tuple[Call, Sequence[Mapping[str, Any]]]:
        return call_of(MESSAGES, MessagesParams()), [dict.fromkeys(COLUMNS, "") | ROW]

    def effects(self) -> Sequence[str]:
        return [str(sent.rcpt_tos) for sent in self._post.mails]

    def submit(self) -> Submit:
        call = mail()
        return Submit(entries=(), call=call, values={"to": "essais@exemple.fr"})

    async def resets(self, *, reused: bool) -> bool:
        self._post.answer = None
        return True


class TestMailRunner(RunnerContract):
    runner_type = MailRunner

    @asynccontextmanager
    async def world(self, folder: Path) -> AsyncIterator[World]:
        async with serving(Post()) as post, mailroom() as room:
            await room.put(
                "INBOX", b"Message-ID: <a1@exemple.fr>\r\nFrom: a@exemple.fr\r\nSubject: Demande A-1\r\n\r\nBonjour"
            )
            yield MailWorld(post, room)

    def parsed(self, example: str) -> Any:
        return YAML(typ="safe", pure=True).load(example)
