"""The checkpoints of the log: what its key signed, in the order of their sizes. Time is noted and orders nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, insert, select, update

from robo.proof.checkpoint import Checkpoint
from robo.proof.handover import CHANGED, NEW
from robo.proof.note import Note
from robo.store.audit_tables import audit_checkpoint, audit_cosigned, audit_head, audit_leaf
from robo.store.clock import Tx, now
from robo.store.columns import EPOCH
from robo.store.ids import new_id
from robo.store.sequencer import HEAD, head

LATEST: Final = 253_402_300_799
"""The last second of the year 9999: what a witness signs may be any number, and a time is shown."""
_NEWEST: Final = select(audit_checkpoint).order_by(
    audit_checkpoint.c.size.desc(), audit_checkpoint.c.made.desc(), audit_checkpoint.c.id.desc()
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it is kept. `note`: the signed note, with the cosignatures it has so far. `made`: when it was
    sealed, for the last time where nothing happened meanwhile."""

    id: str
    size: int
    made: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness of our log answered last (`code`, `told`), and up to which `size` its signature goes, and of when
    it is: 0 and the time of the answer where it countersigned nothing yet."""

    witness: str
    size: int
    at: datetime
    code: int
    told: str


def newest(tx: Tx) -> Kept | None:
    """The checkpoint of the largest size; None before the first."""
    found = tx.execute(_NEWEST.limit(1)).one_or_none()
    return None if found is None else Kept(found.id, found.size, found.made, found.note)


def notes(tx: Tx) -> Iterator[str]:
    """The notes of all checkpoints, by size, the newest last: what an export takes with it. None may be left out that
    hands the log over to another key. Those that it was sealed with under an earlier name are none of this log."""
    first = f"{head_of(tx)[0]}\n"
    ours = func.substr(audit_checkpoint.c.note, 1, len(first)) == first
    by_size = (
        select(audit_checkpoint.c.note)
        .where(ours)
        .order_by(audit_checkpoint.c.size, audit_checkpoint.c.made, audit_checkpoint.c.id)
    )
    for (note,) in tx.execute(by_size).all():
        yield str(note)


def add(tx: Tx, size: int, note: str) -> Kept:
    """Keep a checkpoint; the log is sealed up to its size. The caller holds the lock of the head."""
    kept = Kept(new_id(), size, now(tx), note)
    tx.execute(insert(audit_checkpoint).values(id=kept.id, size=size, made=kept.made, note=note))
    tx.execute(update(audit_head).where(audit_head.c.id == HEAD).values(sealed=size))
    return kept


def silent(tx: Tx, last: Kept) -> Kept:
    """Nothing happened since `last`: it stands for now too. Of the checkpoints of one size two are kept, the first and
    this one, so that a silence of months is two rows."""
    of_size = select(func.count()).where(audit_checkpoint.c.size == last.size)
    if tx.execute(of_size).scalar_one() == 1:
        return add(tx, last.size, last.note)
    at = now(tx)
    tx.execute(update(audit_checkpoint).where(audit_checkpoint.c.id == last.id).values(made=at))
    return Kept(last.id, last.size, at, last.note)


def call(tx: Tx, wanted: str, otherwise: str) -> str:
    """The name of the log: the one it has, once it was sealed; before that `wanted`, the one it was given, `otherwise`.
    The caller compares what it wanted with what it gets."""
    held = head(tx, lock=True)
    name = held.origin or otherwise
    if wanted and newest(tx) is None:
        name = wanted
    if name != held.origin:
        tx.execute(update(audit_head).where(audit_head.c.id == HEAD).values(origin=name))
    return name


def rename(tx: Tx, origin: str) -> None:
    """The log goes on under another name, from its next checkpoint on. The caller holds the lock of the head."""
    tx.execute(update(audit_head).where(audit_head.c.id == HEAD).values(origin=origin))


def of_size(tx: Tx, size: int) -> list[str]:
    """The notes of the checkpoints of that size, the newest first."""
    query = select(audit_checkpoint.c.note).where(audit_checkpoint.c.size == size)
    return list(tx.execute(query.order_by(audit_checkpoint.c.made.desc(), audit_checkpoint.c.id.desc())).scalars())


def handed_to(tx: Tx, origin: str) -> str:
    """The verifier key that the log was handed over to last, "" when its key never changed."""
    changes = select(audit_leaf.c.entry).where(audit_leaf.c.obj == origin, audit_leaf.c.type == CHANGED)
    last = tx.execute(changes.order_by(audit_leaf.c.seq.desc()).limit(1)).scalar_one_or_none()
    return "" if last is None else str(json.loads(last)["data"].get(NEW))


def head_of(tx: Tx) -> tuple[str, int]:
    """The name of the log and its size as they are written, whatever state the head is in besides."""
    found = tx.execute(select(audit_head.c.origin, audit_head.c.size)).one_or_none()
    return ("", 0) if found is None else (found.origin, found.size)


def answers(tx: Tx) -> list[Answer]:
    """What each witness countersigned and said last, by name. What it only says that it countersigned counts for 0."""
    rows = tx.execute(select(audit_cosigned).order_by(audit_cosigned.c.witness))
    found = [(row, signed(row.witness, row.note) or (0, row.at)) for row in rows]
    return [Answer(row.witness, size, at, row.code, row.told) for row, (size, at) in found]


def signed(witness: str, note: str) -> tuple[int, datetime] | None:
    """The size that the signature of a witness (`name+id`) on a note that was verified covers, and when it signed. What
    a witness says besides, a size with a refusal, is signed by nobody and says nothing of this."""
    if not note:
        return None
    read = Note.parse(note)
    for each in read.signatures:
        if f"{each.name}+{each.key_id.hex()}" == witness:
            seconds = min(int.from_bytes(each.raw[:8], "big"), LATEST)
            return Checkpoint.parse(read.text).size, EPOCH + timedelta(seconds=seconds)
    return None


def unsealed_since(tx: Tx, sealed: int) -> datetime | None:
    """When the first entry that no checkpoint covers was written; None when there is none."""
    first = select(audit_leaf.c.ts).where(audit_leaf.c.seq == sealed)
    found: datetime | None = tx.execute(first).scalar_one_or_none()
    return found
