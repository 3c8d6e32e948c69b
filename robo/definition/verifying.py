"""`verify`: a finder's name, an action that looks, or a list of them ending in `found_if` and `absent_if`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from robo.definition import keys
from robo.definition.awaiting import each
from robo.definition.diagnostics import nearest
from robo.definition.scoping import ANYTHING
from robo.definition.source import Source
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.model.process import Step, Verify
from robo.model.text import Path

ReadStep = Callable[[YamlNode, Path, str], Step | None]


class Verifying:
    """Reads one `verify`. `read_step` reads its steps as any others."""

    def __init__(self, source: Source, read_step: ReadStep) -> None:
        self.source = source
        self.read_step = read_step
        self.given: dict[str, YamlNode] = {}
        self.places: dict[str, Path] = {}
        self.finder: str | None = None
        self.steps: list[Step] = []

    def read(self, node: YamlNode, path: Path, owner: str) -> Verify:
        """`owner`: the id of the step whose effect is looked for. What its steps leave is read here only."""
        outer = self.source.names
        self.source.names = {**outer, "last": {"*": ANYTHING}}
        for index, (part, below) in enumerate(each(self.source, node, path), 1):
            if isinstance(part, TextNode):
                self.finder = read_finder(self.source, part, below)
            elif isinstance(part, MapNode):
                self._part(part, below, f"{owner}-verify{index}")
            elif isinstance(part, ListNode):
                self.source.mapping(part, below)
        if "finder" in self.given:
            self.finder = read_finder(self.source, self.given["finder"], self.places["finder"])
        verify = self._verdict(path)
        self.source.names = outer
        return verify

    def _part(self, part: MapNode, path: Path, generated: str) -> None:
        """An action, conditions, or both in one mapping."""
        asked = MapNode(part.at)
        for key, value in part.entries:
            word = key.text if key.text in keys.VERIFY else self._misspelt(key)
            if not word:
                asked.entries.append((key, value))
                continue
            where = (*path, word)
            self.given[word], self.places[word] = value, where
            self.source.keys[where] = key.at
            self.source.positions[where] = value.at
        if asked.entries and (step := self.read_step(asked, path, generated)) is not None:
            self.steps.append(step)

    def _misspelt(self, key: TextNode) -> str:
        """The key of `verify` that was meant, after a report; an empty text for an action and its keys."""
        if "." in key.text or key.text in keys.STEP:
            return ""
        meant = nearest(key.text, keys.VERIFY)
        if meant:
            self.source.reporter.report(
                "RB203",
                "there is no %(key)s here",
                at=key.at,
                expected="one of %(keys)s",
                meant=meant,
                key=key.text,
                keys=", ".join(keys.VERIFY),
            )
        return meant

    def _verdict(self, path: Path) -> Verify:
        conditions: Mapping[str, Any] = {
            key: self.source.condition(self.given[key], self.places[key])
            for key in ("found_if", "absent_if", "ours_if")
            if key in self.given
        }
        asks = "before and after"
        if "asks" in self.given:
            asks = self.source.choice(self.given["asks"], self.places["asks"], ("after", asks), asks)
        if self.given and not self.steps and self.finder is None and "finder" not in self.given:
            self.source.reporter.report(
                "RB211",
                "verify asks nothing",
                at=self.source.at_key(path),
                expected="a finder's name (finder: dossier) or actions that look",
            )
        return Verify(finder=self.finder, steps=tuple(self.steps), asks=asks, path=path, **conditions)


def read_finder(source: Source, node: YamlNode | None, path: Path) -> str | None:
    """The name of a finder that is there, or None after a report."""
    name = source.plain(node, path)
    known = source.names["find"]
    if name is not None and name not in known:
        source.reporter.report(
            "RB303",
            "there is no finder %(name)s",
            at=source.at(path),
            expected="one of %(known)s" if known else "a finder declared under finders",
            meant=nearest(name, known),
            name=name,
            known=", ".join(known),
        )
        return None
    return name
