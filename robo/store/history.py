"""What a person reads afterwards: step by step history and evidence. Never state: nothing is decided from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select

from robo.engine.ports import Fence, StepTrace
from robo.store import attempts, fences
from robo.store.clock import Tx, now
from robo.store.ids import new_id
from robo.store.tables import evidence, traces

_ADD: Final = insert(traces)


def trace(tx: Tx, fence: Fence, lines: Sequence[StepTrace]) -> None:
    """Add lines to the attempt's history. `StaleToken` when the attempt is somebody else's."""
    if not attempts.still_mine(tx, fence):
        raise fences.stale(fence)
    add(tx, fence, lines)


def add(tx: Tx, fence: Fence, lines: Sequence[StepTrace]) -> None:
    """The same, in a transaction that has the fence already."""
    if lines:
        tx.execute(_ADD, [_line(fence.attempt, n, line) for n, line in enumerate(lines)])


def _line(attempt: str, seq: int, line: StepTrace) -> dict[str, Any]:
    return {
        "id": new_id(),
        "attempt": attempt,
        "seq": seq,
        "step": line.step,
        "title": line.title,
        "state": line.state,
        "note": line.note,
        "started": line.started,
        "micros": int(line.seconds * 1_000_000),
    }


def keep(tx: Tx, fence: Fence, name: str, file: str, content: bytes, *, at: datetime | None = None) -> str:
    """Record evidence whose bytes are in `file` already; its digest. No fence: an answer in hand whose receipt was
    refused is kept too."""
    digest = hashlib.sha256(content).hexdigest()
    row = {"id": new_id(), "item": fence.item, "attempt": fence.attempt, "name": name, "file": file}
    tx.execute(insert(evidence), row | {"digest": digest, "size": len(content), "taken": at or now(tx)})
    return digest


def evidence_of(tx: Tx, item: str) -> list[Mapping[str, Any]]:
    """Evidence of an item, oldest first: name, file, digest, size, taken, attempt."""
    query = select(evidence).where(evidence.c.item == item).order_by(evidence.c.id)
    return [dict(row) for row in tx.execute(query).mappings()]
