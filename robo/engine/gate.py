"""The gate of a submit: the intent is journaled here, and nowhere else, immediately before the effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from robo.engine.attempt import Attempt
from robo.engine.faultpoints import reach
from robo.engine.ports import JournalRow, JournalState, Wished
from robo.errors import DeadlinePassed, Failure, StaleToken
from robo.model.process import Step


class SubmitGate:
    """Passed once by `Session.submit`. Afterwards `row` is the open row, or None when no intent was committed."""

    def __init__(
        self,
        attempt: Attempt,
        seen: JournalRow,
        *,
        entries: Sequence[Step] = (),
        budget: float,
        settle: float,
        outputs: Mapping[str, Any],
    ) -> None:
        self._attempt = attempt
        self._seen = seen
        self._entries = entries
        self._budget = budget
        self._settle = settle
        self._outputs = outputs
        self._tried = False
        self.row: JournalRow | None = None
        self.began: tuple[datetime, float] | None = None
        """When it was passed: the submit stands in the history after what was entered for it."""
        self.refusal: Exception | None = None
        """Why the gate did not let the submit through: it stands above whatever the session made of it."""

    async def __call__(self, entered: Sequence[str] = ()) -> float:
        try:
            return await self._pass(entered)
        except Exception as refusal:
            self.refusal = refusal
            raise

    async def _pass(self, entered: Sequence[str]) -> float:
        if self._tried:
            raise Failure(
                "RB554",
                "the submit came to its gate twice",
                remedy="this is a defect of the runner; report it",
            )
        self._tried = True
        for step, note in zip(self._entries, entered, strict=False):
            self._attempt.history.add(step, "ok", note)
        self.began = self._attempt.history.begin()
        clock = self._attempt.clock
        began = clock.monotonic()  # before the commit: the database's `act_by` is later than began + budget
        try:
            self.row = self._attempt.open = await self._intent()
        except Wished as asked:
            raise self._attempt.heeded(asked.wish) from None
        reach("intent", self._seen.once.step)
        deadline = began + self._budget
        if clock.monotonic() >= deadline:
            raise DeadlinePassed(
                "RB555",
                "the intent took longer than the submit has time for (%(budget)s s)",
                remedy="the database is slow; the effect is verified before anything is tried again",
                budget=self._budget,
            )
        reach("before effect", self._seen.once.step)
        return deadline

    async def _intent(self) -> JournalRow:
        """The intent, with the history up to here. What was not committed stays for the attempt's own end."""
        row = await self._attempt.book.intent(
            self._attempt.fence,
            self._seen,
            budget=self._budget,
            settle=self._settle,
            digest=self._attempt.plan.digest,
            outputs=self._outputs,
            lines=self._attempt.history.lines,
        )
        self._attempt.history.take()
        return row

    async def settled(self) -> JournalRow | None:
        """The open row of our intent, read again if its commit is of unknown fate."""
        if self.row is None and self._tried and not isinstance(self.refusal, StaleToken):
            row = await self._attempt.book.journal(self._seen.once)
            fence = self._attempt.fence
            if (row.state, row.n, row.item, row.token) == (
                JournalState.OPEN,
                self._seen.n + 1,
                fence.item,
                fence.token,
            ):
                self.row = self._attempt.open = row
        return self.row
