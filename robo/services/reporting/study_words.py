"""The words of the time-study sheet, in each language: they are written, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FORM: Final = "robo.study/1"
ABOUT: Final = "robo"
"""The sheet that says what the study is of."""
LINES: Final = 60
"""Observations that the sheet has room for."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names of a language that are written, and read back."""

    guide: str
    log: str
    work: str
    headers: tuple[str, ...]
    what: Mapping[str, str]


WORDS: Final[Mapping[str, Vocabulary]] = {
    "fr": Vocabulary(
        "Mode d'emploi",
        "Relevé",
        "Procédure",
        ("N°", "Jour", "Ce qui est observé", "Début", "Fin", "ou minutes", "Durée (min)"),
        {
            "before": "Avant : à la main",
            "after": "Après : avec le robot",
            "triage": "Reprise d'un dossier mis de côté",
            "recovery": "Reprise d'un dossier en échec",
            "wrong": "Correction d'une erreur du robot",
        },
    ),
    "en": Vocabulary(
        "How to",
        "Observations",
        "Procedure",
        ("No", "Day", "What is observed", "Start", "End", "or minutes", "Duration (min)"),
        {
            "before": "Before: by hand",
            "after": "After: with the robot",
            "triage": "One that was set aside",
            "recovery": "One that failed",
            "wrong": "A mistake of the robot",
        },
    ),
}
