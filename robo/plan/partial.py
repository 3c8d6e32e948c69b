"""Rules about effects, pages and overlays where a definition has other problems, so that all come out at once.

Only rules that look at what is whole: one good step, steps none of which was left out, sections without a problem. What
a slip of the keyboard entails is not a problem of its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from robo.definition.diagnostics import Diagnostic
from robo.definition.keys import HOLD_STEPS
from robo.errors import DefinitionError
from robo.model.process import Process
from robo.model.region import Region
from robo.model.text import Path
from robo.plan.build import build, effective_process
from robo.plan.columns import check_writes
from robo.plan.cutting import Cutter
from robo.plan.extending import SECTIONS
from robo.plan.keys import check_keys
from robo.plan.model import every
from robo.plan.pages import check_pages
from robo.plan.problems import Problems
from robo.plan.reviews import check_reviews
from robo.plan.rules import EffectRules
from robo.plan.sequels import check_sequels
from robo.plan.signins import check_signins
from robo.plan.steps import walk
from robo.plan.turns import TurnRules
from robo.sdk.action import ActionSpec

OF_ONE_STEP: Final = frozenset(
    f"RB{number}"
    for number in (*range(402, 411), 412, 419, 420, 424, 425, 427, 428, *range(431, 440), 450, 472, 473, 482)
)
OF_STEP_AND_SECTION: Final[Mapping[str, str]] = {
    "RB474": "items",
    **dict.fromkeys(("RB475", "RB476", "RB477", "RB478", "RB485"), "secrets"),
}
"""Rules of one step, and the section beside it that they look at."""
OF_PAGES: Final = frozenset({"RB416", "RB429", "RB430", "RB479", "RB483"})
STANDS_ON: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("RB440", "RB441", "RB452"), ("inputs",)),
    **dict.fromkeys(("RB442", "RB443", "RB449"), ("tables",)),
    **dict.fromkeys(("RB444", "RB445", "RB447", "RB448"), (*SECTIONS, "finders", "items")),
    **dict.fromkeys(("RB451", "RB458", "RB459", "RB490", "RB491", "RB492"), (*SECTIONS, "finders", "items", "secrets")),
    **dict.fromkeys(("RB494", "RB495"), ("inputs",)),
    **dict.fromkeys(("RB446", "RB496", "RB497"), ()),
    "RB493": ("limits",),
    "RB453": ("version",),
}
"""What the sections of a process must be whole for, before a problem of an overlay beside them is believed."""


def problems_of_good_parts(
    process: Process, region: Region | None, actions: Mapping[str, ActionSpec], known: Sequence[Diagnostic]
) -> tuple[Diagnostic, ...]:
    """What the rules find in parts that have none of the problems that are `known`. Never raises."""
    whole = _Whole(process, known)
    return tuple(each for each in _found(process, region, actions, known) if whole.believes(each))


def _found(
    process: Process, region: Region | None, actions: Mapping[str, ActionSpec], known: Sequence[Diagnostic]
) -> tuple[Diagnostic, ...]:
    if not any(each.position.file == process.file for each in known):
        try:
            build(process, region, actions)
        except DefinitionError as broken:
            return tuple(broken.diagnostics)
        return ()
    problems = Problems(process, region)
    effective = effective_process(process, region, actions, problems)
    cutter = Cutter(actions, {}, {name: finder.step.action for name, finder in effective.finders.items()})
    EffectRules(cutter, effective, problems).check()
    TurnRules(cutter, effective, problems).check()
    check_keys(effective, problems)
    check_reviews(effective, problems)
    check_sequels(cutter, effective, problems)
    check_writes(effective, actions, problems)
    check_signins(effective, actions, problems)
    if not _left_out(process):
        finish = cutter.segments(effective.finish) if effective.finish else ()
        check_pages(effective, tuple(every((*cutter.segments(effective.steps), *finish))), actions, problems)
    return problems.found()


class _Whole:
    """Which parts of a process and its region have no problem."""

    def __init__(self, process: Process, known: Sequence[Diagnostic]) -> None:
        self._file = process.file
        starts = sorted((at.line, path[0]) for path, at in process.positions.items() if _begins(path))
        self._lines = [line for line, _ in starts]
        mine = [each.position for each in known if each.position.file == process.file]
        self._spoilt = {self._part(at.line) for at in mine}
        self._sections = {starts[part - 1][1] for part in self._spoilt if part}
        if any(at.column == 1 for at in mine):
            self._sections.add(STRANGE)
        self._whole = not mine
        self._elsewhere = {(each.position.file, each.position.line) for each in known}

    def _part(self, line: int) -> int:
        return bisect_right(self._lines, line)

    def believes(self, found: Diagnostic) -> bool:
        """Whether nothing that is known may be the cause of this."""
        if found.position.file != self._file:
            needed = STANDS_ON.get(found.code)
            spoilt = (found.position.file, found.position.line) in self._elsewhere
            return needed is not None and not spoilt and not self._sections & {*needed, STRANGE}
        if self._whole:
            return True
        if self._part(found.position.line) in self._spoilt:
            return False
        beside = OF_STEP_AND_SECTION.get(found.code)
        return found.code in OF_ONE_STEP | OF_PAGES or (beside is not None and not self._sections & {beside, STRANGE})


STRANGE: Final = ""
"""Among sections: one whose name is not known, so that any may be the one that was meant."""


def _begins(path: Path) -> bool:
    """Whether a step of a section, or a section, begins there."""
    return len(path) == 1 or (len(path) == 2 and path[0] in SECTIONS)  # noqa: PLR2004 - section and number


def _left_out(process: Process) -> bool:
    """Whether a step or a finder was not understood at all: it may have been what opens a page."""
    kept: set[Path] = {step.path for step in walk(process.every_section)} | {
        ("finders", name) for name in process.finders
    }
    return any(path not in kept for path in _written(process))


def _written(process: Process) -> Iterator[Path]:
    """Where steps and finders stand in the text: `("steps", 0, "do", 1)`."""
    for path in process.positions:
        if (path[:1] == ("finders",) and len(path) == 2) or _is_step(path):  # noqa: PLR2004 - section and name
            yield path


def _is_step(path: Path) -> bool:
    """Whether a step stands there: a member of a list of steps, in steps that hold steps."""
    if len(path) < 2 or path[0] not in SECTIONS:  # noqa: PLR2004 - a section and a number in it
        return False
    if path[0] == "setup" and isinstance(path[1], str):  # by host
        path = (path[0], *path[2:])
    words = {part for part in path[1:] if isinstance(part, str)}
    return isinstance(path[-1], int) and words <= set(HOLD_STEPS) and path[-2] in (*SECTIONS, "do", "next", "else")
