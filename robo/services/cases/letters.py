"""The mails that lie in the mailbox of a case, written as a mail program writes them."""

from __future__ import annotations

import mimetypes
from datetime import UTC, date, datetime, time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from robo.model.case import GivenMail

SOMEBODY: Final = "quelqu-un@exemple.fr"
"""Who writes where a case does not say."""
MORNING: Final = time(8)


def came(mail: GivenMail, day: date | None, zone: str) -> datetime:
    """When a mail came: as the case says, else in the morning of its run's `day`, else now."""
    here = ZoneInfo(zone)
    if mail.date is not None:
        return mail.date.replace(tzinfo=here)
    return datetime.now(UTC) if day is None else datetime.combine(day, MORNING, here)


def written(mail: GivenMail, number: int, home: Path, *, to: str, moment: datetime) -> bytes:
    """A mail as it came. `number`: which of its folder it is; `home`: the folder of its files; `to`: who it is written
    to where it does not say. The same case always writes the same mail.

    Raises:
        OSError: a file of it has gone.
    """
    if mail.file:
        return (home / mail.file).read_bytes()
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = "".join(mail.id.split()) or f"<{mail.folder.encode().hex()[:40]}.{number}@cas.exemple>"
    message["Date"] = format_datetime(moment)
    message["From"] = _address(mail.sender or SOMEBODY)
    message["To"] = [_address(each) for each in mail.to or (to,)]
    message["Subject"] = " ".join(mail.subject.split())
    text = (home / mail.body_file).read_text(encoding="utf-8") if mail.body_file else mail.body
    message.set_content(text, subtype="html" if mail.body_file.endswith((".html", ".htm")) else "plain")
    for name in mail.attached:
        file = home / name
        main, _, sub = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
        message.add_attachment(file.read_bytes(), maintype=main, subtype=sub, filename=file.name)
    return message.as_bytes()


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(name, addr_spec=address)
