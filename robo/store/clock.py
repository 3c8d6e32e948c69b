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
    """This instant by the database clock, aware, UTC, to the microsecond."""
    clock: Callable[[], datetime] | None = tx.get_execution_options().get("robo_clock")
    if clock is not None:
        return clock()
    micros = time.time_ns() // 1000 if tx.dialect.name == "sqlite" else tx.execute(_ASK).scalar_one()
    return EPOCH + micros * MICROSECOND
