"""Values in texts that are Markdown: what a person typed into a form is no markup."""

from __future__ import annotations

import re
from typing import Final

_MARKS: Final = re.compile(r"[!-/:-@\[-`{-~]")
"""Every character that may be markup, as CommonMark has it (section 2.4): all of ASCII's punctuation."""


def literal(text: str) -> str:
    """`text` as Markdown that reads as it was: `a*b` -> `a\\*b`. Lines stay lines."""
    return _MARKS.sub(r"\\\g<0>", text)
