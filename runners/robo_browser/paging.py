"""A list of an application, page after page: how one comes to it, how it is turned, and whether all of it was seen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from robo.sdk.errors import Failure, NotFound, Words, fill, phrase
from robo.sdk.grammar import parse_target
from robo.sdk.runner import Call
from robo.sdk.targets import Target
from robo_browser.acting import CLIENT_ERROR, Hands
from robo_browser.entering import Pen
from robo_browser.parameters import ListParams
from robo_browser.trouble import failed
from robo_browser.values import Entry, same

LULL: Final = 1.0
"""Seconds a list that a script renews stands still before it is believed that a row is not in it."""
PATIENCE: Final = 2.0
"""Seconds a page without any list is looked at; `PATIENCE_WITH_SCRIPTS` where scripts fetch something."""
PATIENCE_WITH_SCRIPTS: Final = 10.0

Page = Mapping[str, Any]


class Unreadable(Exception):  # noqa: N818 - ends a reading, caught in this package
    """The list cannot be read; `why` says so in words."""

    def __init__(self, message: str, **facts: Any) -> None:
        self.why = phrase(message, **facts)
        super().__init__(fill(message, facts))


class Listing:
    """One list. `job`: what the page's script looks for in it (`where`, `columns`, `read`); `doubt`: why it is not
    certain that all of it was seen, None when it is."""

    def __init__(self, hands: Hands, call: Call, params: ListParams, job: Mapping[str, Any]) -> None:
        self._hands = hands
        self._call = call
        self._params = params
        self._entries = [Entry(label, (parse_target(label),), value) for label, value in params.search.items()]
        form = hands.context.date_format
        self._job: dict[str, Any] = {
            **job,
            "search": [entry.job(form, call.within) for entry in self._entries],
            "empty": params.empty,
        }
        for name in ("next", "pages", "table"):
            if (target := getattr(params, name)) is not None:
                self._job[name] = [hands.target(target, call.within)]
        self._scripted = False
        self.doubt: Words | None = None

    async def begin(self, end: float) -> None:
        """Go to the list, search."""
        hands, params = self._hands, self._params
        if params.at is not None:
            await hands.open(params.at, self._call, end)
        documents = hands.tab.documents
        if self._entries:
            await self._search(end)
        self._scripted = bool(self._entries) and hands.tab.documents == documents

    async def _search(self, end: float) -> None:
        """Enter the filters and start the search."""
        hands, call, last = self._hands, self._call, self._entries[-1].targets[0]
        await Pen(hands).enter([(call, self._entries)], end)
        if self._params.button is not None:
            job: dict[str, Any] = {"targets": [hands.target(self._params.button, call.within)]}
        else:
            job = {"submitOf": [hands.target(last, call.within)]}
        tab = hands.tab
        patience = end if self._params.button is not None else time.monotonic()
        aim = await hands.do({"job": "aim", "seconds": max(0.1, end - time.monotonic()), **job}, patience)
        if aim.get("failed") == "button":
            await hands.do({"job": "focus", "targets": [hands.target(last, call.within)]}, end)
        elif "failed" in aim:
            raise await hands.missed(failed(aim, "the button of the search", call.step))
        if "x" in aim:
            await hands.click_aimed(aim, job, call, end)
            return
        began, documents = time.monotonic(), tab.documents
        await tab.press("Enter")
        await hands.settle(tab, call, began, documents, end)

    async def turn(self, end: float, most: int | None = None) -> AsyncIterator[Page]:
        """The pages of the list, from the one that is there; not more than `most`, when that many are wanted. A page
        that `grew` says again what the one before it said.

        Raises `Unreadable`. What makes the whole uncertain stands in `doubt` afterwards."""
        before: list[int] = []
        for turned in range(1, (most or self._params.max_pages) + 1):
            page = await self._page(end, turned)
            if turned == 1 and page.get("current", 0) > 1:
                await self._to_first(page, end)
                page = await self._page(end, turned)
            self._check_filters(page)
            self._look(page, first=turned == 1)
            page["grew"] = 0 < len(before) < len(page["sums"]) and page["sums"][: len(before)] == before
            before = page["sums"]
            yield page
            if page["next"] != "on" or turned == most:
                return
            if time.monotonic() >= end:
                break
            if turned < (most or self._params.max_pages):
                await self._turn(page, turned, end)
        self._suspect("the list has more pages than are turned")

    def _suspect(self, message: str, **facts: Any) -> None:
        self.doubt = self.doubt or phrase(message, **facts)

    def _look(self, page: Page, *, first: bool) -> None:
        """What a page says against the whole having been seen."""
        if page["next"] == "several":
            self._suspect("the button to the next page is there several times")
        declared = self._params.next or self._params.pages
        if page["next"] in {"none", "several"} and page["hint"] and not (declared and page["next"] == "none"):
            self._suspect("there is a further page («%(button)s») that `next` does not name", button=page["hint"])
        if first and page.get("back"):
            self._suspect("the list does not begin with its first page («%(button)s» leads back)", button=page["back"])
        if part := page.get("part"):
            self._suspect("the list has %(total)s rows, %(shown)s of them were drawn", **part)
        if page.get("jumped"):
            self._suspect("the list draws rows as it is scrolled, and two stretches of it share none")

    async def _page(self, end: float, turned: int) -> dict[str, Any]:
        """One page of the list, once it is there: its table, or the words for an empty one."""
        page = await self._rested(end, turned)
        if page["signIn"] and (lost := await self._hands.missed(self._absent())).code != "RB701":
            raise lost
        if page["status"] >= CLIENT_ERROR:
            raise Unreadable("the search answers with HTTP %(status)s", status=page["status"])
        if page["tables"] or page["said"]:
            if page.get("restless"):
                raise Unreadable("the list does not come to rest")
            return page
        columns = ", ".join(f"«{column}»" for column in [*self._job.get("where", ()), *self._job["columns"]])
        there = ", ".join(f"«{header}»" for header in page["headers"][:12]) or "-"
        raise Unreadable(
            "no list with the columns %(columns)s is there (columns there: %(there)s), nor the words for an empty one",
            columns=columns,
            there=there,
        )

    async def _rested(self, end: float, turned: int) -> dict[str, Any]:
        """The list when nothing is under way any more that may still change it, or at once when it shows the row."""
        finder = "where" in self._job
        latest = min(end, time.monotonic() + PATIENCE_WITH_SCRIPTS) if finder else end
        while True:
            tab = self._hands.tab
            talks = tab.talks
            slow = self._scripted or talks > 0
            waits = {"lull": LULL if slow else 0.0, "patience": PATIENCE_WITH_SCRIPTS if slow else PATIENCE}
            began = time.monotonic()
            job = {"job": "list", **self._job, "turned": turned, **{name: wait * 1000 for name, wait in waits.items()}}
            page = await self._hands.do(job, end)
            asked = tab.talks != talks and not page.get("scrolled")  # what scrolling asks for is in the page already
            under_way = asked or tab.talking_since(began - PATIENCE_WITH_SCRIPTS)
            if (finder and page["rows"]) or not under_way or time.monotonic() >= latest:
                return page
            await tab.silence(began - PATIENCE_WITH_SCRIPTS, latest)

    def _absent(self) -> Failure:
        return NotFound("RB701", "the list is not on the page", place=self._call.step)

    def _check_filters(self, page: Page) -> None:
        """The page must still show what was searched: else it may list something else."""
        for entry, entered, echo in zip(self._entries, self._job["search"], page["echoed"], strict=True):
            shown = echo.get("shown")
            form = self._hands.context.date_format
            kept = same(entry.value, entered, shown, form) if shown else bool(echo.get("said"))
            if not kept:
                raise Unreadable(
                    "the page does not show that it searched «%(text)s» in «%(field)s»",
                    text=entered["text"],
                    field=entry.label,
                )

    async def _to_first(self, page: Page, end: float) -> None:
        """An application that remembers where one was begins elsewhere: back to its first page."""
        await self._click({**self._paged(), "turn": 1}, page["mark"], end)

    async def _turn(self, page: Page, turned: int, end: float) -> None:
        """Turn the page; the list must change, or it was not turned."""
        await self._click({**self._paged(), "turned": turned}, page["mark"], end)

    def _paged(self) -> dict[str, Any]:
        """What leads on, as the page's script takes it."""
        if self._params.pages is not None:
            return {"pages": self._job["pages"]}
        return {"targets": self._job["next"]}

    async def _click(self, job: Mapping[str, Any], mark: str, end: float) -> None:
        hands, tab = self._hands, self._hands.tab
        aim = await hands.do({"job": "aim", "seconds": max(0.1, end - time.monotonic()), **job}, end)
        if "failed" in aim:
            raise Unreadable("the button to the next page cannot be clicked")
        documents = tab.documents
        await hands.click_aimed(aim, job, self._call, end)
        if tab.documents == documents:
            changed = await hands.do({"job": "changed", "mark": mark, "columns": self._job["columns"]}, end)
            if not changed.get("changed"):
                raise Unreadable("the next page of the list did not come")


def reads_of(hands: Hands, reads: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """`read` as the page's script takes it, and the columns it names."""
    jobs = {name: {"targets": [hands.target(target) for target in read.targets]} for name, read in reads.items()}
    named: Sequence[Target] = [read.targets[0] for read in reads.values()]
    return jobs, [target.name for target in named if target.name is not None]
