"""What an expression depends on: the names it mentions, those it can do without, and its filters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from jinja2 import nodes

from robo.definition.syntax import Fault, dotted, parse


@dataclass(frozen=True, slots=True)
class Uses:
    """`names` at full length (`created.agdref`). `guarded`: those whose absence the expression itself provides for,
    by `is missing` or `| default(…)`."""

    names: frozenset[str] = frozenset()
    guarded: frozenset[str] = frozenset()
    filters: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def uses(source: str) -> Uses:
    """Of one expression. One that cannot be read depends on nothing: it was reported when it was loaded."""
    names: set[str] = set()
    guarded: set[str] = set()
    filters: set[str] = set()
    try:
        pending: list[nodes.Node] = [parse(source)]
    except Fault:
        return Uses()
    while pending:
        node = pending.pop()
        if isinstance(node, nodes.Filter):
            filters.add(node.name)
        if name := _provided(node):
            guarded.add(name)
        if name := dotted(node):
            names.add(name)
        else:
            pending.extend(node.iter_child_nodes())
    return Uses(frozenset(names), frozenset(guarded), frozenset(filters))


def _provided(node: nodes.Node) -> str:
    """`x` of `x is missing` and `x | default(…)`."""
    if isinstance(node, nodes.Test) and node.name == "missing":
        return dotted(node.node)
    if isinstance(node, nodes.Filter) and node.name == "default" and node.node is not None:
        return dotted(node.node)
    return ""
