"""Executes one attempt of one item and commits its end through the book."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from robo.engine import policy
from robo.engine.attempt import Attempt
from robo.engine.faultpoints import reach
from robo.engine.once import OnceSegment
from robo.engine.ports import Book, Clock, ItemEnd, JournalState, Sessions, Work
from robo.engine.signals import Ending, Later
from robo.errors import InfrastructureError, MissingSecret, RoboError, StaleToken, StoreConflict
from robo.model.base import Outcome
from robo.plan.model import Plan, Segment

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


async def _walk(attempt: Attempt) -> Ending | Later:
    """All segments in order; how it came to an end."""
    try:
        for segment in _segments(attempt):
            await _segment(attempt, segment)
    except (Ending, Later) as decided:
        return decided
    except StaleToken:
        raise
    except Exception as trouble:  # noqa: BLE001 - whatever happens to one item is judged, never lost
        if isinstance(trouble, InfrastructureError) and not isinstance(trouble, MissingSecret):
            await _save_history(attempt)
        return await policy.judge(attempt, trouble)
    return Ending(_reached_the_end(attempt))


def _segments(attempt: Attempt) -> Sequence[Segment]:
    return attempt.plan.finish if attempt.work.finish else attempt.plan.segments


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


async def _conclude(attempt: Attempt, decided: Ending | Later) -> ItemEnd | None:
    """One last look at the journal (rule `cap`), then evidence, and the one commit that ends the attempt."""
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
    if attempt.open is None and not await _open_further_on(attempt):
        return end
    return _unknown(end)


def _unknown(end: ItemEnd) -> ItemEnd:
    return replace(end, outcome=Outcome.UNKNOWN, ours=False, receipt={}, changes=(), journal=None)


async def _open_further_on(attempt: Attempt) -> bool:
    for segment in _segments(attempt):
        if segment.once is None or segment.id in attempt.effects:
            continue
        try:
            row = await OnceSegment(attempt, segment, segment.once).row()
        except RoboError as unknowable:
            if isinstance(unknowable, InfrastructureError):
                raise
            continue  # its key needs what an earlier segment reads, so it was never reached
        if row.state is JournalState.OPEN:
            return True
    return False


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
        attempt.history.remark("evidence", "failed", str(trouble))
