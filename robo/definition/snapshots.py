"""Snapshots of a definition: what a part of a page must show, as YAML or pasted as a text, with their places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from robo.definition.yaml_text import ListNode, TextNode, YamlNode, read_yaml
from robo.model.text import Node, Path
from robo.sdk.flaws import Flaws
from robo.sdk.snapshots import SNAPSHOT, lower

if TYPE_CHECKING:
    from robo.definition.source import Source


def is_snapshot(key: str, node: YamlNode) -> bool:
    """Whether a member of a mapping is a snapshot: its lines, or the text of them."""
    return key == SNAPSHOT and (not isinstance(node, TextNode) or "\n" in node.text)


def read_snapshot_node(source: Source, node: YamlNode, path: Path) -> Node:
    """The snapshot, checked and taken apart: each name stands alone with its expressions."""
    if isinstance(node, TextNode):
        pasted = _pasted(source, node)
        if pasted is None:
            source.broken.add(path)
            return ""
        node = pasted
    flaws = Flaws()
    found = lower(_written(source, node, path), (), flaws)
    source.flaws(flaws, path)
    if flaws.found:
        source.broken.add(path)
    return found


def _written(source: Source, node: YamlNode, path: Path) -> Any:
    """The tree as `lower` takes it. A line may hold expressions, also before a colon."""
    if isinstance(node, TextNode):
        return source.template(node, path)
    if isinstance(node, ListNode):
        return tuple(_written(source, part, below) for part, below in source.items(node, path))
    for key, value in node.entries:
        below = (*path, key.text)
        source.keys[below] = key.at
        source.positions[below] = value.at
    return {
        source.template(key, (*path, key.text)): _written(source, value, (*path, key.text))
        for key, value in node.entries
    }


def _pasted(source: Source, node: TextNode) -> YamlNode | None:
    """The tree of a text block (`snapshot: |`), read where it stands so that its places are the file's."""
    above = node.at.line
    text = "\n".join([""] * above + _block(source.lines[above:]))
    before = source.reporter.count
    root = read_yaml(text, source.file, source.reporter).root
    source.reporter.add_file(source.file, source.lines)
    return None if source.reporter.count > before else root


def _block(lines: Sequence[str]) -> list[str]:
    """The first of `lines`, as far as none stands further to the left than they begin."""
    begin = next((_indent(line) for line in lines if line.strip()), 0)
    return list(takewhile(lambda line: not line.strip() or _indent(line) >= begin, lines))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
