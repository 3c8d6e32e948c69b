"""Write-backs: cells an outcome owes to a workbook, durable here until they are in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, insert, literal_column, select, tuple_, update

from robo.errors import Words
from robo.model.audit import EventType
from robo.sdk.runner import CellChange
from robo.store import audit
from robo.store.clock import Tx, now
from robo.store.ids import new_id
from robo.store.tables import items, runs, writebacks

_PENDING = writebacks.c.state == literal_column("'pending'")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBack:
    """One owed cell. `answer` is the flusher's, once it is settled."""

    id: str
    item: str
    run: str
    change: CellChange
    state: str
    answer: Words


def add(tx: Tx, item: Row[Any], changes: Sequence[CellChange], at: datetime) -> None:
    """Owe these cells; in the commit of the outcome."""
    if changes:
        tx.execute(insert(writebacks), [_values(item, n, each, at) for n, each in enumerate(changes)])


def pending(tx: Tx, *, run: str = "", file: Path | None = None, siblings: bool = False) -> list[WriteBack]:
    """Cells still owed, oldest first: of one run, of one file, or all. `siblings`: of the run and of every other run of
    its process in its region."""
    query = select(writebacks).where(_PENDING).order_by(writebacks.c.file, writebacks.c.id)
    if run and siblings:
        mine = select(runs.c.process, runs.c.region).where(runs.c.id == run)
        alike = select(runs.c.id).where(tuple_(runs.c.process, runs.c.region).in_(mine))
        query = query.where(writebacks.c.run.in_(alike))
    elif run:
        query = query.where(writebacks.c.run == run)
    if file is not None:
        query = query.where(writebacks.c.file == str(file))
    return [_writeback(row) for row in tx.execute(query).mappings()]


def of_run(tx: Tx, run: str) -> list[WriteBack]:
    """Every write-back of a run, settled or not: all are read again at its end."""
    query = select(writebacks).where(writebacks.c.run == run).order_by(writebacks.c.file, writebacks.c.id)
    return [_writeback(row) for row in tx.execute(query).mappings()]


def settle(tx: Tx, answers: Mapping[str, Words]) -> int:
    """What the flusher answered by write-back id: `done`, or why a person must look. How many landed."""
    landed = 0
    for which, answer in answers.items():
        state = "done" if answer == "done" else "conflict"
        row = tx.execute(
            update(writebacks)
            .where(writebacks.c.id == which, _PENDING)
            .values(state=state, answer=answer, settled=now(tx))
            .returning(writebacks.c.item)
        ).one_or_none()
        if row is None:
            continue
        landed += 1
        if state == "conflict":
            region = tx.execute(select(items.c.region).where(items.c.id == row.item)).scalar_one()
            audit.emit(tx, type=EventType.WRITEBACK_CONFLICT, region=region, actor="robot", obj=row.item)
    return landed


def owe_again(tx: Tx, which: Sequence[str]) -> None:
    """A cell that was written is not there any more (an old copy was renamed over the file): owed again."""
    tx.execute(update(writebacks).where(writebacks.c.id.in_(which)).values(state="pending", settled=None))


def counts(tx: Tx, run: str) -> dict[str, int]:
    """Write-backs of the run by state."""
    query = select(writebacks.c.state, func.count()).where(writebacks.c.run == run).group_by(writebacks.c.state)
    return {row[0]: int(row[1]) for row in tx.execute(query)}


def _values(item: Row[Any], seq: int, change: CellChange, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "item": item.id,
        "run": item.run,
        "token": item.token,
        "seq": seq,
        "file": str(change.file),
        "sheet": change.sheet,
        "row": change.row,
        "row_digest": change.row_digest,
        "row_key": change.row_key,
        "how": change.how,
        "column": change.column,
        "old": change.old,
        "new": change.new,
        "state": "pending",
        "asked": at,
    }


def _writeback(row: Mapping[Any, Any]) -> WriteBack:
    return WriteBack(
        id=row["id"],
        item=row["item"],
        run=row["run"],
        change=CellChange(
            file=Path(row["file"]),
            sheet=row["sheet"],
            row=row["row"],
            row_digest=row["row_digest"],
            row_key=row["row_key"],
            how=row["how"],
            column=row["column"],
            old=row["old"],
            new=row["new"],
        ),
        state=row["state"],
        answer=row["answer"],
    )
