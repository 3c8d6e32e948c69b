"""A witness behind HTTP: `add-checkpoint`, what it countersigned last of a log, and whether it lives.

It listens on this machine unless it is told otherwise, and speaks plain HTTP: TLS is its reverse proxy's.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from robo.errors import InfrastructureError, RoboError
from robo.proof.witness import LARGEST, Answer
from robo.services.witnessing.deciding import Reply, Witness
from robo.store import witnesses

PATIENCE: Final = 10.0
"""Seconds for a request to be there whole."""
MOST: Final = 64
"""Requests at once; who comes more is told to come later."""
GRACE: Final = 5
"""Seconds that requests may take to end when the witness is stopped."""


def application(witness: Witness, *, patience: float = PATIENCE) -> Starlette:
    """The web application of a witness, whose paths are those of c2sp.org/tlog-witness."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await asyncio.wait_for(_read(request), patience)
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"})
        try:
            return _answer(await run_in_threadpool(witness.add_checkpoint, body))
        except RoboError:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)

    async def checkpoint(request: Request) -> Response:
        try:
            note = await run_in_threadpool(_held, witness, request.path_params["hash"])
        except InfrastructureError:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        return PlainTextResponse(note) if note else Response(status_code=HTTPStatus.NOT_FOUND)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{hash:str}/checkpoint", checkpoint, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
        ]
    )


def serve(witness: Witness, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until SIGTERM or Ctrl-C; what has been asked by then is answered first. `ready` is called when requests
    are taken."""
    config = uvicorn.Config(
        application(witness),
        http=Patient,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MOST,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE,
    )
    with suppress(KeyboardInterrupt):  # what ended the server is raised once more when it has ended
        _Server(config, ready).run(sockets=[listener])


class Patient(H11Protocol):
    """A connection that is cut when the head of a request is not there whole in time: the server itself waits for ever,
    and `MOST` that say nothing would keep everybody out."""

    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the server has it
        super().connection_made(transport)
        self._watched(waits=True)

    def data_received(self, data: bytes) -> None:
        self._watched(waits=self._waits)
        super().data_received(data)
        self._watched(waits=self._waits)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watched(waits=False)
        super().connection_lost(exc)

    @property
    def _waits(self) -> bool:
        """Nothing is being answered: the body of what is has a time of its own."""
        return self.cycle is None or self.cycle.response_complete

    def _watched(self, *, waits: bool) -> None:
        if waits and self._watch is None:
            self._watch = self.loop.call_later(PATIENCE, self.transport.abort)
        elif not waits and self._watch is not None:
            self._watch.cancel()
            self._watch = None


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def listen(host: str, port: int) -> socket.socket:
    """The door of a witness. `InfrastructureError` RB652 when it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as broken:
        raise InfrastructureError(
            "RB652",
            "the witness cannot listen on %(host)s, port %(port)s: %(cause)s",
            place=f"{host}:{port}",
            remedy="choose another port with --port, or end what holds this one",
            host=host,
            port=port,
            cause=broken.strerror or str(broken),
        ) from broken
    return listener


async def _read(request: Request) -> bytes:
    """The body, as far as it may be long: one byte more says that it is longer."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            return body[: LARGEST + 1]
    return body


def _answer(reply: Reply) -> Response:
    headers = {"Content-Type": reply.kind}
    if reply.status == Answer.TOO_LARGE:
        headers["Connection"] = "close"
    return Response(reply.body, reply.status, headers)


def _held(witness: Witness, wanted: str) -> str:
    with witness.store.read() as tx:
        held = witnesses.witnessed(tx)
    return next((note for origin, note in held.items() if sha256(origin.encode()).hexdigest() == wanted), "")
