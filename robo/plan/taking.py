"""How a person takes an item by hand: what is noted of its row, which rows are left or belong together, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from robo.definition.telling import Say
from robo.model.process import Items, Milestones
from robo.model.text import Expr, Node, Template

Tell = Callable[[Node], str]
"""A value of the row in words, its columns called as they are."""


def notes_of(items: Items, say: Say, tell: Tell) -> Iterator[str]:
    """Below "take the next row", in the order in which items are made."""
    for name, node in items.let.items():
        yield say("Note: %(values)s.", {"values": f"« {name} » = {tell(node)}"})
    if items.only_if is not None:
        condition = tell(_shown(items.only_if))
        yield say("Only rows where %(condition)s.", {"condition": condition})
    if items.group is not None:
        facts = {"value": tell(items.group.by)}
        yield say("Take all rows with the same %(value)s together: they are one case.", facts)
    if items.milestones is not None:
        yield from _when(items.milestones, say, tell)


def _shown(condition: Expr) -> Template:
    return Template(condition.source, (condition,))


def _when(milestones: Milestones, say: Say, tell: Tell) -> Iterator[str]:
    days = ", ".join(str(days) for days in milestones.at)
    yield say("Take it %(days)s days before %(value)s.", {"days": days, "value": tell(milestones.before)})
    if milestones.on_closed == "previous":
        yield say("If nobody works on that day, take it on the last working day before.", {})
    elif milestones.on_closed == "next":
        yield say("If nobody works on that day, take it on the next working day.", {})
    if milestones.catch_up == "until_next":
        yield say("If that day was missed, take it as long as the next one has not come.", {})
