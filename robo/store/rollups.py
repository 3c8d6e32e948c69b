"""The book of minutes by month: cells that the sequencer adds to, so that a report never has to add up all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from robo.store.accounts_tables import ledger
from robo.store.audit_tables import ledger_months
from robo.store.clock import Tx
from robo.store.races import upsert

_CELL: Final = tuple(column.name for column in ledger_months.primary_key)
_SUMS: Final = (
    func.count().label("units"),
    func.coalesce(func.sum(ledger.c.minutes_before), 0).label("minutes_before"),
    func.coalesce(func.sum(ledger.c.minutes_after), 0).label("minutes_after"),
)


def fold(tx: Tx, rows: Sequence[str]) -> None:
    """Add these rows of the ledger (ids) to the cells of their months. Each row once: when its event is ordered."""
    if not rows:
        return
    cell = [ledger.c[name] for name in _CELL]
    query = select(*cell, *_SUMS).where(ledger.c.id.in_(rows)).group_by(*cell)
    for found in tx.execute(query).mappings().all():
        upsert(tx, ledger_months, dict(found), adding=("units", "minutes_before", "minutes_after"))
