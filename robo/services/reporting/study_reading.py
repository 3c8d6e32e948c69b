"""Reads a time-study sheet back: every cell as it must be, or nothing at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from robo.errors import UsageError, Words, phrase
from robo.model.base import MISSING
from robo.sdk.runner import Row
from robo.services.baselines.adding import MOST
from robo.services.reporting.study_words import ABOUT, FORM, WORDS, Vocabulary

Rows = Callable[[str], AsyncIterator[Row]]
"""The rows of a sheet of the workbook, by its name."""
_MINUTE: Final = 60
_COLUMNS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a workbook says: of what the study is, and its observations, `[what, day, seconds]`."""

    process: str
    region: str
    unit: str
    effects: str
    observations: list[list[Any]]


def read(file: Path, rows: Rows, today: Callable[[str], str]) -> Filled:
    """What was filled in. `today`: the day in a region. RB042 with every cell that is wrong, RB043 when the workbook is
    no sheet of ours. What is wrong with the file itself is told by whoever gives `rows`."""
    return asyncio.run(_read(file, rows, today))


async def _read(file: Path, rows: Rows, today: Callable[[str], str]) -> Filled:
    pairs = [tuple(row.values.values())[:2] async for row in rows(ABOUT)]
    about = {str(pair[0]): str(pair[-1]) for pair in pairs if pair}
    words = WORDS.get(about.get("language", ""))
    if about.get("form") != FORM or words is None:
        raise UsageError(
            "RB043",
            "%(file)s is not a time-study sheet that this robo wrote",
            place=str(file),
            remedy="robo baseline sheet PROCESS --region REGION -o FILE.xlsx writes one; its sheet `robo` stays in it",
            file=file.name,
        )
    last = today(about.get("region", ""))
    lines = [_Line(row, words, last) async for row in rows(words.log)]
    found = [line.observation() for line in lines]
    problems = [problem for line in lines for problem in line.problems]
    if problems:
        raise UsageError(
            "RB042",
            "%(file)s: nothing was taken, %(count)s cell(s) cannot be right: %(problems)s",
            place=f"{file}: {_first_cell(problems)}",
            remedy="correct these cells, save the workbook, and import it again",
            file=file.name,
            count=len(problems),
            problems=tuple(problems),
        )
    said = {name: about.get(name, "") for name in ("process", "region", "unit", "effects")}
    return Filled(**said, observations=[each for each in found if each is not None])


def _first_cell(problems: Sequence[Words]) -> str:
    """The first cell that is wrong."""
    first = problems[0]
    return str(first["facts"]["cell"]) if isinstance(first, Mapping) else str(first)


class _Line:
    """One line of the log, with what is wrong in it."""

    def __init__(self, row: Row, words: Vocabulary, today: str) -> None:
        self.columns = tuple(row.values)[:_COLUMNS]
        self.values = tuple(row.values.values())[:_COLUMNS]
        self.row, self.words, self.today = row, words, today
        self.problems: list[Words] = []

    def observation(self) -> list[Any] | None:
        """`[what, day, seconds]`, or None where nothing, or nothing right, is written."""
        if self.columns != self.words.headers[:_COLUMNS]:
            self._amiss(0, "a line with the columns as they were written")
            return None
        if all(value is MISSING for value in self.values[1:]):
            return None
        day, what, seconds = self._day(), self._what(), self._seconds()
        return None if self.problems else [what, day, seconds]

    def _amiss(self, column: int, wanted: str, got: str = "") -> None:
        cell = self.row.place_of(self.columns[column]).partition(" «")[0]
        shown = got or self._shown(column)
        self.problems.append(phrase("%(cell)s: «%(got)s», and not %(wanted)s", cell=cell, got=shown, wanted=wanted))

    def _shown(self, column: int) -> str:
        value = self.values[column]
        return "" if value is MISSING else str(value)

    def _day(self) -> str:
        value = self.values[1]
        day = value.date() if isinstance(value, datetime) else value
        if not isinstance(day, date):
            self._amiss(1, "a day")
            return ""
        if day.isoformat() > self.today:
            self._amiss(1, "a day up to today", day.isoformat())
        return day.isoformat()

    def _what(self) -> str:
        named = {label: what for what, label in self.words.what.items()}
        found = named.get(self._shown(2).strip(), "")
        if not found:
            self._amiss(2, "one of the list")
        return found

    def _seconds(self) -> int:
        """By start and end, or by minutes; never both."""
        start, end, minutes = self.values[3:6]
        if minutes is not MISSING:
            if start is not MISSING or end is not MISSING:
                self._amiss(5, "empty: start and end are given")
                return 0
            return self._minutes(minutes)
        begun, over = (self._clock(column, value) for column, value in ((3, start), (4, end)))
        if begun is None or over is None:
            return 0
        if over <= begun:
            self._amiss(4, "later than its start", str(over))
        return int((over - begun).total_seconds())

    def _minutes(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            self._amiss(5, "a number")
            return 0
        if not 0 < value <= MOST:
            self._amiss(5, "minutes from 0 to 480")
            return 0
        return round(value * _MINUTE)

    def _clock(self, column: int, value: Any) -> timedelta | None:
        """The time since midnight; a cell of another form may have it as a part of a day."""
        if isinstance(value, datetime):
            value = value.time()
        if isinstance(value, time):
            return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and 0 <= value < 1:
            return timedelta(seconds=round(float(value) * 24 * 3600))
        if isinstance(value, timedelta) and timedelta(0) <= value < timedelta(days=1):
            return value
        self._amiss(column, "a time, as 14:05")
        return None
