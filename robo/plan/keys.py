"""Identity: a once key and a unit of credit must be the same tomorrow, whatever day, run or page it is."""

from __future__ import annotations

from robo.model.process import Process, Step, StepKind
from robo.model.text import Node
from robo.plan.mentions import Mentions, expressions, mentions
from robo.plan.problems import Problems
from robo.plan.steps import walk

MOVING_NAMES = frozenset({"run", "now", "last", "error", "find"})
MOVING_FILTERS = frozenset({"days_until", "add_workdays", "workday"})
"""Filters whose answer changes with the day, or with a region's calendar."""


def check_keys(process: Process, problems: Problems) -> None:
    """Report once keys that move or never differ, and units of credit that would be earned again every day."""
    source = _Sources(process)
    for steps, finish in ((process.steps, False), (process.finish, True)):
        for step in walk(steps):
            if step.once is not None:
                _once_key(step, source, problems, finish=finish, many=process.items is not None and not finish)
    _unit_key(process, source, problems)


class _Sources:
    """What a node depends on, through `set` names and through `item.key`."""

    def __init__(self, process: Process) -> None:
        self._sets: dict[str, Mentions] = {}
        for step in walk(process.steps + process.finish):
            if step.kind is StepKind.SET:
                for name, node in step.assign.items():
                    self._sets[name] = self._sets.get(name, Mentions()) | mentions(node)
        self._item_key = mentions(process.items.key) if process.items is not None else Mentions()

    def of(self, node: Node) -> Mentions:
        """All names and filters behind `node`."""
        found = mentions(node)
        seen: set[str] = set()
        while True:
            new = {mention for mention in found.names if str(mention) not in seen}
            if not new:
                return found
            seen |= {str(mention) for mention in new}
            for mention in new:
                found |= self._sets.get(mention.root, Mentions())
                if mention.parts[:2] == ("item", "key"):
                    found |= self._item_key

    def moving(self, node: Node, *, run_id: bool = False) -> list[str]:
        """The names and filters behind `node` whose value is another one tomorrow."""
        found = self.of(node)
        names = {str(mention) for mention in found.names if mention.root in MOVING_NAMES}
        if run_id:
            names.discard("run.id")
        return sorted(names | (found.filters & MOVING_FILTERS))


def _once_key(step: Step, source: _Sources, problems: Problems, *, finish: bool, many: bool) -> None:
    key = step.once if step.once is not None else ""
    moving = source.moving(key, run_id=finish)
    if moving:
        problems.report(
            "RB410",
            "the once key of %(once)s changes with %(moving)s: tomorrow the same effect would have another key "
            "and happen again",
            (*step.path, "once"),
            remedy='use what names the dossier itself: "${{ item.key }}"; '
            "to act again on purpose, say `again: each_run`",
            once=step.id,
            moving=", ".join(moving),
        )
    elif many and not any(expressions(key)):
        problems.report(
            "RB428",
            "the once key of %(once)s is the same for every item: only the first would ever be done",
            (*step.path, "once"),
            remedy='write `once: "${{ item.key }}"`',
            once=step.id,
        )


def _unit_key(process: Process, source: _Sources, problems: Problems) -> None:
    counts = process.counts
    key = counts.key if counts.key is not None else (process.items.key if process.items is not None else "")
    moving = [name for name in source.moving(key) if counts.period is None]
    if moving:
        problems.report(
            "RB421",
            "what is counted changes with %(moving)s: the same work would be credited again every day",
            ("counts", "key") if counts.key is not None else ("items", "key"),
            remedy="count what names the dossier, or declare `counts: {period: …}`, which is shown and approved",
            moving=", ".join(moving),
        )
