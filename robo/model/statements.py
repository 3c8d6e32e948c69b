"""What people state of a month that no robot can know, as it is written down; and what was closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """How many cases the application itself had in a month, as a person read it there."""

    region: str
    process: str
    month: str
    volume: int
    source: str
    """Where it was read, in one word: the application, its statistics."""
    received: int | None = None
    stock: int | None = None
    """Cases that were left at the end of the month."""
    delay_days: int | None = None
    """How long a case took on the whole, in days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """The head of a service says of a quarter that its figures are right."""

    region: str
    quarter: str  # 2026-Q4
    role: str
    """Of who attests; never a name."""
    months: tuple[str, ...]
    digest: str
    """Over the closings of that quarter: see `robo.proof.closings.attested`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptClosing:
    """A closed month as it is kept. `figures`: the text of `robo.proof.closings.Closing`; `note`: the signed note."""

    region: str
    month: str
    figures: str
    note: str
    actor: str
    at: datetime
