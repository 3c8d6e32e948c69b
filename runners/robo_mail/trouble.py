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
from robo.sdk.values import MailAccount

LARGEST = 20 * 1024 * 1024
"""Bytes of all attachments of one mail: what nearly every server takes, once they are encoded."""
MEGABYTE = 1024 * 1024


def where(account: MailAccount) -> str:
    return f"config/regions/{account.region}.yaml"


def unreachable(account: MailAccount, cause: str) -> PortalDown:
    return PortalDown(
        "RB855",
        "the mail server %(server)s:%(port)s does not answer: %(cause)s",
        place=where(account),
        remedy="check the network, and `mail: {server, port, security}` there; then run or resume the process",
        server=account.server,
        port=account.port,
        cause=cause,
    )


def not_trusted(account: MailAccount, cause: str) -> PortalDown:
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


def not_offered(account: MailAccount, what: str) -> PortalDown:
    return PortalDown(
        "RB857",
        "the mail server %(server)s:%(port)s does not offer %(what)s",
        place=where(account),
        remedy="ask who runs it which port and which `security` robots must use",
        server=account.server,
        port=account.port,
        what=what,
    )


def credentials_refused(account: MailAccount, words: str) -> CredentialsRefused:
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
