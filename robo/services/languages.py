"""The languages that texts of ours are in, and their catalogues: for the command line, and for documents."""

from __future__ import annotations

import gettext as library
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "fr")
CATALOGUES: Final = Path(__file__).parent.parent / "locale"
DOMAIN: Final = "robo"


@cache
def catalogue(language: str) -> library.NullTranslations:
    """The messages in one language; English needs none."""
    if language == "en":
        return library.NullTranslations()
    return library.translation(DOMAIN, CATALOGUES, languages=[language], fallback=True)
