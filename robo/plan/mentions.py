"""Which names and filters expressions mention: `${{ created.agdref | upper }}` -> `created.agdref`, `upper`.

The texts were checked when they were loaded, so a scanner is enough: strings are passed over, a name after `|` is a
filter, a name after `is` is a test, a name before `=` is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from robo.model.text import Expr, Node, Template

_TOKEN = re.compile(
    r"""(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
    r"""|(?P<name>(?<![\w.])[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*)"""
    r"""|(?P<number>\d[\d_.]*)"""
    r"""|(?P<mark>\S)"""
)
_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "missing"})


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

    def roots(self) -> frozenset[str]:
        return frozenset(mention.root for mention in self.names)

    def __or__(self, other: Mentions) -> Mentions:
        return Mentions(self.names | other.names, self.filters | other.filters)


def mentions(node: Node | Expr | None) -> Mentions:
    """Of a text, a template, an expression, or a tree of them (keys are plain text and mention nothing)."""
    found = Mentions()
    for expr in expressions(node):
        found |= _of(expr.source)
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


@lru_cache(maxsize=4096)
def _of(source: str) -> Mentions:
    tokens = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(source)]
    names: set[Mention] = set()
    filters: set[str] = set()
    for index, (kind, text) in enumerate(tokens):
        if kind != "name" or text in _WORDS:
            continue
        before = [word for _, word in tokens[max(0, index - 2) : index]]
        after = [word for _, word in tokens[index + 1 : index + 5]]
        if before[-1:] == ["|"]:
            filters.add(text)
        elif before[-1:] == ["is"] or before == ["is", "not"] or _is_argument(after):
            continue
        else:
            names.add(Mention(tuple(re.split(r"\s*\.\s*", text)), _is_guarded(after)))
    return Mentions(frozenset(names), frozenset(filters))


def _is_argument(after: list[str]) -> bool:
    return after[:1] == ["="] and after[1:2] != ["="]


def _is_guarded(after: list[str]) -> bool:
    return after[:2] == ["is", "missing"] or after[:3] == ["is", "not", "missing"] or after[:2] == ["|", "default"]
