"""The practice post office: a mail server on loopback that takes every mail and delivers none.

It speaks as much of SMTP (RFC 5321) as a robot needs to say. A mail is kept in the moment before its final dot is
answered, so that what a robot has no answer to was taken all the same.
"""

from __future__ import annotations

import re
import socketserver
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import getaddresses, parseaddr

from robo.sandbox.ports import Talker

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
    sender: str = field(default="", compare=False)
    """The address it says it is from."""
    content: bytes = field(default=b"", compare=False, repr=False)
    """All of it, as it came."""


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    server: PostOffice

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
                    self.server.keep(read_mail(content, recipients))
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


def read_mail(content: bytes, recipients: Sequence[str] | None = None) -> Mail:
    """What a mail says. `recipients`: who it goes to; without them, who it says it goes to."""
    message = message_from_bytes(content, policy=default)
    said = [address for name in ("To", "Cc") for _, address in getaddresses(map(str, message.get_all(name, ())))]
    part = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
    text = _text_of(part) if part is not None else ""
    files = message.iter_attachments() if isinstance(message, EmailMessage) else ()
    return Mail(
        tuple(said if recipients is None else recipients),
        str(message["Subject"] or ""),
        text.replace("\r\n", "\n"),
        tuple(each.get_filename() or "" for each in files),
        parseaddr(str(message["From"] or ""))[1],
        content,
    )


def _text_of(part: Message) -> str:
    """What a text says, though its encoding be none we know."""
    try:
        return str(part.get_content()) if isinstance(part, EmailMessage) else ""
    except (LookupError, ValueError):
        content = part.get_payload(decode=True)
        return content.decode("latin-1") if isinstance(content, bytes) else ""


class PostOffice(Talker):
    """`with PostOffice() as post:` takes mails on `post.port` of loopback until the block ends. `told` is called with
    each before it is answered, in a thread of its own.

    Raises:
        InfrastructureError: RB982, the port is taken.
    """

    def __init__(self, port: int = 0, told: Callable[[Mail], object] = lambda _mail: None) -> None:
        super().__init__(port, _Talk, "--mail-port")
        self.told: Callable[[Mail], object] = told
        self._kept: list[Mail] = []

    def keep(self, mail: Mail) -> None:
        """A mail that was taken."""
        self._kept.append(mail)
        self.told(mail)

    @property
    def mails(self) -> tuple[Mail, ...]:
        """Everything that was taken, in order."""
        return tuple(self._kept)
