"""The way to a witness: one POST or GET, through the project's proxy and authorities, and never longer than a while.

Plain HTTP goes to this machine only: whoever stands on the line could answer in the witness's place.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from robo.errors import InfrastructureError
from robo.sdk.trust import trusted

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
PATIENCE: Final = 10.0
"""Seconds a witness may take for all of its answer."""
MOST: Final = 1 << 16
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer: its status, the kind of its text, its first `MOST` bytes."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Wire:
    """How this machine reaches witnesses: `proxy` and `direct` as `http:` of config/robo.yaml has them, and the file of
    authorities of one's own. `patience`: seconds."""

    proxy: str = ""
    direct: str = ""
    authorities: str = ""
    patience: float = PATIENCE

    def post(self, url: str, body: bytes) -> Heard:
        """`InfrastructureError` RB650 when nobody answers in time, RB651 for an address that is not safe."""
        return self._ask("POST", url, body)

    def get(self, url: str) -> Heard:
        """`InfrastructureError` RB650, RB651."""
        return self._ask("GET", url, None)

    def _ask(self, method: str, url: str, body: bytes | None) -> Heard:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise InfrastructureError(
                "RB651",
                "%(url)s is plain HTTP to another machine: anybody on the way could answer for the witness",
                place=url,
                remedy="give the witness an address with https:// in the policy; its reverse proxy has the certificate",
                url=url,
            )
        connection, path, headers = self._connection(parts)
        lines: list[socket.socket] = []
        watch = threading.Timer(self.patience, _cut, [connection, lines])
        watch.daemon = True
        watch.start()
        try:
            connection.connect()
            lines.append(connection.sock)  # the connection lets go of it while the answer is read
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Heard(answer.status, answer.headers.get_content_type(), answer.read(MOST))
        except (OSError, HTTPException, ValueError) as broken:
            raise InfrastructureError(
                "RB650",
                "the witness at %(url)s does not answer: %(cause)s",
                place=url,
                remedy="ask its region; work goes on meanwhile, and the request can go as a file: robo audit witness "
                "request",
                url=url,
                cause=str(broken) or type(broken).__name__,
            ) from broken
        finally:
            watch.cancel()
            connection.close()

    def _connection(self, parts: SplitResult) -> tuple[HTTPConnection, str, Mapping[str, str]]:
        """A connection (nothing is sent yet), the path to ask for on it, and the headers."""
        host, path = str(parts.hostname), parts.path or "/"
        headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        secure: Any = {"context": trusted({"authorities": self.authorities})} if parts.scheme == "https" else {}
        kind = HTTPSConnection if secure else HTTPConnection
        if not self.proxy or host in LOOPBACK or any(_is_of(host, each) for each in self._direct()):
            return kind(host, parts.port, timeout=self.patience, **secure), path, headers
        proxy = urlsplit(self.proxy)
        connection = kind(str(proxy.hostname), proxy.port, timeout=self.patience, **secure)
        connection.set_tunnel(host, parts.port or 443)
        return connection, path, headers

    def _direct(self) -> list[str]:
        return self.direct.replace(",", " ").split()


def _cut(connection: HTTPConnection, lines: list[socket.socket]) -> None:
    """End a connection whose other side takes too long, however often it says something."""
    for line in (*lines, connection.sock):
        with suppress(OSError, AttributeError):
            line.shutdown(socket.SHUT_RDWR)


def _is_of(host: str, pattern: str) -> bool:
    """`witness.exemple`, `*.interne.gouv.fr`, or a network of addresses, `10.0.0.0/8`."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(pattern)
    except ValueError:
        return fnmatchcase(host, pattern.lower())
