"""The upkeep of a store: what was deleted leaves the disk, a copy while others write, and whether all is whole.

None of it is a change of what the store says; each is done outside of transactions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import func, select, text

from robo.errors import InfrastructureError, RoboError
from robo.proof.merkle import Frontier
from robo.store import periods, rollups, schema, sequencer, tables, trouble
from robo.store.audit_tables import audit_leaf, audit_region
from robo.store.clock import Tx
from robo.store.engine import Store

FEW: Final = 5
"""Faults that are told one by one."""


def settle(store: Store) -> bool:
    """What was deleted leaves SQLite's log of writes; on PostgreSQL dead rows are free to be written over. False:
    somebody read meanwhile, so some of it is left."""
    with store.aside() as raw:
        if store.is_sqlite:
            return bool(raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        raw.execute(f"VACUUM {', '.join(tables.metadata.tables)}")
    return True


def has_gaps(store: Store) -> bool:
    """Whether a SQLite file has pages that nothing is in: something was deleted since it was written anew."""
    if not store.is_sqlite:
        return False
    with store.aside() as raw:
        return bool(raw.execute("PRAGMA freelist_count").fetchone()[0])


def size(store: Store) -> int:
    """Bytes of the SQLite file; 0 on PostgreSQL."""
    if not store.is_sqlite:
        return 0
    with store.aside() as raw:
        pages, each = (raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages * each)


def rebuild(store: Store) -> None:
    """Write the whole SQLite file anew: pages keep pieces of rows that were deleted, or moved, long after. Whoever
    writes waits meanwhile. On PostgreSQL nothing is done: `VACUUM FULL` is for its administrator to decide."""
    if store.is_sqlite:
        with store.aside() as raw:
            raw.execute("VACUUM")


def copy(store: Store, to: Path) -> None:
    """The SQLite database as it is at one instant, in the file `to`, while others write: in one step, which reads one
    state of it. In several it would begin again with each commit of somebody else."""
    target = sqlite3.connect(to)
    try:
        with store.aside() as raw:
            raw.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        target.commit()
    finally:
        target.close()


def refuse_damaged(file: Path) -> None:
    """A SQLite file that is to be a store is whole. RB605."""
    found = sqlite3.connect(f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True)
    try:
        words = str(found.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as broken:
        words = str(broken)
    finally:
        found.close()
    if words != "ok":
        raise trouble.corrupted(file.name, words)


def check(store: Store) -> list[RoboError]:
    """What is wrong with the store: RB605 for a damaged file, RB610 for the tables of another version, RB677 where the
    log's head is not that of its entries, RB688 where a month is not the sum of its minutes, RB636 for keys that are
    another machine's, and whatever the database says when it is read. Empty: nothing."""
    found: list[RoboError] = []
    try:
        with store.read() as tx:
            if store.is_sqlite:
                said = [str(row[0]) for row in tx.execute(text(f"PRAGMA quick_check({FEW})"))]
                found += [trouble.corrupted(store.name, words) for words in said if words != "ok"]
            revision = schema.revision(tx)
            if revision == schema.HEAD:
                found += _log(tx, store.name)
            else:
                found.append(_other(store.name, revision))
    except InfrastructureError as broken:
        found.append(broken)
    return found


def _log(tx: Tx, name: str) -> Iterator[RoboError]:
    """What is wrong with the log's head, with the months of its minutes, and with the keys of its regions."""
    head = sequencer.head(tx)
    size = int(tx.execute(select(func.count()).select_from(audit_leaf)).scalar_one())
    frontier = Frontier()
    for leaf in tx.execute(select(audit_leaf.c.hash).order_by(audit_leaf.c.seq)).yield_per(10_000).scalars():
        frontier.append(bytes(leaf))
    if (size, frontier.root()) != (head.size, head.root):
        yield _no_head(name, head.size, size)
    if (differs := rollups.first_difference(tx)) is not None:
        yield differs
    for region in tx.execute(select(audit_region.c.region).order_by(audit_region.c.region)).scalars().all():
        try:
            periods.check(tx, region)
        except InfrastructureError as other:
            yield other


def _other(store: str, found: str) -> InfrastructureError:
    return InfrastructureError(
        "RB610",
        "the tables of the store %(store)s are at %(found)s, this robo's at %(head)s",
        place=store,
        remedy="any command of this robo upgrades an older store; a newer one needs the robo that made it",
        store=store,
        found=found or "-",
        head=schema.HEAD,
    )


def _no_head(store: str, head: int, size: int) -> InfrastructureError:
    return InfrastructureError(
        "RB677",
        "the head of the audit log (%(head)s entries) is not that of its %(size)s entries",
        place=store,
        remedy="somebody changed the log: keep this file as evidence, and verify the log: that says where",
        store=store,
        head=head,
        size=size,
    )
