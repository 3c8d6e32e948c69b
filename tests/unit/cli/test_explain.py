"""Every code that robo raises is explained, once, in both languages."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from robo.cli.explain import explanations
from robo.model.run import Taken

ROOT = Path(__file__).parents[3]
SOURCES = [*(ROOT / "robo").rglob("*.py"), *(ROOT / "runners").rglob("*.py")]
RAISED = {code for file in SOURCES for code in re.findall(r'"(RB\d{3})"', file.read_text(encoding="utf-8"))}
EXPLAINED = list(explanations())
ITEM = re.compile(r'(?:code=|Rejection\(|Failure\(|Outcome\.[A-Z]+, )\s*"([a-z]+(?:-[a-z]+)+)"')
OF_ITEMS = {code for file in SOURCES for code in ITEM.findall(file.read_text(encoding="utf-8"))} | {
    str(why) for why in (Taken.ALREADY_DONE, Taken.ALREADY_REJECTED)
}
"""Codes that robo itself gives an item, or a row it does not take."""


def test_every_code_that_is_raised_is_explained() -> None:
    assert not RAISED - {found.code for found in EXPLAINED}


def test_every_code_that_robo_gives_an_item_is_explained() -> None:
    assert len(OF_ITEMS) > 8
    assert not OF_ITEMS - {found.code for found in EXPLAINED}


def test_no_code_is_explained_twice_and_none_for_nothing() -> None:
    counted = Counter(found.code for found in EXPLAINED)
    assert not {code for code, count in counted.items() if count > 1}
    assert not {code for code in counted if code.startswith("RB")} - RAISED


def test_each_explanation_has_a_title_a_french_sentence_and_something_to_say() -> None:
    poor = [found.code for found in EXPLAINED if not found.title or not found.french or len(found.text) < 40]
    assert not poor


def test_each_explanation_says_what_it_means_and_then_what_to_do() -> None:
    lacking = [found.code for found in EXPLAINED if not re.search(r"\S.*\bWhat to do:\s\S", found.text, re.DOTALL)]
    assert not lacking


def test_codes_are_listed_and_headed_in_the_language_of_whoever_asks(robo: Any) -> None:
    for said in (robo("explain", ROBO_LANG="fr").out, robo("explain", "RB214", ROBO_LANG="fr").out):
        assert "Cette clé ne va pas avec ce genre d'étape." in said
        assert "A key that does not go with this step" not in said
    assert "A key that does not go with this step" in robo("explain", ROBO_LANG="en").out
