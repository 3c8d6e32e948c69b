"""What a person decides about one item, compared with what that person saw (rule `person`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robo.definition.diagnostics import nearest
from robo.engine.ports import JournalRow, JournalState
from robo.errors import UsageError
from robo.model.base import MISSING, ItemState
from robo.model.review import Field, Person, Question, Reviewed, ReviewState
from robo.model.run import Decision, Item
from robo.model.scalars import BadScalar
from robo.store import decisions, journal, reviews
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


def asked(tx: Tx, item: Item) -> Reviewed | None:
    """The question an item waits for, else the last one, else None."""
    found = reviews.of_item(tx, item.id)
    return next((each for each in found if each.state is ReviewState.OPEN), found[-1] if found else None)


def answer(tx: Tx, item: Item, choice: str, given: Mapping[str, str], *, actor: str, by: Person) -> None:
    """Answer the question `item` waits for; `given`: corrections as they were written, by name.

    RB570 nobody was ever asked about it, RB571 no such answer, RB572 no such value, RB573 a value that is not of its
    type or lacks, RB574 another role;
    `StoreConflict` when somebody was first (RB625), the time is over (RB626) or the item changed (RB620)."""
    review = asked(tx, item)
    if review is None:
        raise UsageError(
            "RB570",
            "the item %(key)s asks nothing",
            place=item.id,
            remedy="`robo items list --waiting` shows those that do",
            key=item.key,
        )
    question = review.question
    _check_choice(question, choice)
    _check_role(question, by)
    values = _values(question, given)
    saw = Decision(item=item.id, state=ItemState.WAITING, token=item.token)
    decisions.answer(tx, saw, review, actor=actor, choice=choice, values=values, by=by)


def _check_choice(question: Question, choice: str) -> None:
    if choice not in question.choices:
        raise UsageError(
            "RB571",
            "%(choice)s is no answer to « %(title)s »",
            place="--choice",
            remedy="one of: %(known)s; nearest: %(near)s",
            choice=choice,
            title=question.title,
            known=", ".join(f"{code} ({words})" for code, words in question.choices.items()),
            near=nearest(choice, question.choices) or "-",
        )


def _check_role(question: Question, by: Person) -> None:
    if question.role and by.role != question.role:
        raise UsageError(
            "RB574",
            "« %(title)s » is answered by the role %(role)s",
            place="--role",
            remedy="if you answer in that role, say so: --role %(role)s; it is kept with the answer",
            title=question.title,
            role=question.role,
        )


def _values(question: Question, given: Mapping[str, str]) -> dict[str, Any]:
    """Every value of the question: what was written, else what it began with."""
    for name in given:
        if name not in question.fields:
            raise UsageError(
                "RB572",
                "« %(title)s » has no value %(name)s to correct",
                place=f"--set {name}",
                remedy="it has: %(known)s; nearest: %(near)s",
                title=question.title,
                name=name,
                known=", ".join(question.fields) or "-",
                near=nearest(name, question.fields) or "-",
            )
    return {name: _value(name, each, given.get(name)) for name, each in question.fields.items()}


def _value(name: str, field: Field, written: str | None) -> Any:
    try:
        value = field.start if written is None else field.read(written)
    except BadScalar as bad:
        raise UsageError(
            "RB573",
            "the value %(name)s is not %(expected)s: %(got)s",
            place=f"--set {name}",
            remedy="give it with --set %(name)s=…",
            name=name,
            expected=bad.expected,
            got=bad.got,
        ) from bad
    if value is MISSING and field.required:
        raise UsageError(
            "RB573",
            "the value %(name)s is missing",
            place=f"--set {name}",
            remedy="give it with --set %(name)s=…",
            name=name,
        )
    return value


def _in_doubt(tx: Tx, item: Item) -> tuple[str, JournalRow | None]:
    """The effect a person is asked about: the open one, else one that was submitted and is not there."""
    rows = journal.rows_of(tx, item.id)
    asked = [(name, row) for name, row in rows if row.state is JournalState.OPEN]
    if not asked and item.state is ItemState.UNKNOWN:
        asked = [(name, row) for name, row in rows if row.state is JournalState.NONE]
    return asked[-1] if asked else ("", None)
