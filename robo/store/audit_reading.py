"""The audit log read as a whole: for whoever verifies it, exports it, or looks for something in it.

All is read in the caller's transaction, which sees one state of the log, and streams: nothing is held but a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import BigInteger, Row, Select, exists, func, select, type_coerce

from robo.errors import InfrastructureError
from robo.model.audit import EventType
from robo.proof.entry import Entry, read_entry
from robo.proof.findings import Finding, Flaw, Report, broken
from robo.proof.merkle import TILE_HEIGHT
from robo.proof.note import Note
from robo.proof.payloads import PURGED, Payload
from robo.proof.tiles import WIDTH
from robo.proof.verify import Log
from robo.store import audit, checkpoints, periods, rollups, sequencer
from robo.store.audit_tables import (
    audit_checkpoint,
    audit_leaf,
    audit_node,
    audit_outbox,
    audit_payload,
    audit_period,
    audit_region,
)
from robo.store.clock import Tx, paged

_BESIDE: Final = ("id", "region", "type", "obj", "cause", "seq", "rseq", "ts")
"""Members of an entry that stand beside it too, so that it is found by them."""
_MEMBERS: Final = attrgetter(*_BESIDE)
_LEAF: Final = audit_leaf.c
_ROWS: Final = select(
    *(_LEAF.entry, _LEAF.hash, _LEAF.event, _LEAF.region, _LEAF.type, _LEAF.obj, _LEAF.cause, _LEAF.seq, _LEAF.rseq),
    type_coerce(_LEAF.ts, BigInteger),
)


def log_of(tx: Tx) -> Log:
    """The log as the store holds it, to be given to `verify_log`: entries, tree, columns, payloads and checkpoints."""
    rows = _Rows(tx)
    return Log(
        entries=rows,
        leaves=rows.leaves(),
        nodes=_nodes(tx),
        payloads=payloads(tx),
        checkpoints=map(Note.parse, checkpoints.notes(tx)),
        beside=rows.beside,
        grows=True,
        purging=[(said["key"], said.get("count")) for said in _purges_waiting(tx)],
    )


def _purges_waiting(tx: Tx) -> Iterator[dict[str, Any]]:
    return (entry["data"] for entry in audit.waiting(tx) if entry["type"] == PURGED)


def around(tx: Tx, report: Report) -> list[Finding]:
    """What contradicts the entries that `report` found right, outside of them: the head, the regions, the number of
    nodes and of checkpoints, payloads of no event or of no period that is known; the first month that is not the sum of
    its rows. Where `report` ends before the entries do, what goes on from the last of them is not compared."""
    months = rollups.first_difference(tx)
    return [Finding(Flaw.STORE, None, error) for error in (*_around(tx, report), *([months] if months else []))]


def payloads(tx: Tx, *where: Any) -> Iterator[Payload]:
    """The payloads of the log in the order of their entries, decrypted; of those entries that the conditions say."""
    query = select(audit_payload).join(audit_leaf, audit_leaf.c.event == audit_payload.c.event).where(*where)
    for row in paged(tx, query, audit_leaf.c.seq):
        yield row.event, bytes(row.salt), _opened(tx, row)


def regions(tx: Tx) -> list[str]:
    """The regions that have entries, by name."""
    return list(tx.execute(select(audit_region.c.region).order_by(audit_region.c.region)).scalars())


def of_type(tx: Tx, kind: str) -> Iterator[dict[str, Any]]:
    """The entries of one type, in their order."""
    for (raw,) in tx.execute(select(audit_leaf.c.entry).where(audit_leaf.c.type == kind).order_by(audit_leaf.c.seq)):
        yield read_entry(bytes(raw))


def _opened(tx: Tx, row: Row[Any]) -> bytes | None:
    """The bytes of a payload. Those that were altered are no payload any more: they match no commitment."""
    try:
        return audit.opened(tx, row.period, row.event, bytes(row.body))
    except InfrastructureError:
        return b""


class _Rows:
    """The rows of the log, and of the one that is looked at what stands beside its entry."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._row: Sequence[Any] | None = None

    def __iter__(self) -> Iterator[bytes]:
        for row in paged(self._tx, _ROWS, audit_leaf.c.seq):
            self._row = row
            yield bytes(row[0])
        self._row = None

    def leaves(self) -> Iterator[bytes]:
        """The hash of the row that is looked at, again and again; the end when there is none."""
        while self._row is not None:
            yield bytes(self._row[1])

    def beside(self, entry: Entry) -> None:
        """The columns by which an entry is found say what it says. RB634."""
        said, kept = _MEMBERS(entry), () if self._row is None else tuple(self._row[2 : 2 + len(_BESIDE)])
        if said != kept:
            wrong = [name for name, ours, theirs in zip(_BESIDE, said, kept, strict=True) if ours != theirs]
            message = "the columns beside the entry were altered: %(names)s is not what the entry says"
            raise broken("RB634", message, entry.seq, names=", ".join(wrong))


def _nodes(tx: Tx) -> Callable[[int, int], bytes | None]:
    query = select(audit_node.c.hash)

    def node(level: int, index: int) -> bytes | None:
        found = tx.execute(query.where(audit_node.c.level == level, audit_node.c.idx == index)).scalar_one_or_none()
        return None if found is None else bytes(found)

    return node


def _around(tx: Tx, report: Report) -> Iterator[InfrastructureError]:
    signed = all(each.flaw is not Flaw.SIGNATURE for each in report.findings)
    try:
        head = sequencer.head(tx)
        if report.through:
            yield from _head(head, report, signed=signed)
    except InfrastructureError as damaged:
        yield damaged
    if report.through:
        yield from _tree(tx, report)
        yield from _regions(tx, report)
    yield from _unlisted(tx)
    if report.through and signed:
        yield from _strangers(tx)
    event = audit_payload.c.event
    alone = ~exists().where(audit_leaf.c.event == event) & ~exists().where(audit_outbox.c.id == event)
    if orphans := _count(tx, select(func.count()).select_from(audit_payload).where(alone)):
        yield broken("RB634", "%(count)s payload(s) are of no event", count=orphans)


def _head(head: sequencer.Head, report: Report, *, signed: bool) -> Iterator[InfrastructureError]:
    """What the head says otherwise than the entries do, and than their checkpoints where those are `signed`."""
    if (head.size, head.root) != (report.size, report.root):
        message = "the head of the log was altered: it says %(said)s entries, there are %(size)s"
        if head.size == report.size:
            message = "the head of the log was altered: its hashes are not those of the entries"
        yield broken("RB634", message, said=head.size, size=report.size)
    elif head.sealed != report.sealed and signed:
        message = "the log was sealed up to %(said)s entries, and the newest checkpoint seals %(sealed)s"
        yield broken("RB634", message, said=head.sealed, sealed=report.sealed)


def _tree(tx: Tx, report: Report) -> Iterator[InfrastructureError]:
    nodes, size = 0, report.size // WIDTH
    while size:
        nodes, size = nodes + size, size >> TILE_HEIGHT
    if (there := _count(tx, select(func.count()).select_from(audit_node))) != nodes:
        yield broken(
            "RB634", "the tree has %(there)s nodes over its entries instead of %(nodes)s", there=there, nodes=nodes
        )


def _regions(tx: Tx, report: Report) -> Iterator[InfrastructureError]:
    """The next number and the last leaf that are kept of each region."""
    last = (audit_leaf.c.region == audit_region.c.region) & (audit_leaf.c.rseq == audit_region.c.rseq - 1)
    query = select(audit_region, audit_leaf.c.hash).outerjoin(audit_leaf, last)
    kept = {row.region: row for row in tx.execute(query)}
    for region in sorted(kept.keys() | report.regions.keys()):
        row = kept.get(region)
        if row is None or row.rseq != report.regions.get(region) or row.leaf != row.hash:
            yield broken("RB634", "where the region %(region)s stands was altered", region=region)


def _unlisted(tx: Tx) -> Iterator[InfrastructureError]:
    """Periods of payloads that are not in the list that a purge goes by. Keys of one process need no list."""
    if isinstance(periods.periods_of(tx), periods.Ephemeral):
        return
    used = select(audit_payload.c.period).join(audit_leaf, audit_leaf.c.event == audit_payload.c.event).distinct()
    lost = used.where(audit_payload.c.period.not_in(select(audit_period.c.key))).order_by(audit_payload.c.period)
    for period in tx.execute(lost).scalars():
        yield broken("RB634", "payloads of %(period)s are there, and the period is not in the list", period=period)


def _strangers(tx: Tx) -> Iterator[InfrastructureError]:
    """Checkpoints that are left out as those of another log, though no entry says that this one had that name."""
    names = [entry["data"]["origin"] for entry in of_type(tx, EventType.RESTORE_RECONCILED)]
    known = [f"{name}\n" for name in (checkpoints.head_of(tx)[0], *names)]
    note = audit_checkpoint.c.note
    query = select(audit_checkpoint.c.size).where(*(func.substr(note, 1, len(each)) != each for each in known))
    for size in tx.execute(query.order_by(audit_checkpoint.c.size)).scalars():
        yield broken("RB634", "the checkpoint of %(size)s entries is not of this log, nor of what it was", size=size)


def _count(tx: Tx, query: Select[Any]) -> int:
    return int(tx.execute(query).scalar_one())
