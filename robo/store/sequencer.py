"""The sequencer: gives every event that waits its place in the log, once and for ever.

Any process may do it; the lock on the head's row makes it one at a time. Events are selected and deleted, never read
"behind the last seen". In the same commit the minutes of the events are folded into the months.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, func, select, update

from robo.engine.faultpoints import reach
from robo.proof.entry import RegionHead
from robo.proof.merkle import Frontier, Node
from robo.proof.placing import placed
from robo.proof.tiles import WIDTH, node_reader
from robo.store import audit, periods, rollups
from robo.store.audit_tables import audit_head, audit_leaf, audit_node, audit_outbox, audit_region
from robo.store.clock import Tx, paged
from robo.store.races import lands, upsert
from robo.store.rows import add_rows

HEAD: Final = 1
_HEAD: Final = select(audit_head).where(audit_head.c.id == HEAD)
_LOCKED: Final = _HEAD.with_for_update()
_REGIONS: Final = select(audit_region)
_GROWN: Final = (
    update(audit_head).where(audit_head.c.id == HEAD).values(size=bindparam("b_size"), frontier=bindparam("b_frontier"))
)
_LEAVES: Final = (
    select(audit_leaf.c.hash)
    .where(audit_leaf.c.seq >= bindparam("low"), audit_leaf.c.seq < bindparam("high"))
    .order_by(audit_leaf.c.seq)
)
_NODES: Final = (
    select(audit_node.c.hash)
    .where(
        audit_node.c.level == bindparam("at"),
        audit_node.c.idx >= bindparam("low"),
        audit_node.c.idx < bindparam("high"),
    )
    .order_by(audit_node.c.idx)
)


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log goes: its name ("" before the first seal), its entries, its frontier, and what is sealed."""

    origin: str
    size: int
    frontier: Frontier
    sealed: int

    @property
    def root(self) -> bytes:
        return self.frontier.root()


def head(tx: Tx, *, lock: bool = False) -> Head:
    """The head of the log. `lock`: nobody else sequences or seals until this transaction ends."""
    found = tx.execute(_LOCKED if lock else _HEAD).one_or_none()
    if found is None:
        if not lock:
            return Head("", 0, Frontier(), 0)
        lands(tx, audit_head, {"id": HEAD, "origin": "", "size": 0, "frontier": b"", "sealed": 0})
        found = tx.execute(_LOCKED).one()
    return Head(found.origin, found.size, Frontier.from_bytes(found.size, bytes(found.frontier)), found.sealed)


def sequence(tx: Tx, limit: int = 1000) -> int:
    """Order up to `limit` of the events that wait; how many. What is ordered is an entry of the log when the
    transaction commits, and not before. RB631, RB634 when what waits is no event; RB633 when the head is damaged."""
    frontier = head(tx, lock=True).frontier
    waiting = audit.take(tx, limit)
    if not waiting:
        return 0
    regions = _regions(tx, {region for _, region, _ in waiting})
    leaves: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    credited: list[str] = []
    used: set[str] = set()
    for event, region, body in waiting:
        entry = audit.waiting_entry(event, body)
        raw, regions[region] = placed(body, entry, frontier.size, regions[region])
        leaves.append(_leaf(event, entry, frontier.size, regions[region], raw))
        nodes += [
            {"level": level, "idx": index, "hash": node} for level, index, node in frontier.append(regions[region].leaf)
        ]
        if entry["key"]:
            used.add(entry["key"])
        if entry["type"].startswith(rollups.LEDGER):
            credited.append(str(entry["data"].get("ledger", "")))
    reach("sequencer")
    _write(tx, frontier, leaves, nodes, regions)
    periods.note(tx, used)
    rollups.fold(tx, credited)
    return len(waiting)


def waiting(tx: Tx) -> int:
    """How many events have no place yet."""
    return int(tx.execute(select(func.count()).select_from(audit_outbox)).scalar_one())


def node_of(tx: Tx) -> Node:
    """The hashes of the log, for roots and proofs, read in this transaction."""

    def tile(level: int, index: int) -> Sequence[bytes]:
        low = index * WIDTH
        within = {"low": low, "high": low + WIDTH}
        found = tx.execute(_NODES, {"at": level, **within}) if level else tx.execute(_LEAVES, within)
        return [bytes(each) for each in found.scalars()]

    return node_reader(tile)


def entries(tx: Tx, first: int = 0, count: int | None = None) -> Iterator[bytes]:
    """The bytes of the entries from number `first` on, in their order, as they are asked for."""
    query = select(audit_leaf.c.entry).where(audit_leaf.c.seq >= first)
    if count is not None:
        query = query.where(audit_leaf.c.seq < first + count)
    for row in paged(tx, query, audit_leaf.c.seq):
        yield bytes(row.entry)


def _leaf(event: str, entry: Mapping[str, Any], seq: int, after: RegionHead, raw: bytes) -> dict[str, Any]:
    return {
        "seq": seq,
        "event": event,
        "region": entry["region"],
        "rseq": after.rseq - 1,
        "type": entry["type"],
        "obj": entry["obj"],
        "cause": entry["cause"],
        "ts": entry["ts"],
        "hash": after.leaf,
        "entry": raw,
    }


def _regions(tx: Tx, names: Iterable[str]) -> dict[str, RegionHead]:
    """Where the chains of these regions stand. All are read: there are few, and no statement is made anew for them."""
    known = {row.region: RegionHead(row.rseq, bytes(row.leaf)) for row in tx.execute(_REGIONS)}
    return {name: known.get(name, RegionHead()) for name in names}


def _write(
    tx: Tx,
    frontier: Frontier,
    leaves: list[dict[str, Any]],
    nodes: list[dict[str, Any]],
    regions: Mapping[str, RegionHead],
) -> None:
    add_rows(tx, audit_leaf, leaves)
    add_rows(tx, audit_node, nodes)
    upsert(
        tx,
        audit_region,
        *({"region": region, "rseq": after.rseq, "leaf": after.leaf} for region, after in regions.items()),
    )
    tx.execute(_GROWN, {"b_size": frontier.size, "b_frontier": bytes(frontier)})
