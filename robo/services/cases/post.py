"""What became of the mails of a case: those that were written, and those that lie in its mailbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from robo.errors import Words, phrase
from robo.model.case import ExpectedMail

HOW: Final[dict[bool | None, Words]] = {
    None: "",
    True: phrase(", marked as read"),
    False: phrase(", not marked as read"),
}


class Mail(Protocol):
    """A mail as the post office of a case took it."""

    @property
    def to(self) -> tuple[str, ...]: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def sender(self) -> str:
        """The address it says it is from."""
        ...

    @property
    def attached(self) -> Sequence[str]:
        """The names of the files it came with."""
        ...


def mail_problems(
    wanted: Sequence[ExpectedMail] | None, mails: Sequence[Mail], *, in_order: bool = False
) -> Iterator[Words]:
    """Each expected mail was written, and no other."""
    if wanted is None:
        return
    lacking, left = _compared(wanted, [(mail, False) for mail in mails])
    for each in lacking:
        facts = {"to": ", ".join(each.to), "subject": each.subject or "…", "says": each.says or "…"}
        if each.attached is None:
            yield phrase("mails: none to %(to)s with the subject « %(subject)s » that says « %(says)s »", **facts)
        else:
            yield phrase(
                "mails: none to %(to)s with the subject « %(subject)s » that says « %(says)s » and brings %(files)s",
                files=", ".join(each.attached) or "-",
                **facts,
            )
    for mail, _ in left:
        facts = {"to": ", ".join(mail.to), "subject": mail.subject}
        yield phrase("mails: to %(to)s « %(subject)s », and the case does not say so", **facts)
    if in_order and not lacking and not left:
        yield from _disorder(wanted, mails)


def folder_of_mails_problems(
    folder: str, wanted: Sequence[ExpectedMail], kept: Sequence[tuple[Mail, bool]]
) -> Iterator[Words]:
    """A folder of the mailbox holds these mails, and no other. `kept`: each with whether it is marked as read."""
    lacking, left = _compared(wanted, kept)
    for each in lacking:
        yield phrase(
            "mailbox: in %(folder)s there is none from %(from)s to %(to)s with the subject « %(subject)s » that says "
            "« %(says)s » and brings %(files)s%(how)s",
            folder=folder,
            to=", ".join(each.to) or "…",
            subject=each.subject or "…",
            says=each.says or "…",
            files="…" if each.attached is None else ", ".join(each.attached) or "-",
            how=HOW[each.read],
            **{"from": each.sender or "…"},
        )
    for mail, read in left:
        yield phrase(
            "mailbox: in %(folder)s there is one from %(from)s « %(subject)s »%(how)s; the case does not say so",
            folder=folder,
            subject=mail.subject,
            how=HOW[read],
            **{"from": mail.sender},
        )


Kept = tuple[Mail, bool]


def _compared(wanted: Sequence[ExpectedMail], there: Sequence[Kept]) -> tuple[list[ExpectedMail], list[Kept]]:
    """The expected mails that are not there, and those that are there and were not expected."""
    lacking, left = [], list(there)
    for each in wanted:
        found = next((one for one in left if _is_meant(each, *one)), None)
        if found is None:
            lacking.append(each)
        else:
            left.remove(found)
    return lacking, left


def _disorder(wanted: Sequence[ExpectedMail], mails: Sequence[Mail]) -> Iterator[Words]:
    for number, (each, mail) in enumerate(zip(wanted, mails, strict=True), 1):
        if not _is_meant(each, mail):
            facts = {"number": number, "to": ", ".join(mail.to), "subject": mail.subject}
            yield phrase("mails: number %(number)s is to %(to)s « %(subject)s »; the case has another order", **facts)
            return


def _is_meant(wanted: ExpectedMail, mail: Mail, read: bool = False) -> bool:
    to = not wanted.to or {each.lower() for each in wanted.to} == {each.lower() for each in mail.to}
    sender = wanted.sender.lower() in {"", mail.sender.lower()}
    files = wanted.attached is None or sorted(wanted.attached) == sorted(mail.attached)
    says = " ".join(wanted.says.split()) in " ".join(mail.text.split())
    return to and sender and files and says and wanted.subject in {"", mail.subject} and wanted.read in {None, read}
