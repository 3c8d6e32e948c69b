"""Reads shapes out of a YAML tree: every helper reports what is wrong, remembers where things stand, and goes on.

For the small documents beside a process: a region's file, a case. Every value is still text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from robo.definition.diagnostics import Reporter, nearest
from robo.definition.keys import PROTECTING
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.errors import Words, one_of
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse
from robo.model.text import Path, Position

SHAPES: Final[Mapping[str, str]] = {
    "a mapping": "lines with key: value, or {key: value}",
    "a list": "lines that begin with a dash and a blank, or [one, two]",
}
"""How each shape is written."""


class Document:
    """One document while it is read. `positions` grows with every value taken."""

    def __init__(self, file: str, reporter: Reporter) -> None:
        self.file = file
        self.reporter = reporter
        self.positions: dict[Path, Position] = {(): Position(file, 1, 1)}
        self.misspelt: set[Path] = set()
        self.shapeless: set[Path] = set()

    def mapping(
        self,
        node: YamlNode | None,
        path: Path,
        known: Collection[str] = (),
        closed: Collection[str] = (),
    ) -> dict[str, YamlNode]:
        """The entries of a mapping. With `known`, other keys are reported;
        those of `closed` belong to a process's author."""
        if node is None:
            return {}
        if not isinstance(node, MapNode):
            self._wrong_shape(node, "a mapping")
            self.shapeless.add(path)
            return {}
        found: dict[str, YamlNode] = {}
        for key, value in node.entries:
            self.positions[(*path, key.text)] = value.at if isinstance(value, TextNode) else key.at
            if key.text in closed:
                self._closed(key)
            elif known and key.text not in known:
                self._unknown(key, known, path)
            else:
                found[key.text] = value
        return found

    def items(self, node: YamlNode | None, path: Path) -> Iterator[tuple[YamlNode, Path]]:
        """The entries of a list with their paths."""
        if node is None:
            return
        if not isinstance(node, ListNode):
            self._wrong_shape(node, "a list")
            return
        for index, item in enumerate(node.items):
            self.positions[(*path, index)] = item.at
            yield item, (*path, index)

    def text(self, node: YamlNode | None, path: Path, default: str = "") -> str:
        """One text; anything else is reported and read as `default`."""
        if node is None:
            return default
        if not isinstance(node, TextNode):
            self._wrong_shape(node, "one value")
            return default
        return default if node.broken else node.text

    def texts(self, node: YamlNode | None, path: Path) -> dict[str, str]:
        """A mapping of texts to texts."""
        return {key: self.text(value, (*path, key)) for key, value in self.mapping(node, path).items()}

    def choice(self, node: YamlNode | None, path: Path, choices: Collection[str], default: str) -> str:
        """One of `choices`."""
        text = self.text(node, path, default)
        if text in choices:
            return text
        self.wrong_value(path, text, one_of(choices), meant=nearest(text, choices))
        return default

    def flag(self, node: YamlNode | None, path: Path, default: bool) -> bool:
        """`yes` or `no`, in the words of the type `bool`."""
        if node is None or (isinstance(node, TextNode) and node.broken):
            return default
        text = self.text(node, path, "yes" if default else "no")
        try:
            return bool(parse(Kind.BOOL, text))
        except BadScalar as bad:
            self.wrong_value(path, bad.got, bad.expected)
            return default

    def whole(self, node: YamlNode | None, path: Path, default: int) -> int:
        """A whole number from 0."""
        text = self.text(node, path, str(default))
        if text.isascii() and text.isdigit() and len(text) <= len("1000000"):
            return int(text)
        self.wrong_value(path, text, "a whole number")
        return default

    def required(self, entries: Mapping[str, YamlNode], key: str, path: Path) -> YamlNode | None:
        """The entry `key`, or None after a report: here, or of what stands in its place."""
        if key not in entries and (*path, key) not in self.misspelt and path not in self.shapeless:
            self.lacks(
                _name(path),
                key,
                at=self.at(path),
                expected="%(key)s: …",
            )
        return entries.get(key)

    def lacks(self, owner: str, key: str, *, at: Position, expected: str) -> None:
        """What stands there cannot do without `key`. `expected` may say `%(key)s`."""
        self.reporter.report("RB202", "%(owner)s needs %(key)s", at=at, expected=expected, owner=owner, key=key)

    def wrong_value(self, path: Path, value: str, expected: Words, meant: str = "") -> None:
        """A value that is text, and not the right one. `expected` is a word or a phrase of ours."""
        self.reporter.report(
            "RB201",
            "%(got)s is not %(wanted)s",
            at=self.at(path),
            meant=meant,
            got=value,
            wanted=expected,
        )

    def at(self, path: Path) -> Position:
        """Where `path`, or the nearest part around it, stands."""
        return next(self.positions[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.positions)

    def _wrong_shape(self, node: YamlNode, wanted: str) -> None:
        if isinstance(node, TextNode) and node.broken:
            return
        here = "a mapping" if isinstance(node, MapNode) else "a list" if isinstance(node, ListNode) else "a text"
        self.reporter.report(
            "RB204",
            "%(wanted)s is wanted here, this is %(shape)s",
            at=node.at,
            expected=SHAPES.get(wanted, ""),
            wanted=wanted,
            shape=here,
        )

    def _unknown(self, key: TextNode, known: Collection[str], path: Path) -> None:
        meant = nearest(key.text, known)
        if meant:
            self.misspelt.add((*path, meant))
        self.reporter.report(
            "RB203",
            "there is no %(key)s here",
            at=key.at,
            expected="one of %(keys)s",
            meant=meant,
            key=key.text,
            keys=", ".join(known),
        )

    def _closed(self, key: TextNode) -> None:
        self.reporter.report(
            "RB218",
            "%(key)s protects people and data: no region removes or weakens it"
            if key.text in PROTECTING
            else "%(key)s is the author's: a region cannot change it",
            at=key.at,
            expected="what its author opened (inputs, tables, extensions, optional steps to skip), what is called "
            "otherwise here (labels, columns, secrets), lower limits, notify, schedules, triggers",
            remedy="ask the author of the process, or have the lab publish a process of its own",
            key=key.text,
        )


def _name(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "the file")
