"""A mailbox on loopback (pymap, in memory), and a client of its own to put mails into it."""

from __future__ import annotations

import asyncio
import imaplib
import logging
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend
from pymap.imap import IMAPServer
from pysasl.hashing import BuiltinHash

from robo.sdk.values import Mailbox, Security
from tests.certificates import Certified
from tests.runners.mail.support import PASSWORD

T = TypeVar("T")


@dataclass
class Room:
    """The mailbox of `robot`. `connections`: how often somebody came, us too."""

    port: int = 0
    connections: int = 0

    async def _as_robot(self, work: Callable[[imaplib.IMAP4], T]) -> T:
        def talk() -> T:
            with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as client:
                client.login("robot", PASSWORD)
                return work(client)

        found = await asyncio.to_thread(talk)
        self.connections -= 1
        return found

    async def put(self, folder: str, *mails: bytes, came: datetime | None = None) -> None:
        """Mails that came now, or `came` then, into a folder that is made where it is not there. `folder`: as the
        protocol has it."""
        when = "" if came is None else imaplib.Time2Internaldate(came)

        def work(client: imaplib.IMAP4) -> None:
            client.create(f'"{folder}"')
            for mail in mails:
                kind, said = client.append(f'"{folder}"', "", when, mail)
                assert kind == "OK", said

        await self._as_robot(work)

    async def flags(self, folder: str) -> list[bytes]:
        """Of each mail that lies there."""

        def work(client: imaplib.IMAP4) -> list[bytes]:
            client.select(f'"{folder}"', readonly=True)
            return [part for part in client.fetch("1:*", "(FLAGS)")[1] if isinstance(part, bytes)]

        return await self._as_robot(work)

    async def kept(self, folder: str) -> list[bytes]:
        """What lies there."""

        def work(client: imaplib.IMAP4) -> list[bytes]:
            client.select(f'"{folder}"', readonly=True)
            return [part[1] for part in client.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(part, tuple)]

        return await self._as_robot(work)


@asynccontextmanager
async def mailroom(certified: Certified | None = None, *, security: Security = Security.NONE) -> AsyncIterator[Room]:
    """A server on a free port of loopback while the block lasts."""
    logging.getLogger("pymap").setLevel(logging.CRITICAL)
    protected: dict[str, Any] = {"tls_enabled": False, "secure_auth": False}
    if certified is not None and security is Security.STARTTLS:
        protected = {"ssl_context": certified.server, "tls_enabled": True, "secure_auth": True}
    config = Config(
        Namespace(passlib_cfg=None, proxy_protocol=None),
        demo_data=False,
        demo_user="robot",
        demo_password=PASSWORD,
        host=None,
        port=0,
        invalid_user_sleep=0.0,
        hash_context=BuiltinHash(rounds=1),
        **protected,
    )
    backend, _ = await _backend(config)
    config.apply_context()
    room = Room()
    serve = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
    tasks: set[asyncio.Task[None]] = set()

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        room.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        finally:
            tasks.discard(task)

    tls = certified.server if certified is not None and security is Security.TLS else None
    server = await asyncio.start_server(counted, "127.0.0.1", 0, ssl=tls)
    room.port = server.sockets[0].getsockname()[1]
    try:
        yield room
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _backend(config: Config) -> tuple[DictBackend, Config]:
    from pymap.backend.dict import Login

    login = Login(config)
    await DictBackend._add_demo_user(config, login)
    return DictBackend(login, config), config


def box(room: Room, **more: Any) -> Mailbox:
    """The region's mailbox on that server."""
    whole: dict[str, Any] = {
        "server": "127.0.0.1",
        "port": room.port,
        "security": Security.NONE,
        "secret": "mail",
        "region": "occitanie",
    }
    return Mailbox(**(whole | more))
