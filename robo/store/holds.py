"""Held and stopped processes: nothing of them is claimed, nothing is consumed, until somebody or a probe releases them.

`stop` is a person's act (the kill switch): running attempts see it as a wish at their next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, literal_column, or_, select, update

from robo.engine.ports import Held
from robo.errors import InfrastructureError, RoboError
from robo.model.audit import EventType
from robo.model.base import ItemState
from robo.store import audit, runs
from robo.store.accounts_tables import holds
from robo.store.clock import Tx, now
from robo.store.ids import new_id
from robo.store.races import lands
from robo.store.tables import items

EVERY: Final = "*"
STOP: Final = "stop"
RESTORED: Final = "restored"
"""The kind of the hold of everything in a store that was put back to an older state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    process: str
    region: str
    kind: str
    subject: str
    reason: str
    facts: Mapping[str, Any]
    since: datetime


def exists_for(process: ColumnElement[str], region: ColumnElement[str], *, stop: bool = False) -> ColumnElement[bool]:
    """SQL: this process is held here (`stop`: by the kill switch)."""
    every: ColumnElement[str] = literal_column("'*'")
    query = select(holds.c.id).where(
        or_(holds.c.process == process, holds.c.process == every),
        or_(holds.c.region == region, holds.c.region == every),
    )
    if stop:
        query = query.where(holds.c.kind == literal_column("'stop'"))
    return query.correlate(items).exists()


def put(
    tx: Tx,
    *,
    process: str,
    region: str,
    kind: str,
    reason: str,
    subject: str = "",
    actor: str = "robot",
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Hold a process in a region (`*`: every). False when it was held for the same thing already: one alert."""
    same = _same(process, region, kind, subject)
    if tx.execute(select(holds.c.id).where(same)).first():
        return False
    row = {"id": new_id(), "process": process, "region": region, "kind": kind, "subject": subject}
    if not lands(tx, holds, row | {"reason": reason, "facts": facts or {}, "since": now(tx)}):
        return False
    data = {"process": process, "kind": kind, "subject": subject}
    audit.emit(tx, type=EventType.PROCESS_HELD, region=region, actor=actor, obj=row["id"], data=data)
    return True


def put_for(tx: Tx, held: Held, *, process: str, region: str, reason: str = "") -> bool:
    """Hold a process for a trouble, with all that `troubles` needs to tell it again in any language."""
    told = {"code": held.code, "message": held.message, "place": held.place, "remedy": held.remedy}
    facts = {**told, "facts": dict(held.facts)}
    return put(tx, process=process, region=region, kind=held.kind, subject=held.subject, reason=reason, facts=facts)


def troubles(tx: Tx, process: str, region: str, kind: str = "") -> list[RoboError]:
    """What holds a process in a region (of one kind, or any), oldest first, as errors a person can act on."""
    here = [hold for hold in standing(tx) if hold.process in (process, EVERY) and hold.region in (region, EVERY)]
    return [_trouble(hold) for hold in here if kind in ("", hold.kind)]


def refuse_restored(tx: Tx) -> None:
    """What stands in the log is neither gone on with nor signed while the store is held for having been put back:
    `InfrastructureError` RB656."""
    for trouble in troubles(tx, EVERY, EVERY, RESTORED):
        raise trouble


def _trouble(hold: Hold) -> RoboError:
    told = hold.facts
    if "code" in told:
        place, remedy = told["place"], told["remedy"]
        return InfrastructureError(told["code"], told["message"], place=place, remedy=remedy, **told["facts"])
    return InfrastructureError(
        "RB537",
        "the process is stopped: %(reason)s",
        place=hold.process,
        remedy="ask who stopped it",
        reason=hold.reason,
    )


def release(
    tx: Tx, *, process: str, region: str, actor: str = "robot", kind: str | None = None, subject: str | None = None
) -> int:
    """Take holds away (all of the process here, or of one kind or subject); items held for them are queued again.

    The number of items queued. Items stay held while another hold of their process remains."""
    which = [holds.c.process == process, holds.c.region == region]
    if kind is not None:
        which.append(holds.c.kind == kind)
    if subject is not None:
        which.append(holds.c.subject == subject)
    gone = tx.execute(delete(holds).where(*which).returning(holds.c.id, holds.c.kind)).all()
    for row in gone:
        data = {"process": process, "kind": row.kind}
        audit.emit(tx, type=EventType.PROCESS_RELEASED, region=region, actor=actor, obj=row.id, data=data)
    return wake(tx)


def wake(tx: Tx) -> int:
    """Queue every item that was held for a process nothing holds any more; how many."""
    held = (items.c.state == ItemState.HELD, items.c.behind.is_(None), items.c.held_for != "")
    woken = update(items).where(*held, ~exists_for(items.c.process, items.c.region))
    freed = tx.execute(woken.values(state=ItemState.QUEUED, held_for="").returning(items.c.run)).all()
    for run in sorted({row.run for row in freed}):
        runs.reopen(tx, run)
    return len(freed)


def standing(tx: Tx) -> list[Hold]:
    """Every hold, oldest first."""
    rows = tx.execute(select(holds).order_by(holds.c.since)).mappings()
    return [Hold(**{name: row[name] for name in Hold.__slots__}) for row in rows]


def is_held(tx: Tx, process: str, region: str) -> bool:
    """Whether nothing of the process may start here."""
    here = and_(holds.c.process.in_((process, EVERY)), holds.c.region.in_((region, EVERY)))
    return tx.execute(select(holds.c.id).where(here)).first() is not None


def _same(process: str, region: str, kind: str, subject: str) -> ColumnElement[bool]:
    return and_(holds.c.process == process, holds.c.region == region, holds.c.kind == kind, holds.c.subject == subject)
