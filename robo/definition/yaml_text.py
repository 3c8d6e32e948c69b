"""Reads YAML 1.2 as text: every scalar is a text with its place, and whatever could be misread is refused.

The tree is built from parser events with a stack of our own, so that hostile nesting cannot exhaust Python's. A
syntax error that `robo.definition.repair` understands is reported, repaired in memory and read on, so that one
reading finds all problems.

A text is read by libyaml first, twenty times faster. Whatever it finds anything to say about is read again by ruamel,
whose words and places are the ones told; a property test holds that a text libyaml is content with is the same tree to
both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml as libyaml

from robo.definition import repair
from robo.definition.diagnostics import Reporter
from robo.definition.yaml_build import Builder, Stop
from robo.definition.yaml_nodes import ListNode, MapNode, TextNode, YamlNode
from robo.model.text import Position

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

__all__ = ["ListNode", "MapNode", "Reading", "TextNode", "YamlNode", "decode", "read_yaml"]

MAX_BYTES = 1024 * 1024
MAX_REPAIRS = 25
SAID = {
    "expected <block end>, but found '<block mapping start>'": "this line does not stand under the ones it belongs to",
    "expected <block end>, but found '<block sequence start>'": "this line does not stand under the ones it belongs to",
    "expected <block end>, but found '-'": "this line does not stand under the ones it belongs to",
    "expected <block end>, but found '<scalar>'": "a text follows where the value was over",
    "could not find expected ':'": "a key without its colon",
    "mapping values are not allowed here": "a key where only a value may stand",
    "sequence entries are not allowed here": "a dash where only a value may stand",
}
"""What the parser says, in words of this house."""
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")


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


def read_yaml(text: str, file: str, reporter: Reporter, *, quick: bool = True) -> Reading:
    """Reads one document and reports everything that is wrong with its text. Never raises for a bad text.

    `quick`: a text without a fault may be read by libyaml alone."""
    if len(text) > MAX_BYTES:
        decode(text.encode(), file, reporter)
        return Reading(None, (), ())
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reporter.add_file(file, tuple(lines))
    reader = _Reader(file, reporter, list(lines))
    if reader.invisible():
        return Reading(None, tuple(lines), tuple(lines))
    return Reading(reader.read(quick=quick), tuple(lines), tuple(reader.lines))


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

    def read(self, *, quick: bool) -> YamlNode | None:
        self._before_parsing()
        known = _read_quickly(self.file, self.lines) if quick else None
        return known or self._read_with_care()

    def _read_with_care(self) -> YamlNode | None:
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        for _ in range(MAX_REPAIRS):
            self.text = "\n".join(self.lines) + "\n"
            try:
                return Builder(self).build(_events(self.text))
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
            except Stop:
                return None
        return None

    def _before_parsing(self) -> None:
        """What YAML would read as something else without complaint: tabs in an indentation, `{{ x }}`."""
        blocks = repair.block_lines(self.lines)
        for number, written in enumerate(self.lines):
            line = written
            if number in blocks:
                continue
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
        better = repair.blanks_for_tabs(line) if "\\t" in problem else None
        if better is not None:
            self.reporter.report(
                "RB107",
                "a tab between a key and its value",
                at=self._at(number, line.index("\t")),
                expected="ordinary blanks",
                paste=better,
            )
        elif (better := repair.quote_expressions(line)) is not None:
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
        elif "<scalar>" in problem and (better := repair.quote_apostrophe(line)) is not None:
            self.reporter.report(
                "RB102",
                "these quotes close before the end of the text",
                at=self._piece(number, lambda piece: piece.quote == "'"),
                expected="double quotes around a text with an apostrophe",
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
            expected="single quotes, where a backslash is itself"
            if better
            else "for several lines: the key, a bar (body: |), and each line below it, indented",
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
        opened = error.context_mark
        if opened is not None and "flow" in str(error.context or "") and opened.line < line:
            self.reporter.report(
                "RB101",
                "this bracket is never closed",
                at=self._at(opened.line, opened.column),
                expected="the closing one, and commas between what is inside",
            )
            return
        self.reporter.report(
            "RB101",
            "this is not YAML: %(problem)s",
            at=self._at(line, column),
            remedy="look at the indentation, brackets and quotes of this line and of the one before",
            problem=SAID.get(problem, problem),
        )


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    events: Iterator[Any] = yaml.parse(text)
    return events


def _read_quickly(file: str, lines: list[str]) -> YamlNode | None:
    """The tree of a text that libyaml reads and that there is nothing to say about; None for every other, for a text
    with a tab (a part of a word only to libyaml), and where PyYAML was built without it."""
    reader = _Reader(file, Reporter(), list(lines))
    reader.text = "\n".join(lines) + "\n"
    if not libyaml.__with_libyaml__ or "\t" in reader.text:
        return None
    try:
        root = Builder(reader).build(_unmarked(libyaml.parse(reader.text, Loader=libyaml.CSafeLoader)))
    except (libyaml.YAMLError, UnicodeEncodeError, Stop):
        return None
    return root if not reader.reporter.count else None


def _unmarked(events: Iterator[Any]) -> Iterator[Any]:
    """The events, up to a tag: only ruamel's say how one was written."""
    for event in events:
        if getattr(event, "tag", None) is not None:
            raise Stop
        yield event
