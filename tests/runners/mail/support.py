"""A mail server on loopback that keeps what it took, and can refuse, break off and lie about its name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from robo_mail import MailRunner
from robo_mail.actions import SEND, SendParams

from robo.model.base import Environment
from robo.sdk.runner import Call, Context
from robo.sdk.secret import Secret
from robo.sdk.testing.contract import call_of
from robo.sdk.values import MailAccount, Security

PASSWORD = "canari-7e1b"


@dataclass
class Post:
    """The handler: what was taken, in order, and how to answer. An answer of `None` is silence: the line is cut."""

    mails: list[Envelope] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    """Passwords that were offered."""
    sender: str = "250 OK"
    recipients: dict[str, str] = field(default_factory=dict)
    answer: str | None = "250 2.0.0 Ok: queued as A1"
    keeps: bool = True
    """Whether a mail is taken before the line is cut."""
    before_data: Callable[[Any], None] | None = None
    hidden: str = ""
    """`STARTTLS`: it is not offered; `refused`: it is offered and not done."""
    port: int = 0
    connections: int = 0

    async def handle_MAIL(  # noqa: N802 - the name aiosmtpd calls
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(  # noqa: N802 - the same
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.recipients.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        if self.keeps and (self.answer is None or self.answer.startswith("250")):
            self.mails.append(envelope)
        if self.answer is None:
            server.transport.abort()
            return "250 never said"
        return self.answer

    async def handle_EHLO(  # noqa: N802 - the same
        self, server: Any, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in responses if not self.hidden or self.hidden not in line]

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        password = data.password.decode()
        self.tried.append(password)
        return AuthResult(success=password == PASSWORD, handled=False)

    def read(self, which: int = 0) -> EmailMessage:
        content = self.mails[which].content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        return message


class Server(SMTP):
    """aiosmtpd's, with hooks before it reads a mail and before it protects a line."""

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - the name aiosmtpd calls
        if self.event_handler.hidden:
            await self.push("454 4.7.0 not now")
        else:
            await super().smtp_STARTTLS(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the name aiosmtpd calls
        post = self.event_handler
        if post.before_data is None:
            await super().smtp_DATA(arg)
        else:
            post.before_data(self)


def cuts_the_line(server: Any) -> None:
    """It asks for the mail, and is gone."""
    server.transport.write(b"354 go on\r\n")
    server.transport.close()


@asynccontextmanager
async def serving(post: Post, **options: Any) -> AsyncIterator[Post]:
    """A server on a free port of loopback while the block lasts. `tls`: its context, for a port of TLS alone."""
    loop = asyncio.get_running_loop()
    tls = options.pop("tls", None)
    servers: list[Server] = []

    def connected() -> Server:
        post.connections += 1
        servers.append(Server(post, hostname="smtp.exemple.fr", authenticator=post.authenticate, loop=loop, **options))
        return servers[-1]

    server = await loop.create_server(connected, "127.0.0.1", 0, ssl=tls)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
        for each in servers:
            if each.transport is not None:
                each.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


def account(post: Post, **more: Any) -> MailAccount:
    """Of a region in production, on that server, without a password."""
    whole: dict[str, Any] = {
        "server": "127.0.0.1",
        "port": post.port,
        "security": Security.NONE,
        "sender": "robot@exemple.fr",
        "name": "Robot des visas",
        "domains": ("exemple.fr",),
        "environment": Environment.PRODUCTION,
        "redirect_all_to": ("essais@exemple.fr",),
        "region": "occitanie",
    }
    return MailAccount(**(whole | more))


def mail(**more: Any) -> Call:
    """A call of `mail.send` as the engine makes it."""
    whole: dict[str, Any] = {"to": ("lea@exemple.fr",), "subject": "Votre demande", "body": "Bonjour"}
    timeout = more.pop("timeout", 10.0)
    effect_id = more.pop("effect_id", "ab" * 32)
    return call_of(SEND, SendParams(**(whole | more)), step="sent", effect_id=effect_id, timeout=timeout)


@dataclass
class Gate:
    """Lets one act through, for `seconds`; `told` is what it was told."""

    seconds: float = 10.0
    told: Sequence[str] = ()
    calls: int = 0

    async def __call__(self, entered: Sequence[str] = ()) -> float:
        self.calls += 1
        self.told = entered
        return time.monotonic() + self.seconds


@dataclass
class Desk:
    """Opens sessions on an account; `secrets` counts how often the secret was asked for."""

    folder: Path
    password: str = PASSWORD
    secrets: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the runner (`config/robo.yaml`)."""

    async def _secret(self, name: str) -> Secret:
        self.secrets += 1
        return Secret(name, username="robot", password=self.password)

    @asynccontextmanager
    async def session(self, account: MailAccount, **more: Any) -> AsyncIterator[Any]:
        runner = MailRunner()
        await runner.start(self.settings, headed=False, slots=1)
        whole: dict[str, Any] = {
            "region": "occitanie",
            "environment": "production",
            "date_format": "%d/%m/%Y",
            "zone": "Europe/Paris",
            "folder": self.folder,
            "hosts": (),
            "secret": self._secret,
            "settings": {"mail": account},
        }
        session = await runner.open(Context(**(whole | more)))
        try:
            yield session
        finally:
            await session.close()
