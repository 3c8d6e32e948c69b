"""The columns that a plan writes into: a source without rows to write into is refused when the process is read, one
without the columns before anything is begun."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from robo.model.process import Process, Step
from robo.plan.model import Part, Plan, every, performed
from robo.plan.problems import Problems
from robo.plan.steps import Actions, params_of, walk


def check_writes(process: Process, actions: Actions, problems: Problems) -> None:
    """Report steps that write into the item's row where items come of no row that can be written."""
    source = process.items.source if process.items is not None else None
    spec = actions.get(source.action) if source is not None else None
    writable = source is not None and (spec is None or spec.writable)  # of what nobody gives, that alone is said
    origin = source.action if source is not None else "-"
    of_items = () if writable else chain(process.steps, *process.sequels.values())
    for step in walk((*of_items, *process.finish)):
        own = actions.get(step.action)
        if own is not None and own.columns_param is not None:
            problems.report(
                "RB474",
                "%(action)s writes into the row an item came from, and no row of a file is here (items come from "
                "%(origin)s)",
                (*step.path, step.action),
                remedy="write it down elsewhere: `files.append_row`, `note`, or a mail of `finish`",
                action=step.action,
                origin=origin,
            )


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
