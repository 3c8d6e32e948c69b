"""One attempt of one item: what it may write, what already happened, how it may end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from robo.engine.kept import CHANGES, LEFT_OVER, OF_THE_ENGINE, OUTPUT, OUTSIDE, kept_of
from robo.engine.pieces import Performer
from robo.engine.ports import Book, Clock, ItemEnd, JournalRow, Sessions, Wish, Work
from robo.engine.scope import base_names
from robo.engine.signals import Ending, Later
from robo.engine.stage import Stage
from robo.engine.turns import Turn
from robo.model.base import HANDED_OVER, Outcome
from robo.model.process import Step
from robo.plan.keeping import Names, picked
from robo.plan.model import Once, Part, Plan, Segment, in_turns
from robo.sdk.runner import CellChange

GONE_WRONG: Final = frozenset({Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN})
"""Outcomes of which a person asks where it happened."""


@dataclass(frozen=True, slots=True)
class _Left:
    """What a finished segment left: cells to write, and what a person does."""

    changes: tuple[CellChange, ...]
    handed: tuple[Mapping[str, Any], ...]
    output: Mapping[str, Any]


class Attempt(Stage):
    """The state of one attempt between its claim and its end."""

    def __init__(self, plan: Plan, work: Work, *, book: Book, sessions: Sessions, clock: Clock) -> None:
        base = base_names(plan, clock, inputs=work.inputs, run_facts=work.run_facts, environment=work.environment)
        item = {**work.item, "key": work.key}
        super().__init__(plan, base={**base, "item": item}, sessions=sessions, clock=clock, sensitive=work.sensitive)
        self.work = work
        self.book = book
        self.fence = work.fence
        self.stepwise, self.key = work.stepwise, work.key
        self.steps = Performer(self, self)
        self.open: JournalRow | None = None
        """The intent whose fate is not known yet. While there is one, the only outcome is `unknown` (rule `cap`)."""
        self.effects: dict[str, Mapping[str, Any]] = {}
        """What already happened: the receipt of each closed effect by step id, and by its key in a loop."""
        self.parts: Sequence[Part] = _parts(plan, work)
        self.looped: Mapping[str, Segment] = in_turns(self.parts)
        """The segments that stand in loops, by the ids under which the journal may know them."""
        self.turns: list[Turn] = []
        """The turns of loops with effects in which it is, outermost first."""
        self._earning: dict[str, JournalRow] = {}
        """The closed effects of the step that is counted: one, or one for each turn of a loop."""
        self._finished: dict[str, _Left] = {}
        """What each finished segment left besides its names, in the order of the steps."""
        self._handing: list[Mapping[str, Any]] = []
        """What the segment that is being executed leaves to a person; `_giving`: adds to the run's result."""
        self._giving: dict[str, Any] = {}

    # -- segments

    def begin_segment(self) -> None:
        """Its steps start from nothing: what they left in a tried and abandoned start is forgotten."""
        self.names.begin_segment()
        for turn in self.turns:
            self.names.leave(turn.name, turn.element)
        self.changes.clear()
        self.notes.clear()
        self._handing.clear()
        self._giving.clear()

    def segment_outputs(self, names: Names) -> dict[str, Any]:
        """What the journal keeps of the segment that is being executed: of what its steps left, these names."""
        changes = [asdict(change) for change in self.changes]
        kept = {CHANGES: changes, LEFT_OVER: list(self._handing), OUTPUT: dict(self._giving)}
        return {**kept_of(self.names.left, names), **{name: value for name, value in kept.items() if value}}

    def keep_segment(self) -> None:
        """The segment is over: its write-backs will be committed with the outcome, and told what it leaves."""
        self._finished[f"{len(self._finished)}"] = _Left(tuple(self.changes), tuple(self._handing), dict(self._giving))
        self.changes.clear()
        self._handing.clear()
        self._giving.clear()

    def restore(self, outputs: Mapping[str, Any]) -> None:
        """The names that a segment left in an earlier attempt."""
        self.names.restore({name: value for name, value in outputs.items() if name not in OF_THE_ENGINE})

    def outside(self, once: Once) -> dict[str, Any]:
        """What else a look at this effect needs in the next attempt, which begins before the loop it stands in."""
        if once.id not in self.looped:
            return {}
        asked = {name.partition(".")[0] for name in once.looked} - {turn.name for turn in self.turns}
        return {OUTSIDE: picked(self.names.of(asked), once.looked)}

    def recall(self, row: JournalRow) -> None:
        """The names of `outside`, for whoever settles the row without having come to it."""
        self.names.restore(row.outputs.get(OUTSIDE, {}))

    @contextmanager
    def turn(self, turn: Turn) -> Iterator[None]:
        """Everything inside belongs to this turn."""
        self.turns.append(turn)
        self.names.leave(turn.name, turn.element, keep=False)
        try:
            yield
        finally:
            self.turns.pop()

    def known(self, once: Once, row: JournalRow) -> None:
        """An effect is there, whoever left it: the item is not the same any more, and what it owes is owed."""
        label = once.id if once.id not in self.looped else f"{once.id} {row.once.key}"
        self.settled(label, row.outputs)
        self.effects[label] = row.receipt
        if once.id == self.plan.done_by:
            self._earning[row.once.key] = row

    def settled(self, label: str, outputs: Mapping[str, Any]) -> None:
        """What a segment owes that an earlier attempt finished, or this one just now."""
        left = _Left(
            tuple(_change(plain) for plain in outputs.get(CHANGES, ())),
            tuple(outputs.get(LEFT_OVER, ())),
            outputs.get(OUTPUT, {}),
        )
        self._finished.pop(label, None)  # in the order of the steps, not of what was known first
        self._finished[label] = left

    def closed(self, once: Once, row: JournalRow) -> None:
        """An effect is known to be there: by us now, or as an earlier attempt or somebody else left it."""
        self.known(once, row)
        self.restore(row.outputs)
        for turn in self.turns:
            self.names.leave(turn.name, turn.element, keep=False)
        self.changes.clear()
        self._handing.clear()
        self._giving.clear()
        self.open = None

    @property
    def _given(self) -> dict[str, Any]:
        """What the finished segments add to the run's result."""
        return {name: value for left in self._finished.values() for name, value in left.output.items()}

    @property
    def _ours(self) -> bool:
        """Whether the counted effect is ours: in a loop, that of every turn."""
        return bool(self._earning) and all(row.ours for row in self._earning.values())

    @property
    def _receipt(self) -> Mapping[str, Any]:
        """The receipt of the counted effect; those of several turns with their keys."""
        rows = self._earning.values()
        if len(rows) == 1:
            return next(iter(rows)).receipt
        return {f"{row.once.key} {name}": value for row in rows for name, value in row.receipt.items()}

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

    def output(self, values: Mapping[str, Any]) -> None:
        """`output`: what a run says at its end."""
        self._giving.update(values)

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
        handed = [each for left in self._finished.values() for each in left.handed]
        if not handed:
            return self.ending(Outcome.DONE)
        first, *others = handed
        says = "; ".join(str(each["says"]) for each in handed)
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
            output=self.mask.facts(self._given),
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
        return (*(change for left in self._finished.values() for change in left.changes), *self.changes)

    def never_read(self, step: Step, names: Sequence[str]) -> ItemEnd:
        """An effect is there, and what the steps behind it read of it is not."""
        return self.ending(
            Outcome.FAILED,
            "RB556",
            "the effect of %(step)s is there, but %(names)s was never read",
            {"step": step.id, "names": ", ".join(names)},
            step=step,
            remedy="read it in `verify`, or finish the item by hand",
        )

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


def _parts(plan: Plan, work: Work) -> Sequence[Part]:
    """What is executed for this item."""
    if work.sequel:
        return plan.sequels[work.sequel]
    return plan.finish if work.finish else plan.segments
