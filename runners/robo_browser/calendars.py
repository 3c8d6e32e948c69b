"""Choosing a day in a calendar that a page draws: by clicks, month after month, as a person would."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from robo.sdk.errors import Failure, NotFound, english
from robo.sdk.grammar import parse_target
from robo.sdk.runner import Call, Result
from robo.sdk.values import BadScalar, Kind, parse
from robo_browser.acting import Hands
from robo_browser.entering import Pen
from robo_browser.parameters import DatesParams
from robo_browser.trouble import failed, listed
from robo_browser.values import Entry, same

OPENING: Final = 1.5
"""Seconds a calendar has to open after a click, before something else is tried."""
AVAILABLE: Final = 3.0
"""Seconds a day that cannot be chosen is given to become one that can: some pages ask for the free days first."""
TURNING: Final = 5.0
"""Seconds the next month may take to come."""


async def pick_date(hands: Hands, call: Call, params: DatesParams, end: float) -> Result:
    """The action `browser.pick_date`."""
    notes = []
    for label, value in params.fields.items():
        picker = _Picker(hands, call, Entry(label, (parse_target(label),), value), end)
        notes.append(await picker.pick())
    return Result(note=", ".join(notes))


class _Picker:
    """One field, one day."""

    def __init__(self, hands: Hands, call: Call, entry: Entry, end: float) -> None:
        self._hands = hands
        self._call = call
        self._entry = entry
        self._end = end
        self._format = hands.context.date_format
        self._job = entry.job(self._format, call.within)
        self._day = _day_of(entry, call.step, self._format)
        self._wanted = {"year": self._day.year, "month": self._day.month, "day": self._day.day}

    async def pick(self) -> str:
        """Open the calendar, turn it, press the day, read back. Answers what a person reads of it."""
        field = await self._hands.do({"job": "dateField", "targets": self._job["targets"]}, self._end)
        if "failed" in field:
            raise await self._hands.missed(failed(field, self._entry.label, self._call.step))
        if field.get("own"):
            return english((await Pen(self._hands).enter([(self._call, [self._entry])], self._end))[0].note)
        if field.get("field"):
            await self._open()
        await self._turn()
        return await self._read_back(has_field=bool(field.get("field")))

    async def _months(self, seconds: float, was: str = "") -> Mapping[str, Any]:
        """The months that are shown: {title, here, set, edge}, or {none}."""
        end = min(self._end, time.monotonic() + seconds)
        return await self._hands.do({"job": "calendar", "day": self._wanted, "was": was}, end)

    async def _open(self) -> None:
        """By a click on the field, else on what stands beside it for that."""
        if not (await self._months(0.0)).get("none"):
            return
        field = {"targets": self._job["targets"], "doing": "enter", "words": self._entry.label}
        await self._hands.click_at(field, self._call, self._end)
        if not (await self._months(OPENING)).get("none"):
            return
        opener = {"opener": self._job["targets"], "words": self._entry.label}
        end = min(self._end, time.monotonic() + OPENING)
        aim = await self._hands.do({"job": "aim", "seconds": OPENING, **opener}, end)
        if "x" in aim:
            await self._hands.click_aimed(aim, opener, self._call, self._end)

    async def _turn(self) -> None:
        """Month after month to the day, and press it."""
        state, shown = await self._months(max(0.1, self._end - time.monotonic())), None
        while not state.get("none"):
            if state.get("edge"):
                raise self._out_of_reach(state)
            if not state.get("set") and await self._press(state) == "day":
                return
            shown, state = state, await self._months(TURNING, str(state["title"]))
        if shown is not None:
            raise self._out_of_reach(shown)
        raise NotFound(
            "RB750",
            "no calendar opened for %(target)s",
            place=self._call.step,
            remedy="open it in a step before (`browser.click`), or enter the date with `browser.fill`",
            target=self._entry.label,
        )

    async def _press(self, state: Mapping[str, Any]) -> str:
        """Press the day, or what turns the calendar towards it; which of both."""
        hands, job = self._hands, {"day": self._wanted, "words": self._entry.label}
        patience = min(self._end, time.monotonic() + AVAILABLE)
        aim = await hands.do({"job": "aim", "seconds": max(0.1, self._end - time.monotonic()), **job}, patience)
        if aim.get("failed") == "day":
            raise Failure(
                "RB751",
                "%(target)s: the calendar does not let the %(day)s be chosen; days of that month that can be: %(near)s",
                place=self._call.step,
                remedy="the day is taken, closed or out of bounds; say before what is to happen then (`reject_if`)",
                target=self._entry.label,
                day=self._day.strftime(self._format),
                near=listed(aim.get("near")),
            )
        if aim.get("failed") in {"edge", "turn"}:
            raise self._out_of_reach(state)
        if "failed" in aim:
            raise await hands.missed(failed(aim, self._entry.label, self._call.step))
        await hands.click_aimed(aim, job, self._call, self._end)
        return str(aim.get("what"))

    def _out_of_reach(self, state: Mapping[str, Any]) -> Failure:
        return Failure(
            "RB752",
            "%(target)s: the calendar shows %(shown)s and cannot be turned to the %(day)s",
            place=self._call.step,
            remedy="the day is out of the bounds of this calendar; say before what is to happen then (`reject_if`)",
            target=self._entry.label,
            shown=state.get("title", ""),
            day=self._day.strftime(self._format),
        )

    async def _read_back(self, *, has_field: bool) -> str:
        """The field says the day, or the calendar without a field shows it as chosen."""
        if await self._says(has_field=has_field):
            return self._note()
        job = {"confirming": True, "words": self._entry.label}
        aim = await self._hands.do({"job": "aim", "seconds": OPENING, **job}, time.monotonic())
        if "x" in aim:
            await self._hands.click_aimed(aim, job, self._call, self._end)
        if await self._says(has_field=has_field):
            return self._note()
        raise Failure(
            "RB706",
            "%(target)s shows «%(shown)s» after «%(entered)s» was entered",
            place=self._call.step,
            remedy="look what the page accepts there: its length, its format, its list",
            target=self._entry.label,
            shown=self._shown,
            entered=self._job["text"],
        )

    async def _says(self, *, has_field: bool) -> bool:
        self._shown = ""
        if not has_field:
            return bool((await self._hands.do({"job": "dayChosen", "day": self._wanted}, self._end)).get("chosen"))
        back = await self._hands.do({"job": "readBack", "entries": [self._job]}, self._end)
        self._shown = str(back["shown"][0]["text"])
        return same(self._day, self._job, back["shown"][0], self._format)

    def _note(self) -> str:
        return f"{self._entry.label} = «{self._shown or self._day.strftime(self._format)}»"


def _day_of(entry: Entry, step: str, form: str) -> date:
    """The day to be chosen; a text is read as the region writes dates."""
    value = entry.value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    for given in (form, None):
        try:
            day: date = parse(Kind.DATE, value, format=given)
        except BadScalar:
            continue
        return day
    raise Failure(
        "RB753",
        "%(target)s was to be «%(value)s», which is not a date",
        place=step,
        remedy="declare the field as `type: date`, or read it with `| to_date`",
        target=entry.label,
        value=value,
    )
