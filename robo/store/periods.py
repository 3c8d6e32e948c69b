"""Keys of periods: each payload is encrypted under the key of its region, its class and its month, and dies with it.

The keys are never in the database, so that a copy of the database cannot outlive them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final, Protocol

from sqlalchemy import bindparam, select

from robo.errors import InfrastructureError
from robo.model.audit import Kept
from robo.store.audit_tables import audit_period
from robo.store.clock import Tx, now
from robo.store.races import lands

CHECKED: Final = "robo_checked"
"""Where a transaction finds the periods whose keys were compared with the store's, among its execution options."""
_TAG: Final = b"robo period tag"
_NOTED: Final = select(audit_period).where(audit_period.c.key.in_(bindparam("names", expanding=True)))


class Periods(Protocol):
    """Where the keys are. Asked often, from several threads; what is remembered is its own affair."""

    def key(self, period: str) -> bytes | None:
        """The 32 bytes of a period, made when they are asked for first; None once they were destroyed."""
        ...


class Ephemeral:
    """Keys that live as long as this process: what is written with them is read by nobody else. For cases and tests."""

    def __init__(self) -> None:
        self._seed = os.urandom(32)

    def key(self, period: str) -> bytes | None:
        return sha256(self._seed + period.encode()).digest()


def period_of(region: str, kept: Kept, at: datetime) -> str:
    """The name of a period: `REGION/CLASS/YYYY-MM`, the month in UTC."""
    return f"{region}/{kept.value}/{at.year:04}-{at.month:02}"


def periods_of(tx: Tx) -> Periods:
    """The keys this store was opened with."""
    periods: Periods = tx.get_execution_options()["robo_periods"]
    return periods


def note(tx: Tx, names: Iterable[str]) -> None:
    """These periods have payloads. RB636 when the key here is not the one they were written with."""
    keys = {period: key for period in sorted(names) if (key := _lasting(tx, period)) is not None}
    noted = {row.key: row.tag for row in tx.execute(_NOTED, {"names": list(keys)})} if keys else {}
    for period, key in keys.items():
        new = {"key": period, "tag": _tag(key), "destroyed": None}
        if noted.get(period) != new["tag"] and not lands(tx, audit_period, new):
            _same(tx, period, key)


def check(tx: Tx, region: str) -> bool:
    """Events of a region can be written now: the keys of its month are had, and are those of the store's payloads.
    False: it has none yet to compare them with.

    `InfrastructureError` RB636, and whatever the backend of the keys says: before anything was written."""
    compared = False
    for kept in Kept:
        written = select(audit_period.c.key).where(
            audit_period.c.key.startswith(f"{region}/{kept.value}/", autoescape=True),
            audit_period.c.destroyed.is_(None),
        )
        last = tx.execute(written.order_by(audit_period.c.key.desc()).limit(1)).scalars().all()
        for period in (period_of(region, kept, now(tx)), *last):
            key = _lasting(tx, period)
            if key is not None and period in last:
                _same(tx, period, key)
                compared = True
    return compared


def to_write(tx: Tx, period: str) -> bytes | None:
    """The key that a payload of this period is written with; None once it was destroyed. RB636 when the region's other
    payloads have others: nobody else could read it, and the log would look altered. Each period is looked at once."""
    checked: set[str] = tx.get_execution_options()[CHECKED]
    if period not in checked:
        if not check(tx, period.partition("/")[0]):
            note(tx, [period])  # the first of all: of two machines that begin at once the second is told
        checked.add(period)
    return periods_of(tx).key(period)


def _lasting(tx: Tx, period: str) -> bytes | None:
    """The key of a period, where it is one that others can have too."""
    periods = periods_of(tx)
    return None if isinstance(periods, Ephemeral) else periods.key(period)


def _same(tx: Tx, period: str, key: bytes) -> None:
    if tx.execute(select(audit_period.c.tag).where(audit_period.c.key == period)).scalar_one() != _tag(key):
        raise InfrastructureError(
            "RB636",
            "the keys of this machine are not those of the store: what it wrote of %(period)s cannot be read here",
            remedy="give this machine the secrets of the machine that made the store: its secrets file and that file's "
            "key, or a secrets backend that both share",
            period=period,
        )


def _tag(key: bytes) -> str:
    return sha256(_TAG + key).hexdigest()[:16]
