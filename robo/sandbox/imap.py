"""The practice mailbox over IMAP (RFC 3501), on loopback: as much of it as looking and keeping copies needs.

Looked at are folders, mails by day, by what their heads say and by whether they were read; a mail is read whole or its
head alone, and added to a folder. What else the protocol has is answered `BAD`, never half done.
"""

from __future__ import annotations

import base64
import hmac
import re
import socketserver
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final

from robo.sandbox.imap_words import (
    Word,
    Wrong,
    as_text,
    exactly,
    from_the_wire,
    head_of,
    moment,
    nested,
    numbers,
    on_the_wire,
    questions,
    tokens,
    told,
)
from robo.sandbox.mailbox import Kept, Mailbox
from robo.sandbox.ports import Talker

LONGEST: Final = 65_536
"""Bytes of one line of a command: a thousand numbers of mails and more."""
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of one mail that is added."""
ABLE: Final = b"IMAP4rev1 AUTH=PLAIN"
VALIDITY: Final = 1
_LITERAL: Final = re.compile(rb"\{(\d{1,9})(\+?)\}\r?\n$")


class Refused(Exception):  # noqa: N818 - what a client said, answered NO
    """It is understood, and cannot be done."""


class PostBox(Talker):
    """`with PostBox(mailbox, {"robot": "secret"}) as box:` answers on `box.port` until the block ends.

    Raises:
        InfrastructureError: RB982, the port is taken.
    """

    def __init__(self, mailbox: Mailbox, accounts: Mapping[str, str], port: int = 0) -> None:
        super().__init__(port, _Talk, "--mailbox-port")
        self.mailbox = mailbox
        self.accounts = accounts
        self.down_for: float = 0
        """How many more who come are sent away, because the mailbox is down. `inf`: all."""

    def turns_away(self) -> bool:
        """Whether who comes now is sent away."""
        self.down_for, now = max(0.0, self.down_for - 1), self.down_for
        return now > 0


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    server: PostBox

    def handle(self) -> None:
        self._who = ""
        self._folder: str | None = None
        if self.server.turns_away():
            self._say(b"* BYE down")
            return
        self._say(b"* OK [CAPABILITY %s] ready" % ABLE)
        with suppress(ConnectionError):
            while (words := self._command()) is not None and not self.server.down_for and self._answered(words):
                pass

    # -- what is said

    def _say(self, *lines: bytes) -> None:
        self.wfile.write(b"".join(line + b"\r\n" for line in lines))

    def _command(self) -> list[Word] | None:
        """The words of the next command; None when the other side has gone or says too much."""
        words: list[bytes] = []
        while line := self.rfile.readline(LONGEST):
            if not line.endswith(b"\n"):
                return None
            literal = _LITERAL.search(line)
            words += tokens(line[: literal.start()] if literal else line)
            if literal is None:
                return nested(iter(words))
            size = int(literal[1])
            if size > LARGEST:
                return None
            if not literal[2]:
                self._say(b"+ go on")
            words.append(b"=" + self.rfile.read(size))
        return None

    def _answered(self, words: list[Word]) -> bool:
        """Answers one command; False when it was the last."""
        try:
            tag, name = (as_text(words[n]) for n in (0, 1))
        except (IndexError, Wrong):
            self._say(b"* BAD what?")
            return True
        command = name.upper()
        try:
            done = self._do(command, words[2:])
        except Wrong as wrong:
            self._say(f"{tag} BAD {wrong}".encode())
        except Refused as refused:
            self._say(f"{tag} NO {refused}".encode())
        else:
            self._say(f"{tag} OK {done}".encode())
        return command != "LOGOUT"

    def _do(self, command: str, given: list[Word]) -> str:
        """Does what is asked; what is said when it is done."""
        if command == "UID" and given:
            command, given = f"UID {as_text(given[0]).upper()}", given[1:]
        known: Mapping[str, Callable[[list[Word]], str]] = {
            "CAPABILITY": self._capability,
            "NOOP": lambda _given: "done",
            "LOGOUT": self._logout,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
        }
        inside: Mapping[str, Callable[[list[Word]], str]] = {
            "LIST": self._list,
            "CREATE": self._create,
            "SELECT": self._select,
            "EXAMINE": self._select,
            "APPEND": self._append,
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
        }
        if command in known:
            return known[command](given)
        if command not in inside:
            raise Wrong("not spoken here")
        if not self._who:
            raise Refused("sign in first")
        return inside[command](given)

    # -- signing in

    def _capability(self, _given: list[Word]) -> str:
        self._say(b"* CAPABILITY " + ABLE)
        return "done"

    def _logout(self, _given: list[Word]) -> str:
        self._say(b"* BYE bye")
        return "done"

    def _login(self, given: list[Word]) -> str:
        return self._sign_in(*(as_text(each) for each in exactly(given, 2)))

    def _authenticate(self, given: list[Word]) -> str:
        if as_text(given[0] if given else b"").upper() != "PLAIN":
            raise Refused("PLAIN only")
        if len(given) == 1:
            self._say(b"+ ")
            code = self.rfile.readline(LONGEST).strip()
        else:
            code = as_text(given[1]).encode()
        try:
            _, name, password = base64.b64decode(code).decode().split("\0")
        except ValueError:
            raise Wrong("not as RFC 4616 has it") from None
        return self._sign_in(name, password)

    def _sign_in(self, name: str, password: str) -> str:
        known = self.server.accounts.get(name, "")
        if not known or not hmac.compare_digest(known.encode(), password.encode()):
            raise Refused("[AUTHENTICATIONFAILED] name or password are wrong")
        self._who = name
        return "welcome"

    # -- folders

    def _list(self, given: list[Word]) -> str:
        exactly(given, 2)
        self._say(*(b'* LIST () "/" "%s"' % on_the_wire(name) for name in self.server.mailbox.folders))
        return "done"

    def _create(self, given: list[Word]) -> str:
        self.server.mailbox.make(from_the_wire(*exactly(given, 1)))
        return "done"

    def _select(self, given: list[Word]) -> str:
        """Either way nothing can be changed there."""
        self._folder = None
        folder = self._known(given[0] if given else b"")
        mails = self.server.mailbox.mails(folder)
        self._folder = folder
        self._say(
            b"* FLAGS (\\Seen)",
            b"* OK [PERMANENTFLAGS ()] read only",
            b"* %d EXISTS" % len(mails),
            b"* 0 RECENT",
            b"* OK [UIDVALIDITY %d] numbers stay" % VALIDITY,
        )
        return "[READ-ONLY] done"

    def _known(self, word: Word) -> str:
        folder = from_the_wire(word)
        if folder not in self.server.mailbox.folders:
            raise Refused("[NONEXISTENT] no such folder")
        return folder

    def _append(self, given: list[Word]) -> str:
        match given:
            case [first, *marks, bytes(content)]:
                folder = self._known(first)
            case _:
                raise Wrong("a folder and a mail are wanted")
        flags: list[str] = []
        came: datetime | None = None
        for word in marks:
            if isinstance(word, list):
                flags = [as_text(flag) for flag in word]
            else:
                came = moment(as_text(word))
        self.server.mailbox.put(folder, content, came=came, flags=flags)
        return "done"

    # -- mails

    def _mails(self) -> tuple[Kept, ...]:
        if self._folder is None:
            raise Wrong("select a folder first")
        return self.server.mailbox.mails(self._folder)

    def _search(self, given: list[Word]) -> str:
        wanted = list(questions(given, self.server.mailbox))
        found = [mail.uid for mail in self._mails() if all(is_so(mail) for is_so in wanted)]
        self._say(b" ".join((b"* SEARCH", *(b"%d" % uid for uid in found))))
        return "done"

    def _fetch(self, given: list[Word]) -> str:
        uids, parts = exactly(given, 2)
        names = [as_text(part).upper() for part in (parts if isinstance(parts, list) else [parts])]
        mails = self._mails()
        wanted = numbers(as_text(uids), max((mail.uid for mail in mails), default=0))
        for number, mail in enumerate(mails, 1):
            if wanted(mail.uid):
                said = b" ".join(self._part(mail, name) for name in dict.fromkeys(["UID", *names]))
                self._say(b"* %d FETCH (%s)" % (number, said))
        return "done"

    def _part(self, mail: Kept, name: str) -> bytes:
        match name:
            case "UID":
                return b"UID %d" % mail.uid
            case "FLAGS":
                return b"FLAGS (%s)" % " ".join(sorted(mail.flags)).encode()
            case "RFC822.SIZE":
                return b"RFC822.SIZE %d" % len(mail.content)
            case "INTERNALDATE":
                return b'INTERNALDATE "%s"' % told(self.server.mailbox.told_date(mail)).encode()
            case "BODY.PEEK[]":
                return b"BODY[] {%d}\r\n%s" % (len(mail.content), mail.content)
            case "BODY.PEEK[HEADER]":
                return b"BODY[HEADER] {%d}\r\n%s" % (len(head := head_of(mail.content)), head)
        raise Wrong(f"{name} is not told here")
