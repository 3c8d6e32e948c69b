"""One more look at an effect that is done: is it still there? Nothing is performed but its `verify`."""

from __future__ import annotations

from robo.engine import verify
from robo.engine.attempt import Attempt
from robo.engine.memory import MemoryBook
from robo.engine.ports import Clock, JournalRow, Sessions, Work
from robo.engine.verify import Look
from robo.errors import phrase
from robo.plan.model import Once, Plan, every


async def look_again(plan: Plan, work: Work, row: JournalRow, *, sessions: Sessions, clock: Clock) -> Look:
    """Whether the effect of a closed row of the journal is there now. The book is one in memory: nothing of what
    happens on the way is written anywhere.

    Raises what holds the whole process, as `verify.ask_in_doubt`; whatever else goes wrong is *cannot tell*."""
    once = _effect(plan, row.once.step)
    if once is None or once.verify is None:
        step = row.once.step
        return Look(None, why=phrase("the step %(step)s has no `verify` in this definition", step=step), for_good=True)
    attempt = Attempt(plan, work, book=MemoryBook(now=clock.monotonic), sessions=sessions, clock=clock)
    attempt.restore(row.outputs)
    attempt.recall(row)
    return await verify.ask_in_doubt(attempt, once)


def is_counted(plan: Plan, row: JournalRow) -> bool:
    """Whether that is the effect that an item is credited for."""
    once = _effect(plan, row.once.step)
    return once is not None and once.id == plan.done_by


def _effect(plan: Plan, step: str) -> Once | None:
    """The effect of that name, or that had it (`was`)."""
    found = (segment.once for segment in every(plan.segments) if segment.once is not None)
    return next((once for once in found if step in {once.id, *once.was}), None)
