"""Which language robo speaks, and how a message is said in it.

`ROBO_LANG`, else `LC_ALL`, `LC_MESSAGES`, `LANG`, else the project's `language`, else English. A message is an English
template; it is translated here, then filled with its facts, so that what is stored is the same in every language.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from robo.errors import Words, fill
from robo.services.languages import LANGUAGES, catalogue

_VARIABLES: Final = ("ROBO_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_COUNTED: Final = re.compile(r"(?:^|(?<=, )|(?<=: ))(line|entry|checkpoint) ([0-9]+)$")
_project: list[str] = []
"""The language the project chose, once it is known."""


def chosen(environ: Mapping[str, str] = os.environ) -> str:
    """The two letters of the language to speak now."""
    for name in _VARIABLES:
        said = environ.get(name, "")[:2].lower()
        if said in LANGUAGES:
            return said
    return _project[0] if _project else "en"


def prefer(language: str) -> None:
    """What the project prefers, for people whose environment says nothing."""
    if language in LANGUAGES:
        _project[:] = [language]


def _(message: str) -> str:
    """`message` in the language of whoever reads. Give it a literal, so that the catalogue can be gathered."""
    return catalogue(chosen()).gettext(message) if message else ""


def said(words: Words) -> str:
    """Words of ours that were kept: a text, or a phrase with its facts."""
    return fill("%(why)s", {"why": words}, _)


def say(template: str, facts: Mapping[str, Any]) -> str:
    """A template of an error or a report, translated, then filled."""
    return fill(template, facts, _)


def located(place: str) -> str:
    """A place as a person reads it: what counts in it (`payloads, line 4`) is translated, names are left alone."""
    found = _COUNTED.search(place)
    if found is None:
        return place
    facts = {"number": found[2]}
    words = {
        "line": say("line %(number)s", facts),
        "entry": say("entry %(number)s", facts),
        "checkpoint": say("checkpoint %(number)s", facts),
    }
    return place[: found.start()] + words[found[1]]
