"""The book of reviews: what a person is asked about an item, until when, and the answer, given once.

A review belongs to its key and pass like a row of the journal, so that an item taken up again after a failure is not
asked twice. Every change locks the item first (`robo.store.fences`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, RowMapping, select, update

from robo.engine.ports import Fence, OnceKey
from robo.errors import StaleToken
from robo.model.audit import EventType
from robo.model.base import ItemState
from robo.model.process import Kind
from robo.model.review import Due, Field, Question, Reviewed, ReviewState
from robo.model.run import AttemptState, RunState
from robo.store import attempts, audit, fences, runs
from robo.store.clock import Tx, now
from robo.store.columns import EPOCH, MICROSECOND
from robo.store.identity import Key
from robo.store.ids import new_id
from robo.store.races import lands
from robo.store.tables import attempts as attempts_table
from robo.store.tables import items, reviews
from robo.store.tables import runs as runs_table

_KEY: Final = ("environment", "process", "region", "step", "key", "doing")
NO_ROW: Final = "-"
"""The digest of no row at all."""


def read(tx: Tx, key: OnceKey) -> Reviewed:
    """What was asked last at this step about this key, or one of state `none` with n = 0."""
    row = tx.execute(select(reviews).where(*_of(key))).mappings().one_or_none()
    return Reviewed(step=key.step) if row is None else _reviewed(row)


def ask(
    tx: Tx,
    fence: Fence,
    key: OnceKey,
    seen: Reviewed,
    question: Question,
    *,
    outputs: Mapping[str, Any],
    row_digest: str,
    due: Due,
) -> None:
    """The item waits for a person: n + 1, its attempt ends. `StaleToken` when it is somebody else's, or was asked."""
    held, at = fences.hold(tx, fence), now(tx)
    until = due(at)
    values = {
        "state": ReviewState.OPEN,
        "n": seen.n + 1,
        "item": fence.item,
        "row_digest": row_digest,
        "role": question.role,
        "question": _stored(question),
        "outputs": dict(outputs),
        "asked": at,
        "until": until,
        "choice": "",
        "answers": {},
        "answered": None,
        "person": "",
        "capacity": "",
    }
    if not _lands(tx, key, seen, values):
        raise StaleToken("RB613", "the review %(step)s was asked by somebody else; nothing was written", step=key.step)
    attempts.close(tx, fence.attempt, at, reason="waiting")
    told = {"code": key.step, "message": "%(title)s", "facts": {"title": question.title}}
    tx.execute(update(items).where(items.c.id == fence.item).values(state=ItemState.WAITING, **told))
    robot, data = fences.actor(held.worker), {"step": key.step, "n": seen.n + 1, "token": fence.token}
    if until is not None:
        data["until"] = (until - EPOCH) // MICROSECOND
    kind = EventType.REVIEW_ASKED
    audit.emit(tx, type=kind, region=held.region, actor=robot, obj=fence.item, cause=held.run, data=data)


def _lands(tx: Tx, key: OnceKey, seen: Reviewed, values: Mapping[str, Any]) -> bool:
    if not seen.n:
        return lands(tx, reviews, {"id": new_id(), **{name: getattr(key, name) for name in _KEY}, **values})
    same = (*_of(key), reviews.c.n == seen.n, reviews.c.state == seen.state)
    return tx.execute(update(reviews).where(*same).values(**values)).rowcount == 1


def of_item(tx: Tx, item: str) -> list[Reviewed]:
    """Every question about this item, in the order in which they were asked."""
    query = select(reviews).where(reviews.c.item == item).order_by(reviews.c.asked, reviews.c.id)
    return [_reviewed(row) for row in tx.execute(query).mappings()]


def waiting(tx: Tx, *, run: str = "", settled: bool = False) -> list[tuple[str, Reviewed]]:
    """(item, question) of every item that waits for an answer, those whose time ends first before the others.
    `settled`: of every question that is answered or over, instead."""
    over = (reviews.c.state.in_([ReviewState.ANSWERED, ReviewState.OVERDUE]),)
    open_ = (reviews.c.state == fences.OPEN, items.c.state == ItemState.WAITING)
    query = (
        select(reviews)
        .join(items, items.c.id == reviews.c.item)
        .where(*(over if settled else open_))
        .order_by(reviews.c.until.is_(None), reviews.c.until, reviews.c.id)
    )
    if run:
        query = query.where(items.c.run == run)
    return [(row["item"], _reviewed(row)) for row in tx.execute(query).mappings()]


def rested(tx: Tx, key: Key) -> list[str]:
    """The runs of these keys that rest but for what people answered, or let pass, since; oldest first. A run that waits
    for a yes, that somebody stopped in the middle or is at work on is none of them."""
    over = select(reviews.c.id).where(
        reviews.c.item == items.c.id, reviews.c.state.in_([ReviewState.ANSWERED, ReviewState.OVERDUE])
    )
    due = select(attempts_table.c.id).where(
        attempts_table.c.item == items.c.id,
        attempts_table.c.state == AttemptState.QUEUED,
        attempts_table.c.not_before <= now(tx),
    )
    mine, queued = items.c.run == runs_table.c.id, items.c.state == ItemState.QUEUED
    goes_on = select(items.c.id).where(mine, queued, over.exists(), due.exists())
    other = select(items.c.id).where(mine, (items.c.state == ItemState.RUNNING) | (queued & ~over.exists()))
    query = select(runs_table.c.id).where(
        *(runs_table.c[name] == value for name, value in asdict(key).items()),
        runs_table.c.state == RunState.RUNNING,
        runs_table.c.dry == 0,
        goes_on.exists(),
        ~other.exists(),
    )
    return list(tx.execute(query.order_by(runs_table.c.id)).scalars())


def close(tx: Tx, review: str, n: int, values: Mapping[str, Any]) -> bool:
    """Answer an open question, asked for the `n`th time; whether this was the first answer."""
    same = (reviews.c.id == review, reviews.c.n == n, reviews.c.state == ReviewState.OPEN)
    return tx.execute(update(reviews).where(*same).values(**values)).rowcount == 1


def forget(tx: Tx, key: Key, of: str, doing: int) -> None:
    """What was answered about the item of this key does not count any more, whichever item asked: a person wants it
    done anew. An effect behind an answer stands, and so does the answer then: it is only one on another row."""
    same = (*(reviews.c[name] == value for name, value in asdict(key).items()), reviews.c.key == of)
    mine = update(reviews).where(*same, reviews.c.doing == doing)
    tx.execute(mine.where(reviews.c.state == ReviewState.ANSWERED).values(row_digest=NO_ROW))
    tx.execute(mine.where(reviews.c.state != ReviewState.ANSWERED).values(state=ReviewState.NONE))


def overdue(tx: Tx) -> tuple[str, ...]:
    """Queue the items whose time to be answered is over: what the process says for that is done. The attempts."""
    at = now(tx)
    query = (
        select(items, reviews.c.id.label("review"), reviews.c.step, reviews.c.n)
        .join(reviews, reviews.c.item == items.c.id)
        .where(reviews.c.state == fences.OPEN, reviews.c.until <= at, items.c.state == ItemState.WAITING)
        .order_by(items.c.id)
        .with_for_update(of=items)
    )
    return tuple(_over(tx, row) for row in tx.execute(query).all())


def _over(tx: Tx, item: Row[Any]) -> str:
    tx.execute(update(reviews).where(reviews.c.id == item.review).values(state=ReviewState.OVERDUE))
    data = {"step": item.step, "n": item.n}
    kind = EventType.REVIEW_OVERDUE
    audit.emit(tx, type=kind, region=item.region, actor="robot", obj=item.id, cause=item.run, data=data)
    runs.reopen(tx, item.run)
    return attempts.queue_again(tx, item, item.token + 1, now(tx), code="", message="", facts={})


def _of(key: OnceKey) -> tuple[Any, ...]:
    return tuple(reviews.c[name] == getattr(key, name) for name in _KEY)


def _stored(question: Question) -> dict[str, Any]:
    """A question as typed JSON."""
    return {**asdict(question), "fields": {name: asdict(each) for name, each in question.fields.items()}}


def _question(stored: Mapping[str, Any]) -> Question:
    fields = {name: _field(each) for name, each in stored["fields"].items()}
    return Question(**{**stored, "fields": fields})


def _field(stored: Mapping[str, Any]) -> Field:
    return Field(**{**stored, "type": Kind(stored["type"]), "choices": tuple(stored["choices"])})


def _reviewed(row: RowMapping) -> Reviewed:
    same: Sequence[str] = (
        *("id", "n", "step", "item", "row_digest", "outputs", "asked", "until", "choice"),
        *("answered", "person", "capacity"),
    )
    return Reviewed(
        **{name: row[name] for name in same},
        state=ReviewState(row["state"]),
        question=_question(row["question"]),
        values=row["answers"],
    )
