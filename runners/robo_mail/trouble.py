"""What goes wrong with mails, in errors a person can act on. Every message of this runner is in this module."""

from __future__ import annotations

from collections.abc import Sequence

from robo.sdk.errors import (
    CredentialsRefused,
    DeadlinePassed,
    Failure,
    NotFound,
    PortalDown,
    Rejection,
    RoboError,
    SessionLost,
    TimedOut,
    UsageError,
)
from robo.sdk.runner import Call
from robo.sdk.values import MailAccount, Mailbox

LARGEST = 20 * 1024 * 1024
"""Bytes of all attachments of one mail: what nearly every server takes, once they are encoded."""
MEGABYTE = 1024 * 1024
SILENT = "no answer in time"
CLOSED = "the server closed it"
"""Causes that no system says."""


class MailboxRefused(Failure):
    """Asking again changes nothing."""

    retry = False


def where(account: MailAccount | Mailbox) -> str:
    return f"config/regions/{account.region}.yaml"


def unreachable(account: MailAccount | Mailbox, cause: str) -> PortalDown:
    return PortalDown(
        "RB855",
        "the mail server %(server)s:%(port)s does not answer: %(cause)s",
        place=where(account),
        remedy="check the network, and `server`, `port`, `security` of `mail:` there; then run or resume the process",
        server=account.server,
        port=account.port,
        cause=cause,
    )


def not_trusted(account: MailAccount | Mailbox, cause: str) -> PortalDown:
    return PortalDown(
        "RB856",
        "this machine does not trust the mail server %(server)s: %(cause)s",
        place=where(account),
        remedy="name the authority that signed its certificate in config/robo.yaml "
        "(`authorities: config/autorites.pem`) or install it on this machine; or give the server's own name; "
        "nothing was said to it",
        server=account.server,
        cause=cause,
    )


def not_offered(account: MailAccount | Mailbox, what: str) -> PortalDown:
    return PortalDown(
        "RB857",
        "the mail server %(server)s:%(port)s does not offer %(what)s",
        place=where(account),
        remedy="ask who runs it which port and which `security` robots must use",
        server=account.server,
        port=account.port,
        what=what,
    )


def credentials_refused(account: MailAccount | Mailbox, words: str) -> CredentialsRefused:
    return CredentialsRefused(
        "RB858",
        "the mail server %(server)s refused the secret %(secret)s: %(words)s",
        place=where(account),
        remedy="set a new value: `robo secrets set %(secret)s`",
        server=account.server,
        secret=account.secret or "",
        words=words,
    )


def sender_refused(account: MailAccount, words: str) -> PortalDown:
    return PortalDown(
        "RB859",
        "the mail server %(server)s takes no mail from %(sender)s: %(words)s",
        place=where(account),
        remedy="ask who runs it which address this account may write from, and write it as `mail: {from: …}`",
        server=account.server,
        sender=account.sender,
        words=words,
    )


def for_now(account: MailAccount, words: str) -> Failure:
    return Failure(
        "RB860",
        "the mail server %(server)s did not take the mail this time: %(words)s",
        place=where(account),
        remedy="it is tried again; if it goes on, ask who runs the server",
        server=account.server,
        words=words,
    )


def broken_off(account: MailAccount, cause: str) -> Failure:
    return Failure(
        "RB861",
        "the connection to the mail server %(server)s broke before the mail was whole: %(cause)s",
        place=where(account),
        remedy="nothing was sent; it is tried again",
        server=account.server,
        cause=cause,
    )


def too_late(account: MailAccount) -> TimedOut:
    return TimedOut(
        "RB862",
        "the mail server %(server)s took too long, and the mail was not finished",
        place=where(account),
        remedy="nothing was sent; it is tried again. For large attachments give the step a longer `timeout`",
        server=account.server,
    )


def unanswered(account: MailAccount, cause: str) -> SessionLost:
    return SessionLost(
        "RB863",
        "the mail server %(server)s has the whole mail and did not say whether it takes it: %(cause)s",
        place=where(account),
        remedy="whether it was sent is looked for before anything else is done",
        server=account.server,
        cause=cause,
    )


def no_attachment(call: Call, file: str, cause: str) -> NotFound:
    return NotFound(
        "RB864",
        "the file %(file)s cannot be attached: %(cause)s",
        place=call.step,
        remedy="give the whole path of a file that this account may read",
        file=file,
        cause=cause,
    )


def too_large(call: Call, size: int) -> Rejection:
    return Rejection(
        "mail-too-large",
        "the attachments have %(size_mb)s MB, more than the %(limit_mb)s MB that a mail takes",
        place=call.step,
        remedy="attach less, or put the files where the reader can fetch them",
        size_mb=round(size / MEGABYTE, 1),
        limit_mb=LARGEST // MEGABYTE,
    )


def not_granted(account: MailAccount, addresses: Sequence[str]) -> Rejection:
    return Rejection(
        "recipient-not-granted",
        "robots of %(region)s may not write to %(addresses)s",
        place=where(account),
        remedy="correct the address; or, if robots may write there, add its domain: `mail: {domains: [%(domains)s]}`",
        region=account.region,
        addresses=", ".join(addresses),
        domains=", ".join((*account.domains, *dict.fromkeys(each.rpartition("@")[2].lower() for each in addresses))),
    )


def no_such_address(address: str) -> Rejection:
    return Rejection(
        "bad-address",
        "%(address)s cannot be written to: mail servers take no accents before the @",
        remedy="correct the address",
        address=address,
    )


def recipient_refused(account: MailAccount, address: str, words: str) -> Rejection:
    return Rejection(
        "recipient-refused",
        "the mail server %(server)s does not take %(address)s: %(words)s",
        remedy="correct the address; nothing was sent, to nobody of this mail",
        server=account.server,
        address=address,
        words=words,
    )


def refused_for_good(account: MailAccount, words: str) -> Rejection:
    return Rejection(
        "mail-refused",
        "the mail server %(server)s read the mail and refused it: %(words)s",
        remedy="look at what it says about the content, the attachments or the addresses; nothing was sent",
        server=account.server,
        words=words,
    )


def not_text_rows(call: Call) -> Failure:
    return Failure(
        "RB865",
        "`rows` of the table is no list of mappings",
        place=call.step,
        remedy='give a list whose parts have members: rows: "${{ run.items }}"',
    )


def no_account(call: Call) -> UsageError:
    return UsageError(
        "RB866",
        "the region has no `mail:` account, so %(action)s cannot write",
        place=call.step,
        remedy="write `mail:` in the region's file: `robo explain RB480` shows how",
        action=call.action,
    )


def only_sends(call: Call) -> UsageError:
    return UsageError(
        "RB867",
        "%(action)s cannot be used in this place",
        place=call.step,
        remedy="mail.send stands among the steps",
        action=call.action,
    )


def rehearsing(call: Call) -> RoboError:
    return UsageError(
        "RB868",
        "this is a dry run: %(action)s writes to nobody",
        place=call.step,
        remedy="run it without --dry-run",
        action=call.action,
    )


def past_its_time() -> DeadlinePassed:
    return DeadlinePassed(
        "RB869",
        "it was too late to send the mail",
        remedy="nothing was sent; whether that is so is looked for before it is tried again",
    )


# -- the mailbox


def no_mailbox(call: Call) -> UsageError:
    return UsageError(
        "RB898",
        "the region has no mailbox, so %(action)s cannot look into it",
        place=call.step,
        remedy="write `mail: {mailbox: …}` in the region's file: `robo explain RB481` shows how",
        action=call.action,
    )


def no_folder(call: Call, folder: str, known: Sequence[str]) -> MailboxRefused:
    return MailboxRefused(
        "RB894",
        "the mailbox has no folder %(folder)s; it has: %(known)s",
        place=call.step,
        remedy="write the folder's name as the server calls it",
        folder=folder,
        known=", ".join(known) or "-",
    )


def not_answered(box: Mailbox, words: str) -> Failure:
    return Failure(
        "RB895",
        "the mailbox on %(server)s does not do what it is asked: %(words)s",
        place=where(box),
        remedy="it is tried again; if it goes on, ask who runs the server",
        server=box.server,
        words=words,
    )


def too_many_messages(call: Call, folder: str, most: int) -> MailboxRefused:
    return MailboxRefused(
        "RB896",
        "more than %(most)s mails came into %(folder)s in that time",
        place=call.step,
        remedy="look at less (`since: 2 days`, another folder), or allow more: `max_messages: 5000`",
        folder=folder,
        most=most,
    )


def no_message(call: Call, folder: str, message: str) -> NotFound:
    return NotFound(
        "RB897",
        "the mail %(id)s is not in %(folder)s",
        place=call.step,
        remedy="look whether somebody moved or deleted it; a longer `since` looks further back",
        id=message,
        folder=folder,
    )


def no_piece(call: Call, wanted: str, names: Sequence[str]) -> Rejection:
    remedy = "ask who wrote it to send the file; where a mail may come without one, say `required: no`"
    if not names:
        return Rejection("no-attachment", "the mail has no attachment", place=call.step, remedy=remedy)
    return Rejection(
        "no-attachment",
        "the mail has no attachment that matches %(wanted)s; it has: %(names)s",
        place=call.step,
        remedy=remedy,
        wanted=wanted,
        names=", ".join(names),
    )


def too_large_to_read(call: Call, size: int, limit_mb: int) -> Rejection:
    return Rejection(
        "mail-too-large",
        "the mail has %(size_mb)s MB, more than the %(limit_mb)s MB that are read",
        place=call.step,
        remedy="allow more: `max_mb: 50`, or ask who wrote it for less",
        size_mb=round(size / MEGABYTE, 1),
        limit_mb=limit_mb,
    )
