"""The database clock: the only clock that deadlines, leases and waiting are computed with.

On SQLite the database has no clock of its own: the time of the machine, which every process on it shares, is it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, cast, func, select

from robo.store.columns import EPOCH, MICROSECOND

_ASK: Final = select(cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger))

PAGE: Final = 1000
"""Rows that are read at once by who reads them all."""

Tx = Connection
"""A connection inside a transaction: what every function of the books takes first."""


def paged(tx: Tx, query: Select[Any], by: ColumnElement[int]) -> Iterator[Row[Any]]:
    """The rows of a query in the order of a number of theirs from 0 on, no two alike, a page at a time. Nothing stays
    open when the reader stops before the end."""
    query = query.add_columns(by.label("page_of")).order_by(by).limit(PAGE)
    last = -1
    while rows := tx.execute(query.where(by > last)).all():
        yield from rows
        last = rows[-1].page_of


def now(tx: Tx) -> datetime:
    """This instant by the database clock, aware, UTC, to the microsecond.

    On PostgreSQL asked once a transaction: every use stays right when the reading is a little old, since `act_by`
    must only be later than the worker's own t0, and whoever waits then waits a little longer."""
    clock: Callable[[], datetime] | None = tx.get_execution_options().get("robo_clock")
    if clock is not None:
        return clock()
    micros = time.time_ns() // 1000 if tx.dialect.name == "sqlite" else _asked(tx)
    return EPOCH + micros * MICROSECOND


def _asked(tx: Tx) -> int:
    """The server's reading in this transaction, in microseconds."""
    transaction = tx.get_transaction()
    known: tuple[object, int] | None = tx.info.get("robo_now")
    if known is None or known[0] is not transaction:
        known = (transaction, int(tx.execute(_ASK).scalar_one()))
        tx.info["robo_now"] = known
    return known[1]
