"""A mail before it is sent: who it goes to, what it says, and what a person is told of it."""

from __future__ import annotations

import mimetypes
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from robo.sdk.markdown import literal
from robo.sdk.paths import as_on_disk
from robo.sdk.runner import Call
from robo.sdk.values import MISSING, BadScalar, CellError, Kind, MailAccount, parse
from robo_mail import markdown
from robo_mail.actions import SendParams, Table
from robo_mail.trouble import LARGEST, no_attachment, no_such_address, not_granted, not_text_rows, too_large

MARK: Final = "<robo."
"""How every Message-ID of ours begins."""
ID_DIGITS: Final = 40
"""Hexadecimal digits of a Message-ID: 160 bits of the effect's id, in a line of 76 characters."""
SHOWN: Final = 2000
"""Characters of a body that a dry run shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`sender`, `recipients`: whom the server is told, blind copies too. `content`: the message as bytes, with CRLF."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    told: str
    """One line for the history."""
    text: str

    @property
    def values(self) -> dict[str, Any]:
        """What the step leaves: the same whenever the letter is written again."""
        return {"message_id": self.message_id, "to": ", ".join(self.recipients)}

    @property
    def rehearsed(self) -> str:
        """What a dry run shows: all of it."""
        return f"{self.told}\n{self.text[:SHOWN]}"


def write(
    call: Call, params: SendParams, account: MailAccount, *, trial: bool, date_format: str, now: datetime | None = None
) -> Letter:
    """The letter of a call. `trial`: it goes to `redirect_all_to`, and says who it was for.

    Raises `Rejection` recipient-not-granted, mail-too-large; `Failure` RB864, RB865. Reads the attached files."""
    wanted = (*params.to, *params.cc, *params.bcc)
    _check_granted(account, wanted)
    recipients = tuple(dict.fromkeys(_plain(each) for each in (account.redirect_all_to if trial else wanted)))
    message = EmailMessage(policy=SMTP)
    sender = _plain(account.sender)
    message["Message-ID"] = f"{MARK}{call.effect_id[:ID_DIGITS]}@{sender.rpartition('@')[2]}>"
    message["Date"] = format_datetime(now or datetime.now(UTC))
    message["From"] = Address(account.name, addr_spec=sender)
    message["To"] = ", ".join(map(_plain, account.redirect_all_to if trial else params.to))
    if params.cc and not trial:
        message["Cc"] = ", ".join(map(_plain, params.cc))
    if params.reply_to:
        message["Reply-To"] = _plain(params.reply_to)
    subject = _one_line(params.subject)
    message["Subject"] = f"[essai → {', '.join(params.to)}] {subject}" if trial else subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers it
    text = _bodies(message, call, params, trial=trial, date_format=date_format)
    names = _attach(message, call, params.attach)
    return Letter(
        message_id=str(message["Message-ID"]),
        sender=sender,
        recipients=recipients,
        content=message.as_bytes(),
        told=_told(params, subject, names, account.redirect_all_to if trial else ()),
        text=text,
    )


def _check_granted(account: MailAccount, addresses: Sequence[str]) -> None:
    strangers = [address for address in addresses if not is_granted(account.domains, address)]
    if strangers:
        raise not_granted(account, strangers)


def is_granted(domains: Sequence[str], address: str) -> bool:
    """`exemple.fr` is that domain alone, `*.exemple.fr` every one below it."""
    domain = address.rpartition("@")[2].lower()
    return any(domain.endswith(granted[1:]) if granted.startswith("*.") else domain == granted for granted in domains)


def _plain(address: str) -> str:
    """As every mail server takes it: the domain in ASCII (IDNA)."""
    name, _, domain = address.rpartition("@")
    try:
        name.encode("ascii")
        return f"{name}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise no_such_address(address) from None


def _writable(text: str) -> str:
    """Without what no mail can carry: halves of letters that a page or a disk may give, and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _one_line(text: str) -> str:
    """As a header has it: nothing in it begins another one."""
    seen = (" " if unicodedata.category(letter) == "Cc" else letter for letter in _writable(text))
    return " ".join("".join(seen).split())


def _bodies(message: EmailMessage, call: Call, params: SendParams, *, trial: bool, date_format: str) -> str:
    """Puts text and HTML into the message; the text."""
    body = _writable(params.body)
    written = f"{_meant_for(params)}\n\n{body}" if trial else body
    rows = _rows(call, params.table, date_format) if params.table is not None else []
    table = markdown.Table(tuple(params.table.columns) if params.table is not None else (), rows)
    text = markdown.as_text(written, table)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(markdown.as_html(written, table), subtype="html", cte="quoted-printable")
    return text


def _meant_for(params: SendParams) -> str:
    """The first lines of a trial, for whoever gets all of them."""
    named = {"à": params.to, "copie": params.cc, "copie cachée": params.bcc}
    who = " ; ".join(f"{how} : {', '.join(addresses)}" for how, addresses in named.items() if addresses)
    return f"**Essai.** Ce message serait parti {literal(who)}."


def _rows(call: Call, table: Table, date_format: str) -> list[list[str]]:
    rows = table.rows
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise not_text_rows(call)
    return markdown.cells_of(rows, table.columns, lambda value: _writable(_shown(value, date_format)))


def _shown(value: Any, date_format: str) -> str:
    if value is None or value is MISSING:
        return ""
    if isinstance(value, CellError):
        return value.why
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.strftime(date_format)
    if isinstance(value, Decimal) and value.is_finite():  # an amount keeps its cents: 200,50
        return f"{value:f}".replace(".", ",")
    if isinstance(value, list | tuple):
        return ", ".join(_shown(part, date_format) for part in value)
    try:
        return str(parse(Kind.STR, value))
    except BadScalar:
        return str(value)


def _attach(message: EmailMessage, call: Call, files: Sequence[str]) -> list[str]:
    """Puts the files into the message; their names."""
    total, names = 0, []
    for name in files:
        file = as_on_disk(Path(name).expanduser().absolute())
        try:
            total += file.stat().st_size
            if total > LARGEST:
                raise too_large(call, total)
            content = file.read_bytes()
        except OSError as bad:
            raise no_attachment(call, name, bad.strerror or str(bad)) from bad
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        names.append(_one_line(file.name))
        message.add_attachment(content, maintype=main, subtype=sub, filename=names[-1])
    return names


def _told(params: SendParams, subject: str, files: Sequence[str], instead: Sequence[str]) -> str:
    parts = {"to": params.to, "cc": params.cc, "bcc": params.bcc}
    told = [f"{word} {', '.join(addresses)}" for word, addresses in parts.items() if addresses]
    told += [f"(redirected to {', '.join(instead)})"] if instead else []
    told += [f"subject = «{subject}»"]
    told += [f"attach = {', '.join(files)}"] if files else []
    return " ".join(told)
