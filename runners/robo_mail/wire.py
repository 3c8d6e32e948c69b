"""One connection to the region's mail server, phase by phase, so that it is known at each moment whether a mail left.

Everything up to the recipients may be said and taken back. What makes a mail is its final dot (RFC 5321, 4.1.1.4):
before it nothing was sent; after it only the server knows. Sync: called in a thread, by one caller at a time, `close`
excepted.
"""

from __future__ import annotations

import base64
import hmac
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from robo.sdk.errors import ItemTrouble, RoboError
from robo.sdk.secret import Secret
from robo.sdk.trust import trusted
from robo.sdk.values import MailAccount, Security
from robo_mail import trouble

ANSWER: Final = 15.0
"""Seconds for each answer before the mail itself."""
PATIENCE: Final = 10.0
"""Seconds beyond the deadline for the answer to a final dot that left in time."""
MOMENT: Final = 0.1
"""Seconds, the least that a socket is given."""
READY, TAKEN, BUSY_NOW, SIGNED_IN, GO_ON = 354, 250, 421, 235, 334
WRONG_PASSWORD: Final = frozenset({530, 534, 535})
FAILED: Final = range(400, 600)
"""Answers that are a refusal (RFC 5321, 4.2.1)."""
PERMANENT: Final = 500
HOW: Final = ("PLAIN", "LOGIN", "CRAM-MD5")
"""Ways to sign in, best first; the first that the server offers is the only one tried."""
BROKEN: Final = (OSError, smtplib.SMTPException, AttributeError, ValueError)
"""What a connection that is gone raises; the last two when the session was closed meanwhile, by another thread."""
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class NotSent(Exception):  # noqa: N818 - a fact, which the session turns into an answer
    """The mail did not leave and will not: the final dot was never sent, or the server refused it."""

    def __init__(self, why: ItemTrouble) -> None:
        super().__init__(str(why))
        self.why = why


class Wire:
    """A connection that is opened at its first use, and again when the server has closed it."""

    def __init__(self, account: MailAccount, settings: Mapping[str, Any]) -> None:
        self._account = account
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None
        self.signed_in = False

    @property
    def is_open(self) -> bool:
        return self._smtp is not None

    def connect(self) -> None:
        """Raises `PortalDown` RB855-RB857. Protected before anything is said, as `security` wants it."""
        account = self._account
        try:
            if account.security is Security.TLS:
                trust = trusted(self._settings)
                self._smtp = smtplib.SMTP_SSL(account.server, account.port, timeout=ANSWER, context=trust)
            else:
                self._smtp = smtplib.SMTP(account.server, account.port, timeout=ANSWER)
            if self._smtp.sock is not None:  # or the final dot waits 40 ms for the mail before it to be acknowledged
                self._smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._greet(self._smtp)
        except (OSError, smtplib.SMTPException, RoboError) as bad:
            self.close()
            raise self._told(bad) from bad

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        if self._account.security is Security.STARTTLS:
            if not smtp.has_extn("starttls"):
                raise trouble.not_offered(self._account, "STARTTLS")
            smtp.starttls(context=trusted(self._settings))
            smtp.ehlo()

    def _told(self, bad: Exception) -> RoboError:
        if isinstance(bad, RoboError):
            return bad
        if isinstance(bad, ssl.SSLCertVerificationError):
            return trouble.not_trusted(self._account, bad.verify_message)
        return trouble.unreachable(self._account, _cause(bad))

    def sign_in(self, secret: Secret) -> None:
        """One attempt, in one way. Raises `CredentialsRefused` RB858, `PortalDown`."""
        smtp = self._opened()
        offered = str(smtp.esmtp_features.get("auth", "")).upper().split()
        how = next((way for way in HOW if way in offered), None)
        if how is None:
            raise trouble.not_offered(self._account, "AUTH")
        try:
            code, said = _authenticate(smtp, how, secret)
        except BROKEN as bad:
            self.close()
            raise trouble.unreachable(self._account, _cause(bad)) from None
        if code != SIGNED_IN:
            self.close()
            words = _words(code, said)
            wrong = code in WRONG_PASSWORD
            raise (trouble.credentials_refused if wrong else trouble.unreachable)(self._account, words)
        self.signed_in = True

    def address(self, sender: str, recipients: Sequence[str]) -> None:
        """Say who it is from and who it goes to: all of them are taken, or nothing is sent. Nothing has left yet."""
        smtp = self._opened()
        try:
            code, said = smtp.mail(sender)
            if code != TAKEN:
                raise self._refused(code, said, trouble.sender_refused(self._account, _words(code, said)))
            for address in recipients:
                code, said = smtp.rcpt(address)
                if code // 100 != TAKEN // 100:
                    words = _words(code, said)
                    raise self._refused(code, said, trouble.recipient_refused(self._account, address, words))
        except BROKEN as bad:
            self.close()
            raise trouble.unreachable(self._account, _cause(bad)) from bad

    def _refused(self, code: int, said: bytes, for_good: ItemTrouble) -> ItemTrouble:
        """What an answer that is no yes means; the connection is good for another mail, unless the server leaves."""
        words = _words(code, said)
        if code == BUSY_NOW:
            self.close()
            return trouble.unreachable(self._account, words)
        self.forget()
        return for_good if code >= PERMANENT else trouble.for_now(self._account, words)

    def send(self, content: bytes, deadline: float) -> str:
        """The mail itself; what the server says to it. `deadline` on `time.monotonic`: the final dot leaves before it.

        Raises `DeadlinePassed` or `NotSent` when nothing left, `SessionLost` RB863 when only the server knows."""
        smtp = self._opened()
        self._limit(deadline)
        self._body(smtp, content)
        if time.monotonic() >= deadline:
            self.close()
            raise NotSent(trouble.too_late(self._account))
        self._still_there(smtp, deadline)
        try:
            smtp.send(b".\r\n")
        except BROKEN as bad:
            self.close()
            raise NotSent(trouble.broken_off(self._account, _cause(bad))) from bad
        return self._answer(smtp, deadline)

    def _limit(self, deadline: float, more: float = 0.0) -> None:
        left = deadline + more - time.monotonic()
        if left <= 0:
            self.close()
            raise trouble.past_its_time()
        connection = self._opened().sock
        if connection is not None:
            connection.settimeout(left)

    def _body(self, smtp: smtplib.SMTP, content: bytes) -> None:
        """Everything but the final dot."""
        try:
            code, said = smtp.docmd("DATA")
            if code != READY:
                for_good = trouble.refused_for_good(self._account, _words(code, said))
                raise NotSent(self._refused(code, said, for_good))
            smtp.send(_stuffed(content))
        except BROKEN as bad:
            self.close()
            raise NotSent(trouble.broken_off(self._account, _cause(bad))) from bad

    def _still_there(self, smtp: smtplib.SMTP, deadline: float) -> None:
        """A server that has something to say before the dot, or has gone, does not get it. Whoever gets it gets it in
        what is left of the time."""
        connection = smtp.sock
        if connection is None:
            raise NotSent(trouble.broken_off(self._account, trouble.CLOSED))
        connection.settimeout(0.0)
        try:
            connection.recv(1)
            cause = trouble.CLOSED
        except (BlockingIOError, ssl.SSLWantReadError):
            connection.settimeout(max(MOMENT, deadline - time.monotonic()))
            return
        except OSError as bad:
            cause = _cause(bad)
        self.close()
        raise NotSent(trouble.broken_off(self._account, cause))

    def _answer(self, smtp: smtplib.SMTP, deadline: float) -> str:
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(max(MOMENT, deadline + PATIENCE - time.monotonic()))
            code, said = smtp.getreply()
        except BROKEN as bad:
            self.close()
            raise trouble.unanswered(self._account, _cause(bad)) from bad
        words = _words(code, said)
        if code == TAKEN:
            return words
        if code not in FAILED:  # neither yes nor no: the mail may be on its way
            self.close()
            raise trouble.unanswered(self._account, words)
        raise NotSent(self._refused(code, said, trouble.refused_for_good(self._account, words)))

    def forget(self) -> None:
        """Take back who it is from and who it goes to."""
        if self._smtp is None:
            return
        try:
            self._smtp.rset()
        except BROKEN:
            self.close()

    def alive(self) -> bool:
        """Whether the server still listens: it closes what is idle."""
        if self._smtp is None:
            return False
        try:
            if self._smtp.sock is not None:
                self._smtp.sock.settimeout(ANSWER)
            return self._smtp.rset()[0] == TAKEN
        except BROKEN:
            self.close()
            return False

    def close(self) -> None:
        """At once, without a farewell; a call under way ends with an error of its own."""
        smtp, self._smtp, self.signed_in = self._smtp, None, False
        if smtp is not None and smtp.sock is not None:
            with suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)
        if smtp is not None:
            smtp.close()

    def _opened(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise trouble.unreachable(self._account, "closed")
        return self._smtp


def _authenticate(smtp: smtplib.SMTP, how: str, secret: Secret) -> tuple[int, bytes]:
    """What the server says at the end. smtplib's own ways take ASCII only, and show what they could not write; names
    and passwords are UTF-8 (RFC 4616)."""
    name, password = (secret.reveal(part).encode() for part in ("username", "password"))
    if how == "PLAIN":
        return smtp.docmd("AUTH", "PLAIN " + _base64(b"\0".join((b"", name, password))))
    code, said = smtp.docmd("AUTH", how)
    if how == "CRAM-MD5" and code == GO_ON:  # RFC 2195
        proof = hmac.new(password, base64.b64decode(said), "md5").hexdigest()
        return smtp.docmd(_base64(name + b" " + proof.encode()))
    for part in (name, password):
        if code == GO_ON:
            code, said = smtp.docmd(_base64(part))
    return code, said


def _base64(text: bytes) -> str:
    return base64.b64encode(text).decode("ascii")


def _stuffed(content: bytes) -> bytes:
    """With CRLF at every line's end, and a dot before every line's own dot (RFC 5321, 4.5.2)."""
    lines = _LINE_END.sub(b"\r\n", content)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{code} {' '.join(text.split())}"[:300]


def _cause(bad: Exception) -> str:
    if isinstance(bad, TimeoutError):
        return trouble.SILENT
    if isinstance(bad, smtplib.SMTPResponseException):
        return _words(bad.smtp_code, bad.smtp_error)
    return (bad.strerror if isinstance(bad, OSError) else "") or str(bad) or type(bad).__name__
