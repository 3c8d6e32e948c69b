"""Closed months. Of one of them nothing is written any more, whoever writes: that is looked at in each commit."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, insert, select, text

from robo.errors import Words, phrase
from robo.model.audit import EventType
from robo.model.statements import KeptClosing
from robo.proof.closings import Closing
from robo.proof.entry import read_entry
from robo.proof.hours import PRODUCTION
from robo.store import audit
from robo.store.accounts_tables import closings, ledger
from robo.store.audit_tables import audit_leaf, ledger_months
from robo.store.clock import Tx, now

_CLOSED_TO: Final = select(func.max(closings.c.month)).where(closings.c.region == bindparam("of_region"))
_KNOWN: Final = "robo_closed"
_ONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"
_MANY: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))"


def lock(tx: Tx, region: str) -> None:
    """Nobody writes minutes of a region until this transaction ends (SQLite writes one by one anyway)."""
    _lock(tx, _ONE, f"ledger/{region}")


def in_turn(tx: Tx, region: str, receipt: str) -> None:
    """Whoever writes minutes by the same receipt waits until this transaction ends, and then sees that it is known.
    After the region's own turn, always: nobody then waits for somebody who waits."""
    closed_to(tx, region)
    _lock(tx, _ONE, f"receipt/{region}/{receipt}")


def closed_to(tx: Tx, region: str) -> str:
    """The newest closed month of a region, "" when none is; until this transaction ends no other one is closed there.

    Asked once a transaction and region: rows are written by the hundred."""
    transaction = tx.get_transaction()
    known: tuple[object, dict[str, str]] | None = tx.info.get(_KNOWN)
    if known is None or known[0] is not transaction:
        known = (transaction, {})
        tx.info[_KNOWN] = known
    if region not in known[1]:
        _lock(tx, _MANY, f"ledger/{region}")
        known[1][region] = tx.execute(_CLOSED_TO, {"of_region": region}).scalar_one() or ""
    return known[1][region]


def closed(tx: Tx, region: str = "") -> list[KeptClosing]:
    """The closed months of a region, or of all, in their order."""
    query = select(closings).order_by(closings.c.region, closings.c.month)
    if region:
        query = query.where(closings.c.region == region)
    return [KeptClosing(**row) for row in tx.execute(query).mappings()]


def add(tx: Tx, closing: Closing, note: str, *, actor: str) -> KeptClosing:
    """Keep a closing and log it. The caller holds the lock of the region."""
    figures = closing.text().decode()
    kept = KeptClosing(region=closing.region, month=closing.month, figures=figures, note=note, actor=actor, at=now(tx))
    values = {name: getattr(kept, name) for name in KeptClosing.__slots__}
    tx.execute(insert(closings), values)
    tx.info.pop(_KNOWN, None)
    data = {
        "month": closing.month,
        "digest": closing.digest,
        "size": closing.size,
        "rows": sum(closing.rows.values()),
    }
    audit.emit(tx, type=EventType.MONTH_CLOSED, region=closing.region, actor=actor, obj="", data=data)
    return kept


def logged_to(tx: Tx, region: str) -> str:
    """The newest month of a region that the log says is closed, "" when it says so of none."""
    mine = (audit_leaf.c.region == region, audit_leaf.c.type == EventType.MONTH_CLOSED, audit_leaf.c.obj == "")
    found = tx.execute(select(audit_leaf.c.entry).where(*mine)).scalars()
    return max((str(read_entry(bytes(raw))["data"]["month"]) for raw in found), default="")


def open_with_rows(tx: Tx, until: str, region: str = "") -> list[tuple[str, str]]:
    """The months up to one (included) that have minutes in production and are not closed: (region, month), in their
    order. What waits for its place in the log is not seen."""
    cells = ledger_months.c
    query = select(cells.region, cells.month).where(cells.environment == PRODUCTION, cells.month <= until).distinct()
    if region:
        query = query.where(cells.region == region)
    newest = select(closings.c.region, func.max(closings.c.month).label("month")).group_by(closings.c.region)
    to = {row.region: row.month for row in tx.execute(newest)}
    found = tx.execute(query.order_by(cells.region, cells.month)).all()
    return [(row.region, row.month) for row in found if row.month > to.get(row.region, "")]


def counts(tx: Tx, region: str, month: str) -> dict[str, int]:
    """How many rows of each kind the book has of a region and month, of all environments."""
    mine = (ledger.c.region == region, ledger.c.month == month)
    rows = tx.execute(select(ledger.c.kind, func.count()).where(*mine).group_by(ledger.c.kind))
    return {row[0]: int(row[1]) for row in rows}


def frozen(region: str, month: str, until: str) -> Words:
    """Why nothing of that month can be written any more."""
    if month == until:
        return phrase("%(month)s is closed in %(region)s", month=month, region=region)
    return phrase(
        "%(month)s is before %(until)s, which is closed in %(region)s", month=month, until=until, region=region
    )


def _lock(tx: Tx, statement: str, name: str) -> None:
    if tx.dialect.name == "postgresql":
        tx.execute(text(statement), {"name": name})
