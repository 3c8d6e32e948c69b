"""The book of minutes as reports read it beside its cells: what was corrected late, row by row, sums of a few days.
Nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, select, text

from robo.model.base import ItemState
from robo.proof.hours import CORRECTION, CREDIT, PRODUCTION, REPEATED, Sums
from robo.store.accounts_tables import ledger
from robo.store.audit_tables import ledger_months
from robo.store.clock import Tx
from robo.store.columns import Instant
from robo.store.tables import items

_PAGE: Final = 2000
_SHOWN: Final = (
    *("id", "written", "month", "region", "process", "version", "kind", "reason", "code", "unit_hash", "units"),
    *("minutes_before", "minutes_after", "auditable", "baseline", "host"),
)
_SUMS: Final = tuple(func.sum(ledger.c[name]) for name in ("units", "minutes_before", "minutes_after"))
_WAITING: Final = (ItemState.WAITING, ItemState.HELD, ItemState.UNKNOWN)
"""States that end by a person, or when what is held for is over."""


_NAMES_A_ROW: Final = text("later.corrects <> ''")
"""Word for word as the index says it: with a parameter in it the whole book would be read."""


class Late(NamedTuple):
    """What one month lost, or won, in a later one: `sums` are those of the corrections."""

    region: str
    process: str
    of_month: str
    in_month: str
    reason: str
    sums: Sums


def lasts(tx: Tx) -> dict[tuple[str, str], datetime]:
    """When the last unit was credited in production, by region and process; from the cells."""
    cells = ledger_months.c
    query = (
        select(cells.region, cells.process, func.max(cells.last, type_=Instant))
        .where(cells.environment == PRODUCTION, cells.kind == CREDIT, cells.reason != REPEATED, cells.last.is_not(None))
        .group_by(cells.region, cells.process)
    )
    return {(region, process): last for region, process, last in tx.execute(query)}


def late(tx: Tx) -> list[Late]:
    """Corrections in production of rows of an earlier month. Few: they are found by the rows that they name."""
    first, later = ledger.alias("first"), ledger.alias("later")
    which = (later.c.region, later.c.process, first.c.month, later.c.month, later.c.reason)
    minutes = (func.sum(later.c[name]) for name in ("units", "minutes_before", "minutes_after"))
    query = (
        select(*which, *minutes)
        .join_from(later, first, later.c.corrects == first.c.id)
        .where(_NAMES_A_ROW, later.c.kind == CORRECTION, later.c.environment == PRODUCTION)
        .where(first.c.month < later.c.month)
        .group_by(*which)
        .order_by(*which)
    )
    return [
        Late(region, process, of_month, in_month, reason, Sums(*map(int, sums)))
        for region, process, of_month, in_month, reason, *sums in tx.execute(query)
    ]


def rows(
    tx: Tx, first: str, last: str, *, regions: Collection[str] = (), processes: Collection[str] = ()
) -> Iterator[Mapping[str, Any]]:
    """The rows of production of these months, by the order of their ids, a page at a time; empty: of all of them."""
    query = _asked(first, last, regions, processes).order_by(ledger.c.id).limit(_PAGE)
    known = ""
    while page := tx.execute(query.where(ledger.c.id > known)).mappings().all():
        yield from map(dict, page)
        known = str(page[-1]["id"])


def since(tx: Tx, region: str, at: datetime) -> dict[tuple[str, str, bool], Sums]:
    """What robots and people did in production from an instant on, in one region: by process, kind of row, and whether
    it is auditable. Repeated receipts are nothing.

    A row is of no month before that in which it was written, except what people log of an earlier one: that is not
    of these days. The month of the day before is of every calendar."""
    which = (ledger.c.process, ledger.c.kind, ledger.c.auditable)
    query = (
        select(*which, *_SUMS)
        .where(ledger.c.region == region, ledger.c.month >= f"{at - timedelta(days=1):%Y-%m}", ledger.c.written >= at)
        .where(ledger.c.environment == PRODUCTION, ledger.c.reason != REPEATED)
        .group_by(*which)
    )
    return {(process, kind, bool(flag)): Sums(*map(int, sums)) for process, kind, flag, *sums in tx.execute(query)}


def waiting(tx: Tx) -> dict[tuple[str, str, str], int]:
    """Items that wait for somebody now, in production: how many, by region, process and state."""
    which = (items.c.region, items.c.process, items.c.state)
    query = (
        select(*which, func.count())
        .where(items.c.state.in_(_WAITING), items.c.environment == PRODUCTION)
        .group_by(*which)
    )
    return {(region, process, state): int(count) for region, process, state, count in tx.execute(query)}


def _asked(first: str, last: str, regions: Collection[str], processes: Collection[str]) -> Select[Any]:
    query = select(*(ledger.c[name] for name in _SHOWN)).where(
        ledger.c.environment == PRODUCTION, ledger.c.month >= first, ledger.c.month <= last
    )
    if regions:
        query = query.where(ledger.c.region.in_(regions))
    return query.where(ledger.c.process.in_(processes)) if processes else query
