"""Steps that hold steps: what they read before, and which of the names inside can be read behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from robo.definition import keys
from robo.definition.scoping import ANYTHING
from robo.definition.source import Source
from robo.definition.yaml_text import YamlNode
from robo.model.process import Step
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


def read_for_each(steps: Reading, parts: Mapping[str, YamlNode], path: Path, step_id: str) -> dict[str, Any]:
    """`for_each: "${{ … }}", as: g, key: "${{ g.key }}", do: […]`. What a turn leaves is read in that turn only."""
    source = steps.source
    each = _list(source, parts["for_each"], (*path, "for_each"))
    name = source.plain(_needed(source, parts, "as", path), (*path, "as")) or ""
    free = bool(name) and source.name(name, (*path, "as"), taken=steps.ids)
    do = _needed(source, parts, "do", path)
    outer, known = source.names, set(source.names)
    source.names = {**outer, **({name: ANYTHING} if name else {})}
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


def _needed(source: Source, parts: Mapping[str, YamlNode], key: str, path: Path) -> YamlNode | None:
    """A key that `for_each` cannot do without, or None after a report."""
    if key not in parts:
        source.reporter.report(
            "RB202",
            "%(owner)s needs %(key)s",
            at=source.at_key((*path, "for_each")),
            expected="as: g, the name of one element; do: the steps of a turn",
            owner="for_each",
            key=key,
        )
    return parts.get(key)


def _list(source: Source, node: YamlNode, path: Path) -> Expr | None:
    """One expression that gives a list."""
    found = source.expression(node, path)
    if found is not None and (kind := source.kind_of_expression(found)) not in LISTS:
        source.wrong_value(path, found.source, "a list", meant="| split(';')" if kind == "text" else "")
    return found
