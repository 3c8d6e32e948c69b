"""What a time study was made of: a digest of the effects of a process and of what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from robo.model.process import Step, StepKind
from robo.plan.digest import digest_of, plain
from robo.plan.model import Part, Plan, every, performed

_SIEVES: Final = frozenset({StepKind.SKIP_IF, StepKind.REJECT_IF, StepKind.HAND_OVER_IF, StepKind.CHECK})
"""What decides which items the robot does not do: with it, which of them were easy."""


def effects_digest(plan: Plan) -> str:
    """SHA-256, in hexadecimal, of the effect steps, the filters and the unit of a process in a region. A baseline holds
    while it is the same: titles, reading steps and waits may change. Whoever does more, or picks other items, measures
    again."""
    items = plan.items
    return digest_of(
        {
            "counts": plain(plan.counts),
            "done_by": plan.done_by,
            "only_if": plain(items.only_if) if items is not None else None,
            "steps": [_untitled(step) for step in _steps(plan.segments)],
        }
    )


def _steps(parts: tuple[Part, ...]) -> Iterator[Step]:
    for segment in every(parts):
        before = (*segment.lead, *(segment.once.body if segment.once else ()))
        yield from (step for step in performed(before) if step.kind in _SIEVES)
        if segment.once is not None:
            yield segment.once.step


def _untitled(step: Step) -> Any:
    return plain(step.model_copy(update={"title": ""}))
