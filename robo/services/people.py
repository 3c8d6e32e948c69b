"""What a person decides about one item, compared with what that person saw (rule `person`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from robo.engine.ports import JournalRow, JournalState
from robo.errors import UsageError
from robo.model.base import ItemState
from robo.model.run import Decision, Item
from robo.store import decisions, journal
from robo.store.clock import Tx

CHOICES: Final = ("done", "not-done", "look-again", "retry", "cancel")


def decide(tx: Tx, item: Item, choice: str, *, actor: str, receipt: Mapping[str, str], why: str) -> str:
    """Carry out one of `CHOICES`; what happens next, in a word: `queued`, `cancelled` or `wished`.

    Raises `StoreConflict` when the item is not as it was seen, RB545 when nothing of it is open."""
    open_id, open_row = _in_doubt(tx, item)
    saw = Decision(
        item=item.id,
        state=item.state,
        token=item.token,
        journal=open_id,
        n=open_row.n if open_row else 0,
    )
    match choice:
        case "retry":
            decisions.retry(tx, saw, actor=actor)
        case "cancel":
            return "cancelled" if decisions.cancel(tx, saw, actor=actor) else "wished"
        case "look-again":
            decisions.verify_again(tx, saw, actor=actor)
        case _ if open_row is None:
            raise UsageError(
                "RB545",
                "the item %(key)s has no effect whose fate is unknown",
                place=item.id,
                remedy="`robo items show %(key)s` tells how it stands",
                key=item.key,
            )
        case "done":
            decisions.there(tx, saw, actor=actor, receipt={**receipt, **({"why": why} if why else {})})
        case _:
            decisions.not_there(tx, saw, actor=actor)
    return "queued"


def _in_doubt(tx: Tx, item: Item) -> tuple[str, JournalRow | None]:
    """The effect a person is asked about: the open one, else one that was submitted and is not there."""
    rows = journal.rows_of(tx, item.id)
    asked = [(name, row) for name, row in rows if row.state is JournalState.OPEN]
    if not asked and item.state is ItemState.UNKNOWN:
        asked = [(name, row) for name, row in rows if row.state is JournalState.NONE]
    return asked[-1] if asked else ("", None)
