"""Where the words of a scalar stand in the lines it was written in: one line or several, accents composed or not."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

Found = tuple[int, int, int]
"""Line and column from 0, and the number of characters."""


def find_words(lines: Sequence[str], begin: int, words: str, start: int, width: int) -> Found | None:
    """Where `words[start : start + width]` stands, in the first line from column `begin` on; None when it cannot be
    told. The words are composed (NFC); the lines are as they were written."""
    first = words.split("\n", maxsplit=1)[0]
    if start < len(first):
        for row, line in enumerate(lines):
            column = _find(line, first, 0 if row else begin)
            if column >= 0:
                return _in_line(row, line, column + start, min(width, len(first) - start))
    return _by_word(lines, begin, words, start, width)


def _by_word(lines: Sequence[str], begin: int, words: str, start: int, width: int) -> Found | None:
    """The first word of what is looked for, as often as it stands before it: line ends of a folded text are blanks."""
    wanted = words[start : start + width].split()
    if not wanted:
        return None
    left = words[:start].count(wanted[0])
    for row, line in enumerate(lines):
        column = _find(line, wanted[0], 0 if row else begin)
        while column >= 0 and left:
            left -= 1
            column = _find_from(line, wanted[0], column + 1)
        if column >= 0:
            return _in_line(row, line, column, len(wanted[0]))
    return None


def _find(line: str, words: str, begin: int) -> int:
    """The column in the composed line, looked for from a column of the written one."""
    return _find_from(line, words, len(_composed(line[:begin])))


def _find_from(line: str, words: str, begin: int) -> int:
    return _composed(line).find(words, begin)


def _in_line(row: int, line: str, column: int, width: int) -> Found:
    start = _written(line, column)
    return row, start, max(1, _written(line, column + width) - start)


def _written(line: str, column: int) -> int:
    """A column of the composed line as one of the written line."""
    if unicodedata.is_normalized("NFC", line):
        return column
    ends = (i for i in range(len(line) + 1) if i == len(line) or not unicodedata.combining(line[i]))
    return next((i for i in ends if len(_composed(line[:i])) >= column), len(line))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
