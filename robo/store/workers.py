"""Workers and leases: who is alive, by the database clock, and who holds an account or a workbook."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from robo.store.clock import Tx, now
from robo.store.races import lands
from robo.store.tables import leases, workers


def join(tx: Tx, worker: str, *, lock: str = "") -> int:
    """A worker starts, or starts again after it lost its place: its new incarnation. `lock` names its held lock."""
    at = now(tx)
    values = {"host": socket.gethostname(), "pid": os.getpid(), "lock": lock, "heartbeat": at, "joined": at}
    if lands(tx, workers, {"id": worker, "incarnation": 1, **values}):
        return 1
    again = update(workers).where(workers.c.id == worker)
    grown = again.values(incarnation=workers.c.incarnation + 1, left=None, **values)
    return int(tx.execute(grown.returning(workers.c.incarnation)).scalar_one())


def heartbeat(tx: Tx, worker: str, incarnation: int) -> bool:
    """Say "alive"; False when another incarnation has the name now: stop, and join again."""
    mine = (workers.c.id == worker, workers.c.incarnation == incarnation, workers.c.left.is_(None))
    return tx.execute(update(workers).where(*mine).values(heartbeat=now(tx))).rowcount == 1


def leave(tx: Tx, worker: str, incarnation: int) -> None:
    """A worker ends in good order: what it still holds is free at once."""
    tx.execute(update(workers).where(workers.c.id == worker, workers.c.incarnation == incarnation).values(left=now(tx)))
    tx.execute(delete(leases).where(leases.c.holder == worker, leases.c.incarnation == incarnation))


def alive(tx: Tx) -> list[tuple[str, str, int]]:
    """(worker, lock, incarnation) of those that have not left; whose lock is free among them is dead."""
    query = select(workers.c.id, workers.c.lock, workers.c.incarnation).where(workers.c.left.is_(None))
    return [(row.id, row.lock, row.incarnation) for row in tx.execute(query)]


def take(tx: Tx, resource: str, holder: str, seconds: float, *, incarnation: int = 0) -> bool:
    """`lease(resource)` until now + `seconds`; True when it is the holder's (again)."""
    at = now(tx)
    until = at + timedelta(seconds=seconds)
    if lands(tx, leases, {"resource": resource, "holder": holder, "incarnation": incarnation, "until": until}):
        return True
    mine = (leases.c.holder == holder) & (leases.c.incarnation == incarnation)
    free = update(leases).where(leases.c.resource == resource, or_(leases.c.until <= at, mine))
    return tx.execute(free.values(holder=holder, incarnation=incarnation, until=until)).rowcount == 1


def holder_of(tx: Tx, resource: str) -> str | None:
    """Who holds a lease that has not run out."""
    query = select(leases.c.holder).where(leases.c.resource == resource, leases.c.until > now(tx))
    return tx.execute(query).scalar()


def renew(tx: Tx, resource: str, holder: str, seconds: float, *, incarnation: int = 0) -> bool:
    """Keep a lease that is still the holder's; False when it ran out and somebody has it, or nobody."""
    at = now(tx)
    mine = (
        leases.c.resource == resource,
        leases.c.holder == holder,
        leases.c.incarnation == incarnation,
        leases.c.until > at,
    )
    return tx.execute(update(leases).where(*mine).values(until=at + timedelta(seconds=seconds))).rowcount == 1


def give(tx: Tx, resource: str, holder: str, *, incarnation: int = 0) -> bool:
    """Give a lease back; False when it was not the holder's."""
    mine = (leases.c.resource == resource, leases.c.holder == holder, leases.c.incarnation == incarnation)
    return tx.execute(delete(leases).where(*mine)).rowcount == 1
