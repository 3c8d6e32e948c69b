"""Problems of definitions: each points at a line and teaches; all problems of all files come out at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from robo.errors import DefinitionError, Translate, english, fill, in_english
from robo.model.text import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem. `message`, `expected` and `remedy` are English templates filled from `facts`.

    `line` is the text of the line at `position`, `meant` the nearest correct word, `paste` the line as it should
    be written.
    """

    code: str
    message: str
    position: Position
    facts: Mapping[str, Any] = field(default_factory=dict)
    line: str = ""
    expected: str = ""
    meant: str = ""
    paste: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.position}: {self.code} {fill(self.message, self.facts)}"

    def text(self, translate: Translate = in_english) -> str:
        """The lines a person reads: place, code and message, the line with its caret, then what to do."""
        rows = [f"{self.position}: {self.code} {fill(self.message, self.facts, translate)}"]
        if self.line:
            number = str(self.position.line)
            shown, caret = _window(self.line, self.position.column - 1, self.position.width)
            rows += [f"  {number} | {shown}", f"  {' ' * len(number)} | {caret}"]
        if self.expected:
            rows.append(f"  {translate('expected')}: {fill(self.expected, self.facts, translate)}")
        if self.meant:
            rows.append(f"  {translate('did you mean')}: {self.meant}")
        if self.paste:
            rows.append(f"  {translate('write')}: {self.paste.strip()}")
        if self.remedy:
            rows.append(f"  {translate('do')}: {fill(self.remedy, self.facts, translate)}")
        return "\n".join(rows)

    def as_json(self, translate: Translate = in_english) -> dict[str, Any]:
        """The same as plain JSON values; texts are filled and translated, `facts` are there for machines."""
        return {
            "code": self.code,
            "message": fill(self.message, self.facts, translate),
            "file": self.position.file,
            "line": self.position.line,
            "column": self.position.column,
            "width": self.position.width,
            "text": self.line,
            "expected": fill(self.expected, self.facts, translate),
            "did_you_mean": self.meant,
            "write": self.paste.strip(),
            "remedy": fill(self.remedy, self.facts, translate),
            "facts": {
                name: english(value) if isinstance(value, Mapping) else str(value) for name, value in self.facts.items()
            },
        }


def _window(line: str, start: int, width: int, room: int = 140) -> tuple[str, str]:
    """At most `room` characters of the line around the caret, and the caret's own line in terminal cells."""
    first = max(0, start - room // 2) if len(line) > room else 0
    cut = line[first : first + room]
    shown = "".join(char if char.isprintable() else " " for char in cut)
    before = shown[: start - first]
    under = shown[start - first : start - first + width]
    return shown.rstrip(), " " * _cells(before) + "^" * max(1, _cells(under))


def _cells(text: str) -> int:
    """How many terminal columns a text takes: wide letters two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def render(diagnostics: Iterable[Diagnostic], translate: Translate = in_english) -> str:
    """All problems as a person reads them, an empty line between two."""
    return "\n\n".join(diagnostic.text(translate) for diagnostic in diagnostics)


def nearest(word: str, words: Iterable[str]) -> str:
    """The one of `words` that `word` was probably meant to be, or an empty text."""
    from difflib import get_close_matches

    from robo.definition.synonyms import MEANS

    plain = _fold(word)[:80]
    folded = {_fold(candidate): candidate for candidate in words if candidate != word}
    same = next((meant for meant in (plain, *MEANS.get(plain, ())) if meant in folded), "")
    found = [same] if same else get_close_matches(plain, folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


class Reporter:
    """Collects problems while several files are read; it knows their lines, so a caller only gives positions."""

    def __init__(self, lines: Mapping[str, Sequence[str]] | None = None) -> None:
        self._lines: dict[str, Sequence[str]] = dict(lines or {})
        self._found: list[Diagnostic] = []

    def add_file(self, file: str, lines: Sequence[str]) -> None:
        """Remember the lines of a file, for the problems that point into it."""
        self._lines[file] = lines

    def report(
        self,
        code: str,
        message: str,
        *,
        at: Position,
        expected: str = "",
        meant: str = "",
        paste: str = "",
        remedy: str = "",
        **facts: Any,
    ) -> None:
        """Add one problem. `message`, `expected`, `remedy` are literal templates with named facts."""
        lines = self._lines.get(at.file, ())
        line = lines[at.line - 1] if 0 < at.line <= len(lines) else ""
        found = Diagnostic(
            code=code,
            message=message,
            position=at,
            facts=facts,
            line=line,
            expected=expected,
            meant=meant,
            paste=paste,
            remedy=remedy,
        )
        if found not in self._found:
            self._found.append(found)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take over problems that somebody else found."""
        self._found.extend(found for found in diagnostics if found not in self._found)

    @property
    def count(self) -> int:
        return len(self._found)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found, in the order of the files and of their text."""
        return tuple(sorted(self._found, key=lambda found: (found.position, found.code)))

    def finish(self) -> None:
        """Raise `DefinitionError` with everything found, if anything was."""
        if self._found:
            raise DefinitionError(self.diagnostics())
