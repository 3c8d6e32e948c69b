"""The same key in a later run (page "language", Items) and one live item per key (rule `shared`).

Judged when a source is opened, when an outcome frees a key, and when a person retries; always from the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, func, select, text

from robo.model.base import ItemState
from robo.model.run import ItemKind, Taken
from robo.store.aliases import alias, aliases
from robo.store.clock import Tx
from robo.store.tables import LIVE_STATES, items

_TERMINAL: Final = ("done", "skipped", "rejected", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Key:
    """Whose keys: every comparison is inside one environment, process and region."""

    environment: str
    process: str
    region: str


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one key. `owner`: its live item; `done`: the passes that ended so, told by the newest of them
    since a purge forgets the oldest; `last`: state and row digest of its latest ended item."""

    owner: str = ""
    done: int = 0
    done_at: datetime | None = None
    last: str = ""
    last_digest: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`doing`: the pass a taken item opens or goes on with."""

    taken: Taken
    doing: int = 0
    owner: str = ""


def names_of(tx: Tx, key: str) -> list[str]:
    """What items of this key are called in any process and region: the key, and what a purge called it there."""
    purged = select(items.c.environment, items.c.process, items.c.region).where(items.c.purged.is_not(None)).distinct()
    return [key, *(alias(tx, row.environment, row.process, row.region, key) for row in tx.execute(purged))]


def lock(tx: Tx, key: Key) -> None:
    """Only one transaction at a time gives out free keys of this process here (SQLite writes one by one anyway)."""
    if tx.dialect.name == "postgresql":
        tx.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"{key.environment}/{key.process}/{key.region}"},
        )


def past(tx: Tx, key: Key, keys: Sequence[str], *, but: str = "") -> dict[str, Past]:
    """What is known of each of `keys`, real items only, purged ones among them; `but` is an item to leave out."""
    mine = (
        items.c.environment == key.environment,
        items.c.process == key.process,
        items.c.region == key.region,
        items.c.kind == ItemKind.ITEM,
        items.c.dry == 0,
    )
    stored = aliases(tx, key.environment, key.process, key.region, keys)
    done = items.c.state == "done"
    owns = items.c.state.in_(LIVE_STATES) & items.c.behind.is_(None)
    rows = tx.execute(
        select(
            items.c.key,
            func.coalesce(func.max(case((done, items.c.doing + 1))), 0).label("done"),
            func.max(case((done, items.c.ended)), type_=items.c.ended.type).label("done_at"),
            func.max(case((owns, items.c.id))).label("owner"),
            func.max(case((items.c.state.in_(_TERMINAL), items.c.id))).label("last"),
        )
        .where(*mine, items.c.key.in_(stored), items.c.id != but)
        .group_by(items.c.key)
    ).all()
    last = [row.last for row in rows if row.last]
    ends: Mapping[str, Any] = {}
    if last:
        found = tx.execute(select(items.c.id, items.c.state, items.c.row_digest).where(items.c.id.in_(last)))
        ends = {row.id: row for row in found}
    known: dict[str, Past] = {}
    for row in sorted(rows, key=lambda each: each.last or ""):  # of a key and its alias the later one says how it ended
        before = known.get(stored[row.key], Past())
        known[stored[row.key]] = Past(
            owner=row.owner or before.owner,
            done=max(row.done, before.done),
            done_at=max(filter(None, (row.done_at, before.done_at)), default=None),
            last=ends[row.last].state if row.last else before.last,
            last_digest=ends[row.last].row_digest if row.last else before.last_digest,
        )
    return known


def judge(before: Past | None, *, digest: str, again: timedelta | None, at: datetime, dry: bool) -> Verdict:
    """What becomes of a row whose key has this past. A dry run looks, and never waits for a key."""
    if before is None:
        return Verdict(Taken.QUEUED)
    if before.owner and not dry:
        return Verdict(Taken.HELD, owner=before.owner)
    if before.done and (again is None or (before.done_at is not None and at - before.done_at < again)):
        return Verdict(Taken.ALREADY_DONE)
    if before.last == ItemState.REJECTED and digest and before.last_digest == digest:
        return Verdict(Taken.ALREADY_REJECTED)
    return Verdict(Taken.QUEUED, doing=before.done)
