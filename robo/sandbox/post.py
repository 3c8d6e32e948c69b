"""The practice post office: a mail server on loopback that takes every mail and delivers none.

It speaks as much of SMTP (RFC 5321) as a robot needs to say. A mail is kept in the moment before its final dot is
answered, so that what a robot has no answer to was taken all the same.
"""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Self

from robo.sandbox.ports import HOST, port_taken

LONGEST = 4096
"""Bytes of one line of commands."""
_PATH = re.compile(r"(?i)(?:FROM|TO):\s*<([^>]*)>")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that was taken. `to`: everybody it went to, blind copies too."""

    to: tuple[str, ...]
    subject: str
    text: str
    attached: tuple[str, ...] = ()
    """The names of the files it came with."""


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    server: _Server

    def handle(self) -> None:
        recipients: list[str] = []
        self._say("220 bureau-de-poste.exemple")
        while line := self.rfile.readline(LONGEST):
            word = line.decode("utf-8", "replace").strip()
            match word[:4].upper():
                case "EHLO" | "HELO":
                    self._say("250-bureau-de-poste.exemple", "250 8BITMIME")
                case "MAIL" | "RSET" | "NOOP":
                    recipients = []
                    self._say("250 OK")
                case "RCPT":
                    recipients += _PATH.findall(word)
                    self._say("250 OK")
                case "DATA":
                    self._say("354 go on")
                    content = self._content()
                    if content is None:
                        return
                    self.server.keep(_mail(recipients, content))
                    self._say("250 OK")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("502 not here")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _content(self) -> bytes | None:
        """The mail up to its final dot; None when whoever wrote it left before."""
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return None
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)


def _mail(recipients: list[str], content: bytes) -> Mail:
    message = message_from_bytes(content, policy=default)
    part = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    text = str(part.get_content()) if part is not None else ""
    files = message.iter_attachments() if isinstance(message, EmailMessage) else ()
    return Mail(
        tuple(recipients),
        str(message["Subject"] or ""),
        text.replace("\r\n", "\n"),
        tuple(each.get_filename() or "" for each in files),
    )


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, told: Callable[[Mail], None]) -> None:
        super().__init__((HOST, port), _Talk)
        self.kept: list[Mail] = []
        self._told = told

    def keep(self, mail: Mail) -> None:
        self.kept.append(mail)
        self._told(mail)


class PostOffice:
    """`with PostOffice() as post:` takes mails on `post.port` of loopback until the block ends. `told` is called with
    each, in a thread of its own.

    Raises:
        InfrastructureError: RB982, the port is taken.
    """

    def __init__(self, port: int = 0, told: Callable[[Mail], None] = lambda _mail: None) -> None:
        self._wanted = port
        self._told = told

    def __enter__(self) -> Self:
        self._server = self._opened()
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def _opened(self) -> _Server:
        try:
            return _Server(self._wanted, self._told)
        except (OSError, OverflowError) as error:
            raise port_taken(self._wanted, error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def mails(self) -> tuple[Mail, ...]:
        """Everything that was taken, in order."""
        return tuple(self._server.kept)
