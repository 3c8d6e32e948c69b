"""Filters of dates. Working days are the region's: neither Saturday, Sunday nor one of its holidays."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from typing import Any

from robo.definition.filters.base import bad_value, filter_of, text_argument, whole_argument
from robo.definition.operators import World
from robo.errors import BadExpression
from robo.model.dates import BadDate, format_date, in_words
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse

MAX_DAYS = 100_000
MAX_WORKDAYS = 5_000
MAX_MONTHS = 2_400
_SATURDAY = 5
_DATES = ("date", "date and time")


@filter_of("text", *_DATES, gives="date", most=1)
def to_date(_world: World, value: Any, form: Any = None) -> date:
    """A date of a text, by a format when one is said."""
    form = None if form is None else text_argument(form, "to_date")
    try:
        found: date = parse(Kind.DATE, value.date() if isinstance(value, datetime) else value, format=form)
    except BadScalar as bad:
        raise bad_value(bad) from bad
    return found


@filter_of(*_DATES, "time", gives="text", name="date", most=1)
def date_(world: World, value: Any, form: Any = None) -> str:
    """A date as text, in the region's format or in the one said."""
    form = world.date_format if form is None else text_argument(form, "date")
    try:
        return format_date(value, form)
    except BadDate as bad:
        raise BadExpression("RB325", "this is not a date format: %(format)s", format=form) from bad


@filter_of(*_DATES, gives="text")
def date_fr(_world: World, value: Any) -> str:
    """`1er janvier 2026`."""
    return in_words(value)


def _moved(value: Any, day: date) -> Any:
    return datetime.combine(day, value.timetz()) if isinstance(value, datetime) else day


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


def _too_far(_: Exception) -> BadExpression:
    return BadExpression("RB321", "a date is out of range")


@filter_of(*_DATES, gives="same", least=1)
def add_days(_world: World, value: Any, days: Any) -> Any:
    try:
        return value + timedelta(days=whole_argument(days, "add_days", -MAX_DAYS, MAX_DAYS))
    except OverflowError as bad:
        raise _too_far(bad) from bad


@filter_of(*_DATES, gives="same", least=1)
def add_months(_world: World, value: Any, months: Any) -> Any:
    """The same day so many months later, or the last of a shorter month."""
    total = _day(value).year * 12 + _day(value).month - 1
    total += whole_argument(months, "add_months", -MAX_MONTHS, MAX_MONTHS)
    year, month = divmod(total, 12)
    if not date.min.year <= year <= date.max.year:
        raise BadExpression("RB321", "a date is out of range")
    last = calendar.monthrange(year, month + 1)[1]
    return _moved(value, date(year, month + 1, min(_day(value).day, last)))


@filter_of(*_DATES, gives="same", least=1)
def add_years(world: World, value: Any, years: Any) -> Any:
    return add_months.call(world, value, 12 * whole_argument(years, "add_years", -200, 200))


def is_workday(world: World, day: date) -> bool:
    """Neither weekend nor holiday."""
    world.spend(1)
    return day.weekday() < _SATURDAY and day not in world.holidays


@filter_of(*_DATES, gives="same", least=1)
def add_workdays(world: World, value: Any, days: Any) -> Any:
    """So many working days later (or earlier); the day itself does not count."""
    left = whole_argument(days, "add_workdays", -MAX_WORKDAYS, MAX_WORKDAYS)
    return _moved(value, _walk(world, _day(value), left))


def _walk(world: World, day: date, left: int) -> date:
    step = timedelta(days=1 if left >= 0 else -1)
    try:
        while left:
            day += step
            if is_workday(world, day):
                left -= step.days
    except OverflowError as bad:
        raise _too_far(bad) from bad
    return day


@filter_of(*_DATES, gives="same", most=1)
def workday(world: World, value: Any, direction: Any = "next") -> Any:
    """The day itself when people work on it, else the next one (or the `'previous'`)."""
    if direction not in ("next", "previous"):
        raise BadExpression("RB325", "workday takes 'next' or 'previous', not %(got)s", got=direction)
    day = _day(value)
    if not is_workday(world, day):
        day = _walk(world, day, 1 if direction == "next" else -1)
    return _moved(value, day)


@filter_of(*_DATES, gives="number", least=1)
def days_until(_world: World, value: Any, other: Any) -> int:
    """Days from the value to the argument: `run.date | days_until(item.due)`."""
    if not isinstance(other, date):
        raise BadExpression("RB325", "days_until wants a date as its argument")
    return (_day(other) - _day(value)).days
