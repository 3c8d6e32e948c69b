"""The book of attempts: claimed by compare-and-set, postponed and taken over with a growing token.

One row per token of an item; tokens grow by one and are never used again. Only a `running` attempt whose token is
its item's may write (rule `fence`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, literal_column, or_, select, update

from robo.engine.faultpoints import reach
from robo.engine.ports import Fence, Held, Wish
from robo.model.base import ItemState
from robo.model.run import AttemptState, ItemKind
from robo.store import fences, holds
from robo.store.clock import Tx, now
from robo.store.ids import new_id
from robo.store.tables import attempts, items, payloads, runs

ABOUT: Final = "about"
"""Where a sequel's item keeps what it is about, until it ends."""
QUEUED: Final[ColumnElement[str]] = literal_column("'queued'")
RANK: Final = {ItemKind.OPEN: 0, ItemKind.ITEM: 1, ItemKind.SEQUEL: 1, ItemKind.FINISH: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An attempt that is running now, and the item it is of. `tries`: failed tries before this one."""

    fence: Fence
    run: str
    kind: ItemKind
    environment: str
    process: str
    region: str
    key: str
    doing: int
    position: int
    place: str
    dry_run: bool
    tries: int
    row: Mapping[str, Any]
    row_digest: str
    about: Mapping[str, Any]
    """Of a sequel: `outcome`, `code`, `message`, `facts` of what it is about."""


_run_may = select(runs.c.id).where(
    runs.c.id == attempts.c.run,
    or_(
        runs.c.state == fences.RUNNING,
        (attempts.c.rank == 0) & runs.c.state.in_([literal_column("'open'"), literal_column("'opening'")]),
    ),
)
_free = (
    (attempts.c.state == QUEUED)
    & (items.c.state == QUEUED)
    & (items.c.token == attempts.c.token)
    & (attempts.c.not_before <= bindparam("at"))
    & _run_may.exists()
    & ~holds.exists_for(items.c.process, items.c.region)
)
_joined = attempts.join(items, items.c.id == attempts.c.item)
_HANDED: Final = (
    "id",
    "run",
    "kind",
    "environment",
    "process",
    "region",
    "key",
    "doing",
    "position",
    "place",
    "dry",
    "tries",
    "row_digest",
    "result",
)
_HAND: Final = select(
    attempts.c.id.label("attempt"),
    attempts.c.token,
    *(items.c[name] for name in _HANDED),
    payloads.c.body,
).select_from(_joined.outerjoin(payloads, payloads.c.id == items.c.payload))
_FREE: Final = (
    _HAND.where(_free)
    .order_by(attempts.c.rank, attempts.c.id)
    .limit(bindparam("most"))
    .with_for_update(of=items, skip_locked=True)
)
_FREE_OF_RUN: Final = _FREE.where(attempts.c.run == bindparam("of_run"))
_FREE_ONE: Final = _FREE.where(attempts.c.id == bindparam("one"))
_START: Final = (
    update(attempts)
    .where(attempts.c.id == bindparam("which"), attempts.c.state == QUEUED)
    .values(
        state=AttemptState.RUNNING,
        worker=bindparam("by"),
        incarnation=bindparam("life"),
        started=bindparam("at"),
    )
)
_ITEM_RUNS: Final = update(items).where(items.c.id == bindparam("which")).values(state=ItemState.RUNNING)
_END: Final = (
    update(attempts)
    .where(attempts.c.id == bindparam("which"))
    .values(state=bindparam("to"), reason=bindparam("why"), ended=bindparam("at"))
)
_ADD: Final = insert(attempts)


def claim(
    tx: Tx, worker: str, incarnation: int, *, run: str | None = None, attempt: str | None = None, limit: int = 1
) -> list[Claimed]:
    """Rule `claim`: queued -> running for up to `limit` attempts whose time has come; openings first, then in order.

    `run` keeps to one run, `attempt` to one attempt (a wake-up names it; it carries no right). Nothing is claimed of
    a held process, nor of a run that waits for a yes."""
    at = now(tx)
    query = _FREE_ONE if attempt else _FREE_OF_RUN if run else _FREE
    found = tx.execute(query, {"at": at, "most": limit, "of_run": run, "one": attempt}).all()
    if not found:
        return []
    mine = {"by": worker, "life": incarnation, "at": at}
    tx.execute(_START, [{"which": row.attempt, **mine} for row in found])
    reach("claim")
    tx.execute(_ITEM_RUNS, [{"which": row.id} for row in found])
    return [_claimed(cast("Row[Any]", row)) for row in found]


def claimed_after(tx: Tx, ended: Fence, worker: str, incarnation: int) -> Claimed | None:
    """The attempt this worker claimed in the very transaction that ended `ended`: both bear its one reading of the
    database clock. Asked when the connection broke under that commit."""
    moment = select(attempts.c.ended).where(attempts.c.id == ended.attempt).scalar_subquery()
    mine = (attempts.c.worker == worker, attempts.c.incarnation == incarnation, attempts.c.started == moment)
    row = tx.execute(_HAND.where(attempts.c.state == fences.RUNNING, *mine)).first()
    return None if row is None else _claimed(cast("Row[Any]", row))


def _claimed(row: Row[Any]) -> Claimed:
    return Claimed(
        fence=Fence(row.attempt, row.id, row.token),
        run=row.run,
        kind=ItemKind(row.kind),
        environment=row.environment,
        process=row.process,
        region=row.region,
        key=row.key,
        doing=row.doing,
        position=row.position,
        place=row.place,
        dry_run=bool(row.dry),
        tries=row.tries,
        row=row.body or {},
        row_digest=row.row_digest,
        about=row.result.get(ABOUT, {}),
    )


def still_mine(tx: Tx, fence: Fence) -> bool:
    """Whether the attempt is running with this token, without locking anything."""
    query = select(attempts.c.id).where(
        attempts.c.id == fence.attempt, attempts.c.token == fence.token, attempts.c.state == fences.RUNNING
    )
    return tx.execute(query).first() is not None


def close(tx: Tx, attempt: str, at: datetime, *, reason: str, state: AttemptState = AttemptState.ENDED) -> None:
    """End one attempt's row; the caller has locked its item."""
    tx.execute(_END, {"which": attempt, "to": state, "why": reason, "at": at})


def queue_again(tx: Tx, item: Row[Any], token: int, at: datetime, *, after: float = 0.0, **values: Any) -> str:
    """A new attempt under `token`, not before `at + after` seconds; the item is queued unless `values` say else."""
    attempt = new_id()
    tx.execute(
        _ADD,
        {
            "id": attempt,
            "item": item.id,
            "run": item.run,
            "token": token,
            "rank": RANK[ItemKind(item.kind)],
            "state": AttemptState.QUEUED,
            "not_before": at + timedelta(seconds=after),
            "queued": at,
        },
    )
    changes = {"state": ItemState.QUEUED, "token": token, "held_for": "", "behind": None, "ended": None, **values}
    tx.execute(update(items).where(items.c.id == item.id).values(**changes))
    return attempt


def postpone(tx: Tx, fence: Fence, seconds: float, reason: str, *, costs: bool, held: Held | None = None) -> str:
    """Free the slot: a new token, queued, not before now + `seconds`; the new attempt's id. `costs` counts a failed
    try. `held`: the item waits until its process is released, and the process is held for the same reason."""
    row, at = fences.hold(tx, fence), now(tx)
    close(tx, fence.attempt, at, reason=reason)
    changes: dict[str, Any] = {"tries": row.tries + int(costs)}
    if held:
        changes |= {"state": ItemState.HELD, "held_for": reason or "held"}
        holds.put_for(tx, held, process=row.process, region=row.region, reason=reason)
    return queue_again(tx, row, fence.token + 1, at, after=seconds, **changes)


def successor(tx: Tx, fence: Fence) -> str | None:
    """The attempt that follows this one, None when it has none yet."""
    query = select(attempts.c.id).where(attempts.c.item == fence.item, attempts.c.token == fence.token + 1)
    return tx.execute(query).scalar()


def left(tx: Tx, fence: Fence) -> int:
    """Tries the item still has after this one: the run's retries less the failed tries it spent."""
    query = select(runs.c.retries - items.c.tries).select_from(items.join(runs, runs.c.id == items.c.run))
    return max(0, int(tx.execute(query.where(items.c.id == fence.item)).scalar_one()))


_WISHES: Final = (
    select(items.c.wish, runs.c.wish.label("of_run"), holds.exists_for(items.c.process, items.c.region, stop=True))
    .select_from(items.join(runs, runs.c.id == items.c.run))
    .where(items.c.id == bindparam("which"))
)


def wish(tx: Tx, fence: Fence) -> Wish | None:
    """What somebody asked of this item or its run; `stop` when its process is stopped (rule `boundary`)."""
    row = tx.execute(_WISHES, {"which": fence.item}).one()
    if Wish.CANCEL in (row[0], row[1]):
        return Wish.CANCEL
    return Wish.STOP if row[2] or Wish.STOP in (row[0], row[1]) else None


def due_in(tx: Tx, run: str) -> float | None:
    """Seconds until the next queued attempt of the run may be claimed: 0 now, None when there is none."""
    query = (
        select(func.min(attempts.c.not_before, type_=attempts.c.not_before.type))
        .select_from(_joined)
        .where(attempts.c.run == run, attempts.c.state == QUEUED, items.c.state == QUEUED)
    )
    soonest = tx.execute(query).scalar()
    return None if soonest is None else max(0.0, (soonest - now(tx)).total_seconds())


_ANNOUNCEABLE: Final = (
    select(attempts.c.id, items.c.region)
    .select_from(_joined)
    .where(_free)
    .order_by(attempts.c.rank, attempts.c.id)
    .limit(bindparam("most"))
)


def announceable(tx: Tx, *, limit: int = 500) -> list[tuple[str, str]]:
    """(attempt, region) of queued attempts whose time has come: what the sweep announces again."""
    return [(row.id, row.region) for row in tx.execute(_ANNOUNCEABLE, {"at": now(tx), "most": limit})]
