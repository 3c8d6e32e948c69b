"""The mail runner keeps the contract of every guest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from robo_mail import MailRunner
from ruamel.yaml import YAML

from robo.sdk.runner import Call
from robo.sdk.testing import Asked, RunnerContract, Submit, World
from tests.runners.mail.support import Post, account, mail, serving


class MailWorld(World):
    """A mail server. It keeps what it takes; `resets` cuts the line instead of answering."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.settings = {"mail": account(post)}

    def calls(self) -> Sequence[Asked]:
        return []

    def failing(self) -> Sequence[Call]:
        return []

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
        async with serving(Post()) as post:
            yield MailWorld(post)

    def parsed(self, example: str) -> Any:
        return YAML(typ="safe", pure=True).load(example)
