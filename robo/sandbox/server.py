"""Two doors on the loopback: the public one, which a fault may shut, and the control one, which stays open.

Everything runs in one event loop, so that switches, sessions and books need no lock.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from robo.errors import InfrastructureError
from robo.sandbox.applications import shelves_of
from robo.sandbox.books import Books
from robo.sandbox.faults import Board
from robo.sandbox.portal import Portal
from robo.sandbox.ports import HOST, port_taken
from robo.sandbox.sessions import same
from robo.sandbox.skins import skin_named
from robo.sandbox.web import APPLICATIONS, portal_app


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a portal is started. `accounts` maps login to password; `token` opens the control door."""

    database: Path
    skin: str
    accounts: Mapping[str, str] = field(repr=False)
    token: str = field(repr=False)
    port: int = 0
    idle_seconds: float = 900.0
    seeds: int = 60
    stock: int = 0
    """Invented records on each shelf of a new database."""


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Where a running portal is reached."""

    url: str
    control: str


class Door:
    """One application on one port. Shut, it refuses connections and keeps its port."""

    def __init__(self, port: int = 0) -> None:
        self._keeper = _bound(port)
        self.port = int(self._keeper.getsockname()[1])
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The address of this door, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    async def open(self, app: ASGIApp) -> None:
        """Listen; when it returns, connections are taken."""
        if self._server is not None:
            return
        config = uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
            timeout_keep_alive=75,
        )  # fmt: skip
        server = uvicorn.Server(config)
        self._serving = asyncio.create_task(server.serve(sockets=[_bound(self.port)]))
        self._server = server
        while not server.started:
            if self._serving.done():
                self._serving.result()
            await asyncio.sleep(0.002)

    async def shut(self) -> None:
        """Cut every connection and stop listening; when it returns, connections are refused."""
        if self._server is None or self._serving is None:
            return
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        self._server.should_exit = self._server.force_exit = True
        await self._serving
        self._server = self._serving = None

    def close(self) -> None:
        """Give the port back."""
        self._keeper.close()

    def cut(self, scope: Scope, how: str) -> None:
        """End the connection of this request without an answer: `close` (FIN) or `reset` (RST)."""
        client = tuple(scope.get("client") or ())
        for connection in list(self._server.server_state.connections) if self._server else ():
            if getattr(connection, "client", None) != client:
                continue
            if how == "reset":
                linger = struct.pack("ii", 1, 0)
                connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.transport.abort()
            else:
                connection.transport.close()


async def serve(settings: Settings, ready: Callable[[Doors], None], stop: asyncio.Event) -> None:
    """Run a portal until `stop`; `ready` is called once both doors take connections.

    Raises:
        InfrastructureError: RB981, the database cannot be used; RB982, the port is taken.
        UsageError: RB980, there is no such skin.
    """
    skin = skin_named(settings.skin)
    with contextlib.ExitStack() as opened:
        books = opened.enter_context(contextlib.closing(_books(settings)))
        public = opened.enter_context(contextlib.closing(Door(settings.port)))
        control = opened.enter_context(contextlib.closing(Door()))
        portal = Portal(
            books=books,
            board=Board(idle_seconds=settings.idle_seconds),
            skin=skin,
            accounts=settings.accounts,
            cut=public.cut,
            applications=APPLICATIONS,
        )
        app = portal_app(portal)
        try:
            await public.open(app)
            await control.open(control_app(portal, settings.token, public, app))
            ready(Doors(url=public.url, control=control.url))
            await stop.wait()
        finally:
            await asyncio.gather(public.shut(), control.shut())


def control_app(portal: Portal, token: str, public: Door, app: ASGIApp) -> Starlette:
    """The control door: `/_sandbox/faults` (GET, PUT, DELETE) and `/_sandbox/sessions` (DELETE), token in hand."""

    async def faults(request: Request) -> Response:
        if not same(f"Bearer {token}", request.headers.get("authorization", "")):
            return JSONResponse({"error": "token"}, status_code=403)
        try:
            if request.method == "PUT":
                portal.board.change(_object(await request.body()))
            elif request.method == "DELETE":
                portal.board.clear()
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        await (public.shut() if portal.board.refusing else public.open(app))
        return JSONResponse(portal.board.as_json())

    async def sessions(request: Request) -> Response:
        if not same(f"Bearer {token}", request.headers.get("authorization", "")):
            return JSONResponse({"error": "token"}, status_code=403)
        portal.sessions.drop_all()
        return JSONResponse({})

    return Starlette(
        routes=[
            Route("/_sandbox/faults", faults, methods=["GET", "PUT", "DELETE"]),
            Route("/_sandbox/sessions", sessions, methods=["DELETE"]),
        ]
    )


def _object(body: bytes) -> dict[str, Any]:
    raw = json.loads(body)
    if not isinstance(raw, dict):
        raise TypeError("expected an object")
    return raw


def _books(settings: Settings) -> Books:
    import sqlite3

    try:
        settings.database.parent.mkdir(parents=True, exist_ok=True)
        books = Books(settings.database, seeds=settings.seeds)
        books.shelves.fill(shelves_of(APPLICATIONS).values(), settings.skin, settings.stock)
    except (OSError, sqlite3.Error) as error:
        raise InfrastructureError(
            "RB981",
            "the sandbox cannot use its database %(path)s: %(reason)s",
            remedy="Choose a file in a folder you may write to, or remove the damaged file.",
            path=str(settings.database),
            reason=str(error),
        ) from error
    return books


def _bound(port: int) -> socket.socket:
    """A socket bound to a loopback port. One that never listens keeps the port for another that does."""
    bound = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # named, or asyncio sets no TCP_NODELAY
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise port_taken(port, error) from error
    return bound
