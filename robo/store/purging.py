"""What a purge takes of the audit log: the payloads of whole periods, behind an event that says so.

The event comes first, and is an entry of the log before the first payload goes: at every commit a payload that is gone
is one that an entry answers for. Killed at any point, the next purge finds what is left and goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update

from robo.model.audit import EventType, Kept
from robo.store import audit
from robo.store.audit_tables import audit_leaf, audit_payload, audit_period
from robo.store.clock import Tx, now

ROBOT: Final = "robot"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Period:
    """The payloads of one region, class and month. `alive`: nobody said yet that its key is destroyed."""

    region: str
    kept: Kept
    month: str  # 2026-11
    payloads: int = 0
    size: int = 0
    """Bytes."""
    alive: bool = True

    @property
    def key(self) -> str:
        return f"{self.region}/{self.kept.value}/{self.month}"


def months_before(month: str, count: int) -> str:
    """The month `count` months before this one, both as `2026-11`."""
    year, number = month.split("-")
    whole = int(year) * 12 + int(number) - 1 - count
    return f"{whole // 12:04d}-{whole % 12 + 1:02d}"


def last_over(at: datetime, months: int) -> str:
    """The newest month that is over when nothing may be kept for more than `months`: on its first day the month of a
    year ago goes, so that what happened on its last day is eleven months old and what happened on its first is twelve.
    """
    return months_before(f"{at:%Y-%m}", months)


def ends(month: str) -> datetime:
    """The first instant behind a month."""
    return datetime.strptime(months_before(month, -1), "%Y-%m").replace(tzinfo=UTC)


def days_of(month: str) -> tuple[str, str]:
    """The first and the last day of a month, as an entry says them."""
    return f"{month}-01", f"{ends(month) - timedelta(days=1):%Y-%m-%d}"


def periods(tx: Tx) -> list[Period]:
    """Every period that still has payloads or a key, by region, class and month. A name that is no period is none."""
    rows = tx.execute(
        select(audit_payload.c.period, func.count(), func.sum(func.length(audit_payload.c.body))).group_by(
            audit_payload.c.period
        )
    )
    held = {row[0]: (int(row[1]), int(row[2] or 0)) for row in rows}
    known = {row.key: row.destroyed for row in tx.execute(select(audit_period.c.key, audit_period.c.destroyed))}
    found = []
    for key in sorted({*held, *known}):
        count, size = held.get(key, (0, 0))
        alive = known.get(key) is None
        if (count or alive) and (period := _period(key, count, size, alive=alive)) is not None:
            found.append(period)
    return found


def _period(key: str, payloads: int, size: int, *, alive: bool) -> Period | None:
    region, _, rest = key.partition("/")
    kept, _, month = rest.partition("/")
    if kept not in set(Kept) or not month:
        return None
    return Period(region=region, kept=Kept(kept), month=month, payloads=payloads, size=size, alive=alive)


def announce(tx: Tx, period: Period, policy: str) -> int:
    """Say in the log that the payloads of this period go, unless it is said of all that are there: how many it was said
    of. Nothing may wait for the sequencer when this is asked."""
    said = tx.execute(
        select(func.max(audit_leaf.c.seq)).where(
            audit_leaf.c.obj == period.key, audit_leaf.c.type == EventType.PURGED.value
        )
    ).scalar()
    query = select(func.count()).select_from(audit_payload).where(audit_payload.c.period == period.key)
    if said is not None:
        later = audit_leaf.c.seq.is_(None) | (audit_leaf.c.seq > said)
        whole = audit_payload.outerjoin(audit_leaf, audit_leaf.c.event == audit_payload.c.event)
        query = select(func.count()).select_from(whole).where(audit_payload.c.period == period.key, later)
    count = int(tx.execute(query).scalar_one())
    if count or said is None:
        first, last = days_of(period.month)
        data = {"key": period.key, "from": first, "to": last, "count": count, "policy": policy}
        audit.emit(tx, type=EventType.PURGED, region=period.region, actor=ROBOT, obj=period.key, data=data)
    return count


def take(tx: Tx, period: Period, limit: int) -> int:
    """Delete up to `limit` payloads of the period, with their salts; how many."""
    some = select(audit_payload.c.event).where(audit_payload.c.period == period.key).limit(limit)
    return int(tx.execute(delete(audit_payload).where(audit_payload.c.event.in_(some))).rowcount)


def last_said(tx: Tx) -> datetime | None:
    """When something was purged last; None: never."""
    purges = (EventType.PURGED.value, EventType.CLEARED.value)
    query = select(func.max(audit_leaf.c.ts, type_=audit_leaf.c.ts.type)).where(audit_leaf.c.type.in_(purges))
    return tx.execute(query).scalar()


def destroyed(tx: Tx, region: str, kept: Kept, month: str) -> None:
    """The keys of this class up to this month are gone, for ever: they are marked so."""
    mine = audit_period.c.key.like(f"{region}/{kept.value}/%", escape="\\") & audit_period.c.destroyed.is_(None)
    for key in tx.execute(select(audit_period.c.key).where(mine)).scalars().all():
        if key.startswith(f"{region}/{kept.value}/") and key.rpartition("/")[2] <= month:
            tx.execute(update(audit_period).where(audit_period.c.key == key).values(destroyed=now(tx)))
