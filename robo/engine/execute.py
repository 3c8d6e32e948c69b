"""Executes one attempt of one item and commits its end through the book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from robo.engine import policy
from robo.engine.attempt import Attempt
from robo.engine.faultpoints import reach
from robo.engine.further import any_open
from robo.engine.once import OnceSegment
from robo.engine.ports import Book, Clock, ItemEnd, JournalRow, JournalState, Sessions, Work
from robo.engine.reviewing import ReviewSegment
from robo.engine.signals import Asks, Ending, Later
from robo.engine.turns import turns_of
from robo.errors import InfrastructureError, MissingSecret, StaleToken, StoreConflict, words_of
from robo.model.base import Outcome
from robo.plan.model import Once, Part, Plan, Segment, Turns

FOR_A_PERSON: Final = frozenset({Outcome.FAILED, Outcome.UNKNOWN})
"""Outcomes after which somebody looks at pictures."""

OPEN_INTENT: Final = "RB616"
"""The store knows an open intent of the item that this plan does not name any more (an older definition's step)."""


async def execute(plan: Plan, work: Work, *, book: Book, sessions: Sessions, clock: Clock) -> ItemEnd | None:
    """Bring the item as far as it goes; its end, or None: it was postponed, or its token was stale.

    Raises `InfrastructureError` when the store, the disk or a runner is missing: nothing was decided, the attempt is
    still running, and the worker says what becomes of it. Cancelled (the worker stops, the slot times out), it
    closes the session in use; an open intent is verified by the next attempt.
    """
    attempt = Attempt(plan, work, book=book, sessions=sessions, clock=clock)
    try:
        return await _conclude(attempt, await _walk(attempt))
    except StaleToken:
        await _let_go(attempt)
        return None


async def _let_go(attempt: Attempt) -> None:
    """Somebody else changed what we had read: nothing more is done here. If it was only the journal row (rule
    `number`), the item is still ours and must not stay with us; if it was the item, this commit is refused too."""
    with suppress(StaleToken):
        await attempt.book.postpone(attempt.fence, 0.0, "the journal changed meanwhile", costs=False)


async def _walk(attempt: Attempt) -> Ending | Later | Asks:
    """All segments in order; how it came to an end."""
    try:
        await _loops(attempt)
        await _parts(attempt, attempt.parts)
    except (Ending, Later, Asks) as decided:
        return decided
    except StaleToken:
        raise
    except Exception as trouble:  # noqa: BLE001 - whatever happens to one item is judged, never lost
        if isinstance(trouble, InfrastructureError) and not isinstance(trouble, MissingSecret):
            await _save_history(attempt)
        return await policy.judge(attempt, trouble)
    return Ending(_reached_the_end(attempt))


async def _loops(attempt: Attempt) -> None:
    """What earlier attempts did in loops. Which turns there are is known late, and may have changed: what is open is
    closed first (rule `first`), and after what is done nothing is rejected any more."""
    rows = await attempt.book.rows(attempt.fence) if attempt.looped else ()
    for row, _segment, once in _here(attempt, rows, JournalState.DONE):
        attempt.known(once, row)
    for row, segment, once in _here(attempt, rows, JournalState.OPEN):
        await OnceSegment(attempt, segment, once).settle(row)


def _here(
    attempt: Attempt, rows: Sequence[JournalRow], state: JournalState
) -> Iterator[tuple[JournalRow, Segment, Once]]:
    """The rows in this state of effects that this plan has in a loop."""
    for row in rows:
        segment = attempt.looped.get(row.once.step)
        if row.state is state and segment is not None and segment.once is not None:
            yield row, segment, segment.once


async def _parts(attempt: Attempt, parts: Sequence[Part]) -> None:
    for number, part in enumerate(parts, 1):
        if isinstance(part, Turns):
            await _turns(attempt, part)
        elif part.review is not None:
            await ReviewSegment(attempt, part, part.review, parts[number:]).close()
        else:
            await _segment(attempt, part)


async def _turns(attempt: Attempt, turns: Turns) -> None:
    """A loop with effects: every turn of the list as it reads now, each found in the journal by its key."""
    loop = turns.step
    attempt.at = loop
    if loop.when is not None and not await attempt.names.truth(loop.when):
        attempt.history.add(loop, "skipped")
        return
    found = await turns_of(attempt.names, loop)
    for number, turn in enumerate(found, 1):
        attempt.history.add(loop, "ok", f"{number}/{len(found)} {turn.key}")
        with attempt.turn(turn):
            await _parts(attempt, turns.segments)
    if not found:
        attempt.history.add(loop, "ok", "0 ×")


async def _segment(attempt: Attempt, segment: Segment) -> None:
    if segment.once is not None:
        await OnceSegment(attempt, segment, segment.once).close()
        return
    await attempt.boundary()
    attempt.begin_segment()
    await attempt.steps.run(segment.lead)
    attempt.keep_segment()


def _reached_the_end(attempt: Attempt) -> ItemEnd:
    if attempt.work.dry_run:
        return attempt.ending(
            Outcome.SKIPPED, "dry-run", "dry run: nothing was written", {"entered": list(attempt.notes)}
        )
    return attempt.finished()


async def _conclude(attempt: Attempt, decided: Ending | Later | Asks) -> ItemEnd | None:
    """One last look at the journal (rule `cap`), then evidence, and the one commit that ends the attempt."""
    if isinstance(decided, Asks):
        await attempt.book.ask(
            attempt.fence,
            decided.key,
            decided.seen,
            decided.question,
            outputs=decided.outputs,
            row_digest=attempt.work.row_digest,
            due=decided.due,
            history=attempt.history.take(),
        )
        return None
    if isinstance(decided, Later):
        await attempt.book.postpone(
            attempt.fence,
            decided.seconds,
            attempt.mask.text(decided.reason),
            costs=decided.costs,
            held=decided.held and replace(decided.held, facts=attempt.mask.facts(decided.held.facts)),
            history=attempt.history.take(),
        )
        return None
    end = await _capped(attempt, decided.end)
    if end.outcome in FOR_A_PERSON:
        await _save_evidence(attempt)
    reach("outcome")
    end = replace(end, history=attempt.history.take())
    try:
        await attempt.book.end(attempt.fence, end)
    except StoreConflict as conflict:
        if conflict.code != OPEN_INTENT or end.outcome is Outcome.UNKNOWN:
            raise
        end = _unknown(end)
        await attempt.book.end(attempt.fence, end)
    return end


async def _capped(attempt: Attempt, end: ItemEnd) -> ItemEnd:
    """Rule `cap`: no outcome but `unknown` while an intent is open, here or in a segment that was not reached."""
    settled = end.outcome is Outcome.UNKNOWN or end.journal is not None or attempt.work.dry_run
    if settled or (end.outcome is Outcome.DONE and not end.code):
        return end
    if attempt.open is None and not await any_open(attempt, attempt.parts):
        return end
    return _unknown(end)


def _unknown(end: ItemEnd) -> ItemEnd:
    return replace(end, outcome=Outcome.UNKNOWN, ours=False, receipt={}, changes=(), journal=None)


async def _save_history(attempt: Attempt) -> None:
    lines = attempt.history.take()
    if lines:
        await attempt.book.trace(attempt.fence, lines)


async def _save_evidence(attempt: Attempt) -> None:
    """Pictures must not cost an item its end: whatever goes wrong with them is told in its history."""
    try:
        await attempt.keep_evidence(attempt.plan.on_failure.keep)
    except StaleToken:
        raise
    except Exception as trouble:  # noqa: BLE001 - see above
        attempt.history.remark("evidence", "failed", words_of(trouble))
