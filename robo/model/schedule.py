"""When runs begin by themselves: times, days, cron lines, windows, and what arrives. Values only; who starts a run by
them is the scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from enum import StrEnum

from pydantic import Field

from robo.model.base import Value
from robo.model.text import Path


class Days(StrEnum):
    """On which days a schedule is due."""

    WORKING = "working days"
    NAMED = "named days"  # monday, thursday
    FIRST = "first working day of the month"


class IfClosed(StrEnum):
    """What becomes of a day on which nobody works in the region."""

    SKIP = "skip"
    NEXT = "next"
    PREVIOUS = "previous"
    SAME_DAY = "same_day"


class Overlap(StrEnum):
    """What becomes of an occurrence while the run before it is still at work."""

    SKIP = "skip"
    WAIT = "wait"


class Missed(StrEnum):
    """What becomes of the occurrences of a time when nothing was running."""

    ONE = "one"
    ALL = "all"
    NONE = "none"


class Window(Value):
    """The hours of the region's clock in which a run may work. `end` before `begin`: until the next morning."""

    begin: time
    end: time

    def holds(self, moment: time) -> bool:
        """Whether `moment` lies in it; the end itself does not."""
        if self.begin < self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


class Cron(Value):
    """A cron line, read as cron itself reads it: Sunday is 0 or 7, and when both the day and the weekday are said,
    one of the two is enough. Weekdays are kept as 1 (Monday) to 7."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool = False
    """The day of the month or the weekday is enough."""


class Awaited(Value):
    """A file that must be there before a run begins, and until when it is waited for."""

    file: str
    """The input that names it."""
    until: time


class Schedule(Value):
    """One entry of `schedules`. Exactly one of `at`, `every` and `cron` says when. All times are the region's."""

    name: str
    at: tuple[time, ...] = ()
    days: Days = Days.WORKING
    weekdays: tuple[int, ...] = ()
    """1 (Monday) to 7, of `NAMED` days."""
    every: timedelta | None = None
    cron: Cron | None = None
    if_closed: IfClosed = IfClosed.SKIP
    late: timedelta = timedelta(hours=2)
    """How long after its time a run may still begin."""
    overlap: Overlap = Overlap.SKIP
    missed: Missed = Missed.ONE
    window: Window | None = None
    wait_for: Awaited | None = None
    inputs: Mapping[str, str] = Field(default_factory=dict)
    why: str = ""
    path: Path = ()


class Trigger(Value):
    """One entry of `triggers`. Exactly one of `folder`, `mailbox` and `after` says what arrives."""

    name: str
    folder: str = ""
    """Each file in it begins a run, once it has not changed for `stable_for`."""
    stable_for: timedelta = timedelta(seconds=30)
    mailbox: str = ""
    """Each mail in it begins a run for each of its attachments."""
    sender: str = ""  # `from`
    subject: str = ""
    pattern: str = "*"
    """Of the names of files and attachments."""
    after: str = ""
    """A process of the region: whenever a run of it has ended."""
    input: str = ""
    """The input that is given the file; empty: the process has only one for files."""
    inputs: Mapping[str, str] = Field(default_factory=dict)
    why: str = ""
    path: Path = ()
