"""`on_rejected` and `on_skipped`: what may be done about an item that has ended already."""

from __future__ import annotations

from robo.model.base import Effect
from robo.model.process import Process, Step
from robo.plan.cutting import Cutter
from robo.plan.problems import Problems
from robo.plan.rules import ends, hands_over
from robo.plan.steps import walk


def check_sequels(cutter: Cutter, process: Process, problems: Problems) -> None:
    """Report steps that would change what became of the item, or that could not be done again after a crash."""
    for outcome, steps in process.sequels.items():
        for step in walk(steps):
            _check(cutter, step, f"on_{outcome}", problems)


def _check(cutter: Cutter, step: Step, section: str, problems: Problems) -> None:
    if ends(step) or hands_over(step):
        problems.report(
            "RB472",
            "%(word)s cannot stand in %(section)s: the item has ended already",
            (*step.path, step.kind.value),
            remedy="a condition on a step is `when`",
            word=step.kind.value,
            section=section,
        )
    proven = cutter.is_once(step) and step.once is None
    if step.once is not None or ((step.effect or Effect.READ).rank > Effect.LOCAL.rank and not proven):
        word = "once" if step.once is not None else step.action
        problems.report(
            "RB473",
            "%(word)s cannot stand in %(section)s: only steps that change nothing elsewhere, or whose action brings "
            "its own proof",
            (*step.path, word),
            expected="for example files.update_row",
            remedy="an effect in an application belongs to `steps`",
            word=word,
            section=section,
        )
