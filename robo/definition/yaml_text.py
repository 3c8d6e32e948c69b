"""Reads YAML 1.2 as text: every scalar is a text with its place, and whatever could be misread is refused.

The tree is built from parser events with a stack of our own, so that hostile nesting cannot exhaust Python's. A
syntax error that `robo.definition.repair` understands is reported, repaired in memory and read on, so that one
reading finds all problems.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from robo.definition import repair
from robo.definition.diagnostics import Reporter
from robo.model.text import Position

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_REPAIRS = 25
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
_NOTHING = frozenset({"~", "null", "Null", "NULL"})


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


@dataclass(slots=True)
class Reading:
    """What a reading gave: the tree (None when there is none to speak of) and the lines, as written and repaired."""

    root: YamlNode | None
    lines: tuple[str, ...]
    repaired: tuple[str, ...]


def decode(content: bytes, file: str, reporter: Reporter) -> str | None:
    """The text of a file, or None after a report. A byte order mark and Windows line ends are welcome."""
    start = Position(file, 1, 1)
    if len(content) > MAX_BYTES:
        reporter.report(
            "RB108",
            "the file has %(size)s bytes, more than %(most)s",
            at=start,
            remedy="a definition is small: put data into a workbook or a table",
            size=len(content),
            most=MAX_BYTES,
        )
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        line = content.count(b"\n", 0, bad.start) + 1
        column = bad.start - (content.rfind(b"\n", 0, bad.start) + 1) + 1
        reporter.report(
            "RB109",
            "the file is not UTF-8 text: byte %(byte)s",
            at=Position(file, line, column),
            expected="a text file saved as UTF-8",
            byte=f"0x{content[bad.start]:02X}",
        )
        return None


def read_yaml(text: str, file: str, reporter: Reporter) -> Reading:
    """Reads one document and reports everything that is wrong with its text. Never raises for a bad text."""
    if len(text) > MAX_BYTES:
        decode(text.encode(), file, reporter)
        return Reading(None, (), ())
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reporter.add_file(file, tuple(lines))
    reader = _Reader(file, reporter, list(lines))
    if reader.invisible():
        return Reading(None, tuple(lines), tuple(lines))
    return Reading(reader.read(), tuple(lines), tuple(reader.lines))


class _Stop(Exception):  # noqa: N818 - ends the reading after a report
    pass


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet; `key` is the key that waits for its value."""

    node: ListNode | MapNode
    key: TextNode | None = None


class _Reader:
    def __init__(self, file: str, reporter: Reporter, lines: list[str]) -> None:
        self.file = file
        self.reporter = reporter
        self.lines = lines
        self.text = ""

    def invisible(self) -> bool:
        """Reports characters nobody can see: they change what a text means without showing it."""
        found = False
        for number, line in enumerate(self.lines, 1):
            for match in _INVISIBLE.finditer(line):
                found = True
                self.reporter.report(
                    "RB110",
                    "an invisible character: %(name)s",
                    at=Position(self.file, number, match.start() + 1),
                    remedy="delete it and type the text again",
                    name=f"U+{ord(match[0]):04X}",
                )
                break
        return found

    def read(self) -> YamlNode | None:
        self._before_parsing()
        for _ in range(MAX_REPAIRS):
            self.text = "\n".join(self.lines) + "\n"
            try:
                return _Builder(self).build(_events(self.text))
            except MarkedYAMLError as error:
                if not self._repair(error):
                    return None
            except YAMLError as error:
                self.reporter.report(
                    "RB101",
                    "this is not YAML: %(problem)s",
                    at=Position(self.file, 1, 1),
                    problem=str(error).splitlines()[0],
                )
                return None
            except _Stop:
                return None
        return None

    def _before_parsing(self) -> None:
        """What YAML would read as something else without complaint: tabs in an indentation, `{{ x }}`."""
        for number, written in enumerate(self.lines):
            line = written
            if "{{" in line and (better := repair.add_dollar(line)) is not None:
                self.report_bare(number, better)
                self.lines[number] = line = better
            if line[:1] in repair.BLANKS and line.strip() and (better := repair.spaces_for_tabs(line)) is not None:
                self.reporter.report(
                    "RB107",
                    "a tab or a no-break blank in the indentation",
                    at=self._at(number, len(line) - len(line.lstrip(" ")), 1),
                    expected="ordinary blanks, two for each level",
                    paste=better,
                )
                self.lines[number] = better

    def _at(self, line: int, column: int, width: int = 1) -> Position:
        return Position(self.file, line + 1, column + 1, max(1, width))

    def _repair(self, error: MarkedYAMLError) -> bool:
        """Reports a syntax error; True when its line could be repaired and reading can start again."""
        mark: Any = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context or "")
        number = min(mark.line, len(self.lines) - 1) if mark else 0
        column = mark.column if mark else 0
        for candidate in dict.fromkeys((number, number - 1, getattr(error.context_mark, "line", number))):
            if 0 <= candidate < len(self.lines) and self._repair_line(candidate, problem):
                return True
        self._report_syntax(problem, number, column, error)
        return False

    def _repair_line(self, number: int, problem: str) -> bool:
        line = self.lines[number]
        better = repair.quote_expressions(line)
        if better is not None:
            self.reporter.report(
                "RB104",
                "an expression inside brackets must be in quotes",
                at=self._place_of(number, "${{"),
                paste=better,
            )
        elif (better := repair.quote_colon(line)) is not None:
            self.reporter.report(
                "RB103",
                "a text with a colon followed by a blank must be in quotes",
                at=self._piece(number, lambda piece: piece.colon),
                paste=better,
            )
        elif "escape" in problem and (better := repair.single_quotes(line)) is not None:
            self.report_backslash(number, better)
        elif "cannot start any token" in problem and (better := repair.quote_starting(line, "@`%")) is not None:
            self.reporter.report(
                "RB111",
                "a text that begins with %(char)s must be in quotes",
                at=(at := self._piece(number, lambda piece: line[piece.start] in "@`%")),
                paste=better,
                char=line[at.column - 1],
            )
        if better is None or better == line:
            return False
        self.lines[number] = better
        return True

    def report_bare(self, number: int, better: str) -> None:
        self.reporter.report(
            "RB105",
            "{{ … }} without its dollar",
            at=self._place_of(number, "{{"),
            expected="${{ … }} for an expression",
            paste=better,
        )

    def report_backslash(self, number: int, better: str) -> None:
        self.reporter.report(
            "RB106",
            "a backslash in double quotes means something else to YAML",
            at=self._place_of(number, "\\"),
            expected="single quotes, where a backslash is itself",
            paste=better,
        )

    def _place_of(self, number: int, words: str) -> Position:
        return self._at(number, max(0, self.lines[number].find(words)), len(words))

    def _piece(self, number: int, wanted: Any) -> Position:
        piece = next(piece for piece in repair.pieces(self.lines[number]) if wanted(piece))
        return self._at(number, piece.start, piece.end - piece.start)

    def _report_syntax(self, problem: str, line: int, column: int, error: MarkedYAMLError) -> None:
        if "context" in vars(error) and error.context and "quoted scalar" in error.context:
            opened: Any = error.context_mark
            self.reporter.report(
                "RB102",
                "these quotes are never closed",
                at=self._at(opened.line, opened.column),
                expected="the same quote at the end of the text",
            )
            return
        self.reporter.report(
            "RB101",
            "this is not YAML: %(problem)s",
            at=self._at(line, column),
            remedy="look at the indentation, brackets and quotes of this line and of the one before",
            problem=problem,
        )


def _events(text: str) -> Iterator[Any]:
    yaml = YAML(typ="safe", pure=True)
    events: Iterator[Any] = yaml.parse(text)
    return events


class _Builder:
    """Builds the tree of one document from parser events."""

    def __init__(self, reader: _Reader) -> None:
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
            raise _Stop

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
        node = TextNode(event.value, at, inside=1 if event.style in ("'", '"') else 0)
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
            raise _Stop

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
            raise _Stop
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
                at=self.reader._at(line, event.end_mark.column + 1, 1),  # noqa: SLF001 - two halves of one reader
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
        self.report(
            "RB103",
            "a blank before the colon: is it a key or a sentence?",
            at=node.at,
            expected="no blank before the colon of a key; a sentence with a colon is in quotes",
            paste=self._better(line, repair.close_key(self.reader.lines[line])),
        )
        node.text = node.text.rstrip(repair.BLANKS)

    def _backslash(self, event: Any, at: Position) -> None:
        if "\\" not in self.reader.text[event.start_mark.index : event.end_mark.index]:
            return
        line = at.line - 1
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
