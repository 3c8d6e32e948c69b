"""Rows of the book of minutes. Human minutes, whole numbers, never a robot's running time."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum


class LedgerKind(StrEnum):
    CREDIT = "credit"
    DEBIT = "debit"
    CORRECTION = "correction"
    TIME = "time"
    """Logged by a person: supervision, maintenance, build, replication."""
    OPENING = "opening"
    """From before robo, as somebody declares it."""


def unit_hash(key: bytes, unit: str, unit_key: str) -> str:
    """HMAC-SHA256 of a unit's key under the region's: the unit is known again for ever, and cannot be read back."""
    return hmac.new(key, f"{unit}\x00{unit_key}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One row as it is written. A credit is unique by (environment, region, unit, unit_hash), for ever.

    `unit_hash` is an HMAC of the unit key under a key of the region that outlives every purge."""

    kind: LedgerKind
    environment: str
    region: str
    process: str
    version: str
    unit: str
    unit_hash: str
    minutes_before: int
    minutes_after: int
    """Of the whole row: as the baseline has them for one unit; a debit, and logged time, cost their `minutes_after`;
    a correction may be negative."""
    baseline: str = ""
    """Id of the baseline record; "" when there is none (then both minutes are 0)."""
    provenance: str = ""  # timed | declared | imported | hypothesis
    auditable: bool = False
    run: str = ""
    item: str = ""
    receipt_hash: str = ""
    host: str = ""
    """The granted host, and where its certificate is known `#` and the first 16 digits of its SHA-256."""
    reason: str = ""
    """Why, in the words of `robo.proof.hours`: triage, recovery, supervision, …; of a credit of 0: repeated receipt."""
    code: str = ""
    """Of the outcome that a person took up."""
    units: int = 1
    """How many units the row is of; a correction takes those of its credit back (-1), and none of other rows (0)."""
    corrects: str = ""
    """Id of the row that a correction is of."""
    zone: str = "UTC"
    """The calendar that says in which month it was written."""
    month: str = ""
    """An earlier month that it is of, while that is open; "" is the month it is written in."""

    @property
    def net(self) -> int:
        return self.minutes_before - self.minutes_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Sums of one run or one period."""

    gross: int = 0
    net: int = 0
    auditable: int = 0
    units: int = 0
