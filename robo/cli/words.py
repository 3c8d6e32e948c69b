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
