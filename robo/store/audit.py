"""The audit outbox: every event in the shape it will have for ever, in the commit of what it tells.

Order (`seq`, `rseq`, `prev`) is given later by the one sequencer. Personal data goes in `payload`, which is kept
apart with its salt and can be purged: the entry holds only its commitment `pc`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select

from robo.engine.faultpoints import reach
from robo.errors import InfrastructureError
from robo.model.audit import ENTRY_VERSION, LARGEST_ENTRY, EventType
from robo.proof.canonical import canonical
from robo.proof.entry import commitment
from robo.store.accounts_tables import audit_outbox, audit_payload
from robo.store.clock import Tx, now
from robo.store.columns import EPOCH, MICROSECOND
from robo.store.ids import new_id

_ROOM: Final = 160
"""Bytes that `seq`, `rseq` and `prev` will take."""
_OUT: Final = insert(audit_outbox)
_PAYLOAD: Final = insert(audit_payload)
_TAKE: Final = select(audit_outbox.c.id, audit_outbox.c.region, audit_outbox.c.body).order_by(audit_outbox.c.id)
_DROP: Final = delete(audit_outbox).where(audit_outbox.c.id == bindparam("gone"))


def emit(
    tx: Tx,
    *,
    type: EventType,  # noqa: A002 - the entry's own member name
    region: str,
    actor: str,
    obj: str,
    cause: str = "",
    data: Mapping[str, Any] | None = None,
    payload: Mapping[str, Any] | None = None,
) -> str:
    """Write one event; its id. `obj` is an opaque id: a business key belongs in `payload`, never in `data`."""
    return emit_all(tx, [entry(tx, type, region, actor, obj, cause, data, payload)])[0]


def entry(  # noqa: PLR0917 - the members of an entry, in their order
    tx: Tx,
    kind: EventType,
    region: str,
    actor: str,
    obj: str,
    cause: str = "",
    data: Mapping[str, Any] | None = None,
    payload: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """One event not yet written: its outbox row, and its payload row where there is personal data."""
    event = new_id()
    apart = None
    pc = None
    if payload is not None:
        salt, body = os.urandom(32), canonical(dict(payload))
        pc = commitment(salt, body)
        apart = {"event": event, "salt": salt, "body": body.decode()}
    whole = {
        "v": ENTRY_VERSION,
        "id": event,
        "region": region,
        "ts": (now(tx) - EPOCH) // MICROSECOND,
        "type": kind.value,
        "actor": actor,
        "obj": obj,
        "cause": cause,
        "data": dict(data or {}),
        "pc": pc,
        "key": None,
    }
    text = canonical(whole)
    if len(text) + _ROOM > LARGEST_ENTRY:
        raise InfrastructureError(
            "RB631",
            "an audit event of %(size)s bytes is larger than an entry may be",
            remedy="this is a fault of robo: put long values in the payload",
            size=len(text),
            type=kind.value,
        )
    return {"id": event, "region": region, "body": text.decode()}, apart


def emit_all(tx: Tx, entries: list[tuple[dict[str, Any], dict[str, Any] | None]]) -> list[str]:
    """Write events made by `entry`, in two statements however many they are; their ids."""
    if not entries:
        return []
    apart = [payload for _, payload in entries if payload is not None]
    if apart:
        tx.execute(_PAYLOAD, apart)
    reach("outbox")
    tx.execute(_OUT, [row for row, _ in entries])
    return [str(row["id"]) for row, _ in entries]


def take(tx: Tx, limit: int = 1000) -> list[tuple[str, str, str]]:
    """Select and delete up to `limit` events (id, region, entry) for the sequencer, in the caller's transaction."""
    rows = tx.execute(_TAKE.limit(limit).with_for_update(skip_locked=True)).all()
    if rows:
        tx.execute(_DROP, [{"gone": row.id} for row in rows])
    return [(row.id, row.region, row.body) for row in rows]


def pending(tx: Tx) -> list[str]:
    """The entries that wait for the sequencer, oldest first."""
    return [str(row.body) for row in tx.execute(_TAKE)]
