"""What a report of hours says: every figure of it, as whole numbers, before any format or language.

Minutes are `robo.proof.hours.Figures` and are never added up across their three sides. Lists are in the order in which
they are shown. Months are written 2026-10, days 2026-10-31.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from robo.errors import Words
from robo.proof.baselines import Standing
from robo.proof.hours import Figures, Key, Measures, full_time
from robo.services.reporting.calendar import last_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the report is of. Empty regions or processes: all of them. `first` and `last`: months, both included; in a
    report they are never empty, whoever asks leaves them out for all there is."""

    regions: Sequence[str] = ()
    processes: Sequence[str] = ()
    first: str = ""
    last: str = ""
    made: datetime
    zone: str = "Europe/Paris"

    def takes(self, region: str, process: str) -> bool:
        """Whether it is asked for. What was logged for all processes is part of a report of all of them only."""
        return (not self.regions or region in self.regions) and (not self.processes or process in self.processes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The log that the figures are of, and who has seen it: one for each region's log."""

    origin: str
    size: int
    sealed: int
    root: str
    """In hexadecimal, of the newest checkpoint."""
    witnessed: int
    """The entries that the countersignature which goes furthest covers."""
    witnesses: Mapping[str, datetime] = field(default_factory=dict)
    """Who countersigned, and when last."""
    trouble: str = ""
    """The code of what keeps the log from being sealed now; "" when nothing does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One process: its figures over all regions and months asked for. `process` is "" for time that was logged for all
    of them. A picture stacks the three sides of `gains` above 0 and `costs` below: together they are the net."""

    process: str
    title: str
    figures: Figures
    gains: Figures
    """Of its credits alone: what it would have given back, had nobody had to do anything."""
    regions: int
    """How many regions run it."""

    @property
    def costs(self) -> int:
        """What people spent on it, and what was taken back: minutes above 0."""
        return self.gains.net - self.figures.net


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
    """Since the first month of the report; never anything from before robo."""

    @property
    def untouched(self) -> int | None:
        """Of all that was done or taken up, how much no person had to touch, in thousandths; None: nothing was."""
        whole = self.figures.units + self.figures.touched
        return half_away(Fraction(1000 * self.figures.units, whole)) if whole > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What the application itself had in a month, as somebody declared it; None: nobody said."""

    region: str
    process: str
    month: str
    credited: int
    volume: int | None = None
    source: str = ""
    received: int | None = None
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
    """What would stand still when an application changes: the minutes that depend on its host. Of credits alone."""

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
    first: str
    last: str
    """The first and the last day it was measured on, or when it was published; "" when nobody says."""
    role: str
    """Of who measured; never a name."""
    approved: str
    """The day; "" when nobody did."""
    valid_to: str
    standing: Standing
    note: str
    units: int
    """Credited with it in the months asked for."""


class Open(StrEnum):
    """Why a month that is over is not closed."""

    NOT_DUE = "not due"
    """It closes by itself on day 10 of the next."""
    NO_SUPERVISION = "no supervision"
    """Nobody said how long people looked after the robots, be it 0."""
    DUE = "due"
    """Nothing is missing: whatever opens the store next closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A month of a region that is over: when it was closed, or why it is not yet."""

    region: str
    month: str
    closed: datetime | None
    why: Open | None = None
    attested: bool = False
    figures: Figures
    """As they are counted today."""
    frozen: Figures | None = None
    """As they were closed. Where they differ, a volume was declared later; rows are never added to a closed month."""


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
    """Net of its credits; 0 where nobody even guessed."""
    units: int
    standing: Standing | None
    """Of the baseline that most of them were credited with, today; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An export that is no part of the figures, and why."""

    name: str
    why: Words
    """In words that are translated when they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it. `total` is of the months asked for; only what is from before robo is of all time, stands in it apart
    (`opening`), and is in no bar, curve or square."""

    asked: Asked
    total: Figures
    cube: Mapping[Key, Figures] = field(default_factory=dict)
    """By region, process and month: what all the others are sums of, and what was from before robo, by its month."""
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

    regions: Mapping[str, str] = field(default_factory=dict)
    """The names of the regions, where they are known."""
    unattributed: int = 0
    """Minutes that were logged for all processes, and are no part of a report of some of them."""

    @property
    def until(self) -> date:
        """The last day that it covers."""
        return min(self.asked.made.astimezone(ZoneInfo(self.asked.zone)).date(), last_day(self.asked.last))

    @property
    def full_time(self) -> int:
        """Full-time agents that would do what is proven, in hundredths; indicative, and never posts."""
        return half_away(full_time(100 * self.total.proven, len(self.months)))

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


def half_away(number: Fraction) -> int:
    """The nearest whole number, halves away from zero: as people round, whatever the sign."""
    whole = int(abs(number) + Fraction(1, 2))
    return whole if number >= 0 else -whole
