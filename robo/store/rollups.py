"""The book of minutes by month: cells that the sequencer adds to, so that a report never has to add up all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Boolean, RowMapping, Select, func, select, type_coerce

from robo.errors import InfrastructureError
from robo.proof.hours import Cell, Sums
from robo.store import audit
from robo.store.accounts_tables import ledger
from robo.store.audit_tables import ledger_months
from robo.store.clock import Tx
from robo.store.races import upsert

LEDGER: Final = "ledger."
"""What the types of events begin with that have minutes."""
_ADDED: Final = ("units", "minutes_before", "minutes_after")
_SUMS: Final = (
    func.coalesce(func.sum(ledger.c.units), 0).label("units"),
    func.coalesce(func.sum(ledger.c.minutes_before), 0).label("minutes_before"),
    func.coalesce(func.sum(ledger.c.minutes_after), 0).label("minutes_after"),
    func.max(ledger.c.written).label("last"),
)
_CELL: Final = tuple(ledger.c[name] for name in Cell._fields)
_BY_CELL: Final = select(*_CELL, *_SUMS).group_by(*_CELL)
_FLAG: Final = type_coerce(ledger_months.c.auditable, Boolean)
_MONTHS: Final = select(
    *(_FLAG if name == "auditable" else ledger_months.c[name] for name in Cell._fields),
    *(ledger_months.c[name] for name in _ADDED),
)
_WIDE: Final = len(Cell._fields)
"""Where the sums begin in a row of `_MONTHS`: there are many, and they are read by their places."""
_ASKED: Final = 500
"""Rows that one statement is asked for by their ids."""


def fold(tx: Tx, rows: Sequence[str]) -> None:
    """Add these rows of the ledger (ids) to the cells of their months. Each row once: when its event is ordered."""
    upsert(tx, ledger_months, *map(dict, _sums_of(tx, rows)), adding=_ADDED)


def cells(tx: Tx, region: str = "", month: str = "") -> dict[Cell, Sums]:
    """All months, or those of a region, or one: what a report and a closing count with. What waits to be ordered is not
    among them."""
    query = _MONTHS
    if region:
        query = query.where(ledger_months.c.region == region)
    if month:
        query = query.where(ledger_months.c.month == month)
    return {Cell._make(row[:_WIDE]): Sums._make(row[_WIDE:]) for row in tx.execute(query).all()}


def first_difference(tx: Tx) -> InfrastructureError | None:
    """The first month, by its names, that is not the sum of its rows as far as their events are ordered: RB688."""
    months = cells(tx)
    rows = dict(map(_cell, tx.execute(_BY_CELL).mappings()))
    for cell, sums in map(_cell, _sums_of(tx, _waiting(tx))):
        rows[cell] = Sums(*(whole - part for whole, part in zip(rows[cell], sums, strict=True)))
    for cell in sorted(months.keys() | rows.keys()):
        found, right = months.get(cell, Sums()), rows.get(cell, Sums())
        if found != right:
            return _differs(cell, found, right)
    return None


def _sums_of(tx: Tx, rows: Sequence[str]) -> Iterator[RowMapping]:
    """The sums of these rows by cell; a cell may come several times."""
    for start in range(0, len(rows), _ASKED):
        query: Select[Any] = _BY_CELL.where(ledger.c.id.in_(rows[start : start + _ASKED]))
        yield from tx.execute(query).mappings().all()


def _waiting(tx: Tx) -> list[str]:
    """The rows whose events have no place in the log yet: no month has them."""
    return [str(entry["data"].get("ledger", "")) for entry in audit.waiting(tx) if entry["type"].startswith(LEDGER)]


def _cell(row: RowMapping) -> tuple[Cell, Sums]:
    members = {name: row[name] for name in Cell._fields}
    return Cell(**{**members, "auditable": bool(row["auditable"])}), Sums(*(int(row[name]) for name in _ADDED))


def _differs(cell: Cell, found: Sums, right: Sums) -> InfrastructureError:
    which = (cell.environment, cell.region, cell.process, cell.month, cell.kind, cell.reason)
    names = (*which, cell.provenance, cell.baseline)
    return InfrastructureError(
        "RB688",
        "the minutes of %(process)s in %(region)s, %(month)s (%(kind)s) are not the sum of their rows: "
        "%(found)s units, %(before)s and %(after)s minutes instead of %(right)s, %(right_before)s and %(right_after)s",
        place="/".join(["ledger", *filter(None, names)]),
        remedy="a row or a month was altered behind robo: `robo audit verify` says whether the log is whole, and the "
        "log is what counts",
        process=cell.process,
        region=cell.region,
        month=cell.month,
        kind=cell.kind,
        found=found.units,
        before=found.before,
        after=found.after,
        right=right.units,
        right_before=right.before,
        right_after=right.after,
    )
