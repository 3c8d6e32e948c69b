"""One connection to the region's mailbox: folders are looked at, never changed, but for a copy of what was sent.

Thin over `imaplib`: what it does not do (time that ends, folders with accents, passwords in UTF-8, answers read whole)
is here. Sync: called in a thread, by one caller at a time, `close` excepted.
"""

from __future__ import annotations

import base64
import imaplib
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from robo.sdk.errors import RoboError
from robo.sdk.runner import Call
from robo.sdk.secret import Secret
from robo.sdk.trust import trusted
from robo.sdk.values import Mailbox, Security
from robo_mail import trouble

ANSWER: Final = 15.0
"""Seconds for each answer where nothing else is said."""
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BATCH: Final = 200
"""Mails whose headers are asked for at once."""
BROKEN: Final = (OSError, imaplib.IMAP4.abort, AttributeError, ValueError)
"""What a connection that is gone raises; the last two when the session was closed meanwhile, by another thread."""
_UID: Final = re.compile(rb"\bUID (\d+)")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)")
_LISTED: Final = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:\\.|[^"])*"|NIL) (?P<name>.+)$')


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail, or its head. `size`: of the whole mail, in bytes."""

    uid: int
    size: int
    content: bytes


class MailboxWire:
    """A connection that is opened at its first use, and again when the server has closed it."""

    def __init__(self, box: Mailbox, settings: Mapping[str, Any]) -> None:
        self._box = box
        self._settings = settings
        self._imap: imaplib.IMAP4 | None = None
        self.signed_in = False

    def connect(self) -> None:
        """Raises `PortalDown` RB855-RB857. Protected before anything is said, as `security` wants it."""
        box = self._box
        try:
            if box.security is Security.TLS:
                context = trusted(self._settings)
                self._imap = imaplib.IMAP4_SSL(box.server, box.port, ssl_context=context, timeout=ANSWER)
            else:
                self._imap = imaplib.IMAP4(box.server, box.port, timeout=ANSWER)
            if box.security is Security.STARTTLS:
                self._protect(self._imap)
        except (OSError, imaplib.IMAP4.error, RoboError) as bad:
            self.close()
            raise self._told(bad) from bad

    def _protect(self, imap: imaplib.IMAP4) -> None:
        """A server that greets as if somebody had signed in (PREAUTH) cannot be asked for it any more: it is left."""
        if "STARTTLS" not in imap.capabilities or imap.state != "NONAUTH":
            raise trouble.not_offered(self._box, "STARTTLS")
        imap.starttls(ssl_context=trusted(self._settings))

    def _told(self, bad: Exception) -> RoboError:
        if isinstance(bad, RoboError):
            return bad
        if isinstance(bad, ssl.SSLCertVerificationError):
            return trouble.not_trusted(self._box, bad.verify_message)
        return trouble.unreachable(self._box, _cause(bad))

    def sign_in(self, secret: Secret) -> None:
        """One attempt, in one way. Raises `CredentialsRefused` RB858, `PortalDown`."""
        imap = self._opened()
        name, password = (secret.reveal(part).encode() for part in ("username", "password"))
        try:
            if "AUTH=PLAIN" in imap.capabilities:
                imap.authenticate("PLAIN", lambda _asked: b"\0".join((b"", name, password)))
            elif "LOGINDISABLED" in imap.capabilities or not (name + password).isascii():
                raise trouble.not_offered(self._box, "AUTH=PLAIN")
            else:
                imap.login(name.decode(), password.decode())
        except imaplib.IMAP4.abort as bad:
            self.close()
            raise trouble.unreachable(self._box, _cause(bad)) from None
        except imaplib.IMAP4.error as refused:
            self.close()
            words = _words(refused)
            held = "[UNAVAILABLE]" in words or "[INUSE]" in words  # RFC 5530: it says nothing of the password
            raise (trouble.unreachable if held else trouble.credentials_refused)(self._box, words) from None
        except BROKEN as bad:
            self.close()
            raise trouble.unreachable(self._box, _cause(bad)) from None
        self.signed_in = True

    # -- looking

    def look_into(self, call: Call, folder: str) -> None:
        """From here on this folder is looked at; nothing in it is marked as read. Raises `Failure` RB894."""
        kind, _ = self._say("select", _name(folder), True)
        if kind != "OK":
            raise trouble.no_folder(call, folder, self._folders())

    def _folders(self) -> list[str]:
        _, lines = self._say("list")
        found = [_LISTED.search(line) for line in lines if isinstance(line, bytes)]
        return [_plain(one["name"]) for one in found if one is not None and b"\\Noselect" not in one["flags"]]

    def search(self, *asked: str) -> list[int]:
        """Numbers of the mails of this folder that the server finds, in the order they came. `asked`: RFC 3501, 6.4.4.

        Raises `Failure` RB895 when it does not answer the question."""
        kind, lines = self._say("uid", "SEARCH", *asked)
        if kind != "OK":
            raise trouble.not_answered(self._box, _words(lines))
        return sorted(int(each) for line in lines if isinstance(line, bytes) for each in line.split())

    def heads(self, uids: Sequence[int]) -> Iterator[Fetched]:
        """Everything above the text of these mails."""
        for start in range(0, len(uids), BATCH):
            batch = ",".join(map(str, uids[start : start + BATCH]))
            yield from self._fetch(batch, "(UID RFC822.SIZE BODY.PEEK[HEADER])")

    def whole(self, uid: int) -> Fetched | None:
        """One mail; None when it has gone meanwhile."""
        return next(iter(self._fetch(str(uid), "(UID RFC822.SIZE BODY.PEEK[])")), None)

    def _fetch(self, uids: str, what: str) -> list[Fetched]:
        kind, parts = self._say("uid", "FETCH", uids, what)
        if kind != "OK":
            raise trouble.not_answered(self._box, _words(parts))
        return list(_fetched(parts))

    # -- keeping a copy

    def keep(self, folder: str, content: bytes) -> None:
        """A copy of a mail into a folder, as one that was read. Raises `Failure` RB895."""
        when = imaplib.Time2Internaldate(time.time())
        kind, lines = self._say("append", _name(folder), r"(\Seen)", when, content)
        if kind != "OK":
            raise trouble.not_answered(self._box, _words(lines))

    # -- the connection

    def _say(self, command: str, *given: Any) -> tuple[str, list[Any]]:
        imap = self._opened()
        try:
            kind, lines = getattr(imap, command)(*given)
        except imaplib.IMAP4.abort as bad:
            self.close()
            raise trouble.unreachable(self._box, _cause(bad)) from bad
        except imaplib.IMAP4.error as refused:  # BAD: it does not know what was said
            raise trouble.not_answered(self._box, _words(refused)) from refused
        except BROKEN as bad:
            self.close()
            raise trouble.unreachable(self._box, _cause(bad)) from bad
        return kind, list(lines)

    def alive(self) -> bool:
        """Whether the server still listens: it closes what is idle."""
        if self._imap is None:
            return False
        try:
            return bool(self._imap.noop()[0] == "OK")
        except (*BROKEN, imaplib.IMAP4.error):
            self.close()
            return False

    def close(self) -> None:
        """At once, without a farewell; a call under way ends with an error of its own."""
        imap, self._imap, self.signed_in = self._imap, None, False
        if imap is not None:
            with suppress(OSError, AttributeError):
                imap.sock.shutdown(socket.SHUT_RDWR)
            with suppress(OSError, AttributeError):
                imap.shutdown()

    def _opened(self) -> imaplib.IMAP4:
        if self._imap is None:
            raise trouble.unreachable(self._box, "closed")
        return self._imap


def since(day: date) -> tuple[str, str]:
    """The question for mails that came on this day or later, whatever the language of this machine."""
    return "SINCE", f"{day.day}-{MONTHS[day.month - 1]}-{day.year}"


def _fetched(parts: Sequence[Any]) -> Iterator[Fetched]:
    """What an answer to FETCH says of each mail. What it says of others, unasked, is left out."""
    said: list[tuple[bytes, bytes]] = []
    for part in parts:
        if isinstance(part, tuple):
            said.append((part[0], part[1]))
        elif isinstance(part, bytes) and said:
            said[-1] = (said[-1][0] + b" " + part, said[-1][1])
    for told, content in said:
        uid, size = _UID.search(told), _SIZE.search(told)
        if uid is not None:
            yield Fetched(int(uid[1]), int(size[1]) if size else len(content), content)


def _name(folder: str) -> str:
    """A folder's name as the protocol has it: in quotes, in its own UTF-7 (RFC 3501, 5.1.3)."""
    told, foreign = "", ""
    for letter in f"{folder}\0":
        if letter.isascii() and letter.isprintable():
            told += _shifted(foreign) + ("&-" if letter == "&" else letter)
            foreign = ""
        elif letter == "\0":
            told += _shifted(foreign)
        else:
            foreign += letter
    return '"' + told.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(foreign: str) -> str:
    if not foreign:
        return ""
    return "&" + base64.b64encode(foreign.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",") + "-"


def _plain(name: bytes) -> str:
    """The same, read back."""
    text = name.decode("ascii", "replace").strip()
    if text.startswith('"'):
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    return re.sub("&([^-]*)-", lambda found: _unshifted(found[1]), text)


def _unshifted(code: str) -> str:
    if not code:
        return "&"
    with suppress(ValueError):
        return base64.b64decode(code.replace(",", "/") + "=" * (-len(code) % 4)).decode("utf-16-be")
    return f"&{code}-"


def _words(said: Any) -> str:
    if isinstance(said, list):
        said = b" ".join(part for part in said if isinstance(part, bytes))
    if isinstance(said, imaplib.IMAP4.error):
        said = said.args[0] if said.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:300]


def _cause(bad: Exception) -> str:
    if isinstance(bad, TimeoutError):
        return trouble.SILENT
    if isinstance(bad, imaplib.IMAP4.error):
        return _words(bad)
    return (bad.strerror if isinstance(bad, OSError) else "") or str(bad) or type(bad).__name__
