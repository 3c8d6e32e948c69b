"""Steps that hold steps: what they read before, and which of the names inside can be read behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from robo.definition import keys
from robo.definition.awaiting import each
from robo.definition.scoping import ANYTHING, ListOf
from robo.definition.source import Source
from robo.definition.verifying import read_finder
from robo.definition.yaml_text import ListNode, YamlNode
from robo.model.process import Branch, Leftover, Rescue, Step, StepKind
from robo.model.text import Expr, Path

LISTS: Final = (ANYTHING, "list")
"""Types that can be gone through."""


class Reading(Protocol):
    """Who reads steps."""

    source: Source
    ids: set[str]

    def steps_of(self, node: YamlNode | None, path: Path, prefix: str) -> tuple[Step, ...]:
        """The steps of a list."""
        ...


def read_block(steps: Reading, parts: Mapping[str, YamlNode], path: Path, step_id: str) -> dict[str, Any]:
    """`do: […]`, and `rescue` for when it goes wrong."""
    return {
        "do": steps.steps_of(parts["do"], (*path, "do"), f"{step_id}-"),
        "rescue": tuple(read_rescue(steps, parts.get("rescue"), (*path, "rescue"), step_id)),
    }


def read_for_each(steps: Reading, parts: Mapping[str, YamlNode], path: Path, step_id: str) -> dict[str, Any]:
    """`for_each: "${{ … }}", as: g, key: "${{ g.key }}", do: […]`. What a turn leaves is read in that turn only."""
    source = steps.source
    each = _list(source, parts["for_each"], (*path, "for_each"))
    name = source.plain(_needed(source, parts, "as", path), (*path, "as")) or ""
    free = bool(name) and source.name(name, (*path, "as"), taken=steps.ids)
    do = _needed(source, parts, "do", path)
    outer, known = source.names, set(source.names)
    rows = source.kind_of_expression(each) if each is not None else ANYTHING
    source.names = {**outer, **({name: rows.members if isinstance(rows, ListOf) else ANYTHING} if name else {})}
    if free:
        steps.ids.add(name)
    key = source.node(parts["key"], (*path, "key")) if "key" in parts else None
    inside = steps.steps_of(do, (*path, "do"), f"{step_id}-")
    left = set(source.names) - known
    source.names = {**outer, "last": {"*": ANYTHING}} if "last" in source.names else outer
    if free:
        steps.ids.discard(name)
    source.inside |= dict.fromkeys(left, step_id)
    return {"each": each, "as_": name, "key": key, "do": inside}


def read_repeat(steps: Reading, parts: Mapping[str, YamlNode], path: Path, step_id: str) -> dict[str, Any]:
    """`repeat: {do: […], until: cond, next: […], max: n}`: do, test, next, do, test…"""
    source, where = steps.source, (*path, "repeat")
    given = source.mapping(parts["repeat"], where, keys.REPEAT)
    for key in ("do", "until", "max"):
        source.required(given, key, where)
    do = steps.steps_of(given.get("do"), (*where, "do"), f"{step_id}-")
    until = source.condition(given.get("until"), (*where, "until"))
    between = steps.steps_of(given.get("next"), (*where, "next"), f"{step_id}-next-")
    most = source.whole_from(given.get("max"), (*where, "max"), 1, 1)
    return {"do": do, "until": until, "next": between, "most": most}


def read_choose(steps: Reading, parts: Mapping[str, YamlNode], path: Path, step_id: str) -> dict[str, Any]:
    """`choose: [{when, do}, …, {else: […]}]`: the first whose condition holds."""
    source, where = steps.source, (*path, "choose")
    node = parts["choose"]
    ways = list(source.items(node, where))
    if isinstance(node, ListNode) and not node.items:
        source.reporter.report("RB204", "a choice has at least one way", at=source.at_key(where))
    found: list[Branch] = []
    for number, (part, below) in enumerate(ways, 1):
        given = source.mapping(part, below, keys.WAY)
        last = "else" in given
        if last and (number < len(ways) or len(given) > 1):
            source.reporter.report(
                "RB222",
                "else is the last way of a choice, and has no other key",
                at=source.at_key((*below, "else")),
                expected="- else: [steps]",
            )
        if not last:
            source.required(given, "when", below)
            source.required(given, "do", below)
        when = source.condition(given.get("when"), (*below, "when"))
        word = "else" if last else "do"
        do = steps.steps_of(given.get(word), (*below, word), f"{step_id}-{number}-")
        found.append(Branch(when=when, do=do, path=below))
    return {"branches": tuple(found)}


def read_rescue(steps: Reading, node: YamlNode | None, path: Path, step_id: str) -> Iterator[Rescue]:
    """`rescue: [{on: [timeout, not_found], do: […]}]`. There, `error` says what happened."""
    source = steps.source
    for number, (part, below) in enumerate(source.items(node, path), 1):
        given = source.mapping(part, below, keys.RESCUE)
        on = each(source, source.required(given, "on", below), (*below, "on"))
        troubles = [source.choice(one, where, keys.TROUBLES, "") for one, where in on]
        source.required(given, "do", below)
        outer = source.names
        source.names = {**outer, "error": dict.fromkeys(("code", "message", "step"), "text")}
        do = steps.steps_of(given.get("do"), (*below, "do"), f"{step_id}-rescue{number}-")
        source.names = {name: kind for name, kind in source.names.items() if name != "error"}
        yield Rescue(on=tuple(one for one in troubles if one), do=do, path=below)


def read_leftover(steps: Reading, node: YamlNode, path: Path, step_id: str) -> Leftover | None:
    """`leftover: {finder, when, do}` of a once block."""
    source = steps.source
    given = source.mapping(node, path, keys.LEFTOVER)
    finder = read_finder(source, source.required(given, "finder", path), (*path, "finder"))
    when = source.condition(given.get("when"), (*path, "when"))
    source.required(given, "do", path)
    do = steps.steps_of(given.get("do"), (*path, "do"), f"{step_id}-leftover-")
    return Leftover(finder=finder, when=when, do=do, path=path) if finder is not None else None


def _needed(source: Source, parts: Mapping[str, YamlNode], key: str, path: Path) -> YamlNode | None:
    """A key that `for_each` cannot do without, or None after a report."""
    if key not in parts:
        source.lacks(
            "for_each",
            key,
            at=source.at_key((*path, "for_each")),
            expected="as: g, the name of one element; do: the steps of a turn",
        )
    return parts.get(key)


def _list(source: Source, node: YamlNode, path: Path) -> Expr | None:
    """One expression that gives a list."""
    found = source.expression(node, path)
    if found is not None and (kind := source.kind_of_expression(found)) not in LISTS:
        source.wrong_value(path, found.source, "a list", meant="| split(';')" if kind == "text" else "")
    return found


HOLDERS: Final[Mapping[StepKind, Callable[[Reading, Mapping[str, YamlNode], Path, str], dict[str, Any]]]] = {
    StepKind.FOR_EACH: read_for_each,
    StepKind.REPEAT: read_repeat,
    StepKind.CHOOSE: read_choose,
}
"""Who reads which control step that holds steps."""
