"""Looking for one row in a list: found, absent with evidence, or cannot tell and why.

Absent is said only when the list was seen (its table, or the words that stand for an empty one), the page still shows
what was searched, and there is no further page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from robo.sdk.errors import Failure
from robo.sdk.grammar import parse_target
from robo.sdk.runner import Call, Finding, Result
from robo.sdk.values import MISSING
from robo_browser.acting import CLIENT_ERROR, Hands
from robo_browser.actions import FindRowParams
from robo_browser.entering import Pen
from robo_browser.reading import matched, value_of
from robo_browser.trouble import failed
from robo_browser.values import Entry, cell_texts, same

PAGES: Final = 50
"""Pages of a list that are turned. A search that leaves more has to be narrower."""
LULL: Final = 1.0
"""Seconds a list that a script renews stands still before it is believed that a row is not in it."""
PATIENCE: Final = 2.0
"""Seconds a page without any list is looked at; `PATIENCE_WITH_SCRIPTS` where scripts fetch something."""
PATIENCE_WITH_SCRIPTS: Final = 10.0


@dataclass(slots=True)
class Seen:
    """What all pages of the list said."""

    rows: list[Mapping[str, Any]] = field(default_factory=list)
    whole: bool = True
    why: str = ""

    def doubt(self, why: str) -> None:
        """The list was not seen whole."""
        if self.whole:
            self.whole, self.why = False, why


class _Cannot(Exception):  # noqa: N818 - ends a search, caught below
    """The list cannot be read; the text says why."""


async def find_row(hands: Hands, call: Call, params: FindRowParams, end: float) -> Result:
    """The finder `browser.find_row`."""
    if params.at is not None:
        await hands.open(params.at, call, end)
    entries = [Entry(label, (parse_target(label),), value) for label, value in params.search.items()]
    documents = hands.tab.documents
    if entries:
        await _search(hands, call, params, entries, end)
    scripted = bool(entries) and hands.tab.documents == documents
    try:
        seen = await _turn(hands, call, params, entries, end, scripted=scripted)
    except _Cannot as cannot:
        return Result(finding=Finding(None, why=str(cannot)), note=str(cannot))
    return _result(params, seen)


async def _search(hands: Hands, call: Call, params: FindRowParams, entries: Sequence[Entry], end: float) -> None:
    """Enter the filters and start the search."""
    await Pen(hands).enter([(call, entries)], end)
    if params.button is not None:
        job: dict[str, Any] = {"targets": [hands.target(params.button, call.within)]}
    else:
        job = {"submitOf": [hands.target(entries[-1].targets[0], call.within)]}
    tab = hands.tab
    patience = end if params.button is not None else time.monotonic()
    aim = await hands.do({"job": "aim", "seconds": max(0.1, end - time.monotonic()), **job}, patience)
    if aim.get("failed") == "button":
        last = {"job": "focus", "targets": [hands.target(entries[-1].targets[0], call.within)]}
        await hands.do(last, end)
    elif "failed" in aim:
        raise await hands.missed(failed(aim, "the button of the search", call.step))
    if "x" in aim:
        await hands.click_aimed(aim, job, call, end)
        return
    began, documents = time.monotonic(), tab.documents
    await tab.press("Enter")
    await hands.settle(tab, call, began, documents, end)


async def _turn(
    hands: Hands, call: Call, params: FindRowParams, entries: Sequence[Entry], end: float, *, scripted: bool
) -> Seen:
    """All pages of the list, from the one that is there.

    `scripted`: a script answered the search, in the same document."""
    seen = Seen()
    job = _job(hands, call, params, entries)
    for turned in range(PAGES):
        page = await _page(hands, call, job, end, scripted=scripted)
        _check_filters(hands, job, entries, page)
        seen.rows += page["rows"]
        if page["next"] == "several":
            seen.doubt("the button to the next page is there several times")
        if page["next"] in {"none", "several"} and page["hint"] and not (params.next and page["next"] == "none"):
            seen.doubt(f"there is a further page («{page['hint']}») that `next` does not name")
        if page["next"] != "on":
            return seen
        if turned + 1 == PAGES or time.monotonic() >= end:
            break
        await _next_page(hands, call, params, page["mark"], end)
    seen.doubt("the list has more pages than are turned")
    return seen


def _job(hands: Hands, call: Call, params: FindRowParams, entries: Sequence[Entry]) -> dict[str, Any]:
    form = hands.context.date_format
    reads = {name: {"targets": [hands.target(target) for target in read.targets]} for name, read in params.read.items()}
    columns = [read.targets[0].name for read in params.read.values() if read.targets[0].name is not None]
    job: dict[str, Any] = {
        "where": {column: cell_texts(value, form) for column, value in params.where.items()},
        "columns": columns,
        "read": reads,
        "search": [entry.job(form, call.within) for entry in entries],
        "empty": params.empty,
    }
    if params.next is not None:
        job["next"] = [hands.target(params.next, call.within)]
    return job


async def _page(hands: Hands, call: Call, job: Mapping[str, Any], end: float, *, scripted: bool) -> Mapping[str, Any]:
    """One page of the list, once it is there: its table, or the words for an empty one."""
    page = await _rested(hands, job, end, scripted=scripted)
    if page["signIn"] and isinstance(lost := await hands.missed(_absent(call)), Failure) and lost.code != "RB701":
        raise lost
    if page["status"] >= CLIENT_ERROR:
        raise _Cannot(f"the search answers with HTTP {page['status']}")
    if page["tables"] or page["said"]:
        if page.get("restless"):
            raise _Cannot("the list does not come to rest")
        return page
    columns = ", ".join(f"«{column}»" for column in [*job["where"], *job["columns"]])
    there = ", ".join(f"«{header}»" for header in page["headers"][:12]) or "none"
    raise _Cannot(
        f"no list with the columns {columns} is there (columns there: {there}), nor the words for an empty one"
    )


async def _rested(hands: Hands, job: Mapping[str, Any], end: float, *, scripted: bool) -> dict[str, Any]:
    """The list when nothing is under way any more that may still change it, or at once when it shows the row."""
    latest = min(end, time.monotonic() + PATIENCE_WITH_SCRIPTS)
    while True:
        tab = hands.tab
        talks = tab.talks
        slow = scripted or talks > 0
        waits = {"lull": LULL if slow else 0.0, "patience": PATIENCE_WITH_SCRIPTS if slow else PATIENCE}
        began = time.monotonic()
        page = await hands.do({"job": "list", **job, **{name: wait * 1000 for name, wait in waits.items()}}, end)
        under_way = tab.talking_since(began - PATIENCE_WITH_SCRIPTS) or tab.talks != talks
        if page["rows"] or not under_way or time.monotonic() >= latest:
            return page
        await tab.silence(began - PATIENCE_WITH_SCRIPTS, latest)


def _absent(call: Call) -> Failure:
    from robo.sdk.errors import NotFound

    return NotFound("RB701", "the list is not on the page", place=call.step)


def _check_filters(hands: Hands, job: Mapping[str, Any], entries: Sequence[Entry], page: Mapping[str, Any]) -> None:
    """The page must still show what was searched: else it may list something else."""
    for entry, entered, echo in zip(entries, job["search"], page["echoed"], strict=True):
        shown = echo.get("shown")
        kept = same(entry.value, entered, shown, hands.context.date_format) if shown else bool(echo.get("said"))
        if not kept:
            raise _Cannot(f"the page does not show that it searched «{entered['text']}» in «{entry.label}»")


async def _next_page(hands: Hands, call: Call, params: FindRowParams, mark: str, end: float) -> None:
    """Turn the page; the list must change, or it was not turned."""
    assert params.next is not None  # noqa: S101 - the list said `on` for it
    tab = hands.tab
    job = {"targets": [hands.target(params.next, call.within)]}
    aim = await hands.do({"job": "aim", "seconds": max(0.1, end - time.monotonic()), **job}, end)
    if "failed" in aim:
        raise _Cannot("the button to the next page cannot be clicked")
    documents = tab.documents
    await hands.click_aimed(aim, job, call, end)
    if tab.documents == documents:
        changed = await hands.do({"job": "changed", "mark": mark}, end)
        if not changed.get("changed"):
            raise _Cannot("the next page of the list did not come")


def _result(params: FindRowParams, seen: Seen) -> Result:
    """The finding, with the values of the one row."""
    if len(seen.rows) > 1:
        return Result(finding=Finding(True, several=True), note=f"{len(seen.rows)} rows")
    if not seen.rows:
        finding = Finding(False, why="the list was seen whole") if seen.whole else Finding(None, why=seen.why)
        return Result(finding=finding, note=finding.why)
    row = seen.rows[0]
    values: dict[str, Any] = {}
    for name, read in params.read.items():
        text = row.get(name)
        unread = text is None or matched(read, text) is None
        values[name] = (
            MISSING if unread and not read.required else value_of(name, read, () if text is None else (text,))
        )
    return Result(values=values, finding=Finding(True), note=", ".join(f"{n} = «{v}»" for n, v in values.items()))
