"""All rows of a list, typed, page after page: whole, or a failure that says what is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from robo.sdk.errors import Ambiguous, Failure, Words
from robo.sdk.runner import Call, Result, Row
from robo.sdk.values import MISSING
from robo_browser.acting import Hands
from robo_browser.paging import Listing, Page, Unreadable, reads_of
from robo_browser.parameters import RowsParams
from robo_browser.reading import matched, value_of
from robo_browser.trouble import listed

Line = tuple[Mapping[str, str], str, int]
"""The texts of a row by its headings (and as `read` writes them), where it stands, and its number in the whole list."""


async def rows(hands: Hands, call: Call, params: RowsParams, end: float) -> Result:
    """The action `browser.rows`."""
    found = [_typed(params, line) async for line in lines(hands, call, params, end)]
    return Result(values={"rows": tuple(found), "count": len(found)}, note=f"{len(found)} rows")


async def source(hands: Hands, call: Call, params: RowsParams, end: float) -> AsyncIterator[Row]:
    """The rows as items are made of them: texts by heading, or by what `read` names; their types are the fields'."""
    async for texts, place, number in lines(hands, call, params, end):
        named = _texts(params, texts)
        cut = {name: matched(read, named[name]) or "" for name, read in params.read.items()} or named
        values = {name: text or MISSING for name, text in cut.items()}
        digest = hashlib.sha256(json.dumps(texts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        yield Row(values=values, place=place, number=number, digest=digest)


async def lines(hands: Hands, call: Call, params: RowsParams, end: float) -> AsyncIterator[Line]:
    """Every row of every page. Raises `Failure` when the list cannot be read, or was not seen whole."""
    _, named = reads_of(hands, params.read)
    parts = {name: css for name, read in params.read.items() if (css := read.targets[0].css) is not None}
    known = [column for column in params.columns if column not in params.read]
    job = {"columns": list(dict.fromkeys([*named, *known])), "parts": parts}
    listing = Listing(hands, call, params, job)
    number = shown = turned = 0
    try:
        await listing.begin(end)
        async for page in listing.turn(end):
            turned += 1
            _check(call, page)
            if not page["grew"]:
                shown = 0
            for at, texts in enumerate(page["rows"][shown:], shown + 1):
                number += 1
                line = _by_heading(page, texts)
                line |= {name: line[heading] for name, heading in page["named"] if name in named}
                yield line, f"page {turned}, row {at}", number
            shown = len(page["rows"])
    except Unreadable as cannot:
        raise _unread(call, cannot.why) from None
    if listing.doubt:
        raise _unread(call, listing.doubt)


def _check(call: Call, page: Page) -> None:
    """The page has one list, and rows or a word for there being none."""
    if page["tables"] > 1:
        raise Ambiguous(
            "RB702",
            "%(target)s is there %(count)s times: %(places)s",
            place=call.step,
            remedy="name more of its columns under `columns`, or say where it is (`table: …`)",
            target="the list",
            count=page["tables"],
            places=listed(page["places"]),
        )
    if page["rows"] or page["said"] or not page["lines"]:
        return
    raise Failure(
        "RB748",
        "the list says «%(words)s» in the place of rows, and nobody said that this means it is empty",
        place=call.step,
        remedy="say it: `empty: %(words)s`",
        words=" · ".join(page["lines"])[:200],
    )


def _unread(call: Call, why: Words) -> Failure:
    return Failure(
        "RB749",
        "the list was not read whole: %(why)s",
        place=call.step,
        remedy="look at the page; `next` or `pages` turn the list, `max_pages` allows more of them, `empty` is what it "
        "says when there is nothing",
        why=why,
    )


def _by_heading(page: Page, texts: Sequence[str | None]) -> dict[str, str]:
    """One row by its headings; of two columns of one name the first, blank where the row has no such cell."""
    found: dict[str, str] = {}
    for heading, text in zip(page["columns"], texts, strict=True):
        if heading:
            found.setdefault(heading, text or "")
    return found


def _texts(params: RowsParams, texts: Mapping[str, str]) -> dict[str, str]:
    """The texts of what `read` names; every column by its heading when nothing is named."""
    if not params.read:
        return dict(texts)
    columns = {name: read.targets[0].name for name, read in params.read.items()}
    return {name: texts[name if column is None else column] for name, column in columns.items()}


def _typed(params: RowsParams, line: Line) -> Mapping[str, Any]:
    """The values of a row, each of its type."""
    texts, place, _ = line
    found = _texts(params, texts)
    if not params.read:
        return {name: text or MISSING for name, text in found.items()}
    return {
        name: MISSING if not found[name] and not read.required else value_of(f"{name} ({place})", read, (found[name],))
        for name, read in params.read.items()
    }
