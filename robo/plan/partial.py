"""Effect rules on a definition that has other problems, so that all of them come out at once.

Only rules that look at one step, and only on steps in which nothing else is wrong: what a slip of the keyboard entails
is not a problem of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Final

from robo.definition.diagnostics import Diagnostic
from robo.model.process import Process
from robo.plan.build import effective_process
from robo.plan.cutting import Cutter
from robo.plan.keys import check_keys
from robo.plan.problems import Problems
from robo.plan.rules import EffectRules
from robo.sdk.action import ActionSpec

OF_ONE_STEP: Final = frozenset(
    f"RB{number}" for number in (402, 403, 404, 405, 406, 407, 408, 409, 410, 412, 419, 420, 424, 425, 427, 428, 431)
)
SECTIONS: Final = ("setup", "steps", "finish")


def problems_of_good_steps(
    process: Process, actions: Mapping[str, ActionSpec], known: Iterable[Diagnostic]
) -> tuple[Diagnostic, ...]:
    """What the rules find in steps that have none of the problems that are `known`. Never raises."""
    problems = Problems(process, None)
    effective = effective_process(process, None, actions, problems)
    EffectRules(Cutter(actions, {}, {}), effective, problems).check()
    check_keys(effective, problems)
    starts = sorted({at.line for path, at in process.positions.items() if _begins(path)})
    spoilt = {bisect_right(starts, each.position.line) for each in known}
    return tuple(
        each
        for each in problems.found()
        if each.code in OF_ONE_STEP and bisect_right(starts, each.position.line) not in spoilt
    )


def _begins(path: tuple[str | int, ...]) -> bool:
    """Whether a step of a section, or a section, begins there."""
    return len(path) == 1 or (len(path) == 2 and path[0] in SECTIONS)  # noqa: PLR2004 - section and number
