"""What the journal holds of the effects that come further on: none of them was reached in this attempt."""

from __future__ import annotations

from collections.abc import Sequence

from robo.engine.attempt import Attempt
from robo.engine.once import OnceSegment
from robo.engine.ports import JournalRow, JournalState
from robo.errors import InfrastructureError, RoboError
from robo.plan.model import Part, Turns, in_turns


async def rows_of(attempt: Attempt, parts: Sequence[Part]) -> list[JournalRow]:
    """The rows of effects in these parts that are not known to be there. One whose key needs what an earlier segment
    reads was never reached."""
    looped = in_turns(parts)
    found = [row for row in (await attempt.book.rows(attempt.fence) if looped else ()) if row.once.step in looped]
    for segment in parts:
        if isinstance(segment, Turns) or segment.once is None or segment.id in attempt.effects:
            continue
        try:
            found.append(await OnceSegment(attempt, segment, segment.once).row())
        except RoboError as unknowable:
            if isinstance(unknowable, InfrastructureError):
                raise
    return found


async def any_open(attempt: Attempt, parts: Sequence[Part]) -> bool:
    """Whether an intent of them is open (rule `cap`)."""
    return any(row.state is JournalState.OPEN for row in await rows_of(attempt, parts))


async def any_begun(attempt: Attempt, parts: Sequence[Part]) -> bool:
    """Whether one of them was ever submitted, or found to be there."""
    return any(row.n or row.state is not JournalState.NONE for row in await rows_of(attempt, parts))
