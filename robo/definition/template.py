"""Finds `${{ … }}` in a text. Strings inside an expression are respected: `${{ '}}' }}` is one expression."""

from __future__ import annotations

import re
from dataclasses import dataclass

from robo.model.text import Expr, Template

OPENING = "${{"
_BARE = re.compile(r"(?<!\$)\{\{.*?\}\}", re.DOTALL)


@dataclass(slots=True, eq=False)
class BadTemplate(Exception):  # noqa: N818 - a finding that the caller turns into a diagnostic
    """`kind`: `unclosed`, `bare` (`{{ x }}` without its `$`) or `empty`; `start`, `width`: where in the text."""

    kind: str
    start: int
    width: int


def expression_end(text: str, start: int) -> int:
    """Index just after the `}}` that closes the braces opened before `start`, or -1 when nothing closes them."""
    index, quote = start, ""
    while index < len(text):
        char = text[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "}" and text.startswith("}}", index):
            return index + 2
        index += 1
    return -1


def parse_template(text: str) -> str | Template:
    """The text itself when it holds no expression, else a `Template`. Raises `BadTemplate`."""
    if "{{" not in text:
        return text
    parts: list[str | Expr] = []
    place = 0
    while (start := text.find(OPENING, place)) >= 0:
        _add_text(parts, text, place, start)
        end = expression_end(text, start + len(OPENING))
        if end < 0:
            raise BadTemplate("unclosed", start, len(text) - start)
        source = text[start + len(OPENING) : end - 2].strip()
        if not source:
            raise BadTemplate("empty", start, end - start)
        parts.append(Expr(source))
        place = end
    _add_text(parts, text, place, len(text))
    return Template(text, tuple(parts)) if any(isinstance(part, Expr) for part in parts) else text


def _add_text(parts: list[str | Expr], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    if bare := _BARE.search(piece):
        raise BadTemplate("bare", start + bare.start(), bare.end() - bare.start())
    if piece:
        parts.append(piece)
