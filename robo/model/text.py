"""Texts of a definition: where they stand, and the expressions inside them. Compiled in `robo.definition`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

Path = tuple[str | int, ...]
"""A place in a document: `("steps", 0, "do", 1, "browser.fill", "Nom")`."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1. `width` is the length of what the caret underlines."""

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Expr:
    """The source of one expression, without its braces. Equality is of the text, so it can key a cache."""

    source: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text with at least one `${{ … }}`. A template that is one expression and nothing else keeps its type."""

    source: str
    parts: tuple[str | Expr, ...]


def header(text: str) -> str:
    """A column's name as it is compared: NFC, trimmed, blanks collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


if TYPE_CHECKING:
    Node = str | Template | tuple["Node", ...] | Mapping[str, "Node"]
else:
    Node = Any  # pydantic cannot build a recursive alias; the loader is what checks the shape
"""A part of a definition before its scalars are typed: every scalar is text."""
