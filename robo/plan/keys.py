"""Identity: a once key and a unit of credit must be the same tomorrow, whatever day, run or page it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from operator import or_

from robo.model.process import Process, Step, StepKind
from robo.model.text import Expr, Node, Template
from robo.plan.mentions import Mention, Mentions, expressions, mentions
from robo.plan.problems import Problems
from robo.plan.steps import walk

MOVING_NAMES = frozenset({"run", "now", "last", "error", "find"})
MOVING_FILTERS = frozenset({"days_until", "add_workdays", "workday"})
"""Filters whose answer changes with the day, or with a region's calendar."""


def check_keys(process: Process, problems: Problems) -> None:
    """Report once keys that move or never differ, and units of credit that would be earned again every day."""
    source = Sources(process)
    sequels = ((steps, False) for steps in process.sequels.values())
    for steps, finish in ((process.steps, False), *sequels, (process.finish, True)):
        for step in walk(steps):
            if step.once is not None:
                _once_key(step, source, problems, finish=finish, many=process.items is not None and not finish)
            if step.key is not None:
                _turn_key(step, source, problems)
    _unit_key(process, source, problems)
    _left_out_rows(process, problems)


class Sources:
    """What a node depends on, through `set` names, `let` and `item.key`."""

    def __init__(self, process: Process) -> None:
        self._behind: dict[str, Mentions] = {}
        self._answers = frozenset(step.id for step in walk(process.every_section) if step.review is not None)
        """What a person answered: somebody asked again may answer otherwise."""
        self._identity: dict[str, Mentions] = {}
        """The same, of what makes a thing itself: an element is the same tomorrow, wherever its list was read."""
        for step in walk(process.every_section):
            for name, asked in _named(step):
                self._behind[name] = self._behind.get(name, Mentions()) | asked
                itself = _itself(asked) if step.kind is StepKind.FOR_EACH else asked
                self._identity[name] = self._identity.get(name, Mentions()) | itself
        items = process.items
        self.milestones = items is not None and items.milestones is not None
        self._of_item = {name: mentions(node) for name, node in items.let.items()} if items is not None else {}
        if items is not None:
            self._of_item["key"] = mentions(items.key)

    def of(self, node: Node | Expr | None, behind: Mapping[str, Mentions]) -> Mentions:
        """All names and filters behind `node`."""
        found = mentions(node)
        seen: set[str] = set()
        while True:
            new = {mention for mention in found.names if str(mention) not in seen}
            if not new:
                return found
            seen |= {str(mention) for mention in new}
            for mention in new:
                found |= behind.get(mention.root, Mentions())
                if mention.root == "item" and len(mention.parts) > 1:
                    found |= self._of_item.get(mention.parts[1], Mentions())

    def names(self, node: Node | Expr | None) -> frozenset[Mention]:
        """All names behind `node`, those it mentions itself among them."""
        return self.of(node, self._behind).names

    def standing(self, node: Node | Expr | None, known: Collection[str]) -> list[str]:
        """The names and filters behind `node` that an attempt may read otherwise than the one before it. `known`:
        roots that stay as they are."""
        found = self.of(node, self._behind)
        names = {str(mention) for mention in found.names if mention.root not in {*known, *self._behind}}
        return sorted(names | (found.filters & MOVING_FILTERS))

    def moving(self, node: Node, *, run_id: bool = False) -> list[str]:
        """The names and filters behind `node` whose value is another one tomorrow."""
        found = self.of(node, self._identity)
        names = {str(mention) for mention in found.names if mention.root in MOVING_NAMES | self._answers}
        if run_id:
            names.discard("run.id")
        return sorted(names | (found.filters & MOVING_FILTERS))


def _named(step: Step) -> Iterator[tuple[str, Mentions]]:
    """The names that a step gives without asking the world, and what is behind each."""
    match step.kind:
        case StepKind.SET:
            yield from ((name, mentions(node)) for name, node in step.assign.items())
        case StepKind.CHECK:
            asked = (part for rule in step.rules for part in (rule.condition, rule.says, rule.title))
            yield step.id, reduce(or_, map(mentions, asked), Mentions())
        case StepKind.FOR_EACH:
            yield step.as_, mentions(step.each)


def _itself(found: Mentions) -> Mentions:
    """Without the places where a list was read: an element of it is the same tomorrow."""
    read = {"find", "last"}
    kept = (name for name in found.names if name.root not in read and name.parts[:2] != ("run", "items"))
    return Mentions(frozenset(kept), found.filters)


def _once_key(step: Step, source: Sources, problems: Problems, *, finish: bool, many: bool) -> None:
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
    elif many and source.milestones and not any(str(mention) == "item.milestone" for mention in source.names(key)):
        problems.report(
            "RB471",
            "the once key of %(once)s does not hold the milestone: at the second one the first one's effect would be "
            "taken for it, and nothing would be done",
            (*step.path, "once"),
            remedy='write `once: "${{ item.key }}"`: the key of the item holds the milestone',
            once=step.id,
        )
    elif many and not any(expressions(key)):
        problems.report(
            "RB428",
            "the once key of %(once)s is the same for every item: only the first would ever be done",
            (*step.path, "once"),
            remedy='write `once: "${{ item.key }}"`',
            once=step.id,
        )


def _turn_key(loop: Step, source: Sources, problems: Problems) -> None:
    moving = source.moving(loop.key if loop.key is not None else "")
    if moving:
        problems.report(
            "RB410",
            "the key of the turns of %(loop)s changes with %(moving)s: tomorrow the same effect would have another key "
            "and happen again",
            (*loop.path, "key"),
            remedy="use what names the element itself",
            loop=loop.id,
            moving=", ".join(moving),
        )


def _unit_key(process: Process, source: Sources, problems: Problems) -> None:
    counts = process.counts
    key = counts.key if counts.key is not None else (process.items.key if process.items is not None else "")
    parts = () if counts.each is None else (Template(counts.each.source, (counts.each,)),)
    moving = [name for name in source.moving((key, *parts)) if counts.period is None]
    if moving:
        problems.report(
            "RB421",
            "what is counted changes with %(moving)s: the same work would be credited again every day",
            ("counts", "key") if counts.key is not None else ("items", "key"),
            remedy="count what names the dossier, or declare `counts: {period: …}`, which is shown and approved",
            moving=", ".join(moving),
        )


def _left_out_rows(process: Process, problems: Problems) -> None:
    """A row that its group went without would never be done: the key of the group is done."""
    grouping = process.items.group if process.items is not None else None
    if grouping is not None and grouping.bad_rows == "row" and process.again == "never":
        problems.report(
            "RB470",
            "a bad row that its group goes without would never be done: the group's key is done, and no later run "
            "takes it again",
            ("items", "bad_rows"),
            remedy="say `again: each_run` or `again: {after: 7 days}`, or leave `bad_rows` out: then the whole group "
            "waits for the row to be corrected",
        )
