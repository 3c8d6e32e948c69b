"""Effects in steps that hold steps: a second attempt must find its way through them as the first one did.

What leads to such a loop runs again in each attempt, and so does the reading of its list; turns are found by their keys
alone. That is safe as long as whether there is a loop does not depend on what may read otherwise the second time, and
each `verify` looks for its own turn. Likewise a choice: two ways of it would be gone if the second attempt chose anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from robo.model.base import Effect
from robo.model.process import Process, Step, StepKind
from robo.model.text import Expr, Path
from robo.plan.cutting import Cutter
from robo.plan.keys import Sources
from robo.plan.mentions import mentions
from robo.plan.problems import Problems
from robo.plan.steps import inside, walk

STANDING = frozenset({"item", "inputs", "region", "process", "run"})
"""Roots that every attempt of an item reads alike."""


class TurnRules:
    """The rules of loops with effects, over the resolved steps of one process."""

    def __init__(self, cutter: Cutter, process: Process, problems: Problems) -> None:
        self._cutter = cutter
        self._problems = problems
        self._process = process
        self._sources = Sources(process)
        self._standing = STANDING | set(_journaled(process.steps)) | set(_journaled(process.finish))

    def check(self) -> None:
        """Report everything that breaks one."""
        for steps in (self._process.steps, *self._process.sequels.values(), self._process.finish):
            self._steps(steps, ())
            for step in walk(steps):
                self._nested(step)

    def _nested(self, step: Step) -> None:
        """Where an effect cannot stand at all."""
        if step.kind is StepKind.REPEAT:
            self._repeat(step)
        self._rescue(step)
        self._leftover(step)

    def _rescue(self, block: Step) -> None:
        """Never around an effect: what looks like a time-out may be a submit that was accepted."""
        for step in self._effects(inside(block)) if block.rescue else ():
            self._problems.report(
                "RB439",
                "%(once)s cannot stand in a block with `rescue`: an effect is verified, not rescued",
                _place(step),
                remedy="put it behind the block",
                once=step.id,
            )

    def _repeat(self, loop: Step) -> None:
        for step in self._effects(inside(loop)):
            self._problems.report(
                "RB438",
                "%(once)s cannot stand in a repeat: after a crash nothing would tell which of its times are done",
                _place(step),
                remedy="go through a list instead: `for_each` with a `key`",
                once=step.id,
            )

    def _leftover(self, block: Step) -> None:
        for step in self._effects(block.leftover.do) if block.leftover is not None else ():
            self._problems.report(
                "RB450",
                "%(once)s cannot stand in a leftover: it puts a draft in order, before anything is submitted",
                _place(step),
                remedy="use a step of effect draft (`browser.next`), or declare the request as a draft of the host",
                once=step.id,
            )

    def _effects(self, steps: tuple[Step, ...]) -> Iterator[Step]:
        """Those that submit, each with all that is inside it."""
        for step in steps:
            if self._cutter.is_once(step) or step.effect is Effect.SUBMIT:
                yield step
            else:
                yield from self._effects(inside(step))

    def _steps(self, steps: tuple[Step, ...], around: tuple[Step, ...]) -> None:
        """`around`: what stands around these steps, outermost first."""
        for step in steps:
            if step.once is None:
                if step.kind is StepKind.FOR_EACH and self._cutter.holds(step):
                    self._loop(step, around)
                if step.kind is StepKind.CHOOSE and self._cutter.holds(step):
                    self._choice(step)
                self._steps(inside(step), (*around, step))

    def _loop(self, loop: Step, around: tuple[Step, ...]) -> None:
        if loop.optional:
            self._problems.report("RB425", "an effect cannot be optional", (*loop.path, "optional"), remedy="remove it")
        self._key(loop)
        for outer in (*around, loop):
            self._decided(loop, outer)
        for step in walk(loop.do):
            if self._cutter.is_once(step) and step.verify is not None:
                self._verify(loop, step)

    def _key(self, loop: Step) -> None:
        if loop.key is None:
            self._problems.report(
                "RB434",
                "the turns of %(loop)s have effects, so it needs `key`: after a crash it tells which turns are done",
                (*loop.path, "for_each"),
                remedy='add what names an element: `key: "${{ %(name)s.… }}"`',
                loop=loop.id,
                name=loop.as_,
            )
        elif not any(name.root == loop.as_ for name in mentions(loop.key).names):
            self._problems.report(
                "RB435",
                "the key of %(loop)s is the same for every turn: only the first would ever be done",
                (*loop.path, "key"),
                remedy='use what names an element: `key: "${{ %(name)s.… }}"`',
                loop=loop.id,
                name=loop.as_,
            )

    def _decided(self, loop: Step, step: Step) -> None:
        """Whether there is a loop must not be decided otherwise by the second attempt: its turns would be forgotten."""
        moving = self._moving(step.when)
        if moving:
            self._problems.report(
                "RB436",
                "whether %(loop)s runs depends on %(moving)s, which may read otherwise in a second attempt, "
                "when some of its turns are done",
                (*step.path, "when"),
                remedy="decide by the item or the inputs; or put the `when` on the steps inside",
                loop=loop.id,
                moving=", ".join(moving),
            )

    def _choice(self, choice: Step) -> None:
        """Two ways would be gone, one after the other, if the second attempt chose anew."""
        for when, path in ((choice.when, choice.path), *((way.when, way.path) for way in choice.branches)):
            moving = self._moving(when)
            if moving:
                self._problems.report(
                    "RB436",
                    "which way of %(choice)s is gone depends on %(moving)s, which may read otherwise in a second "
                    "attempt, when an effect of another way is done",
                    (*path, "when"),
                    remedy="decide by the item, the inputs, or what an effect before it left",
                    choice=choice.id,
                    moving=", ".join(moving),
                )

    def _moving(self, when: Expr | None) -> list[str]:
        return self._sources.standing(when, self._standing)

    def _verify(self, loop: Step, step: Step) -> None:
        """A look that does not know its turn finds the effect of another one."""
        verify = step.verify
        asked = [] if verify is None else [part for each in walk(verify.steps) for part in (each.params, each.within)]
        if not any(name.root == loop.as_ for node in asked for name in self._sources.names(node)):
            self._problems.report(
                "RB437",
                "`verify` of %(step)s looks for the same in every turn of %(loop)s: it would take one turn's effect "
                "for another's",
                (*step.path, "verify"),
                remedy="write the look here, with what names the turn: "
                '`verify: {browser.find_row: {…, where: {N°: "${{ %(name)s.… }}"}}}`',
                step=step.id,
                loop=loop.id,
                name=loop.as_,
            )


def _place(effect: Step) -> Path:
    return (*effect.path, "once" if effect.once is not None else effect.action)


def _journaled(steps: tuple[Step, ...]) -> Iterator[str]:
    """The effects and reviews whose values are kept for the next attempt, those in loops left out: there are several
    of each."""
    for step in steps:
        if step.once is not None or step.review is not None:
            yield step.id
        elif step.kind is not StepKind.FOR_EACH:
            yield from _journaled(inside(step))
