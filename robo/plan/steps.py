"""Steps made ready: each action with its final effect and time-out, targets nested in their blocks' `within`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from robo.definition.diagnostics import nearest
from robo.model.base import Effect
from robo.model.process import Step, StepKind
from robo.model.text import Node, Template
from robo.plan.problems import Problems
from robo.sdk.action import ActionSpec, Proof
from robo.sdk.parameters import spread

Actions = Mapping[str, ActionSpec]


def runner_of(action: str) -> str:
    """`browser.fill` -> `browser`."""
    return action.partition(".")[0]


def page_runners(actions: Actions) -> frozenset[str]:
    """The runners that work on pages: those with an action that begins on a page of its own."""
    return frozenset(runner_of(name) for name, spec in actions.items() if spec.opens)


def inside(step: Step) -> tuple[Step, ...]:
    """The steps that stand directly in a step, `verify` left out."""
    before = step.leftover.do if step.leftover is not None else ()
    return (*before, *step.do, *step.next, *(inner for way in ways(step) for inner in way))


def ways(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The lists of steps of which at most one is performed: the ways of a choice, the rescues of a block."""
    return (*(way.do for way in step.branches), *(rescue.do for rescue in step.rescue))


def change_inside(step: Step, change: Callable[[tuple[Step, ...]], tuple[Step, ...]]) -> dict[str, object]:
    """What `step` is updated with to have each of its lists of steps changed."""
    leftover = step.leftover
    return {
        "do": change(step.do),
        "next": change(step.next),
        "branches": tuple(way.model_copy(update={"do": change(way.do)}) for way in step.branches),
        "rescue": tuple(rescue.model_copy(update={"do": change(rescue.do)}) for rescue in step.rescue),
        "leftover": leftover and leftover.model_copy(update={"do": change(leftover.do)}),
    }


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Every step, blocks before their own steps, `verify` left out."""
    for step in steps:
        yield step
        yield from walk(inside(step))


def effect_of(step: Step) -> Effect:
    """The strongest effect of a resolved step and of all steps inside it."""
    own = step.effect or Effect.READ
    return max((own, *(effect_of(inner) for inner in inside(step))), key=lambda effect: effect.rank)


def params_of(spec: ActionSpec, node: Node) -> Mapping[str, Node]:
    """The parameters as the author named them; a short form is the primary parameter."""
    return {name: value for name, value in spread(spec, node).items() if name}


def proves_itself(step: Step, actions: Actions, effect: Effect | None = None) -> bool:
    """An effect whose action can tell by itself what became of it. `effect`: of a step that is not resolved yet."""
    spec = actions.get(step.action)
    if spec is None or spec.proof is Proof.NONE or (effect or step.effect) is not Effect.SUBMIT:
        return False
    return spec.proof_needs is None or spec.proof_needs in params_of(spec, step.params)


def opens(step: Step, actions: Actions) -> bool:
    """Whether a step begins on a page of its own."""
    spec = actions.get(step.action)
    return spec is not None and (spec.opens or "at" in params_of(spec, step.params))


def resolve_all(steps: tuple[Step, ...], actions: Actions, problems: Problems) -> tuple[Step, ...]:
    """`steps` with effects, time-outs and `within` in their final form."""
    return tuple(resolve(step, actions, problems) for step in steps)


def resolve(step: Step, actions: Actions, problems: Problems) -> Step:
    """One step and everything in it. An action nobody gives is reported and read as harmless. One that proves itself is
    known by its own name where it has no other: the place where it stands may change, its journal may not."""
    if step.kind is StepKind.BLOCK:
        step = _nest(step)
    verify = step.verify
    if verify is not None and verify.steps:
        verify = verify.model_copy(update={"steps": resolve_all(verify.steps, actions, problems)})
    update: dict[str, object] = {
        "verify": verify,
        **change_inside(step, lambda steps: resolve_all(steps, actions, problems)),
    }
    if step.kind is StepKind.ACTION:
        update |= _resolve_action(step, actions, problems)
    if step.called and step.once is None and not proves_itself(step.model_copy(update=update), actions):
        update["was"] = ()  # what was called otherwise is known by its effects only
    return step.model_copy(update=update)


def _resolve_action(step: Step, actions: Actions, problems: Problems) -> dict[str, object]:
    spec = actions.get(step.action)
    if spec is None:
        problems.report(
            "RB401",
            "no installed runner gives the action %(action)s",
            (*step.path, step.action),
            meant=nearest(step.action, actions),
            remedy="look at `robo actions list`, or install the runner that gives it",
            action=step.action,
        )
        return {"effect": step.effect or Effect.READ, "timeout": step.timeout or timedelta(seconds=10)}
    if step.effect is not None and step.effect.rank < spec.effect.rank:
        problems.report(
            "RB402",
            "%(action)s has the effect %(own)s; a step may raise it, never lower it to %(given)s",
            (*step.path, "effect"),
            remedy="remove `effect`, or declare on the host which requests are harmless: "
            "`hosts: {name: {url, reads: [POST /path]}}`",
            action=step.action,
            own=spec.effect.value,
            given=step.effect.value,
        )
    effect = max(step.effect or Effect.READ, spec.effect, key=lambda effect: effect.rank)
    known_as = {"id": journal_id(step, spec)} if proves_itself(step, actions, effect) else {}
    return {"effect": effect, "timeout": step.timeout or timedelta(seconds=spec.timeout), **known_as}


def journal_id(step: Step, spec: ActionSpec) -> str:
    """By what the journal knows an effect that proves itself: its id, else the name of its action, behind the name of
    the call that brings it."""
    return step.id if step.named else f"{step.called}{spec.name}"


def _nest(block: Step) -> Step:
    """The block with its `within` moved into its steps; as it was when one of them cannot take it."""
    if block.within is None:
        return block
    inner = tuple(_within(step, block.within) for step in block.do)
    if any(step is None for step in inner):
        return block
    return block.model_copy(update={"within": None, "do": tuple(step for step in inner if step is not None)})


def _within(step: Step, around: Node) -> Step | None:
    """`step` inside `around` too, or None when its own `within` has no place for it (a bare text or a template)."""
    if step.kind not in {StepKind.ACTION, StepKind.BLOCK}:
        return step
    own = step.within
    if own is None:
        return step.model_copy(update={"within": around})
    if isinstance(own, str | Template | tuple) or "within" in own:
        return None
    return step.model_copy(update={"within": {**own, "within": around}})
