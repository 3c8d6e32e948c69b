"""What a GraphQL document does, by its first words (GraphQL specification, October 2021, section 2.3)."""

from __future__ import annotations

import re
from typing import Final

_SKIPPED: Final = re.compile(r'"""(?:\\"""|[^"]|"(?!""))*"""|"(?:\\.|[^"\\\n])*"|#[^\n]*')
_WORDS: Final = re.compile(r"[{}]|[A-Za-z_]\w*")
CHANGING: Final = frozenset({"mutation", "subscription"})


def changes(document: str) -> bool:
    """Whether one of its operations is no query. Texts and remarks in it do not count."""
    depth, at_start = 0, True
    for word in _WORDS.findall(_SKIPPED.sub(" ", document)):
        if word == "{":
            depth += 1
            at_start = False
        elif word == "}":
            depth -= 1
            at_start = depth == 0
        elif at_start:
            if word in CHANGING:
                return True
            at_start = False
    return False
