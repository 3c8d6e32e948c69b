"""The book of minutes: rows are added, never changed; a credit exists once per unit, for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, case, func, select

from robo.errors import UsageError
from robo.model.audit import EventType
from robo.model.ledger import LedgerKind, LedgerRow, Minutes
from robo.proof.closings import following
from robo.proof.hours import REPEATED, Sums
from robo.store import audit, closings
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

_SAME: Final = (
    *("environment", "region", "process", "version", "unit", "unit_hash", "baseline", "provenance", "receipt_hash"),
    *("host", "code"),
)
"""What a row that takes another one back has of it."""
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


def add(tx: Tx, row: LedgerRow, *, actor: str, at: datetime | None = None, why: str = "") -> str:
    """Write one row and its event; its id, or "" when the unit was credited before (rule `credit`).

    A credit whose receipt another item's credit has already is written with 0 minutes, and says why: two items cannot
    both have been proved by one answer of the application. The units of one item may share theirs. `why`: a person's
    words, for the payload. RB010, RB018 when the month it names is closed, or did not begin."""
    new, row = new_id(), _worth(tx, row)
    written = at or now(tx)
    values = {
        **{name: value for name, value in asdict(row).items() if name != "zone"},
        "id": new,
        "kind": row.kind.value,
        "auditable": int(row.auditable),
        "run": row.run or None,
        "item": row.item or None,
        "month": _month(tx, row, f"{written.astimezone(ZoneInfo(row.zone)):%Y-%m}"),
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
    payload = {"why": why} if why else None
    about = {"obj": row.item or new, "cause": row.run}
    audit.emit(tx, type=_EVENTS[row.kind], region=row.region, actor=actor, **about, data=data, payload=payload)
    return new


def _month(tx: Tx, row: LedgerRow, now_: str) -> str:
    """The month a row is of: that of its writing, or the first open one where a clock was set back behind a closing;
    one that it names must be open."""
    until = closings.closed_to(tx, row.region)
    if not row.month:
        return now_ if now_ > until else following(until)
    if row.month <= until:
        raise UsageError(
            "RB010",
            "%(why)s: no minutes are written there any more",
            place=row.month,
            remedy="leave --month out: it falls in the month that is open, and the report shows both",
            why=closings.frozen(row.region, row.month, until),
        )
    if row.month > now_:
        raise UsageError(
            "RB018",
            "%(month)s has not begun in %(region)s",
            place=row.month,
            remedy="name a month that began, or leave --month out",
            month=row.month,
            region=row.region,
        )
    return row.month


def _worth(tx: Tx, row: LedgerRow) -> LedgerRow:
    if row.kind is not LedgerKind.CREDIT or not row.receipt_hash or not _is_known(tx, row):
        return row
    return replace(row, minutes_before=0, minutes_after=0, auditable=False, reason=REPEATED)


def _is_known(tx: Tx, row: LedgerRow) -> bool:
    """Whether a credit has this receipt already. Receipts are unique by environment, process and region."""
    closings.in_turn(tx, row.region, row.receipt_hash)
    same = {
        "b_process": row.process,
        "b_region": row.region,
        "b_receipt": row.receipt_hash,
        "b_environment": row.environment,
        "b_item": row.item,
    }
    return tx.execute(_SAME_RECEIPT, same).first() is not None


def find(tx: Tx, start: str) -> dict[str, Any]:
    """The one row whose id begins or ends with what a person typed, locked until the commit. RB020."""
    like = start.lower().replace("%", "").replace("_", "")
    mine = ledger.c.id.like(f"{like}%") | ledger.c.id.like(f"%{like}")
    found = tx.execute(select(ledger).where(mine).limit(2).with_for_update()).mappings().all() if like else []
    if len(found) == 1:
        return dict(found[0])
    raise UsageError(
        "RB020",
        "several rows of the book begin or end with %(row)s" if found else "the book has no row %(row)s",
        remedy="robo ledger show lists them with their ids; give more of it",
        row=start,
    )


def of_item(tx: Tx, run: str, item: str) -> list[dict[str, Any]]:
    """The rows of one item of a run, locked until the commit, in the order they were written."""
    query = select(ledger).where(ledger.c.run == run, ledger.c.item == item).order_by(ledger.c.written, ledger.c.id)
    return [dict(row) for row in tx.execute(query.with_for_update()).mappings()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which rows are looked at; "": all. `run`, `item`: ids."""

    region: str = ""
    process: str = ""
    month: str = ""
    kind: str = ""
    run: str = ""
    item: str = ""


def shown(tx: Tx, wanted: Shown, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` rows, the newest first."""
    query = select(ledger).order_by(ledger.c.written.desc(), ledger.c.id.desc()).limit(limit)
    for name in Shown.__slots__:
        if value := getattr(wanted, name):
            query = query.where(ledger.c[name] == value)
    return [dict(row) for row in tx.execute(query).mappings()]


def openings(tx: Tx, region: str) -> list[dict[str, Any]]:
    """The rows of a region that say what was before robo and that nobody took back."""
    mine = (ledger.c.region == region, ledger.c.kind == LedgerKind.OPENING.value)
    found = [dict(row) for row in tx.execute(select(ledger).where(*mine).order_by(ledger.c.id)).mappings()]
    back = {row["corrects"] for row in found}
    return [row for row in found if not row["corrects"] and row["id"] not in back]


def taken_back(tx: Tx, row: str) -> Sums | None:
    """What was taken back of a row by now, nothing of it above 0; None: nobody took anything back."""
    sums = (func.sum(ledger.c[name]) for name in ("units", "minutes_before", "minutes_after"))
    found = tx.execute(select(*sums).where(ledger.c.corrects == row)).one()
    return None if found[0] is None else Sums(*map(int, found))


def take_back(
    tx: Tx, row: Mapping[str, Any], reason: str, *, zone: str, actor: str, why: str = "", minutes: int | None = None
) -> str:
    """Take a row back, whole (of logged time `minutes` of it): a new row, in the month that is open, that names it; its
    id. The caller has the row locked. RB021 when there is nothing left of it to take back.

    A credit goes with its units, a debit with what it cost; what was declared from before robo is declared less."""
    kind, done = LedgerKind(row["kind"]), taken_back(tx, row["id"])
    if kind is LedgerKind.TIME:
        left = row["minutes_after"] + (done.after if done is not None else 0)
        after = left if minutes is None else minutes
        possible = 0 < after <= left
    else:
        after = row["minutes_after"]
        possible = done is None and minutes is None and kind is not LedgerKind.CORRECTION
    if not possible or row["reason"] == REPEATED or row["corrects"]:
        raise _nothing_left(row)
    has_units = kind in {LedgerKind.CREDIT, LedgerKind.OPENING}
    same = {name: row[name] for name in _SAME} | {"run": row["run"] or "", "item": row["item"] or ""}
    back = LedgerRow(
        kind=LedgerKind.OPENING if kind is LedgerKind.OPENING else LedgerKind.CORRECTION,
        **same,
        auditable=bool(row["auditable"]),
        minutes_before=-row["minutes_before"],
        minutes_after=-after,
        units=-row["units"] if has_units else 0,
        reason=row["reason"] if kind is LedgerKind.TIME else reason,
        corrects=row["id"],
        zone=zone,
    )
    return add(tx, back, actor=actor, why=why)


def _nothing_left(row: Mapping[str, Any]) -> UsageError:
    return UsageError(
        "RB021",
        "of the row %(row)s (%(kind)s) so much cannot be taken back: it is a correction, was taken back already, or "
        "has not so many minutes",
        place=row["id"],
        remedy="robo ledger show --json shows the row, and those that name it in `corrects`",
        row=row["id"],
        kind=row["kind"],
    )


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
