"""Many lines entered into a grid: some hundred in one trip, every cell read back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from robo.sdk.errors import Failure, TimedOut
from robo.sdk.runner import Call, Result
from robo_browser.acting import Hands
from robo_browser.parameters import FillRowsParams
from robo_browser.tab import DocumentGone
from robo_browser.trouble import failed
from robo_browser.values import Entry, same, target_words

CHUNK: Final = 100
"""Lines entered in one trip."""
TOLD: Final = 5
"""Cells that are told when more of them do not keep their values."""


async def fill_rows(hands: Hands, call: Call, params: FillRowsParams, end: float) -> Result:
    """The action `browser.fill_rows`."""
    return await _Grid(hands, call, params, end).fill()


class _Grid:
    """One grid and the lines on their way into it."""

    def __init__(self, hands: Hands, call: Call, params: FillRowsParams, end: float) -> None:
        self._hands = hands
        self._call = call
        self._params = params
        self._end = end
        self._format = hands.context.date_format
        self._columns = list(params.columns)
        self._lines = [[Entry(name, (), line[name]) for name in self._columns] for line in params.lines or ()]
        self._jobs = [[entry.job(self._format, None) for entry in line] for line in self._lines]
        self._at: list[int] = []
        """Where in the grid each line stands."""
        self._adds = False
        """The page's own button gives lines without a mouse."""

    async def fill(self) -> Result:
        """Enter all lines; read all back."""
        idle = 0
        while len(self._at) < len(self._jobs):
            if time.monotonic() >= self._end:
                raise self._late()
            answer = await self._trip()
            self._at += answer["at"]
            idle = 0 if answer["at"] or answer.get("need") == "open" else idle + 1
            if "failed" in answer:
                raise await self._trouble(answer)
            if answer.get("need") == "add":
                await self._add(idle)
            elif answer.get("need") == "open":
                await self._by_mouse(answer)
        await self._read_back()
        return Result(values={"count": len(self._at)}, note=f"{len(self._at)} lines")

    def _job(self) -> dict[str, Any]:
        """Which grid it is."""
        job: dict[str, Any] = {"columns": self._columns}
        around = self._params.table or self._call.within
        if around is not None:
            job["table"] = [self._hands.target(around)]
        return job

    async def _trip(self) -> dict[str, Any]:
        done = len(self._at)
        job = {
            **self._job(),
            "job": "fillRows",
            "lines": self._jobs[done : done + CHUNK],
            "from": done,
            "begin": done == 0,
            "add": self._adds,
            "disarm": True,
        }
        if self._params.add is not None:
            job["button"] = [self._hands.target(self._params.add, self._call.within)]
        try:
            return await self._hands.tab.do(job, self._end - time.monotonic())
        except DocumentGone:
            raise Failure(
                "RB773",
                "the page left while lines were entered; %(count)s of them were in",
                place=self._call.step,
                remedy="look at what the page does when a line is entered",
                count=done,
            ) from None

    async def _add(self, idle: int) -> None:
        """A press of the button that gives a line; when it does so in the same page, the next ones need no mouse."""
        add = self._params.add
        if add is None:
            raise Failure(
                "RB770",
                "the grid has %(free)s free lines for %(count)s",
                place=self._call.step,
                remedy="say what gives a further line: `add: {button: …}`",
                free=len(self._at),
                count=len(self._jobs),
            )
        if idle > 1:
            raise Failure(
                "RB771",
                "%(target)s was pressed, and no free line with the columns %(columns)s came",
                place=self._call.step,
                remedy="look at what the button does; a line is free when its cells of these columns are blank",
                target=target_words(add),
                columns=", ".join(f"«{name}»" for name in self._columns),
            )
        tab = self._hands.tab
        documents = tab.documents
        job = {"targets": [self._hands.target(add, self._call.within)], "words": target_words(add)}
        await self._hands.click_at(job, self._call, self._end)
        self._adds = self._hands.tab is tab and tab.documents == documents

    async def _by_mouse(self, answer: Mapping[str, Any]) -> None:
        """One cell that only opens for a real mouse: clicked, clicked twice, typed into."""
        hands, job = self._hands, {"cellInHand": True, "words": str(answer["column"])}
        entry = self._jobs[answer["line"]][self._columns.index(answer["column"])]
        for _ in range(2):
            await hands.click_at(job, self._call, self._end)
            if (await hands.do({"job": "cellOpened"}, self._end)).get("opened"):
                break
            aim = await hands.aim(job, self._call, self._end)
            await hands.tab.click(aim["x"], aim["y"], times=2)
            if (await hands.do({"job": "cellOpened"}, self._end)).get("opened"):
                break
        else:
            raise Failure(
                "RB772",
                "line %(line)s, %(column)s: no field opens in this cell",
                place=self._call.step,
                remedy="look whether the cell can be changed at all",
                line=answer["line"] + 1,
                column=answer["column"],
            )
        await hands.tab.type(str(entry["text"]))
        await hands.tab.press("Enter")
        await hands.do({"job": "cellDone"}, self._end)

    async def _trouble(self, answer: Mapping[str, Any]) -> Failure:
        if "column" in answer:
            words = f"line {answer['line'] + 1}, {answer['column']}"
        else:
            words = "the grid with the columns " + ", ".join(f"«{name}»" for name in self._columns)
        return await self._hands.missed(failed(answer, words, self._call.step))

    async def _read_back(self) -> None:
        """Every cell of every line."""
        job = {**self._job(), "job": "gridShown", "lines": self._jobs, "at": self._at}
        shown: Sequence[Sequence[Mapping[str, Any]]] = (await self._hands.do(job, self._end))["lines"]
        wrong = [
            f"line {number}, {entry.label}: «{seen['text']}» after «{job['text']}»"
            for number, (line, jobs, row) in enumerate(zip(self._lines, self._jobs, shown, strict=bool(shown)), 1)
            for entry, job, seen in zip(line, jobs, row, strict=True)
            if not same(entry.value, job, seen, self._format)
        ]
        if wrong or (self._lines and not shown):
            raise Failure(
                "RB774",
                "%(count)s cells do not show what was entered: %(cells)s",
                place=self._call.step,
                remedy="look what the page accepts there: its length, its format, its list",
                count=len(wrong),
                cells="; ".join(wrong[:TOLD]) or "the grid is gone",
            )

    def _late(self) -> TimedOut:
        return TimedOut(
            "RB775",
            "%(done)s of %(count)s lines were entered in %(seconds)s s",
            place=self._call.step,
            remedy="raise the step's `timeout`",
            done=len(self._at),
            count=len(self._jobs),
            seconds=self._call.timeout,
        )
