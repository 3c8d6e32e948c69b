"""An application with an interface for programs, on loopback: it files once per key, and can be slow, gone and rude."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from robo_http import HttpRunner
from robo_http.actions import GET, GRAPHQL, POST, GetParams, GraphqlParams, Idempotency, PostParams

from robo.sdk.runner import Call, Context, HostRule
from robo.sdk.secret import Secret
from robo.sdk.testing.contract import call_of

TOKEN = "canari-91f0"
Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def says(value: Any, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON."""
    return status, {"Content-Type": "application/json", **headers}, json.dumps(value).encode()


@dataclass
class Application:
    """`answers` by path, one after the other, the last one again and again; a function of the request, or an answer.
    None: the connection is reset without an answer."""

    asked: list[Asked] = field(default_factory=list)
    filed: list[str] = field(default_factory=list)
    """Keys of what it filed, once each."""
    answers: dict[str, list[Any]] = field(default_factory=dict)
    resetting: str = ""
    port: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, *answers: Any) -> None:
        self.answers[path] = list(answers)

    def _answer(self, asked: Asked, *, reused: bool) -> Answer | None:
        if asked.path in self.answers:
            left = self.answers[asked.path]
            planned = left.pop(0) if len(left) > 1 else left[0]
            found: Answer | None = planned(asked) if callable(planned) else planned
            return found
        if asked.path == "/dossiers" and asked.method == "POST":
            return self._file(asked, reused=reused)
        return says({"error": "nothing here"}, 404)

    def _file(self, asked: Asked, *, reused: bool) -> Answer | None:
        key = asked.headers.get("idempotency-key") or f"without a key {len(self.filed)}"
        if key not in self.filed:
            self.filed.append(key)
        if self.resetting == "any" or (self.resetting == "reused" and reused):
            return None
        return says({"number": f"D-{self.filed.index(key) + 1}"}, 201)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        reused = False
        try:
            while (asked := await _read(reader)) is not None:
                self.asked.append(asked)
                answer = self._answer(asked, reused=reused)
                if answer is None:
                    _reset(writer)
                    return
                status, headers, body = answer
                lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
                writer.write("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body)
                await writer.drain()
                reused = True
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            self._writers.discard(writer)

    async def close(self) -> None:
        """Until every connection has ended."""
        while self._writers:
            for writer in tuple(self._writers):
                writer.transport.abort()
            await asyncio.sleep(0)
        await asyncio.sleep(0)


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    return Asked(method, parts.path, query, headers, body)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def serving(application: Application | None = None, **options: Any) -> AsyncIterator[Application]:
    """The application on a free port of loopback while the block lasts; `ssl` as asyncio takes it."""
    application = application or Application()
    server = await asyncio.start_server(application.serve, "127.0.0.1", 0, **options)
    application.port = server.sockets[0].getsockname()[1]
    try:
        yield application
    finally:
        server.close()
        await application.close()
        await server.wait_closed()


def get(url: str, **more: Any) -> Call:
    timeout = more.pop("timeout", 10.0)
    return call_of(GET, GetParams(url=url, **more), step="asked", timeout=timeout)  # type: ignore[arg-type] # an Address


def post(url: str, **more: Any) -> Call:
    """With an idempotency key, unless it is said otherwise."""
    whole: dict[str, Any] = {"json": {"nom": "Léa"}, "idempotency": Idempotency()}
    call: dict[str, Any] = {name: more.pop(name) for name in ("timeout", "effect_id") if name in more}
    call = {"timeout": 10.0, "effect_id": "ab" * 32} | call
    return call_of(POST, PostParams(url=url, **(whole | more)), step="filed", **call)


def graphql(url: str, query: str, **more: Any) -> Call:
    call = {name: more.pop(name) for name in ("timeout", "effect") if name in more}
    return call_of(GRAPHQL, GraphqlParams(url=url, query=query, **more), step="asked", **call)  # type: ignore[arg-type] # the same


@dataclass
class Gate:
    seconds: float = 10.0
    calls: int = 0
    told: Sequence[str] = ()
    then: Callable[[], None] | None = None

    async def __call__(self, entered: Sequence[str] = ()) -> float:
        self.calls += 1
        self.told = entered
        if self.then is not None:
            self.then()
        return time.monotonic() + self.seconds


@dataclass
class Desk:
    """Opens sessions that may touch these origins; `secrets` counts how often the secret was asked for."""

    folder: Path
    secrets: int = 0
    password: str = TOKEN
    turns: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the runner (`config/robo.yaml`)."""

    async def _secret(self, name: str) -> Secret:
        self.secrets += 1
        return Secret(name, username="robot", password=self.password)

    @asynccontextmanager
    async def _turn(self, secret: str) -> AsyncIterator[None]:
        self.turns.append(secret)
        yield

    @asynccontextmanager
    async def session(self, *origins: str | HostRule, **more: Any) -> AsyncIterator[Any]:
        rules = [rule if isinstance(rule, HostRule) else HostRule("api", rule) for rule in origins]
        whole: dict[str, Any] = {
            "region": "occitanie",
            "environment": "test",
            "date_format": "%d/%m/%Y",
            "zone": "Europe/Paris",
            "folder": self.folder,
            "hosts": tuple(rules),
            "secret": self._secret,
            "settings": {},
            "turn": self._turn,
        }
        runner = HttpRunner()
        await runner.start(self.settings, headed=False, slots=1)
        session = await runner.open(Context(**(whole | more)))
        try:
            yield session
        finally:
            await session.close()
