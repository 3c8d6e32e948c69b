"""Looking for one row in a list: found, absent with evidence, or cannot tell and why.

Absent is said only when the list was seen (its table, or the words that stand for an empty one), the page still shows
what was searched, and there is no further page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robo.sdk.errors import Ambiguous, Failure, NotFound, Words, phrase
from robo.sdk.runner import Call, Finding, Result
from robo.sdk.values import MISSING
from robo_browser.acting import Hands
from robo_browser.paging import Listing, Unreadable, reads_of
from robo_browser.parameters import FindRowParams
from robo_browser.reading import matched, value_of
from robo_browser.values import cell_texts

SEEN_WHOLE: Final = "the list was seen whole"
"""Why something is absent."""

Found = list[tuple[int, Mapping[str, Any]]]
"""The rows that match, each with the number of its page."""


async def find_row(hands: Hands, call: Call, params: FindRowParams, end: float) -> Result:
    """The finder `browser.find_row`."""
    listing = _listing(hands, call, params)
    await listing.begin(end)
    found: Found = []
    turned = known = 0
    try:
        async for page in listing.turn(end):
            turned += 1
            known = known if page["grew"] else len(found)
            found[known:] = [(turned, row) for row in page["rows"]]
    except Unreadable as cannot:
        if params.show:
            raise _not_shown(call, params, cannot.why) from None
        return Result(finding=Finding(None, why=cannot.why), note=cannot.why)
    if params.show and _page_of(call, params, found) != turned:
        await _show(hands, call, params, found[0][0], end)
    return _result(params, found, listing.doubt)


def _listing(hands: Hands, call: Call, params: FindRowParams) -> Listing:
    form = hands.context.date_format
    reads, columns = reads_of(hands, params.read)
    where = {column: cell_texts(value, form) for column, value in params.where.items()}
    return Listing(hands, call, params, {"where": where, "columns": columns, "read": reads})


def _page_of(call: Call, params: FindRowParams, found: Found) -> int:
    """The page with the one row that is to be shown."""
    if not found:
        raise _not_shown(call, params, phrase("the list does not have it"))
    if len(found) > 1:
        raise Ambiguous(
            "RB702",
            "%(target)s is there %(count)s times: %(places)s",
            place=call.step,
            remedy="say more of the row under `where`",
            target=_words(params),
            count=len(found),
            places=", ".join(f"page {page}" for page, _ in found),
        )
    return found[0][0]


async def _show(hands: Hands, call: Call, params: FindRowParams, wanted: int, end: float) -> None:
    """The list was turned beyond the page of the row: begin it again, and stop there."""
    if params.at is None and params.pages is None:
        raise Failure(
            "RB746",
            "the row is on page %(page)s of the list, and nothing leads back there",
            place=call.step,
            remedy="say where the list is (`at: …`)",
            page=wanted,
        )
    again = _listing(hands, call, params)
    try:
        await again.begin(end)
        pages = [page async for page in again.turn(end, wanted)]
    except Unreadable as cannot:
        raise _not_shown(call, params, cannot.why) from None
    if len(pages) != wanted or len(pages[-1]["rows"]) != 1:
        raise _not_shown(call, params, phrase("the list changed while it was turned"))


def _words(params: FindRowParams) -> str:
    return "row {" + ", ".join(f"{column}: {value}" for column, value in params.where.items()) + "}"


def _not_shown(call: Call, params: FindRowParams, why: Words) -> NotFound:
    return NotFound(
        "RB747",
        "%(target)s cannot be shown: %(why)s",
        place=call.step,
        remedy="look at the list; `next` or `pages` turn it, `empty` says what it says when there is nothing",
        target=_words(params),
        why=why,
    )


def _result(params: FindRowParams, found: Found, doubt: Words | None) -> Result:
    """The finding, with the values of the one row."""
    if len(found) > 1:
        return Result(finding=Finding(True, several=True), note=f"{len(found)} rows")
    if not found:
        why = doubt or SEEN_WHOLE
        finding = Finding(None if doubt else False, why=why)
        return Result(finding=finding, note=finding.why)
    row = found[0][1]
    values: dict[str, Any] = {}
    for name, read in params.read.items():
        text = row.get(name)
        unread = text is None or matched(read, text) is None
        values[name] = (
            MISSING if unread and not read.required else value_of(name, read, () if text is None else (text,))
        )
    return Result(values=values, finding=Finding(True), note=", ".join(f"{n} = «{v}»" for n, v in values.items()))
