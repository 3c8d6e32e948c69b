"""What a purge takes of the work itself: whatever tells of a person in items that ended long ago, and in their runs.

The rows stay, so that counts, reports and minutes do. Keys become what only the region's key of units finds again
(`robo.store.aliases`): a key that was done stays done. What is not over, and what has its key, is left as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, delete, func, or_, select, update

from robo.engine.kept import LEFT_OUT, OF_THE_ENGINE
from robo.model.audit import EventType
from robo.model.base import LIVE, ItemState
from robo.model.run import ItemKind, RunState
from robo.store import audit
from robo.store.accounts_tables import ledger
from robo.store.aliases import LIKE, is_alias, new_alias
from robo.store.clock import Tx, now
from robo.store.tables import attempts, evidence, items, journal, payloads, reviews, runs, traces, writebacks

ENDED: Final = tuple(state.value for state in ItemState if state not in LIVE)
OVER: Final = (RunState.ENDED, RunState.CANCELLED)
FORGOTTEN: Final = "-"
"""What the name of a key begins with once nobody can find it any more."""
_KEYED: Final = (ItemKind.ITEM.value, ItemKind.SEQUEL.value)
_STAYS: Final = ("sources", "sequels", "finish", "earns")
"""Of a run's options what is nobody's: its definition, and what it had."""
_WHOSE: Final = ("environment", "process", "region", "key")


@dataclass(frozen=True, slots=True)
class Cleared:
    """What one commit cleared, and where the next goes on."""

    items: int = 0
    runs: int = 0
    last: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that was kept as evidence: the id of its row, its name in the folder of evidence, its bytes."""

    id: str
    file: str
    size: int


def _due(region: str, before: datetime) -> Select[Any]:
    """Items of the region that ended before, of which everything is settled and whose key is not live again."""
    live = items.alias("live")
    same = [live.c[name] == items.c[name] for name in _WHOSE]
    again = select(live.c.id).where(*same, live.c.kind.in_(_KEYED), live.c.state.not_in(ENDED))
    over = select(runs.c.id).where(runs.c.id == items.c.run, runs.c.state.in_(OVER))
    owed = select(writebacks.c.id).where(writebacks.c.item == items.c.id, writebacks.c.state == "pending")
    doubt = select(journal.c.id).where(journal.c.item == items.c.id, journal.c.state == "open")
    return select(items).where(
        items.c.region == region,
        items.c.purged.is_(None),
        items.c.state.in_(ENDED),
        items.c.ended < before,
        or_(items.c.kind.not_in(_KEYED) & over.exists(), items.c.kind.in_(_KEYED) & ~again.exists()),
        ~owed.exists(),
        ~doubt.exists(),
    )


def regions(tx: Tx) -> list[str]:
    """The regions that have items, or minutes."""
    found = {*tx.execute(select(items.c.region).distinct()).scalars()}
    return sorted(found | {*tx.execute(select(ledger.c.region).distinct()).scalars()})


def count(tx: Tx, region: str, before: datetime) -> int:
    """How many items `clear` would clear."""
    return int(tx.execute(select(func.count()).select_from(_due(region, before).subquery())).scalar_one())


def clear(tx: Tx, region: str, before: datetime, *, after: str, limit: int, policy: str) -> Cleared:
    """Clear up to `limit` items of the region behind the id `after`, with all that hangs from them, and say so in the
    log, in this commit."""
    query = _due(region, before).where(items.c.id > after).order_by(items.c.id).limit(limit)
    rows = tx.execute(query.with_for_update(of=items)).all()
    if not rows:
        return Cleared()
    which = [row.id for row in rows]
    _items(tx, rows)
    _journal(tx, which)
    tries = select(attempts.c.id).where(attempts.c.item.in_(which))
    tx.execute(delete(traces).where(traces.c.attempt.in_(tries)))
    tx.execute(delete(reviews).where(reviews.c.item.in_(which)))
    empty: dict[str, Any] = {"file": "", "sheet": "", "row_digest": "", "row_key": {}, "old": {}, "new": {}}
    tx.execute(update(writebacks).where(writebacks.c.item.in_(which)).values(**empty, answer=""))
    ended = _runs(tx, {row.run for row in rows}, before)
    data = {"items": len(rows), "runs": ended, "before": f"{before:%Y-%m-%d}", "policy": policy}
    audit.emit(tx, type=EventType.CLEARED, region=region, actor="robot", obj="", data=data)
    return Cleared(len(rows), ended, which[-1])


_CLEAR: Final = (
    update(items)
    .where(items.c.id == bindparam("which"))
    .values(
        key=bindparam("to"),
        result=bindparam("left"),
        purged=bindparam("at"),
        message="",
        facts={},
        place="",
        remedy="",
        row_digest="",
    )
)


def _items(tx: Tx, rows: Sequence[Row[Any]]) -> None:
    """Of each: outcome, code, times and whether it was ours stay."""
    at = now(tx)
    changes = [{"which": row.id, "to": _called(tx, row), "left": _left(row.result), "at": at} for row in rows]
    tx.execute(_CLEAR, changes)
    bodies = {row.payload for row in rows if row.payload}
    others = select(items.c.id).where(items.c.payload == payloads.c.id, items.c.purged.is_(None))
    empty = update(payloads).where(payloads.c.id.in_(bodies), ~others.exists())
    tx.execute(empty.values(body={}, purged=at))


def _called(tx: Tx, row: Row[Any]) -> str:
    if row.kind not in _KEYED:
        return str(row.key)
    return new_alias(tx, row.environment, row.process, row.region, row.key)


def _left(result: Mapping[str, Any]) -> dict[str, Any]:
    return {"ours": result["ours"]} if "ours" in result else {}


_EFFECT: Final = (
    update(journal)
    .where(journal.c.id == bindparam("which"), journal.c.state != "open")
    .values(key=bindparam("to"), outputs=bindparam("left"), receipt={}, words="")
)


def _journal(tx: Tx, which: Sequence[str]) -> None:
    """The rows of effects keep what protects them: state, number of intents, pass. Of their outputs stays which there
    were, so that whoever needs one knows that it is not missing but left out, and has it read again."""
    query = select(journal).where(journal.c.item.in_(which), journal.c.state != "open")
    rows = tx.execute(query.with_for_update()).mappings().all()  # an item of the same key may open one just now
    changes = []
    for row in rows:
        named = {name for name in row["outputs"] if name not in OF_THE_ENGINE} | {*row["outputs"].get(LEFT_OUT, {})}
        to = row["key"]
        if not is_alias(to):
            to = new_alias(tx, row["environment"], row["process"], row["region"], to)
        left: dict[str, Any] = {LEFT_OUT: {name: [] for name in sorted(named)}} if named else {}
        changes.append({"which": row["id"], "to": to, "left": left})
    if changes:
        tx.execute(_EFFECT, changes)


def _runs(tx: Tx, which: Iterable[str], before: datetime) -> int:
    """Runs of which all is cleared keep what they were, when, and their counts."""
    rest = select(items.c.id).where(items.c.run == runs.c.id, items.c.purged.is_(None))
    mine = runs.c.id.in_(sorted(which)), runs.c.state.in_(OVER), runs.c.ended < before, runs.c.purged.is_(None)
    found = tx.execute(select(runs.c.id, runs.c.options).where(*mine, ~rest.exists())).all()
    for run in found:
        stays = {name: run.options[name] for name in _STAYS if name in run.options}
        changes = {"inputs": {}, "options": stays, "purged": now(tx)}
        tx.execute(update(runs).where(runs.c.id == run.id).values(**changes))
    return len(found)


def pictures(tx: Tx, region: str, before: datetime, *, after: str = "", limit: int | None = None) -> list[Picture]:
    """Evidence of items that are cleared, or would be: what is still there of it, by id."""
    due = _due(region, before).with_only_columns(items.c.id)
    gone = select(items.c.id).where(items.c.region == region, items.c.purged.is_not(None))
    query = (
        select(evidence.c.id, evidence.c.file, evidence.c.size)
        .where(evidence.c.item.in_(due.union(gone)), evidence.c.id > after)
        .order_by(evidence.c.id)
    )
    return [Picture(row.id, row.file, row.size) for row in tx.execute(query.limit(limit) if limit else query)]


def without(tx: Tx, gone: Sequence[str]) -> None:
    """The files of these rows of evidence are deleted: so are the rows."""
    tx.execute(delete(evidence).where(evidence.c.id.in_(gone)))


def purged(tx: Tx, names: Sequence[str]) -> set[str]:
    """Which of these are runs or items that are cleared."""
    found: set[str] = set()
    for table in (runs, items):
        query = select(table.c.id).where(table.c.id.in_(names), table.c.purged.is_not(None))
        found |= set(tx.execute(query).scalars())
    return found


def forget_units(tx: Tx, region: str, before: datetime) -> dict[str, int]:
    """Whoever has the region's key cannot find these any more: keys of items and effects that were cleared, and units
    and receipts of minutes, older than units are kept. How many of each."""
    found: dict[str, int] = defaultdict(int)
    hidden = (
        (items, items.c.key, items.c.ended),
        (journal, journal.c.key, journal.c.changed),
    )
    for table, key, when in hidden:
        mine = update(table).where(table.c.region == region, key.like(LIKE), when < before)
        found[table.name] = tx.execute(mine.values(key=FORGOTTEN + table.c.id)).rowcount
    old = update(ledger).where(ledger.c.region == region, ledger.c.written < before, ledger.c.unit_hash != "")
    old = old.where(ledger.c.unit_hash.not_like(f"{FORGOTTEN}%"))
    found[ledger.name] = tx.execute(old.values(unit_hash=FORGOTTEN + ledger.c.id, receipt_hash="")).rowcount
    return dict(found)
