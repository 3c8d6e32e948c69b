"""Builds the tree of a YAML document from parser events, with a stack of its own, and refuses what could be misread."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from robo.definition import repair
from robo.definition.diagnostics import Reporter
from robo.definition.yaml_nodes import ListNode, MapNode, TextNode, YamlNode
from robo.model.text import Position

MAX_DEPTH = 32
MAX_NODES = 20_000
_NOTHING = frozenset({"~", "null", "Null", "NULL"})


class Lines(Protocol):
    """The text being read, as the builder sees it: `lines` are repaired in place."""

    file: str
    lines: list[str]
    text: str
    reporter: Reporter

    def report_backslash(self, number: int, better: str) -> None:
        """A backslash in double quotes on a line (counted from 0), and the line without it; empty: it ends lines."""
        ...


class Stop(Exception):  # noqa: N818 - ends the reading after a report
    """The rest of the document is not worth reading."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet; `key` is the key that waits for its value."""

    node: ListNode | MapNode
    key: TextNode | None = None


class Builder:
    """Builds the tree of one document from parser events."""

    def __init__(self, reader: Lines) -> None:
        self.reader = reader
        self.report = reader.reporter.report
        self.stack: list[_Open] = []
        self.root: YamlNode | None = None
        self.documents = 0
        self.nodes = 0

    def build(self, events: Iterator[Any]) -> YamlNode | None:
        for event in events:
            getattr(self, "_on_" + type(event).__name__, _ignore)(event)
        if self.root is None or (isinstance(self.root, TextNode) and not self.root.text):
            self.report(
                "RB112",
                "the file says nothing",
                at=Position(self.reader.file, 1, 1),
                expected="a mapping that begins with robo: 1",
            )
            return None
        return self.root

    def _on_DocumentStartEvent(self, event: Any) -> None:  # noqa: N802 - named after ruamel's event
        self.documents += 1
        if self.documents > 1 or event.version or event.tags:
            self.report(
                "RB113",
                "a file holds one document, without directives",
                at=self._at(event),
                remedy="put what follows into a file of its own",
            )
            raise Stop

    def _on_AliasEvent(self, event: Any) -> None:  # noqa: N802 - named after ruamel's event
        at = self._at(event)
        self.report(
            "RB114",
            "an alias (%(name)s): robo has none",
            at=at,
            expected="the value itself, written out; a text that begins with * is in quotes",
            paste=self._better(at.line - 1, repair.quote_starting(self._line(at), "*")),
            name="*" + str(event.anchor),
        )
        self._add(TextNode("", at, broken=True))

    def _on_ScalarEvent(self, event: Any) -> None:  # noqa: N802 - named after ruamel's event
        at = self._at(event)
        node = TextNode(unicodedata.normalize("NFC", event.value), at, inside=1 if event.style in ("'", '"') else 0)
        node.broken = self._marks(event, at) and not event.value
        if event.style == '"':
            self._backslash(event, at)
        elif not event.style and not node.broken:
            self._plain(event, node)
        self._add(node)

    def _on_SequenceStartEvent(self, event: Any) -> None:  # noqa: N802 - named after ruamel's event
        self._push(event, ListNode(self._at(event, 1)))

    def _on_MappingStartEvent(self, event: Any) -> None:  # noqa: N802 - named after ruamel's event
        self._push(event, MapNode(self._at(event, 1)))

    def _on_SequenceEndEvent(self, _event: Any) -> None:  # noqa: N802 - named after ruamel's event
        self.stack.pop()

    _on_MappingEndEvent = _on_SequenceEndEvent  # noqa: N815 - named after ruamel's event

    def _push(self, event: Any, node: ListNode | MapNode) -> None:
        self._marks(event, node.at)
        self._add(node)
        self.stack.append(_Open(node))
        if len(self.stack) > MAX_DEPTH:
            self.report("RB115", "deeper than %(most)s levels", at=node.at, most=MAX_DEPTH)
            raise Stop

    def _add(self, node: YamlNode) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.report(
                "RB108",
                "more than %(most)s values in one file",
                at=node.at,
                remedy="a definition is small: put data into a workbook or a table",
                most=MAX_NODES,
            )
            raise Stop
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if isinstance(top.node, ListNode):
            top.node.items.append(node)
        elif top.key is None:
            top.key = self._key(top.node, node)
        else:
            if not top.key.broken:
                top.node.entries.append((top.key, node))
            top.key = None

    def _key(self, owner: MapNode, node: YamlNode) -> TextNode:
        if not isinstance(node, TextNode):
            self._odd_key(node)
            return TextNode("", node.at, broken=True)
        if node.broken:
            return node
        if node.text == "<<":
            self.report(
                "RB114", "a merge key (<<): robo has none", at=node.at, expected="the values themselves, written out"
            )
            node.broken = True
        elif not node.text.strip():
            self.report("RB116", "a key is missing before the colon", at=node.at)
            node.broken = True
        elif (before := owner.get(node.text)) is not None:
            first = next(key.at.line for key, value in owner.entries if value is before)
            self.report(
                "RB117",
                "the key %(key)s is there twice, first on line %(first)s",
                at=node.at,
                key=node.text,
                first=first,
            )
            node.broken = True
        return node

    def _odd_key(self, node: ListNode | MapNode) -> None:
        self.report("RB116", "a key must be a text", at=node.at, expected="a text followed by a colon")

    def _marks(self, event: Any, at: Position) -> bool:
        """Reports an anchor or a tag; whether there was one."""
        before = self.reader.reporter.count
        if event.anchor:
            self.report(
                "RB114",
                "an anchor (%(name)s): robo has none",
                at=at,
                expected="the value itself, written out where it is used; a text that begins with & is in quotes",
                name="&" + str(event.anchor),
            )
        tag = getattr(event, "ctag", None)
        if tag is not None and str(tag) not in ("", "None", "!"):
            line = self._line(at)
            plain = ("!!" not in line and repair.quote_starting(line, "!")) or None
            self.report(
                "RB114",
                "a tag (%(name)s): robo has none",
                at=at,
                expected="the value alone; a text that begins with ! is in quotes",
                paste=self._better(at.line - 1, plain),
                name=str(tag),
            )
        return self.reader.reporter.count > before

    def _plain(self, event: Any, node: TextNode) -> None:
        """What an unquoted text may not be: empty, a word for nothing, cut by a comment, a key before ` :`."""
        text, end, at = self.reader.text, event.end_mark.index, node.at
        is_key = bool(self.stack) and isinstance(self.stack[-1].node, MapNode) and self.stack[-1].key is None
        if is_key:
            self._gap(node, text, end)
        elif not node.text:
            self._empty(node)
        elif node.text in _NOTHING:
            self.report(
                "RB118",
                "%(word)s is not a value",
                at=at,
                expected="a value, or the whole line left out; the word itself is in quotes",
                word=node.text,
            )
            node.broken = True
        elif text[end : end + 2] in (" #", "\t#"):
            line = event.end_mark.line
            self.report(
                "RB119",
                "is this a comment or part of the value?",
                at=Position(self.reader.file, line + 1, event.end_mark.column + 2, 1),
                expected="two blanks before a comment, or quotes around the value",
                paste=self._better(line, repair.settle_hash(self.reader.lines[line])),
            )

    def _empty(self, node: TextNode) -> None:
        owner = self.stack[-1] if self.stack else None
        node.broken = True
        if owner is None:
            return
        if owner.key is not None and owner.key.broken:
            return
        self.report(
            "RB118",
            "%(key)s has no value",
            at=owner.key.at if owner.key is not None else node.at,
            expected="a value; an empty text is written ''",
            key=owner.key.text if owner.key is not None else "-",
        )

    def _gap(self, node: TextNode, text: str, end: int) -> None:
        """A key with a blank before its colon is French typography: probably a sentence."""
        if text[end : end + 1] not in tuple(repair.BLANKS) and node.text[-1:] not in tuple(repair.BLANKS):
            return
        line = node.at.line - 1
        if not text[end:].lstrip(repair.BLANKS).startswith(":"):
            return
        self.report(
            "RB103",
            "a blank before the colon: is it a key or a sentence?",
            at=node.at,
            expected="no blank before the colon of a key; a sentence with a colon is in quotes",
            paste=self._better(line, repair.close_key(self.reader.lines[line])),
        )
        node.text = node.text.rstrip(repair.BLANKS)

    def _backslash(self, event: Any, at: Position) -> None:
        written = self.reader.text[event.start_mark.index : event.end_mark.index]
        if "\\" not in written:
            return
        line = at.line - 1
        if repair.means_lines(written):
            self.reader.report_backslash(line, "")
            return
        better = repair.single_quotes(self.reader.lines[line])
        if better is not None:
            self.reader.report_backslash(line, better)
            self.reader.lines[line] = better

    def _better(self, line: int, better: str | None) -> str:
        if better is None:
            return ""
        self.reader.lines[line] = better
        return better

    def _line(self, at: Position) -> str:
        return self.reader.lines[at.line - 1]

    def _at(self, event: Any, width: int = 0) -> Position:
        start, end = event.start_mark, event.end_mark
        if not width:
            same = start.line == end.line
            stop = end.column if same else len(self.reader.lines[start.line].rstrip())
            width = stop - start.column
        return Position(self.reader.file, start.line + 1, start.column + 1, max(1, width))


def _ignore(_event: Any) -> None:
    return
