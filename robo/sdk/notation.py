"""Snapshots in words: as they are written, as a person reads them, and what a person looks for on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from robo.sdk.flaws import Flaws
from robo.sdk.snapshots import CHILDREN, FRAGMENT, Line, Words, read_snapshot


def spoken(tree: Any) -> tuple[Any, ...]:
    """The names and texts of a tree taken apart, in their order, templates as they are: what a person looks for."""
    return tuple(_spoken(tree))


def _spoken(tree: Any) -> Iterator[Any]:
    for words in (tree[member] for member in ("name", "text") if member in tree):
        if isinstance(words, Mapping):
            pieces = (part if isinstance(part, str) else part["data"].source for part in words["regex"])
            yield f"/{''.join(pieces)}/"
        else:
            yield words
    for below in tree.get("lines", ()):
        yield from _spoken(below)


def source_text(tree: Any) -> str:
    """A tree taken apart as its author wrote it, line by line."""
    return "\n".join(notation(read_snapshot(tree, (), Flaws())))


def notation(line: Line) -> tuple[str, ...]:
    """The snapshot as it is written."""
    return tuple(text for text, _ in _listed(line, 0, count(), _quoted))


def listing(line: Line) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Each line for a person to read, every value in it as it is, with the numbers of the `Line`s that stand in it:
    counted from 0 in the order of the tree, the outermost first (a fragment too, which stands in none)."""
    return tuple(_listed(line, 0, count(), _plain))


Writing = Callable[[Words], str]
"""How a name is written."""


def _listed(line: Line, depth: int, numbers: Iterator[int], quoted: Writing) -> Iterator[tuple[str, tuple[int, ...]]]:
    own = next(numbers)
    inner = depth
    if line.role != FRAGMENT:
        alone = len(line.lines) == 1 and not line.lines[0].role and not line.mode and not line.properties
        text = f"{'  ' * depth}- {_written(line, quoted)}"
        if alone:
            yield f"{text}: {_bare(line.lines[0].words)}", (own, next(numbers))
            return
        yield f"{text}:" if line.lines or line.mode or line.properties else text, (own,)
        inner = depth + 1
    before = "  " * inner
    if line.mode:
        yield f"{before}- {CHILDREN}: {line.mode}", ()
    for key, words in line.properties.items():
        yield f"{before}- /{key}: {_bare(words)}", ()
    for below in line.lines:
        yield from _listed(below, inner, numbers, quoted)


def _written(line: Line, quoted: Writing) -> str:
    if not line.role:
        return f"text: {_bare(line.words)}"
    states = (f"[{key}]" if value == "true" else f"[{key}={value}]" for key, value in line.states.items())
    return " ".join((line.role, *([quoted(line.words)] if line.words is not None else ()), *states))


def _bare(words: Words | None) -> str:
    if words is None:
        return ""
    return f"/{words.said}/" if words.regex else words.text


def _plain(words: Words) -> str:
    return _bare(words) if words.regex else f'"{words.text}"'


def _quoted(words: Words) -> str:
    return _bare(words) if words.regex else '"' + words.text.replace("\\", "\\\\").replace('"', '\\"') + '"'
