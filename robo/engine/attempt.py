"""One attempt of one item: what it may write, what already happened, how it may end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NoReturn

from robo.engine.pieces import Performer
from robo.engine.ports import Book, Clock, ItemEnd, JournalRow, Sessions, Wish, Work
from robo.engine.scope import base_names
from robo.engine.signals import Ending, Later
from robo.engine.stage import Stage
from robo.model.base import HANDED_OVER, Outcome
from robo.model.process import Step
from robo.plan.model import Once, Plan
from robo.sdk.runner import CellChange

CHANGES: Final = "$changes"
"""Where the write-backs of a segment stand among its outputs."""
LEFT_OVER: Final = "$handed_over"
"""Where what a segment leaves to a person stands among its outputs."""
OF_THE_ENGINE: Final = frozenset({CHANGES, LEFT_OVER})
GONE_WRONG: Final = frozenset({Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN})
"""Outcomes of which a person asks where it happened."""


class Attempt(Stage):
    """The state of one attempt between its claim and its end."""

    def __init__(self, plan: Plan, work: Work, *, book: Book, sessions: Sessions, clock: Clock) -> None:
        base = base_names(plan, clock, inputs=work.inputs, run_facts=work.run_facts, environment=work.environment)
        item = {**work.item, "key": work.key}
        super().__init__(plan, base={**base, "item": item}, sessions=sessions, clock=clock, sensitive=work.sensitive)
        self.work = work
        self.book = book
        self.fence = work.fence
        self.stepwise = work.stepwise
        self.steps = Performer(self, self)
        self.open: JournalRow | None = None
        """The intent whose fate is not known yet. While there is one, the only outcome is `unknown` (rule `cap`)."""
        self.effects: dict[str, Mapping[str, Any]] = {}
        """What already happened: the receipt of each closed effect by step id."""
        self._ours = False
        self._receipt: Mapping[str, Any] = {}
        self._kept: list[CellChange] = []
        self._handing: list[Mapping[str, Any]] = []
        """What the segment that is being executed leaves to a person; `_handed`: what finished ones did."""
        self._handed: list[Mapping[str, Any]] = []

    # -- segments

    def begin_segment(self) -> None:
        """Its steps start from nothing: what they left in a tried and abandoned start is forgotten."""
        self.names.begin_segment()
        self.changes.clear()
        self.notes.clear()
        self._handing.clear()

    def segment_outputs(self) -> dict[str, Any]:
        """What the journal keeps of the segment that is being executed."""
        changes = [asdict(change) for change in self.changes]
        kept = {CHANGES: changes, LEFT_OVER: list(self._handing)}
        return {**self.names.left, **{name: value for name, value in kept.items() if value}}

    def keep_segment(self) -> None:
        """The segment is over: its write-backs will be committed with the outcome, and told what it leaves."""
        self._kept.extend(self.changes)
        self._handed.extend(self._handing)
        self.changes.clear()
        self._handing.clear()

    def restore(self, row: JournalRow) -> None:
        """The names that the segment of this row left."""
        self.names.restore({name: value for name, value in row.outputs.items() if name not in OF_THE_ENGINE})

    def closed(self, once: Once, row: JournalRow) -> None:
        """An effect is known to be there: by us now, or as an earlier attempt or somebody else left it."""
        self.restore(row)
        self._kept.extend(_change(plain) for plain in row.outputs.get(CHANGES, ()))
        self._handed.extend(row.outputs.get(LEFT_OVER, ()))
        self.changes.clear()
        self._handing.clear()
        self.open = None
        self.effects[once.id] = row.receipt
        if once.id == self.plan.done_by:
            self._ours, self._receipt = row.ours, row.receipt

    # -- ends

    async def boundary(self) -> None:
        """Act on what somebody wished. Only called while no intent is open (rule `boundary`)."""
        wish = await self.book.wish(self.fence)
        if wish is not None:
            raise self.heeded(wish)

    def heeded(self, wish: Wish) -> Ending | Later:
        """How a wish ends the attempt."""
        if wish is Wish.CANCEL:
            return Ending(self.ending(Outcome.CANCELLED, "cancelled", "cancelled by a person"))
        return Later(0.0, "stopped")

    async def refuse(
        self, outcome: Outcome, step: Step, code: str, says: str, facts: Mapping[str, Any] | None = None
    ) -> NoReturn:
        """`skip_if`, `reject_if`, a refusal. After the first receipt of the item it is handed over instead."""
        raise Ending(self.refusal(outcome, step, code, says, facts=facts))

    def hand_over(self, step: Step, code: str, says: str, facts: Mapping[str, Any] | None = None) -> None:
        """`hand_over_if`: the item goes on, ends `done`, and a person does the rest."""
        self._handing.append({"step": step.id, "code": code, "says": says or code, **(facts or {})})

    def refusal(
        self,
        outcome: Outcome,
        step: Step,
        code: str,
        says: str,
        *,
        row: JournalRow | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> ItemEnd:
        """`row`: the open row of the refused effect, closed in the same commit."""
        facts = {"says": says, "step": step.id, **(facts or {})}
        if self.effects:
            return self.handover(code, "%(says)s", {**facts, "code": code}, row)
        return self.ending(outcome, code, "%(says)s", facts, step=step, row=row)

    def finished(self) -> ItemEnd:
        """Every step was performed: `done`, and handed over when a step said so."""
        if not self._handed:
            return self.ending(Outcome.DONE)
        first, *others = self._handed
        says = "; ".join(str(each["says"]) for each in self._handed)
        facts = {**first, "says": says, **({"others": others} if others else {})}
        return self.ending(Outcome.DONE, HANDED_OVER, "%(says)s", facts, place=str(first["step"]))

    def handover(self, code: str, message: str, facts: Mapping[str, Any], row: JournalRow | None = None) -> ItemEnd:
        """`done`, for a person to finish: something of this item already happened and cannot be refused any more."""
        return self.ending(Outcome.DONE, HANDED_OVER, message, {**facts, "code": code}, row=row)

    def ending(
        self,
        outcome: Outcome,
        code: str = "",
        message: str = "",
        facts: Mapping[str, Any] | None = None,
        *,
        step: Step | None = None,
        place: str = "",
        remedy: str = "",
        row: JournalRow | None = None,
    ) -> ItemEnd:
        """The end of this item with what is committed together with it. Facts are masked and say what happened."""
        told = dict(facts or {})
        if self.effects and code:
            told["happened"] = dict(self.effects)
        done = outcome is Outcome.DONE
        return ItemEnd(
            outcome=outcome,
            code=code,
            message=message,
            facts=self.mask.facts(told),
            place=self._place(place, step) if step or place or code == HANDED_OVER or outcome in GONE_WRONG else "",
            remedy=remedy,
            ours=done and self._ours and not self.work.dry_run,
            receipt=self._receipt if done else {},
            changes=() if self.work.dry_run else self._changes(outcome),
            drift=tuple(dict.fromkeys(self.drift)),
            journal=row,
        )

    def _place(self, said: str, step: Step | None) -> str:
        """Where a person looks: the line of the step, and what else a runner says of the place."""
        if said in self.plan.places:
            return self.plan.where(said)
        blamed = step or self.at
        return " · ".join(part for part in (self.plan.where(blamed.id) if blamed else self.plan.source, said) if part)

    def _changes(self, outcome: Outcome) -> tuple[CellChange, ...]:
        """Failed, unknown and cancelled items do their write-backs again when they are taken up again."""
        if outcome not in {Outcome.DONE, Outcome.SKIPPED, Outcome.REJECTED}:
            return ()
        return (*self._kept, *self.changes)

    # -- what a person sees

    async def keep_answer(self, values: Mapping[str, Any]) -> None:
        """An answer in hand that may not be written as state any more is kept as evidence."""
        text = json.dumps(self.mask.value(values), ensure_ascii=False, sort_keys=True)
        await self.book.evidence(self.fence, "answer.json", text.encode())

    async def keep_evidence(self, wanted: Sequence[str]) -> None:
        """Pictures and texts of the sessions as they are now; `wanted` are their names without suffix."""
        for runner, session in list(self.in_use.items()):
            for name, content in (await session.evidence(self.work.sensitive)).items():
                if Path(name).stem in wanted:
                    await self.book.evidence(self.fence, f"{runner}-{name}", content)


def _change(plain: Mapping[str, Any]) -> CellChange:
    return CellChange(**{**plain, "file": Path(plain["file"])})
