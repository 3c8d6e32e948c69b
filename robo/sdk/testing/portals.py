"""A small portal that keeps its own truth: what it filed, what was typed, who signed in. Raw asyncio, HTTP/1.1.

It can do what frameworks cannot: file an effect, then reset the reused connection before the first byte of an answer,
which makes a browser send the POST again.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self
from urllib.parse import parse_qs, quote, urlsplit

USER, PASSWORD = "robot.demo", "canari-4f2a"

_PAGE = """<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>{body}</body></html>"""
_FORM = """<form method="post" action="/demandes">
<p><label>Nom <input name="nom" autocomplete="off"></label></p>
<p><label>Référence <input name="ref" autocomplete="off"></label></p>
<p><button>Enregistrer</button></p></form>
<script>
addEventListener("input", e => fetch("/vu?" + e.target.name + "=" + encodeURIComponent(e.target.value)))
</script>"""
_LIST = """<table><tr><th>Référence</th><th>Nom</th></tr>
<tr><td>R-1</td><td>Martin</td></tr><tr><td>R-2</td><td>Durand</td></tr></table>"""
_SIGN_IN = """<form method="post" action="/connexion">
<p><label>Identifiant <input name="user"></label></p>
<p><label>Mot de passe <input name="pass" type="password"></label></p>
<p><button>Se connecter</button></p></form>"""


@dataclass(slots=True)
class _Request:
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    cookie: str


@dataclass(slots=True)
class Portal:
    """`async with Portal() as portal:` serves on `portal.origin` until the block ends."""

    filed: list[str] = field(default_factory=list)
    """Names of the applications it accepted, in order: the truth."""
    typed: dict[str, str] = field(default_factory=dict)
    """What the page's fields held when they last changed."""
    resetting: Literal["", "reused", "any"] = ""
    """File an application, then reset its connection without an answer: one that was used before, or any. Once it has
    reset one, it resets all: an application that is sent again has no answer either."""
    resets: int = 0
    origin: str = ""
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _saw: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.origin = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None  # noqa: S101 - it was entered
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    async def saw(self, name: str, value: str, seconds: float = 3.0) -> bool:
        """Whether the field `name` comes to hold `value` within `seconds`."""
        try:
            async with asyncio.timeout(seconds), self._saw:
                await self._saw.wait_for(lambda: self.typed.get(name) == value)
        except TimeoutError:
            return False
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        served = 0
        try:
            while (request := await _read(reader)) is not None:
                answer = await self._answer(request, reused=served > 0)
                if answer is None:
                    _reset(writer)
                    return
                writer.write(answer)
                await writer.drain()
                served += 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has gone, as it may
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, request: _Request, *, reused: bool) -> bytes | None:
        match request.method, request.path:
            case "GET", "/":
                return _page("Nouvelle demande", _FORM)
            case "GET", "/liste":
                return _page("Demandes", _LIST)
            case "POST", "/demandes":
                return self._file(request, reused=reused)
            case "GET", "/vu":
                async with self._saw:
                    self.typed.update(request.query)
                    self._saw.notify_all()
                return _response("204 No Content", b"")
            case "GET", "/connexion":
                return _page("Connexion", _SIGN_IN)
            case "POST", "/connexion":
                known = request.form.get("user") == USER and request.form.get("pass") == PASSWORD
                headers = "Location: /accueil\r\n" + ("Set-Cookie: session=ouverte; HttpOnly\r\n" if known else "")
                return _response("303 See Other", b"", headers)
            case "GET", "/accueil" if "session=ouverte" in request.cookie:
                return _page("Tableau de bord", "<p>Bonjour.</p>")
            case "GET", "/accueil":
                return _page("Connexion", "<p>Identifiants incorrects</p>" + _SIGN_IN)
            case _:
                return _response("404 Not Found", b"")

    def _file(self, request: _Request, *, reused: bool) -> bytes | None:
        name = request.form.get("nom", "")
        if name == "Doublon":
            return _page("Demande refusée", "<p role='alert'>Dossier déjà existant</p>")
        self.filed.append(name)
        if self.resetting == "any" or (self.resetting == "reused" and (reused or self.resets)):
            self.resets += 1
            return None
        number = f"2026-{len(self.filed):04d}"
        return _page("Demande enregistrée", f"<table><tr><th>N° dossier</th><td>{number}</td></tr></table>")


async def _read(reader: asyncio.StreamReader) -> _Request | None:
    """The next request of a connection; None when the other side has closed it."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise
        return None
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return _Request(method, parts.path, _pairs(parts.query), _pairs(body.decode()), headers.get("cookie", ""))


def _pairs(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _page(title: str, body: str) -> bytes:
    return _response("200 OK", _PAGE.format(title=title, body=body).encode())


def _response(status: str, body: bytes, headers: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode("latin-1") + body


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST: not a byte, not even a farewell."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def address(portal: Portal, path: str) -> str:
    """A page of the portal."""
    return portal.origin + quote(path)
