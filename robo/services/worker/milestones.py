"""Which milestone has come: so many days before a date, moved to a working day of the region. Dates only, no clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from robo.definition.filters.dates import workday
from robo.definition.operators import World, kind_of
from robo.errors import BadExpression
from robo.model.process import Milestones


def milestone_of(milestones: Milestones, before: object, today: date, world: World) -> int | None:
    """The days of the milestone that is to be taken on `today`, None when there is none.

    The last one that has come, as long as the date itself has not passed; with `catch_up: never` only on its very day.
    Raises `BadExpression` when `before` is no date."""
    if not isinstance(before, date):
        raise BadExpression(
            "RB320",
            "%(filter)s works with a %(wanted)s, but %(name)s is a %(kind)s",
            filter="milestones",
            wanted=("date", "date and time"),
            name="before",
            kind=kind_of(before),
        )
    end = before.date() if isinstance(before, datetime) else before
    come = [(day, days) for days in milestones.at if (day := _day(milestones, end, days, world)) <= today]
    if not come:
        return None
    day, days = come[-1]
    if milestones.catch_up == "never":
        return days if day == today else None
    return days if today <= max(end, day) else None


def _day(milestones: Milestones, end: date, days: int, world: World) -> date:
    """The day of one milestone, on a day on which somebody works."""
    try:
        day = end - timedelta(days=days)
    except OverflowError as bad:
        raise BadExpression("RB321", "a date is out of range") from bad
    if milestones.on_closed == "same_day":
        return day
    moved: date = workday.call(world, day, milestones.on_closed)
    return moved
