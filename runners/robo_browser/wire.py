"""Sending one effect ourselves, over a connection of its own, exactly once.

Chromium sends a POST again when a reused connection closes before the first header
(`HttpNetworkTransaction::ShouldResendRequest`), and nothing it offers closes idle connections first. So the effect of
a submit is held where Chromium hands requests over, sent from here once, and its answer handed back. What cannot be
sent from here as Chromium would (a proxy, a certificate of the user, an authority only the browser knows, files that
no step gave, another site) goes Chromium's way and keeps that residue.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.request
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

LIMIT: Final = 64 * 1024 * 1024
"""Bytes of an answer. A page is smaller; a receipt of this size is not one."""
EARLY: Final = range(102, 200)
"""Statuses that announce an answer; `http.client` knows 100 itself, and 101 is none."""
CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "upgrade", "trailer"}
)


class NothingSent(Exception):  # noqa: N818 - a fact the caller acts on
    """The request did not leave this machine: the browser may send it."""


class NoAnswer(Exception):  # noqa: N818 - a fact the caller acts on
    """The request left, and no whole answer came. Nobody may send it again."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Until when a request may be written (monotonic clock, calendar), and for how many seconds its answer counts."""

    until: float
    until_wall: float
    patience: float


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request as it will be written."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    allowance: Allowance
    tls: ssl.SSLContext | None = None
    """None: as everybody knows hosts."""


@dataclass(frozen=True, slots=True)
class Incoming:
    status: int
    reason: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    certificate: bytes = b""
    """Of the host that took it, as it was shown (DER); none without TLS."""


class _Final(http.client.HTTPResponse):
    """Passes over answers that are not yet the answer (1xx: `103 Early Hints`)."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # typeshed leaves it out
            if not EARLY.start <= status < EARLY.stop:
                return version, status, reason
            http.client.parse_headers(self.fp)


class TooLate(Exception):  # noqa: N818 - a fact the caller acts on
    """The deadline passed before the first byte was written."""


def goes_direct(url: str, headers: Mapping[str, str]) -> bool:
    """Whether a request can leave from here as it would from the browser: same origin, no proxy, no sign-in header."""
    parts = urlsplit(url)
    given = {name.lower(): value for name, value in headers.items()}
    source = urlsplit(given.get("origin") or given.get("referer") or url)
    if (source.scheme, source.netloc) != (parts.scheme, parts.netloc) or "authorization" in given:
        return False
    proxies = urllib.request.getproxies()
    return parts.scheme not in proxies or bool(urllib.request.proxy_bypass(parts.hostname or ""))


def headers_for(request: Mapping[str, Any], kind: str, cookies: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The request's headers, with those the browser's network stack would have added."""
    headers = {
        name: value
        for name, value in request["headers"].items()
        if name.lower() not in CONNECTION | {"cookie", "accept-encoding", "host"}
    }
    document = kind == "Document"
    added = {
        "Accept": "*/*",
        "Accept-Language": "fr-FR,fr;q=0.9",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Mode": "navigate" if document else "cors",
        "Sec-Fetch-Dest": "document" if document else "empty",
    }
    present = {name.lower() for name in headers}
    headers |= {name: value for name, value in added.items() if name.lower() not in present}
    if cookies:
        headers["Cookie"] = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
    return headers


def send(outgoing: Outgoing) -> Incoming:
    """Connect, write once, read the answer. Blocking: called in a thread."""
    connection = _connect(outgoing)
    try:
        now, wall = time.monotonic(), time.time()
        if now >= outgoing.allowance.until or wall >= outgoing.allowance.until_wall:
            raise TooLate
        try:
            connection.response_class = _Final
            _write(connection, outgoing)
            shown = _shown(connection)
            answer = connection.getresponse()
            body = answer.read(LIMIT + 1)
        except (OSError, http.client.HTTPException) as lost:
            raise NoAnswer(type(lost).__name__) from None
        if len(body) > LIMIT or answer.length:
            raise NoAnswer("too long, or cut short")
        return _incoming(answer, body, shown)
    finally:
        connection.close()


def _connect(outgoing: Outgoing) -> http.client.HTTPConnection:
    """A fresh connection, TLS checked; nothing of the request is on it yet."""
    parts = urlsplit(outgoing.url)
    host, port = parts.hostname or "", parts.port
    try:
        if parts.scheme == "https":
            secure = http.client.HTTPSConnection(
                host, port, timeout=outgoing.allowance.patience, context=outgoing.tls or ssl.create_default_context()
            )
            secure.connect()
            return secure
        plain = http.client.HTTPConnection(host, port, timeout=outgoing.allowance.patience)
        plain.connect()
    except (OSError, http.client.HTTPException) as refused:
        raise NothingSent(type(refused).__name__) from None
    plain.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


def _write(connection: http.client.HTTPConnection, outgoing: Outgoing) -> None:
    parts = urlsplit(outgoing.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(outgoing.method, target, skip_accept_encoding=True)
    for name, value in outgoing.headers.items():
        connection.putheader(name, value.encode("utf-8"))
    connection.putheader("Content-Length", str(len(outgoing.body)))
    connection.endheaders(outgoing.body)


def _shown(connection: http.client.HTTPConnection) -> bytes:
    """The host's certificate: asked before the answer is read, with which the connection may end."""
    sock = connection.sock
    return (sock.getpeercert(binary_form=True) or b"") if isinstance(sock, ssl.SSLSocket) else b""


def _incoming(answer: http.client.HTTPResponse, body: bytes, certificate: bytes) -> Incoming:
    coding = (answer.getheader("Content-Encoding") or "").lower()
    if coding in {"gzip", "deflate"}:
        body = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, LIMIT)
    headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in CONNECTION]
    return Incoming(answer.status, answer.reason, headers, body, certificate)
