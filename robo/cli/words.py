"""Words for states and reasons, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.model.run import Item


def outcome_word(state: str) -> str:
    """An item's state as people say it."""
    words = {
        "queued": _("queued"),
        "running": _("running"),
        "waiting": _("waiting"),
        "held": _("held"),
        "done": _("done"),
        "skipped": _("skipped"),
        "rejected": _("rejected"),
        "failed": _("failed"),
        "unknown": _("unknown"),
        "cancelled": _("cancelled"),
    }
    return words[str(state)]


def why_of(item: Item) -> str:
    """Why an item ended as it did: the author's words where there are some, else the code."""
    told = say(item.message, item.facts) if item.message else ""
    return f"{item.code}: {told}" if item.code and told else item.code or told


def run_word(state: str) -> str:
    """A run's state as people say it."""
    words = {
        "open": _("not begun"),
        "opening": _("reading its source"),
        "running": _("running"),
        "waiting": _("waiting for a yes"),
        "ended": _("ended"),
        "cancelled": _("cancelled"),
    }
    return words[str(state)]


def method_word(method: str) -> str:
    """How the minutes of a baseline are known."""
    words = {
        "timed": _("timed"),
        "declared": _("declared, not measured"),
        "imported": _("imported, not measured here"),
        "hypothesis": _("a hypothesis, not measured"),
    }
    return words.get(method, method)


def row_word(kind: str) -> str:
    """The kind of a row of the book of minutes."""
    words = {
        "credit": _("credit"),
        "debit": _("debit"),
        "correction": _("correction"),
        "time": _("logged time"),
        "opening": _("from before robo"),
    }
    return words.get(kind, kind)


def reason_word(reason: str) -> str:
    """Why a row of the book was written."""
    words = {
        "triage": _("taking up a rejection"),
        "recovery": _("taking up a failure"),
        "wrong": _("the robot got it wrong"),
        "supervision": _("supervision"),
        "maintenance": _("maintenance"),
        "build": _("building"),
        "replication": _("replication"),
        "not found": _("not found when looked at again"),
        "slip": _("a slip in logging"),
        "repeated receipt": _("a receipt that came before"),
    }
    return words.get(reason, reason)


def standing_word(standing: str) -> str:
    """How far a baseline may be trusted, and what was decided about it."""
    words = {
        "valid": _("valid"),
        "unapproved": _("not approved"),
        "expired": _("expired"),
        "other definition": _("measured for another definition"),
        "too few": _("too few observations"),
        "not timed": _("not timed"),
        "superseded": _("superseded"),
        "withdrawn": _("withdrawn"),
        "approved": _("approved"),
        "signed": _("signed"),
    }
    return words.get(standing, standing)


def journal_word(state: str) -> str:
    """What the journal holds about an effect."""
    words = {
        "none": _("not done"),
        "open": _("begun, fate not known"),
        "refused": _("refused"),
        "done": _("done"),
    }
    return words.get(str(state), str(state))


def closer_word(by: str) -> str:
    """Who or what closed an effect in the journal."""
    words = {"answer": _("the answer"), "verify": _("`verify`"), "person": _("a person")}
    return words.get(by, by)


def step_word(state: str) -> str:
    """How a step of an attempt ended."""
    words = {
        "ok": _("ok"),
        "skipped": _("skipped"),
        "failed": _("failed"),
        "asked": _("asked"),
        "refused": _("refused"),
        "found": _("found"),
        "absent": _("absent"),
        "cannot tell": _("cannot tell"),
    }
    return words.get(str(state), str(state))


def decision_word(state: str) -> str:
    """What follows from a person's decision."""
    words = {"queued": _("queued"), "cancelled": _("cancelled"), "wished": _("stops at the next safe point")}
    return words.get(state, state)
