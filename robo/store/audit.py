"""The audit outbox: every event in the shape it will have for ever, in the commit of what it tells.

Order (`seq`, `rseq`, `prev`) is given later by the one sequencer. Personal data goes in `payload`, which is kept
apart with its salt, encrypted under the key of its period, and can be purged: the entry holds only its commitment `pc`
and the name of the period, `key`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select

from robo.engine.faultpoints import reach
from robo.errors import InfrastructureError
from robo.model.audit import ENTRY_VERSION, LARGEST_ENTRY, EventType
from robo.model.events import SAID
from robo.proof.canonical import read_json
from robo.proof.entry import commitment
from robo.proof.placing import unplaced
from robo.store.audit_tables import audit_outbox, audit_payload
from robo.store.clock import Tx, now
from robo.store.columns import EPOCH, MICROSECOND
from robo.store.ids import new_id
from robo.store.periods import period_of, periods_of, to_write
from robo.store.rows import add_rows
from robo.store.saying import Draft, fitting, payload_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Unwritten = tuple[dict[str, Any], dict[str, Any] | None]
"""The rows of one event: in the outbox, and of its payload, which is not encrypted yet."""

_MEMBERS: Final = {"v", "id", "region", "ts", "type", "actor", "obj", "cause", "data", "pc", "key"}
"""What an entry has before `seq`, `rseq` and `prev` are given to it."""
_ROOM: Final = 160
"""Bytes that `seq`, `rseq` and `prev` will take."""
_CLEAR, _SEALED = b"\0", b"\1"
"""What a payload's bytes begin with: then they follow as they are (written before there were keys), or a nonce of 12
bytes and the text in AES-256-GCM, bound to its event."""
_NONCE: Final = 12
_WAITING: Final = select(audit_outbox).order_by(audit_outbox.c.id)
_OLDEST: Final = (
    select(audit_outbox.c.id)
    .order_by(audit_outbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("oldest")
)
_TAKE: Final = (
    delete(audit_outbox)
    .where(audit_outbox.c.id.in_(select(_OLDEST.c.id)))
    .returning(audit_outbox.c.id, audit_outbox.c.region, audit_outbox.c.body)
)


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
    """Write one event; its id. `robo.model.events` declares what it may say: `obj` is an opaque id, a business key
    belongs in `payload`, never in `data`."""
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
) -> Unwritten:
    """One event not yet written: its outbox row, and its payload row where there is personal data."""
    event, at = new_id(), now(tx)
    actor, obj, cause, data, payload = fitting(kind, region, Draft(actor, obj, cause, data or {}, payload))
    apart = None
    pc = period = None
    if payload is not None:
        salt, body, period = os.urandom(32), payload_bytes(kind, payload), period_of(region, SAID[kind].kept, at)
        pc = commitment(salt, body)
        apart = {"event": event, "period": period, "salt": salt, "body": body}
    whole = {
        "v": ENTRY_VERSION,
        "id": event,
        "region": region,
        "ts": (at - EPOCH) // MICROSECOND,
        "type": kind.value,
        "actor": actor,
        "obj": obj,
        "cause": cause,
        "data": data,
        "pc": pc,
        "key": period,
    }
    text = unplaced(whole)
    if len(text) + _ROOM > LARGEST_ENTRY:
        raise InfrastructureError(
            "RB631",
            "an audit event of %(size)s bytes is larger than an entry may be",
            remedy="this is a fault of robo: put long values in the payload",
            size=len(text),
            type=kind.value,
        )
    return {"id": event, "region": region, "body": text.decode()}, apart


def emit_all(tx: Tx, entries: Sequence[Unwritten]) -> list[str]:
    """Write events made by `entry`, in two statements however many they are; their ids."""
    if not entries:
        return []
    add_rows(tx, audit_payload, [*_sealed(tx, [payload for _, payload in entries if payload is not None])])
    reach("outbox")
    add_rows(tx, audit_outbox, [row for row, _ in entries])
    return [str(row["id"]) for row, _ in entries]


def payload_of(tx: Tx, event: str) -> tuple[bytes, bytes] | None:
    """The salt and the canonical bytes of an event's payload; None where it is gone, or its period's key is.

    `InfrastructureError` RB637 when the bytes are not what was written."""
    row = tx.execute(select(audit_payload).where(audit_payload.c.event == event)).one_or_none()
    if row is None:
        return None
    body = opened(tx, row.period, event, bytes(row.body))
    return None if body is None else (bytes(row.salt), body)


def opened(tx: Tx, period: str, event: str, body: bytes) -> bytes | None:
    """The canonical bytes of a payload row's `body`; None where the key of its period is gone. RB637."""
    if body[:1] == _CLEAR:
        return body[1:]
    if body[:1] != _SEALED:
        raise _altered(event)
    key = periods_of(tx).key(period)
    if key is None:
        return None
    from cryptography.exceptions import InvalidTag

    nonce, text = body[1 : 1 + _NONCE], body[1 + _NONCE :]
    try:
        return _cipher()(key).decrypt(nonce, text, event.encode())
    except (InvalidTag, ValueError) as broken:
        raise _altered(event) from broken


def _altered(event: str) -> InfrastructureError:
    return InfrastructureError(
        "RB637",
        "the payload of the event %(event)s cannot be read: its bytes were altered, or written under another key",
        remedy="verify the log; if all payloads are so, this machine has other keys than the one that wrote them",
        event=event,
    )


def _sealed(tx: Tx, payloads: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of these payloads, encrypted. One after the other: between anything else a cipher costs thrice."""
    ciphers = {period: _cipher()(_key(tx, period)) for period in sorted({row["period"] for row in payloads})}
    for row in payloads:
        nonce = os.urandom(_NONCE)
        text = ciphers[row["period"]].encrypt(nonce, row["body"], row["event"].encode())
        yield {**row, "body": _SEALED + nonce + text}


def _key(tx: Tx, period: str) -> bytes:
    key = to_write(tx, period)
    if key is None:
        raise InfrastructureError(
            "RB638",
            "the key of %(period)s was destroyed by a purge: nothing can be written for that time any more",
            remedy="the clock of this machine (or of the database) is wrong: correct it",
            period=period,
        )
    return key


@cache
def _cipher() -> type[AESGCM]:
    """Loaded when the first payload is written or read: most commands do neither, and it takes a while."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM


def take(tx: Tx, limit: int = 1000) -> list[tuple[str, str, str]]:
    """Select and delete up to `limit` events (id, region, entry) for the sequencer, oldest first, in the caller's
    transaction."""
    return sorted((row.id, row.region, row.body) for row in tx.execute(_TAKE, {"most": limit}))


def waiting_entry(event: str, body: str) -> dict[str, Any]:
    """The entry of a row that waits, without `seq`, `rseq` and `prev`. `InfrastructureError` RB634 when it is none."""
    try:
        found = read_json(body.encode())
    except (InfrastructureError, UnicodeEncodeError):
        found = None
    if (
        isinstance(found, dict)
        and found.keys() == _MEMBERS
        and found["id"] == event
        and isinstance(found["data"], dict)
    ):
        return found
    raise InfrastructureError(
        "RB634",
        "what waits for its place in the log as %(event)s is no event: it was altered",
        place=f"audit_outbox/{event}",
        remedy="keep this store as evidence; nothing is put in order until the newest backup that verifies is put back",
        event=event,
    )


def waiting(tx: Tx) -> list[dict[str, Any]]:
    """The events that have no place in the log yet, oldest first, without `seq`, `rseq` and `prev`. RB634."""
    return [waiting_entry(row.id, row.body) for row in tx.execute(_WAITING)]


def pending(tx: Tx) -> list[str]:
    """The entries that wait for the sequencer, oldest first."""
    return [str(row.body) for row in tx.execute(_WAITING)]
