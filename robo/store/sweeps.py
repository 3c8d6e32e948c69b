"""Rule `sweep`: attempts that run under a dead worker get a new token; the poison cap ends what kills workers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, and_, delete, or_, select

from robo.engine.ports import ItemEnd
from robo.model.audit import EventType
from robo.model.base import Outcome
from robo.model.run import AttemptState, ItemKind, Swept
from robo.store import attempts, audit, decisions, fences, holds, outcomes, reviews, runs
from robo.store.clock import Tx, now
from robo.store.tables import attempts as attempts_table
from robo.store.tables import items, leases, workers

LEASE: Final = 30.0
"""Seconds without a heartbeat after which a worker is taken for dead. Judged wrongly it costs time, never safety."""
POISON_CAP: Final = 3
"""Attempts of one item that may die with their worker."""
OPENING_CAP: Final = 10
"""The same for the opening of a run: it has no effect, and each chunk it inserted is kept."""


def sweep(
    tx: Tx, *, dead: Collection[str] = (), lease: float = LEASE, cap: int = POISON_CAP, limit: int = 200
) -> list[Swept]:
    """Take over what dead workers left: those named in `dead` (their lock is free), those silent for `lease`
    seconds, those that left or came back as another incarnation. Each attempt gets a successor with token + 1, or,
    at the cap, its item ends: `unknown` when an intent is open, else `failed`.

    Items whose time to be answered is over go on. Items held for nothing any more are woken too: two commits that
    crossed each other could leave one. Workbooks and
    accounts that a dead worker held are free. Runs of which nothing is left end."""
    swept = [_take_over(tx, row, cap) for row in tx.execute(_orphaned(tx, dead, lease, limit)).all()]
    _free_leases(tx, dead)
    outcomes.release_orphans(tx)
    holds.wake(tx)
    reviews.overdue(tx)
    runs.close_all(tx)
    return swept


def _orphaned(tx: Tx, dead: Collection[str], lease: float, limit: int) -> Any:
    gone = or_(
        workers.c.id.is_(None),
        workers.c.incarnation != attempts_table.c.incarnation,
        workers.c.left.is_not(None),
        workers.c.heartbeat < now(tx) - timedelta(seconds=lease),
        workers.c.id.in_(sorted(dead)),
    )
    whole = attempts_table.join(items, items.c.id == attempts_table.c.item).outerjoin(
        workers, workers.c.id == attempts_table.c.worker
    )
    return (
        select(items, attempts_table.c.id.label("attempt"), attempts_table.c.worker)
        .select_from(whole)
        .where(
            and_(attempts_table.c.state == fences.RUNNING, items.c.state == fences.RUNNING),
            items.c.token == attempts_table.c.token,
            gone,
        )
        .order_by(items.c.id)
        .limit(limit)
        .with_for_update(of=items, skip_locked=True)
    )


def _free_leases(tx: Tx, dead: Collection[str]) -> None:
    """Of workers that are dead for certain; one that is only silent keeps what it holds until it runs out."""
    gone = or_(
        workers.c.id.in_(sorted(dead)), workers.c.left.is_not(None), workers.c.incarnation != leases.c.incarnation
    )
    holder = select(workers.c.id).where(workers.c.id == leases.c.holder, gone).correlate(leases)
    tx.execute(delete(leases).where(holder.exists()))


def hand_back(tx: Tx, worker: str, incarnation: int) -> list[str]:
    """What a worker that leaves in good order still has running is queued again, under a new token; it is no crash of
    the item. The new attempts."""
    mine = (
        attempts_table.c.state == fences.RUNNING,
        attempts_table.c.worker == worker,
        attempts_table.c.incarnation == incarnation,
        items.c.state == fences.RUNNING,
        items.c.token == attempts_table.c.token,
    )
    query = select(items, attempts_table.c.id.label("attempt")).join_from(
        attempts_table, items, items.c.id == attempts_table.c.item
    )
    at, queued = now(tx), []
    for row in tx.execute(query.where(*mine).order_by(items.c.id).with_for_update(of=items)).all():
        attempts.close(tx, row.attempt, at, reason="worker left", state=AttemptState.STALE)
        queued.append(attempts.queue_again(tx, row, row.token + 1, at))
    return queued


def _take_over(tx: Tx, row: Row[Any], cap: int) -> Swept:
    at, kind = now(tx), ItemKind(row.kind)
    attempts.close(tx, row.attempt, at, reason="worker lost", state=AttemptState.STALE)
    data = {"token": row.token, "crashes": row.crashes + 1}
    lost = EventType.ATTEMPT_LOST
    audit.emit(tx, type=lost, region=row.region, actor=fences.actor(row.worker), obj=row.id, cause=row.run, data=data)
    if row.crashes + 1 < (OPENING_CAP if kind is ItemKind.OPEN else cap):
        new = attempts.queue_again(tx, row, row.token + 1, at, crashes=row.crashes + 1)
        return Swept(run=row.run, item=row.id, kind=kind, attempt=new)
    intent = tx.execute(fences.OPEN_INTENT_OF, {"of": row.id}).first()
    ended = ItemEnd(
        outcome=Outcome.UNKNOWN if intent else Outcome.FAILED,
        code="worker-lost",
        message="the worker died %(times)s times on this item",
        facts={"times": row.crashes + 1, "key": row.key},
        remedy="look for it in the application, then `robo items resolve %(key)s there`, or `not-there`"
        if intent
        else "look at its history and its evidence before you retry it",
    )
    outcomes.conclude(tx, row, ended, at, actor="robot", token=row.token + 1)
    if kind is ItemKind.OPEN:
        decisions.cancel_run(tx, row.run, actor="robot")
    return Swept(run=row.run, item=row.id, kind=kind, outcome=ended.outcome)
