"""The columns that a plan writes into: a source without them is refused before anything is begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from robo.model.process import Step
from robo.plan.model import Part, Plan, every, performed
from robo.plan.steps import params_of


def written_columns(plan: Plan) -> tuple[str, ...]:
    """The columns of the source that some step writes, in the order of the steps. What is `optional` may miss them."""
    return _columns(plan, plan.every_part)


def noted_columns(plan: Plan) -> tuple[str, ...]:
    """Those in which only `on_rejected` and `on_skipped` write: what became of a row is no change of it."""
    others = set(_columns(plan, (*plan.segments, *plan.finish)))
    return tuple(name for name in _columns(plan, tuple(chain(*plan.sequels.values()))) if name not in others)


def _columns(plan: Plan, parts: tuple[Part, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for step in _steps(parts):
        spec = plan.actions.get(step.action)
        if spec is None or spec.columns_param is None or step.optional:
            continue
        given = params_of(spec, step.params)
        columns = given.get(spec.columns_param)
        if isinstance(columns, Mapping) and "file" not in given:
            found.update(dict.fromkeys(columns))
    return tuple(found)


def _steps(parts: tuple[Part, ...]) -> Iterator[Step]:
    for segment in every(parts):
        yield from performed((*segment.lead, *(segment.once.body if segment.once else ())))
