"""The actions of this runner, each declared once: validation, help and the reference come from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robo.sdk.action import ActionSpec, Params, Proof
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

ACTIONS: Mapping[str, ActionSpec] = {spec.name: spec for spec in (SEND,)}
