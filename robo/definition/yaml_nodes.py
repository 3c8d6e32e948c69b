"""The tree of a YAML text: every scalar is a text with its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from robo.model.text import Position


@dataclass(slots=True)
class TextNode:
    """A scalar. `broken`: a problem of it was reported already, nothing more should be said about it."""

    text: str
    at: Position
    inside: int = 0
    """Characters before the text itself (a quote)."""
    broken: bool = False


@dataclass(slots=True)
class ListNode:
    at: Position
    items: list[YamlNode] = field(default_factory=list)


@dataclass(slots=True)
class MapNode:
    at: Position
    entries: list[tuple[TextNode, YamlNode]] = field(default_factory=list)

    def get(self, key: str) -> YamlNode | None:
        return next((value for name, value in self.entries if name.text == key), None)


YamlNode = TextNode | ListNode | MapNode
