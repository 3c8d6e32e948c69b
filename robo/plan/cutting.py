"""Steps cut into segments, pieces and units: what runs together, and where an effect closes what came before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from robo.model.base import Effect
from robo.model.process import Step, StepKind
from robo.model.text import Expr, Node, Path, Template
from robo.plan.model import Choice, Group, Loop, Once, Part, Piece, Repeat, Segment, Turns, Unit
from robo.plan.outputs import once_outputs
from robo.plan.steps import Actions, inside, opens, page_runners, proves_itself, runner_of, walk

SETTLE = timedelta(seconds=30)
"""Wait before `verify` in doubt, when the step says nothing (page "once protocol", `settle`)."""
DECISION = "when_"
"""Names that hold what the `when` of a block decided, for the steps it is taken apart into, begin so."""
ITEM_KEY = Template("${{ item.key }}", (Expr("item.key"),))
RUN_KEY = Template("${{ run.id }}", (Expr("run.id"),))
"""`finish` happens once a run, and its item has the same key in all of them."""


class Cutter(NamedTuple):
    """Cuts the resolved steps of one process. `finders`: names each finder reads; `searches`: its action."""

    actions: Actions
    finders: Mapping[str, frozenset[str]]
    searches: Mapping[str, str]

    def segments(self, steps: tuple[Step, ...], last: str = "end", key: Node = ITEM_KEY) -> tuple[Part, ...]:
        """Segments in order. The last one has no effect; it is left out when nothing stands after the last effect.

        A loop with effects stands between two segments: what leads to it has none, and each turn has its own. `key`:
        of an effect that proves itself and says no `once`."""
        found: list[Part] = []
        lead: list[Step] = []
        for step in self.flat(steps):
            if step.kind is StepKind.FOR_EACH and self.holds(step):
                if lead:
                    found.append(Segment(index=len(found), id=f"{step.id}-before", lead=self.pieces(lead)))
                found.append(Turns(step=step, segments=self.segments(step.do, f"{step.id}-end", key)))
                lead = []
                continue
            if step.review is not None:
                found.append(Segment(index=len(found), id=step.id, lead=self.pieces(lead), review=step))
                lead = []
                continue
            if not self.is_once(step):
                lead.append(step)
                continue
            lead, own = self._part(lead, step)
            once = self._once(step, own, key)
            found.append(Segment(index=len(found), id=once.id, lead=self.pieces(lead), once=once))
            lead = []
        if lead or not found:
            found.append(Segment(index=len(found), id=last, lead=self.pieces(lead)))
        return tuple(found)

    def is_once(self, step: Step) -> bool:
        """A step with `once`, or an effect whose action brings its own proof."""
        return step.once is not None or self.proves_itself(step)

    def proves_itself(self, step: Step) -> bool:
        """An effect whose action can tell by itself what became of it."""
        return proves_itself(step, self.actions)

    def holds(self, step: Step) -> bool:
        """Whether an effect of the once protocol stands somewhere inside."""
        return any(self.is_once(inner) or self.holds(inner) for inner in inside(step))

    def cuts(self, step: Step) -> bool:
        """Whether a segment ends somewhere inside: with an effect, or with a question to a person."""
        return any(inner.review is not None or self.is_once(inner) or self.cuts(inner) for inner in inside(step))

    def flat(self, steps: tuple[Step, ...]) -> Iterator[Step]:
        """`steps` with the blocks around the end of a segment taken apart: their `when` is decided once, where it
        begins."""
        for step in steps:
            if step.kind is StepKind.BLOCK and not self.is_once(step) and self.cuts(step):
                yield from self.flat(_taken_apart(step))
            elif step.kind is StepKind.CHOOSE and self.cuts(step):
                yield from self.flat(tuple(_ways(step)))
            else:
                yield step

    def pieces(self, steps: list[Step] | tuple[Step, ...]) -> tuple[Piece, ...]:
        """Units and groups in order; consecutive entries of one runner are one unit."""
        found: list[Piece] = []
        together: list[Step] = []
        for step in steps:
            if together and not (self._fuses(step) and runner_of(step.action) == runner_of(together[-1].action)):
                found.append(Unit(tuple(together)))
                together = []
            if step.kind is StepKind.BLOCK:
                rescues = tuple((rescue.on, self.pieces(rescue.do)) for rescue in step.rescue)
                found.append(Group(step, self.pieces(step.do), rescues))
            elif step.kind is StepKind.FOR_EACH:
                found.append(Loop(step, self.pieces(step.do)))
            elif step.kind is StepKind.REPEAT:
                found.append(Repeat(step, self.pieces(step.do), self.pieces(step.next)))
            elif step.kind is StepKind.CHOOSE:
                found.append(Choice(step, tuple((way.when, self.pieces(way.do)) for way in step.branches)))
            elif self._fuses(step):
                together.append(step)
            else:
                found.append(Unit((step,)))
        return (*found, Unit(tuple(together))) if together else tuple(found)

    def _fuses(self, step: Step) -> bool:
        """An entry that leaves nothing, waits for nothing and always runs."""
        spec = self.actions.get(step.action)
        alone = step.when or step.optional or step.expect or step.read or step.refused or step.confirm or step.once
        return spec is not None and spec.entry and not alone and step.effect is not Effect.SUBMIT

    def _part(self, lead: list[Step], step: Step) -> tuple[list[Step], list[Step]]:
        """`lead` in two: what runs before `verify` is asked, and what follows it because the effect needs its page.

        `verify` is asked between the two and leaves the page where it searched."""
        runner = self._looks_with(step)
        first = next((each for each in (step, *walk(step.do)) if runner and runner_of(each.action) == runner), None)
        if first is None or opens(first, self.actions) or step.when is not None:
            return lead, []
        for index in range(len(lead) - 1, -1, -1):
            begins = runner_of(lead[index].action) == runner and opens(lead[index], self.actions)
            if begins and lead[index].when is None and not lead[index].optional:
                return lead[:index], lead[index:]
        return lead, []

    def _looks_with(self, step: Step) -> str:
        """The runner whose page a look before the effect leaves, or an empty text."""
        verify, actions = step.verify, []
        if verify is not None and verify.asks != "after":
            actions = (
                [self.searches.get(verify.finder, "")] if verify.finder else [each.action for each in verify.steps]
            )
        if step.leftover is not None:
            actions.append(self.searches.get(step.leftover.finder, ""))
        return next((runner_of(action) for action in actions if runner_of(action) in page_runners(self.actions)), "")

    def _once(self, step: Step, own: list[Step], key: Node) -> Once:
        inner = (*own, *(unwrap_tail(step.do) if step.do else (step,)))
        before, act = list(inner[:-1]), inner[-1]
        entries: list[Step] = []
        while before and self._fuses(before[-1]) and runner_of(before[-1].action) == runner_of(act.action):
            entries.insert(0, before.pop())
        submit = act if act is step else _merge(step, act)
        return Once(
            step=step,
            key=key if step.once is None else step.once,
            body=self.pieces(before),
            entries=tuple(entries),
            submit=submit,
            verify=step.verify,
            was=step.was,
            settle=SETTLE if step.settle is None else step.settle,
            leftover=self.pieces(step.leftover.do) if step.leftover is not None else (),
            outputs=tuple(f"{step.id}.{name}" for name in sorted(once_outputs(step, self.actions, self.finders))),
        )


def _taken_apart(block: Step) -> tuple[Step, ...]:
    if block.when is None:
        return block.do
    name = _name_of(block.id)
    decision = _decision(name, block.when, block.path, block.title)
    return (decision, *_under(name, block.do))


def _ways(choice: Step) -> Iterator[Step]:
    """The steps of every way, each under a decision that is taken where the choice begins."""
    before = [] if choice.when is None else [f"({choice.when.source})"]
    names: list[str] = []
    for number, way in enumerate(choice.branches, 1):
        name = _name_of(f"{choice.id}_{number}")
        asked = [*before, *(f"not {earlier}" for earlier in names), *([f"({way.when.source})"] if way.when else [])]
        yield _decision(name, Expr(" and ".join(asked) or "true"), way.path, choice.title)
        names.append(name)
    for name, way in zip(names, choice.branches, strict=True):
        yield from _under(name, way.do)


def _name_of(step: str) -> str:
    return f"{DECISION}{re.sub(r'[^0-9A-Za-z_]', '_', step)}"


def _under(name: str, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(step.model_copy(update={"when": _both(name, step.when)}) for step in steps)


def _decision(name: str, when: Expr, path: Path, title: str) -> Step:
    asked = Template("${{ " + when.source + " }}", (when,))
    return Step(id=name, kind=StepKind.SET, title=title, path=path, effect=Effect.READ, assign={name: asked})


def _both(name: str, when: Expr | None) -> Expr:
    return Expr(name) if when is None else Expr(f"{name} and ({when.source})")


def unwrap_tail(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps whose last one is not a plain block: a block at the end that always runs is opened."""
    while steps and steps[-1].kind is StepKind.BLOCK and not _may_end(steps[-1]):
        steps = (*steps[:-1], *steps[-1].do)
    return steps


def _may_end(block: Step) -> bool:
    """Whether the last step of a block may not be the last that is performed."""
    return block.when is not None or block.optional or bool(block.rescue)


def _merge(block: Step, act: Step) -> Step:
    """The submitting action with what its block says about the answer."""
    read: dict[str, Node] = {**(block.read or {}), **(act.read or {})}
    return act.model_copy(
        update={
            "read": read or None,
            "refused": block.refused + act.refused,
            "expect": block.expect + act.expect,
        }
    )
