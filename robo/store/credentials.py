"""What became of secrets: taken, changed, or refused (then never used again until a person set a new one)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from robo.model.audit import EventType
from robo.store import audit
from robo.store.accounts_tables import refused_secrets
from robo.store.clock import Tx, now
from robo.store.races import lands


def refuse(tx: Tx, name: str, *, region: str, reason: str, item: str = "", actor: str = "robot") -> bool:
    """Mark a secret as refused. False when it was already: one attempt, one alert."""
    row = {"name": name, "region": region, "reason": reason, "item": item, "refused": now(tx)}
    if not lands(tx, refused_secrets, row):
        return False
    audit.emit(tx, type=EventType.SECRET_REFUSED, region=region, actor=actor, obj=name, cause=item)
    return True


def changed(tx: Tx, name: str, kind: str, *, regions: Sequence[str], actor: str) -> None:
    """A person set a new value. Told in every region: each has a log that is whole without the others."""
    data = {"kind": kind}
    for region in regions:
        audit.emit(tx, type=EventType.SECRET_CHANGED, region=region, actor=actor, obj=name, data=data)


def signed_in(tx: Tx, name: str, *, region: str, host: str, run: str, actor: str) -> None:
    """An application took this secret."""
    data = {"host": host}
    audit.emit(tx, type=EventType.SIGNED_IN, region=region, actor=actor, obj=name, cause=run, data=data)


def clear(tx: Tx, name: str, *, region: str, actor: str) -> bool:
    """A new value was set and checked: the secret may be used. False when it was not refused."""
    mine = (refused_secrets.c.name == name, refused_secrets.c.region == region)
    if not tx.execute(delete(refused_secrets).where(*mine)).rowcount:
        return False
    audit.emit(tx, type=EventType.SECRET_CLEARED, region=region, actor=actor, obj=name)
    return True


def refused(tx: Tx, region: str) -> dict[str, str]:
    """Refused secrets of a region: reason by name."""
    rows = tx.execute(select(refused_secrets).where(refused_secrets.c.region == region))
    return {row.name: row.reason for row in rows}
