"""What a report of hours says: every figure of it, as whole numbers, before any format or language.

Minutes are `robo.proof.hours.Figures` and are never added up across their three sides. Lists are in the order in which
they are shown. Months are written 2026-10, days 2026-10-31.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from robo.proof.baselines import Standing
from robo.proof.hours import Figures, Measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the report is of. Empty regions or processes: all of them. `first` and `last`: months, both included."""

    regions: Sequence[str] = ()
    processes: Sequence[str] = ()
    first: str
    last: str
    made: datetime
    zone: str = "Europe/Paris"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The log that the figures are of, and who has seen it: one for each region's log."""

    origin: str
    size: int
    sealed: int
    root: str
    """In hexadecimal, of the newest checkpoint."""
    witnessed: int
    witnesses: Mapping[str, datetime] = field(default_factory=dict)
    """Who countersigned, and when last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One process: its figures over all regions and months asked for."""

    process: str
    title: str
    figures: Figures
    regions: int
    """How many regions run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One process in one region: of the matrix."""

    region: str
    process: str
    version: str
    last: datetime | None
    """When the last unit was done."""
    figures: Figures
    stopped: bool = False
    """Nothing was done for 60 days, though it was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """One month over all that was asked for."""

    month: str
    figures: Figures
    cumulated: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What the application itself had in a month, as somebody declared it; None: nobody said."""

    region: str
    process: str
    month: str
    credited: int
    volume: int | None = None
    source: str = ""
    stock: int | None = None
    delay_days: int | None = None

    @property
    def borne_out(self) -> bool:
        return self.volume is not None and self.credited <= self.volume


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A code of items that a person had to take up, and how often."""

    process: str
    code: str
    reason: str
    count: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What would stand still when an application changes: the minutes that depend on its host."""

    host: str
    processes: Sequence[str]
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One baseline, and what stands on it."""

    id: str
    region: str
    process: str
    unit: str
    measures: Measures
    method: str
    """timed | declared | imported | hypothesis"""
    n_before: int
    n_after: int
    measured: str
    """From when to when, or when it was published."""
    role: str
    """Of who measured; never a name."""
    approved: str
    """The day; "" when nobody did."""
    valid_to: str
    standing: Standing
    note: str
    units: int
    """Credited with it in the months asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A month of a region: when it was closed, or why it is not yet, though it is over."""

    region: str
    month: str
    closed: datetime | None
    why: str = ""
    attested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Minutes of a closed month that were corrected later: both stand."""

    region: str
    process: str
    of_month: str
    in_month: str
    reason: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMeasure:
    """What a time study would change most: minutes that nobody measured, by process and region."""

    region: str
    process: str
    unit: str
    minutes: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An export that is no part of the figures, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it. `total` is what is asked for; `opening` stands in it apart, and is in no curve."""

    asked: Asked
    total: Figures
    seals: Sequence[Seal] = ()
    bars: Sequence[Bar] = ()
    squares: Sequence[Square] = ()
    months: Sequence[Monthly] = ()
    volumes: Sequence[Volume] = ()
    problems: Sequence[Problem] = ()
    risks: Sequence[Risk] = ()
    methods: Sequence[Method] = ()
    closings: Sequence[Closed] = ()
    corrections: Sequence[Correction] = ()
    to_measure: Sequence[ToMeasure] = ()
    left_out: Sequence[LeftOut] = ()

    @property
    def stopped(self) -> int:
        return sum(each.stopped for each in self.squares)

    @property
    def expired(self) -> int:
        """Baselines that are too old, or of another definition, and still used."""
        old = {Standing.EXPIRED, Standing.OTHER_DEFINITION}
        return sum(each.standing in old and each.units > 0 for each in self.methods)

    @property
    def open(self) -> int:
        """Months that are over and not closed."""
        return sum(each.closed is None for each in self.closings)
