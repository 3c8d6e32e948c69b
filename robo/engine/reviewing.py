"""A review: the segment before it is performed, a person is asked, and the item waits outside of any session.

| the book holds                      | next                                                             |
|-------------------------------------|------------------------------------------------------------------|
| an answer on the same row           | its segment is not repeated, the answer is read, the item goes on |
| the same, and `recheck`             | the segment is performed again; what is shown changed: asked anew |
| nobody answered in time             | the item ends as `on_timeout` says                                |
| anything else                       | asked                                                             |

Once an effect behind it has begun, its answer stands, whatever reads otherwise now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from robo.definition.filters.base import bad_value
from robo.definition.filters.dates import add_workdays
from robo.definition.operators import HOLIDAYS, World
from robo.engine import kept
from robo.engine.attempt import Attempt
from robo.engine.further import any_begun
from robo.engine.history import Mask
from robo.engine.ports import ItemEnd, OnceKey
from robo.engine.scope import Holidays
from robo.engine.signals import Asks, Ending
from robo.errors import Failure
from robo.model.base import MISSING, Outcome
from robo.model.process import Editable, Kind, Review, Step
from robo.model.review import Due, Field, Question, Reviewed, ReviewState
from robo.model.scalars import BadScalar, parse
from robo.plan.model import Part, Plan, Segment

DAY: Final = timedelta(days=1)
NO_ANSWER: Final = "no-answer"
"""Code of an item whose time to be answered is over."""
ANSWER: Final = "choice"
TITLE: Final = 120
"""Signs of a question in lists."""


class ReviewSegment:
    """One segment that ends in a question. `behind`: the parts that follow it."""

    def __init__(self, attempt: Attempt, segment: Segment, step: Step, behind: Sequence[Part]) -> None:
        assert step.review is not None  # noqa: S101 - the cutter asks for it
        self._attempt = attempt
        self._segment = segment
        self._step = step
        self._review: Review = step.review
        self._behind = behind

    async def close(self) -> None:
        """Until there is an answer, or its `when` says that nobody is asked. Raises `Asks` to wait for a person."""
        attempt, step = self._attempt, self._step
        row = await attempt.book.review(self._key())
        if row.state is ReviewState.ANSWERED and await self._stands(row):
            attempt.settled(step.id, row.outputs)
            attempt.history.add(step, "skipped", "done before")
            self._answered(row)
            return
        if row.state is ReviewState.OVERDUE and row.item == attempt.fence.item:
            attempt.at = step
            raise Ending(self._too_late(row))
        await attempt.boundary()
        attempt.begin_segment()
        await attempt.steps.run(self._segment.lead)
        attempt.at = step
        if step.when is not None and not await attempt.names.truth(step.when):
            attempt.history.add(step, "skipped")
            attempt.keep_segment()
            return
        await self._ask(row, await self._question())

    def _key(self) -> OnceKey:
        work, plan = self._attempt.work, self._attempt.plan
        return OnceKey(work.environment, plan.process, plan.region, self._step.id, work.key, work.doing)

    async def _stands(self, row: Reviewed) -> bool:
        """Whether the answer counts as it is, without another look. What an answer was given on is in the names then,
        so that the keys behind it can be made."""
        attempt = self._attempt
        attempt.restore({**row.outputs, self._step.id: _answer(row)})
        if await any_begun(attempt, self._behind):
            return True
        whole = not kept.lacking(row.outputs, self._segment.behind)
        return whole and row.row_digest == attempt.work.row_digest and not self._review.recheck

    async def _ask(self, row: Reviewed, question: Question) -> None:
        attempt = self._attempt
        if row.state is ReviewState.ANSWERED and self._counts(row, question):
            attempt.keep_segment()
            attempt.history.add(self._step, "ok", "read again, nothing changed")
            self._answered(row)
            return
        if await any_begun(attempt, self._behind):
            raise Failure(
                "RB590",
                "nobody was asked at %(step)s, and an effect behind it has begun under an older definition",
                remedy="finish the item by hand",
                step=self._step.id,
            )
        if attempt.work.dry_run:
            raise Ending(self._rehearsed(question))
        attempt.history.add(self._step, "asked", question.title)
        due = deadline(self._review, attempt.plan)
        outputs = kept.within_bounds(self._step, attempt.segment_outputs(self._segment.behind))
        raise Asks(self._key(), row, question, outputs, due)

    def _counts(self, row: Reviewed, question: Question) -> bool:
        """With `recheck`: the answer was given on this row, and a person would see the same now."""
        return row.row_digest == self._attempt.work.row_digest and row.question.same(question)

    def _answered(self, row: Reviewed) -> None:
        attempt = self._attempt
        attempt.names.leave(self._step.id, _answer(row), keep=False)
        attempt.names.forget()

    async def _question(self) -> Question:
        names, review = self._attempt.names, self._review
        return Question(
            title=one_line(await names.render(review.title, keep_missing=True), self._attempt.mask),
            role=review.role,
            shown={name: await names.render(node, keep_missing=True) for name, node in review.show.items()},
            fields={each.name: await self._field(each) for each in review.edit},
            choices=dict(review.choices),
            on_timeout=review.on_timeout if review.answer_in is not None else "",
            zone=self._attempt.plan.zone,
        )

    async def _field(self, editable: Editable) -> Field:
        start = await self._attempt.names.render(editable.value, keep_missing=True)
        return Field(
            start=_typed(editable.type, start),
            title=editable.title,
            type=editable.type,
            required=editable.required,
            choices=editable.choices,
        )

    # -- ends

    def _too_late(self, row: Reviewed) -> ItemEnd:
        """What the process says, and a hand-over after the item's first receipt."""
        attempt, step = self._attempt, self._step
        message = "nobody answered « %(title)s » in time"
        facts = {"title": row.question.title, "step": step.id}
        if self._review.on_timeout == "hand_over" or attempt.effects:
            return attempt.handover(NO_ANSWER, message, facts)
        outcome = Outcome.REJECTED if self._review.on_timeout == "reject" else Outcome.SKIPPED
        return attempt.ending(outcome, NO_ANSWER, message, facts, step=step)

    def _rehearsed(self, question: Question) -> ItemEnd:
        attempt = self._attempt
        attempt.history.add(self._step, "skipped", question.title)
        facts = {"entered": list(attempt.notes), "step": self._step.id, "title": question.title}
        return attempt.ending(Outcome.SKIPPED, "dry-run", "dry run: nobody was asked « %(title)s »", facts)


def one_line(title: Any, mask: Mask) -> str:
    """The question in one line, for lists and histories: nothing sensitive, and not longer than they show."""
    words = " ".join(mask.text(str(title)).split())
    return words if len(words) <= TITLE else f"{words[: TITLE - 1]}…"


def deadline(review: Review, plan: Plan) -> Due:
    """Whole days: the end of that working day, the day of the question not counted. Anything shorter passes as it
    is."""

    def until(asked: datetime) -> datetime | None:
        if review.answer_in is None:
            return None
        if review.answer_in % DAY:
            return asked + review.answer_in
        here, calendar = ZoneInfo(plan.zone), World({HOLIDAYS: Holidays(plan.holidays)})
        day = add_workdays.call(calendar, asked.astimezone(here).date(), review.answer_in // DAY)
        return datetime.combine(day + DAY, time.min, here).astimezone(asked.tzinfo)

    return until


def _answer(row: Reviewed) -> Mapping[str, Any]:
    return {ANSWER: row.choice, **row.values}


def _typed(kind: Kind, start: Any) -> Any:
    """What a correction begins with, of its type. Rejects a value of the item that is not."""
    if start is MISSING or start == "":
        return MISSING
    try:
        return str(start) if kind is Kind.STR else parse(kind, start)
    except BadScalar as bad:
        raise bad_value(bad) from bad
