"""What one line of YAML should have been. Each repair takes a line and gives the line to paste, or None.

The reader shows the repaired line in its messages, and `robo fmt` writes it. Lines are cut into scalars by a small
scanner of its own, because the YAML parser stops exactly where a repair is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from robo.definition.template import OPENING, expression_end

_BLOCK = re.compile(r"(?:^|[:-])\s+[|>][+-]?\d?[+-]?(?:\s+#.*)?\s*$|^\s*-\s+[|>][+-]?\s*$")
BLANKS = " \t\u00a0\u202f"


@dataclass(slots=True)
class Piece:
    """One scalar of a line: `line[start:end]`, at a depth of brackets (0: none)."""

    start: int
    end: int
    depth: int
    quote: str = ""
    key: bool = False
    colon: bool = False
    """A `: ` stands inside it, where only one key may be."""
    bare: bool = False
    """It holds `{{ x }}` without `$`."""
    expression: bool = False


@dataclass(slots=True)
class _Cutter:
    line: str
    index: int = 0
    depth: int = 0
    fresh: bool = True  # a scalar may begin here
    keyed: bool = False  # this entry already has its key
    open: Piece | None = None
    comment: int = -1

    def run(self) -> list[Piece]:
        pieces: list[Piece] = []
        while self.index < len(self.line) and self.comment < 0:
            self._step(pieces)
        self._close(pieces, self.comment if self.comment >= 0 else len(self.line))
        return pieces

    def _close(self, pieces: list[Piece], end: int) -> None:
        if self.open is not None:
            while end > self.open.start and self.line[end - 1] in " \t":
                end -= 1
            self.open.end = end
            pieces.append(self.open)
            self.open = None

    def _step(self, pieces: list[Piece]) -> None:
        char, after = self.line[self.index], self.line[self.index + 1 : self.index + 2]
        if self.line.startswith(OPENING, self.index) or (self.fresh and self.line.startswith("{{", self.index)):
            self._expression(bare=char == "{")
        elif char == "#" and (self.index == 0 or self.line[self.index - 1] in " \t"):
            self.comment = self.index
        elif self.fresh and char in "'\"":
            self._quoted(char)
        elif char in "[{" and (self.fresh or self.depth):
            self._close(pieces, self.index)
            self.depth, self.fresh, self.keyed = self.depth + 1, True, False
            self.index += 1
        elif self.depth and char in "]},":
            self._close(pieces, self.index)
            self.depth -= char != ","
            self.fresh, self.keyed = char == ",", False
            self.index += 1
        elif char == ":" and (not after or after in " \t" or (self.depth and after in ",[]{}")):
            self._colon(pieces)
        else:
            self._plain(char, after)

    def _expression(self, *, bare: bool) -> None:
        piece = self._begin()
        piece.expression, piece.bare = True, piece.bare or bare
        end = expression_end(self.line, self.index + (2 if bare else 3))
        self.index = end if end > 0 else len(self.line)

    def _quoted(self, quote: str) -> None:
        piece = self._begin()
        piece.quote = quote
        self.index += 1
        while self.index < len(self.line):
            char = self.line[self.index]
            if quote == '"' and char == "\\":
                self.index += 1
            elif char == quote:
                if quote == "'" and self.line.startswith("''", self.index):
                    self.index += 1
                else:
                    break
            self.index += 1
        self.index += 1

    def _colon(self, pieces: list[Piece]) -> None:
        if self.keyed and self.open is not None and not self.open.quote:
            self.open.colon = True
        else:
            if self.open is not None:
                self.open.key = True
            self._close(pieces, self.index)
            self.fresh = self.keyed = True
        self.index += 1

    def _plain(self, char: str, after: str) -> None:
        dash = char == "-" and self.fresh and not self.depth and (not after or after in " \t")
        if char not in " \t" and not dash:
            self._begin()
        self.index += 1

    def _begin(self) -> Piece:
        if self.open is None:
            self.open = Piece(self.index, self.index, self.depth)
        self.fresh = False
        return self.open


def pieces(line: str) -> list[Piece]:
    """The scalars of one line, in order; what follows an unquoted ` #` is left out."""
    return _Cutter(line).run()


def comment_start(line: str) -> int:
    """Index of the `#` that begins a comment, or -1."""
    cutter = _Cutter(line)
    cutter.run()
    return cutter.comment


def block_lines(lines: list[str]) -> frozenset[int]:
    """Numbers (from 0) of the lines that are the text of a `|` or `>` block, where everything is itself."""
    found: set[int] = set()
    indent = -1
    for number, line in enumerate(lines):
        depth = len(line) - len(line.lstrip(" "))
        if indent >= 0 and (not line.strip() or depth > indent):
            found.add(number)
            continue
        indent = depth if _BLOCK.search(line) else -1
    return frozenset(found)


def quoted(text: str) -> str:
    """A YAML scalar that reads as exactly `text` (one line), without any backslash meaning something."""
    return "'" + text.replace("'", "''") + "'" if '"' in text or "\\" in text else f'"{text}"'


def _rewrite(line: str, wanted: Callable[[Piece], bool], write: Callable[[str], str]) -> str | None:
    """A quote where no text may begin (`{}"x"`) is left: quotes around it would stand there too, and again at each
    reading, twice as many."""
    found = [piece for piece in pieces(line) if wanted(piece) and (piece.quote or line[piece.start] not in "'\"")]
    for piece in reversed(found):
        line = line[: piece.start] + write(line[piece.start : piece.end]) + line[piece.end :]
    return line if found else None


def quote_expressions(line: str) -> str | None:
    """`{file: ${{ x }}}` -> `{file: "${{ x }}"}`."""
    return _rewrite(line, lambda piece: piece.depth > 0 and piece.expression and not piece.quote, quoted)


def add_dollar(line: str) -> str | None:
    """`a: {{ x }}` -> `a: "${{ x }}"`."""
    return _rewrite(line, lambda piece: piece.bare, lambda text: quoted(text.replace("{{", OPENING, 1)))


def quote_colon(line: str) -> str | None:
    """`message: Attention : x` -> `message: "Attention : x"`."""
    return _rewrite(line, lambda piece: piece.colon, quoted)


def quote_starting(line: str, starts: str) -> str | None:
    """Quotes every plain scalar that begins with one of `starts` (`@ % * !` mean something else to YAML)."""
    return _rewrite(line, lambda piece: not piece.quote and line[piece.start] in starts, quoted)


def means_lines(written: str) -> bool:
    """Whether every backslash of a double-quoted text is the `\\n` of other languages, and not of `C:\\new`."""
    return set(re.findall(r"\\(.)", written)) == {"n"} and not re.search(r"\b[A-Za-z]:\\", written)


def single_quotes(line: str) -> str | None:
    """Double-quoted texts with a backslash become single-quoted ones, where a backslash is itself."""
    return _rewrite(
        line,
        lambda piece: piece.quote == '"' and "\\" in line[piece.start : piece.end],
        lambda text: "'" + text[1:-1].replace('\\"', '"').replace("\\\\", "\\").replace("'", "''") + "'",
    )


def blanks_for_tabs(line: str) -> str | None:
    """Tabs between a key and its value become one blank."""
    better = re.sub(r"(?<=[:-])[ ]*\t[ \t]*", " ", line)
    return better if better != line else None


def quote_apostrophe(line: str) -> str | None:
    """`owner: 'l'agent` -> `owner: "l'agent"`: the text after the colon, without the quote it began with."""
    found = re.match(r"(\s*(?:- )?[^:'\"]+: )'([^'\"]*'[^'\"]*?)'?$", line.rstrip())
    return found and f'{found[1]}"{found[2]}"'


def settle_hash(line: str) -> str | None:
    """`x: 12 # why` gets its second blank; `sheet: Demandes #2`, where `#` begins a word, is quoted."""
    start = comment_start(line)
    if start < 0:
        return None
    if line[start + 1 : start + 2] in ("", " ", "\t", "#"):
        return line[:start].rstrip() + "  " + line[start:]
    before = pieces(line)
    if not before or before[-1].depth:
        return None
    last = before[-1]
    return line[: last.start] + quoted(line[last.start :].rstrip())


def close_key(line: str) -> str | None:
    """`Nom : x` -> `Nom: x`."""
    return _rewrite(line, lambda piece: piece.key, lambda text: text.rstrip(BLANKS)) and _without_gaps(line)


def _without_gaps(line: str) -> str:
    for piece in reversed(pieces(line)):
        if piece.key:
            end = line.index(":", piece.end)
            line = line[: piece.start] + line[piece.start : piece.end].rstrip(BLANKS) + line[end:]
    return line


def spaces_for_tabs(line: str) -> str | None:
    """Tabs and no-break blanks of the indentation become two and one ordinary blanks."""
    body = line.lstrip(BLANKS)
    indent = line[: len(line) - len(body)]
    plain = indent.replace("\t", "  ").replace("\u00a0", " ").replace("\u202f", " ")
    return plain + body if plain != indent else None
