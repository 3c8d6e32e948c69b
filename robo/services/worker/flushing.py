"""Write-backs: rows of the store until they are in the file. A file open elsewhere leaves them pending, never lost."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from robo.engine.faultpoints import reach
from robo.errors import InfrastructureError, RoboError, Words
from robo.sdk.runner import CellChange, Flusher
from robo.store import workers, writebacks
from robo.store.engine import Store
from robo.store.writebacks import WriteBack

LEASE: float = 60.0
"""Seconds one flush may hold a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """What one flush did. `trouble` says, per file, why its cells are still owed, and which cells need a person."""

    done: int = 0
    conflicts: int = 0
    pending: int = 0
    trouble: tuple[RoboError, ...] = ()


async def flush(
    store: Store, flusher: Flusher, *, holder: str, incarnation: int, run: str = "", siblings: bool = False
) -> Flushed:
    """Write every owed cell of a run (or of all), one file at a time under a lease on it. `siblings`: and what other
    runs of its process here still owe, whose worker was killed or whose workbook was open.

    All cells of the run are read again at its end (`check`), because a paused flusher may rename an old copy."""
    owed = await store.run(lambda tx: writebacks.pending(tx, run=run, siblings=siblings))
    total = Flushed()
    for file, rows in _by_file(owed).items():
        resource = f"file:{file}"
        if not await store.run(
            partial(workers.take, resource=resource, holder=holder, seconds=LEASE, incarnation=incarnation)
        ):
            total = _add(total, Flushed(pending=len(rows), trouble=(_busy(file),)))
            continue
        try:
            total = _add(total, await _flush_file(store, flusher, file, rows))
        finally:
            await store.run(partial(workers.give, resource=resource, holder=holder, incarnation=incarnation))
    return total


async def _flush_file(store: Store, flusher: Flusher, file: Path, rows: Sequence[WriteBack]) -> Flushed:
    changes = [row.change for row in rows]
    try:
        reach("write-back")
        answers = await asyncio.to_thread(flusher.flush, file, changes)
        reach("write-back")
    except RoboError as trouble:
        return Flushed(pending=len(rows), trouble=(trouble,))
    settled = {row.id: answer for row, answer in zip(rows, answers, strict=True)}
    await store.run(lambda tx: writebacks.settle(tx, settled))
    done = sum(answer == "done" for answer in answers)
    conflicts = tuple(
        _conflict(row.change, answer) for row, answer in zip(rows, answers, strict=True) if answer != "done"
    )
    return Flushed(done=done, conflicts=len(conflicts), trouble=conflicts)


async def check(store: Store, flusher: Flusher, *, holder: str, incarnation: int, run: str) -> Flushed:
    """Flush, then offer every settled cell of the run once more: a cell already there answers `done` and is left."""
    first = await flush(store, flusher, holder=holder, incarnation=incarnation, run=run, siblings=True)
    settled = [row for row in await store.run(lambda tx: writebacks.of_run(tx, run)) if row.state == "done"]
    if first.pending or not settled:
        return first
    again = await _again(settled, flusher)
    if again:
        await store.run(lambda tx: writebacks.owe_again(tx, [row.id for row in again]))
        return _add(first, await flush(store, flusher, holder=holder, incarnation=incarnation, run=run))
    return first


async def _again(settled: Sequence[WriteBack], flusher: Flusher) -> list[WriteBack]:
    """Cells that are not in their file any more."""
    gone: list[WriteBack] = []
    missing: Callable[[Path, Sequence[object]], Sequence[bool]] | None = getattr(flusher, "there", None)
    if missing is None:
        return gone
    for file, rows in _by_file(settled).items():
        there = await asyncio.to_thread(missing, file, [row.change for row in rows])
        gone += [row for row, is_there in zip(rows, there, strict=True) if not is_there]
    return gone


def _busy(file: Path) -> RoboError:
    return InfrastructureError(
        "RB535",
        "another robo is writing %(file)s",
        place=str(file),
        remedy="the values wait: robo runs flush",
        file=file.name,
    )


def _conflict(change: CellChange, why: Words) -> RoboError:
    return InfrastructureError(
        "RB536",
        "a value was not written into %(file)s, which changed meanwhile (%(why)s)",
        place=f"{change.file.name} {change.sheet}!{change.row} «{change.column}»",
        remedy="compare the cell with the item, and correct it by hand; nothing was overwritten",
        file=change.file.name,
        why=why,
    )


def _by_file(rows: Sequence[WriteBack]) -> dict[Path, list[WriteBack]]:
    files: dict[Path, list[WriteBack]] = defaultdict(list)
    for row in rows:
        files[row.change.file].append(row)
    return files


def _add(one: Flushed, other: Flushed) -> Flushed:
    return Flushed(
        done=one.done + other.done,
        conflicts=one.conflicts + other.conflicts,
        pending=one.pending + other.pending,
        trouble=one.trouble + other.trouble,
    )
