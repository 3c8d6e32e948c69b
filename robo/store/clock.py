"""The database clock: the only clock that deadlines, leases and waiting are computed with.

On SQLite the database has no clock of its own: the time of the machine, which every process on it shares, is it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Connection, cast, func, select

from robo.store.columns import EPOCH, MICROSECOND

_ASK: Final = select(cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger))

Tx = Connection
"""A connection inside a transaction: what every function of the books takes first."""


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
