"""The columns that a plan writes into: a source without them is refused before anything is begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from robo.model.process import Step
from robo.plan.model import Plan, every, performed
from robo.plan.steps import params_of


def written_columns(plan: Plan) -> tuple[str, ...]:
    """The columns of the source that some step writes, in the order of the steps. What is `optional` may miss them."""
    found: dict[str, None] = {}
    for step in _steps(plan):
        spec = plan.actions.get(step.action)
        if spec is None or spec.columns_param is None or step.optional:
            continue
        given = params_of(spec, step.params)
        columns = given.get(spec.columns_param)
        if isinstance(columns, Mapping) and "file" not in given:
            found.update(dict.fromkeys(columns))
    return tuple(found)


def _steps(plan: Plan) -> Iterator[Step]:
    for segment in every(plan.segments):
        yield from performed((*segment.lead, *(segment.once.body if segment.once else ())))
