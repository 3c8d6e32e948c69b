"""Finding entries of the audit log: by region, process, run, item, type and time, the newest first.

What waits for its place in the log is found too: it happened, and only its number is not known yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, literal, or_, select

from robo.proof.entry import read_entry
from robo.proof.payloads import PURGED, Payload
from robo.store import audit, audit_reading, identity
from robo.store.accounts_tables import holds
from robo.store.audit_tables import audit_leaf, audit_payload
from robo.store.clock import Tx, paged
from robo.store.columns import EPOCH, MICROSECOND
from robo.store.rollups import LEDGER
from robo.store.tables import items, runs

_AT_ONCE: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; empty: everything. `run`: what its id begins with; `item`: its key (even one that a purge
    took from it), or its id (or what that begins with); `kind`: a type, or what types begin with (`once.`)."""

    region: str = ""
    process: str = ""
    run: str = ""
    item: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as it was written; `seq` None while it waits for its place."""

    seq: int | None
    entry: Mapping[str, Any]


def search(tx: Tx, wanted: Wanted, limit: int) -> list[Found]:
    """Up to `limit` of what is wanted, the newest first."""
    names = identity.names_of(tx, wanted.item) if wanted.item else ()
    found = list(_waiting(tx, wanted, names))[:limit] if wanted.number is None else []
    query = _narrowed(select(audit_leaf.c.seq, audit_leaf.c.entry), wanted, names)
    if wanted.number is not None:
        query = query.where(audit_leaf.c.seq == wanted.number)
    rows = tx.execute(query.order_by(audit_leaf.c.seq.desc()).limit(limit - len(found)))
    return [*found, *(Found(row.seq, read_entry(bytes(row.entry))) for row in rows)]


def of_object(tx: Tx, name: str, below: int) -> list[tuple[int, bytes]]:
    """The number and the bytes of the event of this id, else of all entries about the item of this id or key (also one
    that a purge took away), in their order; of the entries below that number."""
    table = audit_leaf.c
    query = select(table.seq, table.entry).where(table.seq < below).order_by(table.seq)
    rows = tx.execute(query.where(table.event == name)).all()
    if not rows:
        same = select(items.c.id).where(items.c.key.in_(identity.names_of(tx, name)))
        rows = tx.execute(query.where(or_(table.obj == name, table.obj.in_(same)))).all()
    return [(row.seq, bytes(row.entry)) for row in rows]


def purges(tx: Tx, below: int, *, region: str = "", periods: Collection[str] = ()) -> list[tuple[int, bytes]]:
    """The number and the bytes of the entries that say that payloads of a region, or of these periods, were purged, in
    their order; of the entries below that number."""
    table = audit_leaf.c
    query = select(table.seq, table.entry).where(table.type == PURGED, table.seq < below).order_by(table.seq)
    rows = tx.execute(query.where(table.region == region if region else table.obj.in_(periods)))
    return [(row.seq, bytes(row.entry)) for row in rows]


def of_region(tx: Tx, region: str, below: int) -> Iterator[bytes]:
    """The entries of a region below that number, in their order."""
    query = select(audit_leaf.c.entry).where(audit_leaf.c.region == region, audit_leaf.c.seq < below)
    for row in paged(tx, query, audit_leaf.c.rseq):
        yield bytes(row.entry)


def last_of_region(tx: Tx, region: str, below: int) -> tuple[int, int] | None:
    """The last entry of a region below that number: its number in the log, and in the region."""
    table = audit_leaf.c
    query = select(table.seq, table.rseq).where(table.region == region, table.seq < below)
    found = tx.execute(query.order_by(table.rseq.desc()).limit(1)).one_or_none()
    return None if found is None else (found.seq, found.rseq)


def rows_of_minutes(tx: Tx, about: Iterable[str]) -> dict[str, int]:
    """The number of the entry of each row of minutes, by the row's id, of all whose entries are about these: items, or
    the rows themselves. One that waits for its place is not there."""
    table, found = audit_leaf.c, {}
    for some in _parts(sorted(set(about))):
        mine = table.obj.in_(some) & table.type.startswith(LEDGER, autoescape=True)
        for row in tx.execute(select(table.seq, table.entry).where(mine)):
            found[str(read_entry(bytes(row.entry))["data"].get("ledger", ""))] = int(row.seq)
    return found


def payloads(tx: Tx, *, below: int, region: str = "", events: Sequence[str] | None = None) -> Iterator[Payload]:
    """The payloads of the entries below that number, in their order: of all, of a region, or of these events."""
    where = [audit_leaf.c.seq < below]
    if region:
        where.append(audit_leaf.c.region == region)
    if events is not None:
        where.append(audit_leaf.c.event.in_(events))
    return audit_reading.payloads(tx, *where)


def payloads_by_region(tx: Tx, region: str = "") -> dict[str, int]:
    """How many payloads each region has."""
    query = select(audit_leaf.c.region, func.count()).join(audit_payload, audit_payload.c.event == audit_leaf.c.event)
    if region:
        query = query.where(audit_leaf.c.region == region)
    return {row[0]: row[1] for row in tx.execute(query.group_by(audit_leaf.c.region)).all()}


def keys_of(tx: Tx, ids: Iterable[str]) -> dict[str, str]:
    """The key of each of these that is an item and was not purged."""
    found: dict[str, str] = {}
    for some in _parts(sorted(set(ids))):
        found |= {row.id: row.key for row in tx.execute(select(items.c.id, items.c.key).where(items.c.id.in_(some)))}
    return found


def _narrowed(query: Select[Any], wanted: Wanted, names: Collection[str]) -> Select[Any]:
    table = audit_leaf.c
    if wanted.region:
        query = query.where(table.region == wanted.region)
    if wanted.kind:
        same = table.type == wanted.kind
        query = query.where(or_(same, table.type.startswith(f"{wanted.kind.rstrip('.')}.", autoescape=True)))
    if wanted.since is not None:
        query = query.where(table.ts >= wanted.since)
    if wanted.until is not None:
        query = query.where(table.ts < wanted.until)
    for condition in _about(wanted, names, table.obj, table.cause):
        query = query.where(condition)
    return query


def _about(wanted: Wanted, names: Collection[str], obj: Any, cause: Any) -> Iterator[ColumnElement[bool]]:
    """What ties an event to a run, an item (by the `names` of its key) or a process: what it is about (`obj`), or its
    run (`cause`)."""
    if wanted.run:
        yield or_(obj.startswith(wanted.run, autoescape=True), cause.startswith(wanted.run, autoescape=True))
    if wanted.item:
        same = select(items.c.id).where(items.c.key.in_(names))
        yield or_(obj.in_(same), obj.startswith(wanted.item, autoescape=True))
    if wanted.process:
        its_runs = select(runs.c.id).where(runs.c.process == wanted.process)
        its_items = select(items.c.id).where(items.c.process == wanted.process)
        its_holds = select(holds.c.id).where(holds.c.process == wanted.process)
        yield or_(obj.in_(its_runs), cause.in_(its_runs), obj.in_(its_items), obj.in_(its_holds))


def _waiting(tx: Tx, wanted: Wanted, names: Collection[str]) -> Iterator[Found]:
    """Events without a place: few, so they are looked at one by one."""
    for entry in reversed(audit.waiting(tx)):
        if _fits(entry, wanted) and _is_about(tx, entry, wanted, names):
            yield Found(None, entry)


def _fits(entry: Mapping[str, Any], wanted: Wanted) -> bool:
    at = EPOCH + entry["ts"] * MICROSECOND
    return (
        wanted.region in {"", entry["region"]}
        and (not wanted.kind or entry["type"] == wanted.kind or entry["type"].startswith(f"{wanted.kind.rstrip('.')}."))
        and (wanted.since is None or at >= wanted.since)
        and (wanted.until is None or at < wanted.until)
    )


def _is_about(tx: Tx, entry: Mapping[str, Any], wanted: Wanted, names: Collection[str]) -> bool:
    conditions = list(_about(wanted, names, literal(entry["obj"]), literal(entry["cause"])))
    return not conditions or tx.execute(select(literal(1)).where(*conditions)).first() is not None


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE))
