"""From a figure down to what bears it: rows of minutes, the entry of the log that each is, and the proof that it is
there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robo.proof.merkle import inclusion_proof, tree_root
from robo.store import audit_search, ledger, sequencer
from robo.store.clock import Tx
from robo.store.engine import Store
from robo.store.ledger import Shown


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is stored; the number of its entry (None while it waits for its place); the proof of that entry in
    the newest checkpoint (None when it is not sealed yet, or was not asked for)."""

    said: Mapping[str, Any]
    entry: int | None
    proof: Sequence[bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """Rows, the newest first; the log they are in, how far it is sealed, and the root that their proofs lead to."""

    rows: Sequence[Row]
    origin: str
    size: int
    sealed: int
    root: bytes


def drill(store: Store, wanted: Shown, limit: int, *, proofs: bool) -> Drilled:
    """The rows that are wanted, with their entries."""
    with store.read() as tx:
        head, node = sequencer.head(tx), sequencer.node_of(tx)
        found = ledger.shown(tx, wanted, limit)
        entries = audit_search.rows_of_minutes(tx, [row["item"] or row["id"] for row in found])
        rows = [_row(tx, row, entries.get(row["id"]), head.sealed if proofs else 0) for row in found]
        return Drilled(
            rows=rows, origin=head.origin, size=head.size, sealed=head.sealed, root=tree_root(head.sealed, node)
        )


def _row(tx: Tx, said: Mapping[str, Any], entry: int | None, sealed: int) -> Row:
    if entry is None or entry >= sealed:
        return Row(said, entry)
    return Row(said, entry, inclusion_proof(entry, sealed, sequencer.node_of(tx)))
