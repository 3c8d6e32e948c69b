"""The book of minutes: rows are added, never changed; a credit exists once per unit, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, case, func, select

from robo.model.audit import EventType
from robo.model.ledger import LedgerKind, LedgerRow, Minutes
from robo.proof.hours import REPEATED
from robo.store import audit
from robo.store.accounts_tables import ledger
from robo.store.clock import Tx, now
from robo.store.ids import new_id
from robo.store.races import lands

_EVENTS = {
    LedgerKind.CREDIT: EventType.CREDIT,
    LedgerKind.DEBIT: EventType.DEBIT,
    LedgerKind.CORRECTION: EventType.CORRECTION,
    LedgerKind.TIME: EventType.TIME,
    LedgerKind.OPENING: EventType.OPENING,
}

_SAME_RECEIPT: Final = (
    select(ledger.c.id)
    .where(
        ledger.c.process == bindparam("b_process"),
        ledger.c.region == bindparam("b_region"),
        ledger.c.receipt_hash == bindparam("b_receipt"),
        ledger.c.environment == bindparam("b_environment"),
        ledger.c.kind == LedgerKind.CREDIT,
        func.coalesce(ledger.c.item, "") != bindparam("b_item"),
    )
    .limit(1)
)


def add(tx: Tx, row: LedgerRow, *, actor: str, at: datetime | None = None) -> str:
    """Write one row and its event; its id, or "" when the unit was credited before (rule `credit`).

    A credit whose receipt another item's credit has already is written with 0 minutes, and says why: two items cannot
    both have been proved by one answer of the application. The units of one item may share theirs."""
    new, row = new_id(), _worth(tx, row)
    written = at or now(tx)
    values = {
        **{name: value for name, value in asdict(row).items() if name != "zone"},
        "id": new,
        "kind": row.kind.value,
        "auditable": int(row.auditable),
        "run": row.run or None,
        "item": row.item or None,
        "month": row.month or f"{written.astimezone(ZoneInfo(row.zone)):%Y-%m}",
        "written": written,
    }
    if not lands(tx, ledger, values):
        return ""
    data = {
        "ledger": new,
        "environment": row.environment,
        "month": values["month"],
        "process": row.process,
        "version": row.version,
        "host": row.host,
        "unit": row.unit,
        "unit_hash": row.unit_hash,
        "units": row.units,
        "before": row.minutes_before,
        "after": row.minutes_after,
        "baseline": row.baseline,
        "provenance": row.provenance,
        "auditable": row.auditable,
        "receipt": row.receipt_hash,
        "reason": row.reason,
        "code": row.code,
        "corrects": row.corrects,
    }
    audit.emit(
        tx, type=_EVENTS[row.kind], region=row.region, actor=actor, obj=row.item or new, cause=row.run, data=data
    )
    return new


def _worth(tx: Tx, row: LedgerRow) -> LedgerRow:
    if row.kind is not LedgerKind.CREDIT or not row.receipt_hash or not _is_known(tx, row):
        return row
    return replace(row, minutes_before=0, minutes_after=0, auditable=False, reason=REPEATED)


def _is_known(tx: Tx, row: LedgerRow) -> bool:
    """Whether a credit has this receipt already. Receipts are unique by environment, process and region."""
    same = {
        "b_process": row.process,
        "b_region": row.region,
        "b_receipt": row.receipt_hash,
        "b_environment": row.environment,
        "b_item": row.item,
    }
    return tx.execute(_SAME_RECEIPT, same).first() is not None


def minutes(tx: Tx, *, run: str = "", process: str = "", region: str = "") -> Minutes:
    """Sums over the rows of a run, a process, a region: gross is `before` of credits, net also takes debits away."""
    credit = ledger.c.kind == LedgerKind.CREDIT
    net = ledger.c.minutes_before - ledger.c.minutes_after
    query = select(
        func.coalesce(func.sum(case((credit, ledger.c.minutes_before), else_=0)), 0),
        func.coalesce(func.sum(net), 0),
        func.coalesce(func.sum(case((ledger.c.auditable == 1, net), else_=0)), 0),
        func.coalesce(func.sum(case((credit, 1), else_=0)), 0),
    )
    for column, value in ((ledger.c.run, run), (ledger.c.process, process), (ledger.c.region, region)):
        if value:
            query = query.where(column == value)
    gross, total, auditable, units = tx.execute(query).one()
    return Minutes(gross=int(gross), net=int(total), auditable=int(auditable), units=int(units))


def rows(tx: Tx, *, run: str = "") -> Sequence[dict[str, Any]]:
    """Ledger rows as they are stored, in the order they were written."""
    query = select(ledger).order_by(ledger.c.written, ledger.c.id)
    return [dict(row) for row in tx.execute(query.where(ledger.c.run == run) if run else query).mappings()]
