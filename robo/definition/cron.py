"""Reads a cron line: five fields, in the meaning of cron itself (Sunday is 0 or 7; libraries differ, we do not)."""

from __future__ import annotations

import re
from typing import Final

from robo.errors import Words, phrase
from robo.model.schedule import Cron

FIELDS: Final = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month, in the year that has most of them."""
_NAMED: Final = {
    "month": {name: number for number, name in enumerate(MONTHS, 1)},
    "weekday": {name: number for number, name in enumerate(WEEKDAYS)},
}
_PART: Final = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[1-9]\d?))?", re.ASCII)


class BadCron(Exception):  # noqa: N818 - a finding: the caller reports it at its place
    """The line is not one, or would never be due. `expected`: what would be right."""

    def __init__(self, got: str, expected: Words) -> None:
        super().__init__(got)
        self.got = got
        self.expected = expected


def read_cron(text: str) -> Cron:
    """`30 7 * * mon-fri`: minute, hour, day, month, weekday. Raises `BadCron`."""
    words = text.lower().split()
    if len(words) != len(FIELDS):
        raise BadCron(text, phrase("five fields: minute hour day month weekday, as 30 7 * * mon-fri"))
    minutes, hours, days, months, weekdays = (
        _field(word, name, least, most) for word, (name, least, most) in zip(words, FIELDS, strict=True)
    )
    days_said, weekdays_said = not words[2].startswith("*"), not words[4].startswith("*")
    if days_said and not weekdays_said and all(days[0] > LONGEST[month - 1] for month in months):
        raise BadCron(text, phrase("a day that one of its months has"))
    return Cron(
        text=text,
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=tuple(sorted({number or 7 for number in weekdays})),
        either=days_said and weekdays_said,
    )


def _field(word: str, name: str, least: int, most: int) -> tuple[int, ...]:
    """Every value of one field: `*`, `5`, `1-5`, `mon-fri`, `*/15`, and lists of them."""
    found: set[int] = set()
    for part in word.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _wrong(part, name, least, most)
        first, last = (least, most) if match["all"] else _ends(match, name, least, most)
        if name == "weekday" and match["last"] == "sun":
            last = most
        if not least <= first <= last <= most:
            raise _wrong(part, name, least, most)
        found.update(range(first, last + 1, int(match["step"] or 1)))
    return tuple(sorted(found))


def _ends(match: re.Match[str], name: str, least: int, most: int) -> tuple[int, int]:
    """A value, or from one to another; `5/15`: from 5 to the end."""
    first = _number(match["first"], name, least, most)
    if match["last"] is None:
        return first, most if match["step"] else first
    return first, _number(match["last"], name, least, most)


def _number(text: str, name: str, least: int, most: int) -> int:
    if text.isdigit():
        return int(text)
    known = _NAMED.get(name, {})
    if text not in known:
        raise _wrong(text, name, least, most)
    return known[text]


def _wrong(part: str, name: str, least: int, most: int) -> BadCron:
    return BadCron(
        part, phrase("a value of the field %(field)s, from %(least)s to %(most)s", field=name, least=least, most=most)
    )
