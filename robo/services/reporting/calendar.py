"""Months as they are written (2026-10), one after the other."""

from __future__ import annotations

import calendar as library
import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from robo.errors import UsageError
from robo.proof.closings import following

_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def month_of(day: date) -> str:
    """The month a day is in."""
    return f"{day:%Y-%m}"


def months(first: str, last: str) -> Iterator[str]:
    """From one to the other, both included."""
    month = first
    while month <= last:
        yield month
        month = following(month)


def last_day(month: str) -> date:
    """The last day of a month."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, library.monthrange(year, number)[1])


def read_month(said: str, option: str) -> str:
    """A month as a person wrote it. Raises `UsageError` RB065; "" is none."""
    if said and not _MONTH.fullmatch(said):
        raise UsageError(
            "RB065",
            "%(said)s is no month",
            place=option,
            remedy="write it as 2026-10: the year, and the month with two digits",
            said=said,
        )
    return said
