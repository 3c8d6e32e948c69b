"""The book of witnesses: what we countersigned of others' logs, what they answered about ours, and what was refused.

Who decides to countersign calls `seen` and `countersign` in one write transaction, and lets the signature go only when
that has committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from robo.model.audit import EventType
from robo.proof.checkpoint import Checkpoint
from robo.proof.witness import Seen
from robo.store import audit, holds
from robo.store.audit_tables import audit_checkpoint, audit_cosigned, audit_refused, audit_seen
from robo.store.clock import Tx, now
from robo.store.ids import id_of, new_id
from robo.store.races import lands, upsert

ACTOR: Final = "robot:witness"
ASKED: Final = "asked"
"""We asked a witness about our own log, and it refused."""
ANSWERED: Final = "answered"
"""We are the witness, and refused."""
MOST: Final = 256
"""Refusals of one kind that are kept of one log that asks us, where nothing is proven: whoever has an old checkpoint of
it can have it refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refusal, with what was asked and what was answered. `why`: the event whose payload says why it is cleared."""

    id: str
    side: str
    origin: str
    witness: str
    code: int
    request: str
    answer: str
    at: datetime
    cleared: datetime | None
    cleared_by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a witness of our log answered last. `size`: the largest it countersigned; `told`: a word for what else there
    is to know (`robo.services.witnessing.asking`)."""

    witness: str
    size: int
    note: str
    code: int
    told: str
    at: datetime


# ---- as a witness ------------------------------------------------------------------------------------------


def seen(tx: Tx, origin: str) -> Seen:
    """What was countersigned last of a log. Nobody else decides about this log until the transaction ends."""
    lands(tx, audit_seen, {"origin": origin, "size": 0, "root": Seen().root, "note": "", "at": now(tx)})
    row = tx.execute(select(audit_seen).where(audit_seen.c.origin == origin).with_for_update()).one()
    return Seen(row.size, bytes(row.root))


def countersign(tx: Tx, checkpoint: Checkpoint, note: str, before: Seen) -> None:
    """From now on this is what was countersigned last of its log; `note` carries the log's signature and ours. Our own
    log says so too, where it is more than it was before."""
    values = {"size": checkpoint.size, "root": checkpoint.root, "note": note, "at": now(tx)}
    tx.execute(update(audit_seen).where(audit_seen.c.origin == checkpoint.origin).values(values))
    if Seen(checkpoint.size, checkpoint.root) != before:
        _say(tx, EventType.WITNESS_COSIGNED, checkpoint)


def refuse(tx: Tx, checkpoint: Checkpoint, code: int, *, request: str, answer: str, proven: bool) -> bool:
    """Keep what a log signed and a witness (we) did not countersign: once for each checkpoint, and not without end,
    unless it is `proven` that the log has two histories. False where it was kept already, or enough was."""
    of_this_kind = (audit_refused.c.side == ANSWERED, audit_refused.c.origin == checkpoint.origin)
    count = select(func.count()).select_from(audit_refused).where(*of_this_kind, audit_refused.c.code == code)
    if not proven and tx.execute(count).scalar_one() >= MOST:
        return False
    told = {"witness": "", "request": request, "answer": answer}
    which = {"id": id_of(f"{proven} {checkpoint}".encode())}  # the same is kept once, whatever it was refused with
    if not lands(tx, audit_refused, _evidence(tx, ANSWERED, checkpoint, code, told) | which):
        return False
    _say(tx, EventType.WITNESS_REFUSED, checkpoint, code=int(code), proven=proven)
    return True


def witnessed(tx: Tx, origin: str = "") -> Mapping[str, str]:
    """The newest checkpoint that was countersigned of each log (or of one), as a note, by the log's name."""
    query = select(audit_seen).where(audit_seen.c.note != "").order_by(audit_seen.c.origin)
    rows = tx.execute(query.where(audit_seen.c.origin == origin) if origin else query)
    return {row.origin: row.note for row in rows}


# ---- as a log ----------------------------------------------------------------------------------------------


def told(tx: Tx) -> dict[str, Told]:
    """What each witness answered last, by the name and id of its key."""
    rows = tx.execute(select(audit_cosigned)).mappings()
    return {row["witness"]: Told(**row) for row in rows}


def tell(tx: Tx, witness: str, code: int, word: str, *, size: int, note: str) -> None:
    """Keep what a witness answered, with the largest checkpoint that it countersigned."""
    row = {"witness": witness, "size": size, "note": note, "code": code, "told": word, "at": now(tx)}
    upsert(tx, audit_cosigned, row)


def forget(tx: Tx) -> None:
    """The log begins again under another name: no witness has answered about that one yet."""
    tx.execute(delete(audit_cosigned))


def sign(tx: Tx, size: int, signed: Callable[[str], str | None]) -> str | None:
    """The checkpoints of that size (of a silent log there are two) whose notes `signed` makes others of keep those;
    one of them, None where there is none."""
    query = select(audit_checkpoint).where(audit_checkpoint.c.size == size).with_for_update()
    found = None
    for row in tx.execute(query).all():
        if (note := signed(row.note)) is not None:
            tx.execute(update(audit_checkpoint).where(audit_checkpoint.c.id == row.id).values(note=note))
            found = note
    return found


def refused(tx: Tx, witness: str, checkpoint: Checkpoint, code: int, *, request: str, answer: str) -> bool:
    """A witness refused our own log: kept, and said in the log. False while the same refusal of it stands."""
    same = (audit_refused.c.side == ASKED, audit_refused.c.witness == witness, audit_refused.c.code == code)
    standing = select(audit_refused.c.id).where(*same, audit_refused.c.cleared.is_(None))
    if tx.execute(standing.limit(1)).first():
        return False
    told = {"witness": witness, "request": request, "answer": answer}
    tx.execute(insert(audit_refused).values(_evidence(tx, ASKED, checkpoint, code, told) | {"id": new_id()}))
    _say(tx, EventType.CHECKPOINT_REFUSED, checkpoint, code=code, witness=witness)
    return True


def refusals(tx: Tx, *, side: str = "", standing: bool = False) -> list[Refusal]:
    """What was refused, oldest first; `standing`: only what nobody has cleared."""
    query = select(audit_refused).order_by(audit_refused.c.at, audit_refused.c.id)
    if side:
        query = query.where(audit_refused.c.side == side)
    if standing:
        query = query.where(audit_refused.c.cleared.is_(None))
    return [Refusal(**row) for row in tx.execute(query).mappings()]


def clear(tx: Tx, *, actor: str, why: str) -> int:
    """An auditor ends what refusals of our own log mean. The evidence stays, and the log says who and, apart, why."""
    standing = refusals(tx, side=ASKED, standing=True)
    for each in standing:
        data = {"origin": each.origin, "witness": each.witness, "code": each.code}
        event = audit.emit(
            tx,
            type=EventType.CHECKPOINT_CLEARED,
            region=holds.EVERY,
            actor=actor,
            obj=each.id,
            data=data,
            payload={"why": why},
        )
        ended = {"cleared": now(tx), "cleared_by": actor, "why": event}
        tx.execute(update(audit_refused).where(audit_refused.c.id == each.id).values(ended))
    return len(standing)


def _evidence(tx: Tx, side: str, checkpoint: Checkpoint, code: int, told: Mapping[str, str]) -> dict[str, object]:
    """A row, but for its id."""
    row = {"side": side, "origin": checkpoint.origin, "code": int(code), "at": now(tx), **told}
    return {**row, "cleared": None, "cleared_by": "", "why": ""}


def _say(tx: Tx, kind: EventType, checkpoint: Checkpoint, **more: object) -> None:
    data = {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), **more}
    audit.emit(tx, type=kind, region=holds.EVERY, actor=ACTOR, obj=checkpoint.origin, data=data)
