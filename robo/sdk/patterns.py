"""Regular expressions of definitions: RE2's, so that no text can make them slow."""

from __future__ import annotations

import re
from typing import Final

from robo.errors import Words, phrase

_FOREIGN: Final = re.compile(r"\\(?:[AzQECpPa]|x\{)|\[\[:|\(\?(?!:)")
"""What RE2 has and a browser understands otherwise."""
_ENDLESS: Final = re.compile(r"[*+]|\{\d+,\d*\}")
_OFTEN: Final = re.compile(r"[*+]|\{\d+,\d*\}|\{\d{2,}\}")
"""The same, and ten times or more."""
_TOKEN: Final = re.compile(r"\\.|\[(?:[^\]\\]|\\.)*\]|[()]|[^\\\[()]", re.DOTALL)


def check_pattern(pattern: str) -> str:
    """Why `pattern` is not a regular expression of RE2 (no look-around, no back-reference), or an empty text."""
    import re2  # type: ignore[import-untyped]  # google-re2 has no stubs

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as bad:
        return str(bad.args[0].decode(errors="replace") if isinstance(bad.args[0], bytes) else bad.args[0])
    return ""


def slow_or_foreign(pattern: str) -> Words:
    """Why a pattern of RE2 is none for a browser, which backtracks: a repetition or a choice in a repetition takes for
    ever on some texts. An empty text when it is one."""
    if found := _FOREIGN.search(pattern):
        return phrase("a browser does not understand %(what)s", what=found[0])
    endless = [False]
    tokens = list(_TOKEN.finditer(pattern))
    for token in tokens:
        rest = pattern[token.end() :]
        if token[0] == "(":
            endless.append(False)
        elif token[0] == ")" and len(endless) > 1:
            inner = endless.pop()
            if inner and _OFTEN.match(rest):
                return phrase("a repetition or a choice is repeated")
            endless[-1] |= inner or _ENDLESS.match(rest) is not None
        elif token[0] == "|" or (_ENDLESS.match(rest) and token[0] not in "*+"):
            endless[-1] = True
    return ""
