"""The actions of this runner, each declared once: validation, help and the reference come from here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import Field, model_validator

from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.patterns import check_pattern
from robo.sdk.values import Effect, Email


class Table(Params):
    """`{rows: "${{ run.items }}", columns: {Dossier: key, Issue: outcome}}`."""

    rows: Any
    """A list of mappings, as `run.items`."""
    columns: Mapping[str, str]
    """What each column is headed, and the member of a row that stands in it."""


class SendParams(Params):
    """`mail.send: {to, subject, body}`."""

    to: tuple[Email, ...]
    subject: str
    body: str
    """Markdown, or `{file: templates/relance.md}` in the folder of the process. Values put into it are no markup."""
    cc: tuple[Email, ...] = ()
    bcc: tuple[Email, ...] = ()
    reply_to: Email | None = None
    table: Table | None = None
    """Below the body, or where a line of it is `[table]`: `{rows: "${{ run.items }}", columns: {Dossier: key, Issue:
    outcome}}`. Without rows there is no table."""
    attach: tuple[str, ...] = ()
    """Files."""


class LookParams(Params):
    """Which mails of the mailbox are looked at."""

    folder: str = "INBOX"
    since: timedelta = timedelta(days=30)
    """Mails that came within this time."""
    from_: str = Field(default="", alias="from")
    """Who it says it is from: `lea@exemple.fr`, or `@exemple.fr` for that whole domain. Anybody can write that."""
    subject: str = ""
    """Words the subject has; case, accents and blanks do not count."""
    says: str = ""
    """Words the text has; the same."""
    max_messages: int = 1000
    """More mails than this in that time are a failure: none is left out silently."""
    max_mb: int = 25
    """A larger mail is not read: its text and attachments are an error that rejects the item which reads them."""


class MessagesParams(LookParams):
    """`mail.messages: {folder: INBOX, since: 7 days, from: "@exemple.fr"}`."""

    unread: bool = False
    """Only those that nobody has read. Reading here marks nothing as read."""


class FindParams(LookParams):
    """`mail.find: {folder: INBOX, subject: "Dossier ${{ item.number }}"}`."""

    to: str = ""
    """Who it went to, copies too."""
    id: str = ""
    """Its `id`, as `mail.messages` and `mail.send` (`message_id`) tell it."""
    read: Mapping[str, str] = Field(default_factory=dict)
    """Names, each with a pattern (RE2) that is searched in the subject and the text: `{number: 'Dossier (\\S+)'}`, its
    first group. What is not there is missing."""

    @model_validator(mode="after")
    def _looks_for_something(self) -> FindParams:
        for name, pattern in self.read.items():
            if why := check_pattern(pattern):
                raise ValueError(f"the pattern of {name} is not a regular expression: {why}")
        if not any((self.id, self.from_, self.to, self.subject, self.says)):
            raise ValueError("say what the mail is known by: id, from, to, subject or says")
        return self


class AttachParams(LookParams):
    """`mail.attach: ${{ item.id }}`."""

    message: str
    """The `id` of the mail."""
    match: str = ""
    """A pattern (RE2) that is searched in the name of the file: `(?i)\\.pdf$`."""
    required: bool = True
    """Whether a mail without such a file rejects the item."""

    @model_validator(mode="after")
    def _is_pattern(self) -> AttachParams:
        if self.match and (why := check_pattern(self.match)):
            raise ValueError(f"this is not a regular expression: {why}")
        return self


COLUMNS: Final = {
    "id": "its Message-ID; where it has none, one made of its head",
    "from": "the address it says it is from",
    "from_name": "the name beside it",
    "to": "the addresses it went to, with commas",
    "cc": "those of copies",
    "subject": "its subject",
    "date": "when it was written, as it says, in the region's time",
    "text": "what it says: the plain text, else the HTML without markup",
    "attachments": "the names of its files",
    "size": "bytes",
}

SEND = ActionSpec(
    name="mail.send",
    params=SendParams,
    effect=Effect.SUBMIT,
    summary="Write a mail from the account of the region, as text and as HTML.",
    text_param="body",
    region_needs="mail",
    proof=Proof.JOURNALED,
    results={"message_id": "its Message-ID", "to": "the addresses it went to, with commas"},
    timeout=60.0,
    example='mail.send: {to: service@exemple.fr, subject: "Demande ${{ item.number }}", body: Elle est complète.}',
)

MESSAGES = ActionSpec(
    name="mail.messages",
    params=MessagesParams,
    effect=Effect.READ,
    summary="The mails of a folder of the robots' mailbox, oldest first. As a source: each is an item, with these "
    f"columns: {', '.join(COLUMNS)}.",
    source=True,
    region_needs="mailbox",
    results={
        "messages": "a list of mappings: " + "; ".join(f"`{name}` {what}" for name, what in COLUMNS.items()),
        "count": "how many",
    },
    timeout=60.0,
    example='mail.messages: {folder: INBOX, since: 7 days, from: "@exemple.fr", subject: Demande}',
)

FIND = ActionSpec(
    name="mail.find",
    params=FindParams,
    effect=Effect.READ,
    summary="Look for one mail in the robots' mailbox: found, absent (every mail of the time was looked at), or "
    "cannot tell.",
    finder=True,
    region_needs="mailbox",
    results=COLUMNS,
    result_param="read",
    timeout=60.0,
    example='mail.find: {from: accuse@exemple.fr, subject: "Dossier ${{ item.number }}", since: 2 days, '
    "read: {receipt: 'n° ([0-9]+)'}}",
)

ATTACH = ActionSpec(
    name="mail.attach",
    params=AttachParams,
    effect=Effect.LOCAL,
    summary="Save the files of a received mail into the private folder of the run, under safe names.",
    primary="message",
    region_needs="mailbox",
    results={"file": "the path of the first file", "files": "the paths of all", "count": "how many"},
    timeout=60.0,
    example='mail.attach: {message: "${{ item.number }}", match: "(?i)pdf$"}',
)

ACTIONS: Mapping[str, ActionSpec] = {spec.name: spec for spec in (SEND, MESSAGES, FIND, ATTACH)}
