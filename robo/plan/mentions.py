"""Which names and filters the expressions of a node mention: `${{ created.agdref | upper }}` -> `created.agdref`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from robo.definition.uses import uses
from robo.model.text import Expr, Node, Template


@dataclass(frozen=True, slots=True)
class Mention:
    """One name: `("created", "agdref")`. `guarded`: the expression says what to do when it is missing."""

    parts: tuple[str, ...]
    guarded: bool = False

    @property
    def root(self) -> str:
        return self.parts[0]

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Mentions:
    """Everything that a node's expressions mention."""

    names: frozenset[Mention] = frozenset()
    filters: frozenset[str] = field(default_factory=frozenset)

    def __or__(self, other: Mentions) -> Mentions:
        return Mentions(self.names | other.names, self.filters | other.filters)


def mentions(node: Node | Expr | None) -> Mentions:
    """Of a text, a template, an expression, or a tree of them (keys are plain text and mention nothing)."""
    found = Mentions()
    for expr in expressions(node):
        used = uses(expr.source)
        names = frozenset(Mention(tuple(name.split(".")), name in used.guarded) for name in used.names)
        found |= Mentions(names, used.filters)
    return found


def expressions(node: Node | Expr | None) -> Iterator[Expr]:
    """Every expression below `node`, in the order of the text."""
    if isinstance(node, Expr):
        yield node
    elif isinstance(node, Template):
        yield from (part for part in node.parts if isinstance(part, Expr))
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from expressions(value)
    elif isinstance(node, tuple):
        for value in node:
            yield from expressions(value)
