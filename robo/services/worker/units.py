"""What one item counts as: the keys of its units of credit, known before its first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from robo.definition.expressions import evaluate, render
from robo.definition.operators import is_list, kind_of
from robo.errors import BadExpression, InfrastructureError, RoboError, phrase
from robo.model.process import Counts

PERIODS: Final[Mapping[str, Callable[[date], str]]] = {
    "day": date.isoformat,
    "week": lambda day: "{}-W{:02d}".format(*day.isocalendar()[:2]),
    "month": lambda day: f"{day:%Y-%m}",
    "year": lambda day: f"{day:%Y}",
}
"""How a day's period is called in the key of a unit that counts once in each."""


def unit_keys(counts: Counts, item_key: str, names: Mapping[str, Any], day: date) -> tuple[str, ...]:
    """The unit's key, or one for each part of the item (`each`), every one once. Raises what its expressions raise.

    A key is the same in every pass and every run, but for its `period`: a unit counts once, or once in each period."""
    if counts.each is None:
        found = [item_key if counts.key is None else str(render(counts.key, names))]
    else:
        parts = evaluate(counts.each, names)
        if not is_list(parts):
            raise BadExpression(
                "RB320",
                "%(filter)s works with a %(wanted)s, but %(name)s is a %(kind)s",
                filter="each",
                wanted=("list",),
                name=counts.each.source,
                kind=kind_of(parts),
            )
        found = [str(render(counts.key or "", {**names, counts.as_: part})) for part in parts]
    period = f"@{PERIODS[counts.period](day)}" if counts.period else ""
    return tuple(dict.fromkeys(f"{key}{period}" for key in found))


def uncounted(key: str, why: RoboError) -> RoboError:
    """RB549: nobody can say what an item would be credited for."""
    return InfrastructureError(
        "RB549",
        "nothing is credited for %(key)s: what it counts as cannot be told (%(why)s)",
        place=key,
        remedy="look at `counts` of the process; the work itself was not hindered",
        key=key,
        why=phrase(why.message, **why.facts),
    )
