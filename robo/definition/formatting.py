"""`robo fmt`: quotes what needs it, two blanks before a comment, no tabs. Comments and order stay as they are."""

from __future__ import annotations

from typing import Final

from robo.definition.diagnostics import Reporter
from robo.definition.repair import block_lines
from robo.definition.yaml_text import read_yaml

_PASSES: Final = 20


def format_text(text: str) -> str:
    """`text` as its author should have written it; what cannot be repaired is left for the diagnostics.

    Formatting a formatted text changes nothing. Line ends become `\\n`, blanks at the end of lines go."""
    current = _plain(text)
    for _ in range(_PASSES):
        repaired = read_yaml(current, "text", Reporter()).repaired
        better = _plain("\n".join(repaired)) if repaired else current
        if better == current:
            return current
        current = better
    return current


def _plain(text: str) -> str:
    """Lines without blanks at their end, one line end at the end of the text; the text of a block stays as it is."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    blocks = block_lines(lines)
    trimmed = [line if number in blocks else line.rstrip(" \t") for number, line in enumerate(lines)]
    while trimmed and not trimmed[0]:
        trimmed.pop(0)
    if len(lines) - 1 in blocks:
        return "\n".join(trimmed).removesuffix("\n") + "\n"
    return "\n".join(trimmed).rstrip("\n") + "\n"
