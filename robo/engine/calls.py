"""A step with its values put in: the call a session understands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, get_args

from robo.engine.scope import Names
from robo.model.base import Effect
from robo.model.process import Refusal, Step
from robo.model.text import Node
from robo.plan.model import Plan
from robo.plan.steps import params_of
from robo.sdk.action import ActionSpec, Params
from robo.sdk.grammar import parse_params, parse_target, parse_watch
from robo.sdk.markdown import literal
from robo.sdk.parameters import spread
from robo.sdk.runner import Call
from robo.sdk.targets import Target
from robo.sdk.values import Address


async def make_call(plan: Plan, step: Step, names: Names, *, in_once: bool = False, within: Node | None = None) -> Call:
    """`step` evaluated and typed. `within`: the block's own place, in which the step's lies."""
    spec = plan.actions[step.action]
    params = await _params(spec, step.params, names)
    return Call(
        step=step.id,
        action=step.action,
        params=params.model_copy(update={"source": names.source}) if spec.needs_source else params,
        effect=step.effect or spec.effect,
        timeout=seconds_of(plan, step),
        in_once=in_once,
        confirm=step.confirm,
        within=await _place(names, step.within, within),
        watch=parse_watch(
            read=None if step.read is None else await names.render(step.read),
            refused=[(await names.render(refusal.target), refusal.code) for refusal in step.refused],
            expect=[await names.render(target) for target in step.expect],
        ),
    )


async def _params(spec: ActionSpec, node: Node, names: Names) -> Params:
    """The parameters, evaluated and typed; those that stand for each row of another are so once for each."""
    each = spec.each
    if each is None:
        return parse_params(spec, await _given(spec, node, names))
    given = dict(params_of(spec, node))
    columns = given.pop(each.columns)
    assert isinstance(columns, Mapping)  # noqa: S101 - the loader lets nothing else through
    tree = await names.render(given)
    rows = tree[each.rows]
    many = rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ()
    lines = [await names.render(columns, extra={"row": row}, keep_missing=True) for row in many]
    params = parse_params(spec, {**tree, each.columns: lines[0] if lines else dict.fromkeys(columns, "")})
    return params.model_copy(update={each.lines: tuple(lines)})


async def _given(spec: ActionSpec, node: Node, names: Names) -> Any:
    """The parameters evaluated; in a text that is Markdown, values stay what they are."""
    if spec.text_param is None:
        return await names.render(node)
    rest = spread(spec, node)
    text = rest.pop(spec.text_param, None)
    given = await names.render(rest)
    return given if text is None else {**given, spec.text_param: await names.render(text, literal=literal)}


async def _place(names: Names, inner: Node | None, outer: Node | None) -> Target | None:
    own = None if inner is None else parse_target(await names.render(inner))
    around = None if outer is None else parse_target(await names.render(outer))
    if own is None or around is None:
        return own or around
    return _inside(own, around)


def _inside(target: Target, around: Target) -> Target:
    within = around if target.within is None else _inside(target.within, around)
    return target.model_copy(update={"within": within})


def seconds_of(plan: Plan, step: Step) -> float:
    """The time-out of a step."""
    return step.timeout.total_seconds() if step.timeout is not None else plan.actions[step.action].timeout


def addresses(calls: Sequence[Call]) -> tuple[str, ...]:
    """Where calls go, as their parameters say it."""
    given = (getattr(call.params, name) for call in calls for name in _addressed(type(call.params)))
    return tuple(address for address in given if address)


@cache
def _addressed(params: type[Params]) -> tuple[str, ...]:
    """The parameters that are addresses."""
    fields = params.model_fields.items()
    return tuple(name for name, each in fields if Address in (each.annotation, *get_args(each.annotation)))


def is_harmless(call: Call) -> bool:
    """Nothing it does has a consequence before a submit."""
    return call.effect.rank <= Effect.DRAFT.rank


async def words_for(names: Names, refusals: tuple[Refusal, ...], code: str) -> str:
    """What the author says about a refusal with this code ('' when nothing)."""
    for refusal in refusals:
        if refusal.code == code:
            return str(await names.render(refusal.says))
    return ""


def declared_words(refusals: tuple[Refusal, ...], code: str) -> str:
    """The application's words that the author declared for a refusal with this code, for when they are not at hand."""
    for target in (refusal.target for refusal in refusals if refusal.code == code):
        words = target.values() if isinstance(target, Mapping) else (target,)
        return next((word for word in words if isinstance(word, str)), "")
    return ""


def told(call: Call) -> str:
    """What a call is about, for a person before it is done: the action, and its parameters as they were given."""
    given = call.params.model_dump(exclude_defaults=True, exclude={"source"})
    said = ", ".join(_said(value) if len(given) == 1 else f"{name}: {_said(value)}" for name, value in given.items())
    return f"{call.action} {said}".rstrip()


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        if set(value) == {"name"}:  # a target that is a name only
            return f"«{value['name']}»"
        return ", ".join(f"{name} = {_said(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_said(each) for each in value)
    return f"«{value}»"
