"""What steps leave behind, and whether what is used later is always there.

That a name exists at all was checked when the process was loaded; here it is whether every path gives it a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from robo.definition.diagnostics import nearest
from robo.model.process import Step, StepKind, Verify
from robo.model.text import Expr, Node, Path
from robo.plan.mentions import Mention, mentions
from robo.plan.problems import Problems
from robo.plan.steps import Actions, params_of, ways

Finders = Mapping[str, frozenset[str]]


def results_of(step: Step, actions: Actions) -> frozenset[str]:
    """The names an action leaves: its own, those of its result parameter, those of the step's `read`."""
    spec = actions.get(step.action)
    named = set(step.read or {})
    if spec is not None:
        named |= set(spec.results)
        asked = params_of(spec, step.params).get(spec.result_param) if spec.result_param else None
        named |= set(asked) if isinstance(asked, Mapping) else set()
    return frozenset(named)


def captured(verify: Verify, actions: Actions, finders: Finders) -> frozenset[str]:
    """The values a `verify` reads from the application: they are the receipt when no answer was read."""
    if verify.finder is not None:
        return finders.get(verify.finder, frozenset())
    return frozenset(name for step in verify.steps for name in results_of(step, actions))


def answered(step: Step, actions: Actions) -> frozenset[str]:
    """The values read from the answer to a submit: `read` of the once step or of its last action."""
    named = set(step.read or {})
    last = step
    while last.do:
        last = last.do[-1]
        named |= set(last.read or {})
    spec = actions.get(last.action)
    return frozenset(named | set(spec.results if spec is not None else ()))


def once_outputs(step: Step, actions: Actions, finders: Finders) -> frozenset[str]:
    """The names that exist however the effect was confirmed: by its answer, or by `verify` after a doubt."""
    read = answered(step, actions)
    if step.verify is None:
        return read
    found = captured(step.verify, actions, finders)
    return read & found if read else found


@dataclass(frozen=True, slots=True)
class _Left:
    """Under which conditions a step leaves something; `names`: what of an effect is certain to be known."""

    guards: frozenset[str]
    names: frozenset[str] | None = None
    also: tuple[frozenset[str], ...] = ()
    """Further conditions under which it is there: behind a step that ends the item without it."""

    def there(self, guards: frozenset[str]) -> bool:
        """Whether it is there where these conditions hold."""
        return any(each <= guards for each in (self.guards, *self.also))


class Usage:
    """Follows the steps in their order and reports what is used and may not be there."""

    def __init__(self, actions: Actions, finders: Finders, problems: Problems) -> None:
        self._actions = actions
        self._finders = finders
        self._problems = problems
        self._left: dict[str, _Left] = {}

    def follow(self, steps: tuple[Step, ...], guards: frozenset[str] = frozenset()) -> None:
        """Check the steps of one level and remember what they leave. `guards`: conditions around them."""
        for step in steps:
            inside = guards | {step.when.source} if step.when is not None else guards
            for path, mention in uses_of(step):
                self._check(path, mention, inside)
            within = inside | {f"optional {step.id}"} if step.optional else inside
            if step.leftover is not None:
                self.follow(step.leftover.do, within | {f"leftover {step.id}"})
            perhaps = {f"rescued {step.id}"} if step.rescue else {f"turn {step.id}"} if step.each is not None else set()
            self.follow(step.do, within | perhaps)
            for path, mention in asked_inside(step):
                self._check(path, mention, within)
            self.follow(step.next, within | {f"again {step.id}"})
            for number, way in enumerate(ways(step)):
                self.follow(way, within | {f"way {step.id} {number}"})
            self._remember(step, inside)

    def _remember(self, step: Step, guards: frozenset[str]) -> None:
        guards = guards | {f"optional {step.id}"} if step.optional else guards
        for name in _ended_without(step):
            if (left := self._left.get(name)) is not None:
                self._left[name] = replace(left, also=(*left.also, guards))
        if step.kind is StepKind.SET:
            for name in step.assign:
                self._left[name] = _Left(guards)
        elif step.once is not None:
            self._left[step.id] = _Left(guards, once_outputs(step, self._actions, self._finders))
        elif step.kind in {StepKind.ACTION, StepKind.CHECK, StepKind.REVIEW}:
            self._left[step.id] = _Left(guards)

    def _check(self, path: Path, mention: Mention, guards: frozenset[str]) -> None:
        left = self._left.get(mention.root)
        if left is None:
            return
        if left.names is not None and len(mention.parts) > 1 and mention.parts[1] not in left.names:
            self._report_uncertain(path, mention, left.names)
        elif not (left.there(guards) or mention.guarded):
            self._problems.report(
                "RB423",
                "%(name)s is used here, but the step that gives it does not always run",
                path,
                remedy="give this step the same `when`, or say what happens without it: "
                "`%(name)s is missing`, `%(name)s | default('')`",
                name=str(mention),
            )

    def _report_uncertain(self, path: Path, mention: Mention, names: frozenset[str]) -> None:
        self._problems.report(
            "RB422",
            "%(name)s is not always known: it must be read from the answer and by `verify`",
            path,
            meant=nearest(mention.parts[1], names),
            expected="one of: %(known)s" if names else "",
            remedy="read it in both places, or only in `verify`: after a crash the answer is gone "
            "and only `verify` can tell",
            name=str(mention),
            known=", ".join(sorted(names)),
        )


def _ended_without(step: Step) -> Iterator[str]:
    """The names without which a step ends the item: `reject_if: x is missing or …`."""
    ends = {StepKind.REJECT_IF, StepKind.SKIP_IF}
    conditions = [step.condition] if step.kind in ends and step.condition is not None else []
    if step.kind is StepKind.CHECK and step.otherwise == "reject":
        conditions = [rule.condition for rule in step.rules]
    for condition in conditions:
        plain = QUOTED.sub("''", condition.source)
        if "(" not in plain and " if " not in plain:
            lacking = (LACKING.fullmatch(part.strip()) for part in plain.split(" or "))
            yield from (found[1] for found in lacking if found)


QUOTED: Final = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
LACKING: Final = re.compile(r"(\w+)(?:\.\w+)* is missing")


def uses_of(step: Step) -> Iterator[tuple[Path, Mention]]:
    """Every name a step itself mentions, with the place of the mention."""
    members: tuple[tuple[str, Node | Expr | None], ...] = (
        (step.action, step.params),
        ("when", step.when),
        ("within", step.within),
        ("expect", step.expect),
        ("read", step.read),
        ("once", step.once),
        (step.kind.value, step.condition),
        ("note" if step.kind is StepKind.NOTE else "message", step.message),
        *(("check", part) for rule in step.rules for part in (rule.condition, rule.says, rule.title)),
        ("output" if step.kind is StepKind.OUTPUT else "set", step.assign),
        ("for_each", step.each),
        ("key", step.key),
        ("review", asked_of(step)),
        ("refused", tuple(part for refusal in step.refused for part in (refusal.target, refusal.says))),
    )
    conditions = [(way.path, way.when) for way in step.branches]
    conditions += [(step.leftover.path, step.leftover.when)] if step.leftover is not None else []
    for path, when in conditions:
        for mention in sorted(mentions(when).names, key=str):
            yield (*path, "when"), mention
    for member, node in members:
        for mention in sorted(mentions(node).names, key=str):
            yield (*step.path, member), mention
    for mention in sorted(looked_for(step.verify), key=str):
        if mention.root == "find":
            yield (*step.path, "verify"), mention


def asked_of(step: Step) -> Node:
    """What a review says and shows, and what its corrections begin with."""
    review = step.review
    return () if review is None else (review.title, *review.show.values(), *(each.value for each in review.edit))


def asked_inside(step: Step) -> Iterator[tuple[Path, Mention]]:
    """What a step mentions after its own steps were performed: the `until` of a repetition."""
    for mention in sorted(mentions(step.until).names, key=str):
        yield (*step.path, "repeat", "until"), mention


def looked_for(verify: Verify | None) -> frozenset[Mention]:
    """Every name that the conditions of a `verify` mention."""
    if verify is None:
        return frozenset()
    asked = (verify.found_if, verify.absent_if, verify.ours_if)
    return frozenset(each for node in asked for each in mentions(node).names)
