"""Performs units and groups: actions and control steps, under `when` and `optional`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from robo.engine.calls import make_call, words_for
from robo.engine.controls import Facts, Judge, perform_control
from robo.engine.faultpoints import reach
from robo.engine.ports import Clock, Sessions, Witness
from robo.engine.scope import answer
from robo.engine.stage import Stage
from robo.engine.turns import elements
from robo.errors import Failure, NotFound, PageError, PortalDown, TimedOut, words_of
from robo.model.base import Outcome
from robo.model.process import Step, StepKind
from robo.model.text import Node
from robo.plan.model import Choice, Group, Loop, Piece, Plan, Repeat, Unit
from robo.sdk.runner import Refused, Result

ABSENT: Final = (NotFound, TimedOut)
"""What an optional step may do without."""


class Performer:
    """Runs pieces on a stage; `judge` decides about the item."""

    def __init__(self, stage: Stage, judge: Judge) -> None:
        self._stage = stage
        self._judge = judge

    async def run(self, pieces: Sequence[Piece], *, in_once: bool = False, within: Node | None = None) -> None:
        for piece in pieces:
            step = _head(piece)
            self._stage.at = step
            if step.when is not None and not await self._stage.names.truth(step.when):
                self._stage.history.add(step, "skipped")
                continue
            try:
                await self._piece(piece, in_once, within)
            except ABSENT as absent:
                if not step.optional:
                    raise
                self._stage.history.add(step, "skipped", absent.words)

    async def _piece(self, piece: Piece, in_once: bool, within: Node | None) -> None:
        match piece:
            case Group():
                await self._group(piece, in_once, within)
            case Loop():
                await self._loop(piece, in_once, within)
            case Repeat():
                await self._repeat(piece, in_once, within)
            case Choice():
                await self._choice(piece, in_once, within)
            case Unit(steps) if steps[0].kind is StepKind.ACTION:
                await self._actions(piece, in_once, within)
            case Unit(steps):
                await perform_control(self._stage, self._judge, steps[0])

    async def _group(self, group: Group, in_once: bool, within: Node | None) -> None:
        inner = group.step.within if group.step.within is not None else within
        try:
            await self.run(group.do, in_once=in_once, within=inner)
        except ABSENT as trouble:
            rescue = next((pieces for on, pieces in group.rescues if any(_is(trouble, kind) for kind in on)), None)
            if rescue is None:
                raise
            told = {"code": trouble.code, "message": str(trouble), "step": self._stage.at.id if self._stage.at else ""}
            self._stage.history.add(group.step, "failed", trouble.words)
            self._stage.names.leave("error", told, keep=False)
            await self.run(rescue, in_once=in_once, within=within)

    async def _choice(self, choice: Choice, in_once: bool, within: Node | None) -> None:
        for number, (when, pieces) in enumerate(choice.ways, 1):
            if when is None or await self._stage.names.truth(when):
                self._stage.history.add(choice.step, "ok", f"{number}/{len(choice.ways)}")
                await self.run(pieces, in_once=in_once, within=within)
                return
        self._stage.history.add(choice.step, "skipped")

    async def _loop(self, loop: Loop, in_once: bool, within: Node | None) -> None:
        names = self._stage.names
        found = await elements(names, loop.step)
        self._stage.history.add(loop.step, "ok", f"{len(found)} ×")
        for element in found:
            names.leave(loop.step.as_, element, keep=False)
            await self.run(loop.pieces, in_once=in_once, within=within)

    async def _repeat(self, piece: Repeat, in_once: bool, within: Node | None) -> None:
        names, step = self._stage.names, piece.step
        assert step.until is not None  # noqa: S101 - the loader asks for it
        for number in range(1, (step.most or 1) + 1):
            await self.run(piece.do, in_once=in_once, within=within)
            names.forget()  # a finder that is waited for is asked again
            if await names.truth(step.until):
                self._stage.history.add(step, "ok", f"{number} ×")
                return
            if number != step.most:
                await self.run(piece.between, in_once=in_once, within=within)
        raise Failure(
            "RB561",
            "%(loop)s was done %(most)s times, and %(until)s still does not hold",
            remedy="look why it never comes true, or give it a larger `max`",
            loop=step.id,
            most=step.most,
            until=step.until.source,
        )

    async def _actions(self, unit: Unit, in_once: bool, within: Node | None) -> None:
        stage, last = self._stage, unit.steps[-1]
        calls = [await make_call(stage.plan, step, stage.names, in_once=in_once, within=within) for step in unit.steps]
        for step, call in zip(unit.steps, calls, strict=True):
            await stage.watch(step, call)
        began = stage.history.begin()
        try:
            results = await stage.perform(calls)
        except Refused as refused:
            await self._refused(last, refused)
        except Exception as trouble:
            if not (last.optional and isinstance(trouble, ABSENT)):  # told as skipped
                stage.history.add(blamed(unit.steps, trouble), "failed", words_of(trouble), began)
            raise
        else:
            for step, result in zip(unit.steps, results, strict=True):
                stage.history.add(step, "ok", result.note, began)
                self._leave(step, result)

    async def _refused(self, step: Step, refused: Refused) -> NoReturn:
        self._stage.history.add(step, "refused", refused.words)
        if refused.watched.ends_only:
            raise Failure(
                "RB552",
                "the application answered: %(words)s",
                remedy="if these words mean that the data is wrong, declare them under `refused`",
                words=refused.words,
            ) from refused
        says = await words_for(self._stage.names, step.refused, refused.watched.code)
        await self._judge.refuse(Outcome.REJECTED, step, refused.watched.code, says or refused.words)

    def _leave(self, step: Step, result: Result) -> None:
        values = answer(result)
        if values:
            self._stage.names.leave(step.id, values, keep=step.named)
            self._stage.names.last(values)


def _head(piece: Piece) -> Step:
    """The step whose `when` and `optional` are those of the piece."""
    return piece.steps[0] if isinstance(piece, Unit) else piece.step


def _is(trouble: Exception, kind: str) -> bool:
    return isinstance(trouble, {"timeout": TimedOut, "not_found": NotFound}[kind])


def blamed(trip: Sequence[Step], trouble: Exception) -> Step:
    """The step of one trip that a trouble names as its place; what names none came after the last one."""
    place = getattr(trouble, "place", "")
    return next((step for step in trip if step.id == place), trip[-1])


async def perform_setup(plan: Plan, base: Mapping[str, Any], *, sessions: Sessions, clock: Clock) -> None:
    """Perform `setup` in fresh sessions: it reads, signs in and drafts, and belongs to no item.

    `base` is `robo.engine.scope.base_names`. A submit there is a load error, so a dry run does the same. A page that
    is broken on the way in is nobody's dossier: raises `PortalDown`, and no item is spent on it."""
    reach("setup")
    await _perform(plan.every_session, "setup", Stage(plan, base=base, sessions=sessions, clock=clock))


async def set_up_host(
    plan: Plan, host: str, base: Mapping[str, Any], *, sessions: Sessions, clock: Clock, witness: Witness | None = None
) -> None:
    """Perform the `setup` of one host, as `perform_setup` does. `witness`: who comes to it, and is told."""
    reach("setup")
    stage = Stage(plan, base=base, sessions=sessions, clock=clock, witness=witness)
    await _perform(plan.by_host[host], "setup", stage)


async def perform_start(plan: Plan, base: Mapping[str, Any], *, sessions: Sessions, clock: Clock) -> None:
    """Perform `start`, as `perform_setup` does, in sessions that are set up."""
    await _perform(plan.start, "start", Stage(plan, base=base, sessions=sessions, clock=clock))


async def _perform(pieces: Sequence[Piece], section: str, stage: Stage) -> None:
    try:
        await Performer(stage, _OfNoItem(section)).run(pieces)
    except PageError as broken:
        raise broken.told_as(PortalDown) from broken


class _OfNoItem:
    """No item is there to be decided about: `setup` or `start` fails."""

    def __init__(self, section: str) -> None:
        self._section = section

    async def refuse(self, outcome: Outcome, step: Step, code: str, says: str, facts: Facts | None = None) -> NoReturn:
        raise Failure(
            "RB560",
            "%(section)s was %(outcome)s at %(step)s: %(says)s",
            remedy="sign in by hand and look at what the application says",
            section=self._section,
            outcome=outcome.value,
            step=step.id,
            says=says or code,
        )

    def hand_over(self, step: Step, code: str, says: str, facts: Facts | None = None) -> None:
        raise AssertionError(step.id)  # refused when the process is loaded

    def output(self, values: Facts) -> None:
        raise AssertionError(values)  # refused when the process is loaded
