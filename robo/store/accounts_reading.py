"""The accounts of a region as an export has them: rows in the order of their entries, and what lies beside the log.

Everything is read in the caller's transaction, up to an entry of the log: what has no place below it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import Select, select

from robo.proof.basis import ADDED
from robo.proof.book import ATTESTED, CLOSED, RECHECKED, RECONCILED, ROW, row_line
from robo.proof.canonical import plain_json
from robo.proof.entry import Entry
from robo.store import baselines
from robo.store.accounts_tables import closings, ledger, statements
from robo.store.audit_tables import audit_leaf
from robo.store.clock import PAGE, Tx, paged

_LEAF: Final = audit_leaf.c
_NAMES: Final[Mapping[str, str]] = {
    "ledger": "id",
    "before": "minutes_before",
    "after": "minutes_after",
    "receipt": "receipt_hash",
}
"""Members of an entry that the ledger's table calls otherwise."""
_STATEMENT: Final = tuple(statements.c[name] for name in ("id", "kind", "region", "process", "period", "said"))


class Lines:
    """The rows of a region whose entries are below `below`, as lines of an export. Each is what the table says, with
    the members its entry has; a row that the table lacks has no line."""

    def __init__(self, tx: Tx, region: str, below: int) -> None:
        self._tx = tx
        self._query = _entries(region, below).where(_LEAF.type.startswith(ROW, autoescape=True))

    def __iter__(self) -> Iterator[bytes]:
        return (line for _, _, line in self.said())

    def said(self) -> Iterator[tuple[str, Mapping[str, Any], bytes]]:
        """The kind of each row, what it says, and its line."""
        found = paged(self._tx, self._query, _LEAF.seq)
        while page := list(islice(found, PAGE)):
            entries = [Entry.read(bytes(row.entry)) for row in page]
            told = [(entry, entry.said) for entry in entries]
            rows = _rows(self._tx, [str(said.get("ledger", "")) for _, said in told])
            for entry, said in told:
                row = rows.get(str(said.get("ledger", "")))
                if row is not None:
                    own = {name: _member(row, name) for name in said if _NAMES.get(name, name) in row}
                    obj, cause = row["item"] or row["id"], row["run"] or ""
                    line = row_line(f"{ROW}{row['kind']}", obj, cause, plain_json(own), entry.seq)
                    yield row["kind"], own, line


def entries(tx: Tx, region: str, below: int) -> Iterator[bytes]:
    """The entries of a region below a number, in their order."""
    for row in paged(tx, _entries(region, below), _LEAF.seq):
        yield bytes(row.entry)


def records(tx: Tx, region: str, below: int) -> dict[str, Mapping[str, Any]]:
    """What the records of a region say whose entries are below a number, by id."""
    found = baselines.records(tx, region=region)
    logged = _objects(tx, region, below, ADDED)
    return {name: record.said for name, record in found.items() if name in logged}


def stated(tx: Tx, region: str, below: int) -> dict[str, dict[str, Any]]:
    """The statements of a region whose entries are below a number, by id, in their order."""
    logged = _objects(tx, region, below, RECONCILED, ATTESTED, RECHECKED)
    rows = tx.execute(
        select(*_STATEMENT).where(statements.c.region == region).order_by(statements.c.at, statements.c.id)
    )
    return {row["id"]: dict(row) for row in rows.mappings() if row["id"] in logged}


def closed(tx: Tx, region: str, below: int) -> list[tuple[str, bytes, str]]:
    """The closings of a region whose entries are below a number: month, figures, note; in the order of months."""
    logged = {Entry.read(raw).said["month"] for raw in _of_types(tx, region, below, CLOSED)}
    rows = tx.execute(select(closings).where(closings.c.region == region).order_by(closings.c.month))
    return [(row.month, row.figures.encode(), row.note) for row in rows if row.month in logged]


def _entries(region: str, below: int) -> Select[Any]:
    return select(_LEAF.entry).where(_LEAF.region == region, _LEAF.seq < below)


def _of_types(tx: Tx, region: str, below: int, *types: str) -> Iterator[bytes]:
    query = _entries(region, below).where(_LEAF.type.in_(types))
    for row in paged(tx, query, _LEAF.seq):
        yield bytes(row.entry)


def _objects(tx: Tx, region: str, below: int, *types: str) -> set[str]:
    return {Entry.read(raw).obj for raw in _of_types(tx, region, below, *types)}


def _rows(tx: Tx, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    return {row["id"]: dict(row) for row in tx.execute(select(ledger).where(ledger.c.id.in_(ids))).mappings()}


def _member(row: Mapping[str, Any], name: str) -> Any:
    value = row[_NAMES.get(name, name)]
    return bool(value) if name == "auditable" else value
