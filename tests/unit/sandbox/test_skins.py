"""Two préfectures: the same pages, other words."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from robo import sandbox
from robo.errors import UsageError
from robo.sandbox import Fault, RunningSandbox
from robo.sandbox.countries import countries
from robo.sandbox.skins import GUYANE, OCCITANIE, SKINS, skin_named
from robo.sandbox.web import APPLICATIONS

ACCOUNTS = {"robot.occitanie": "canary-robot-1"}


def test_both_skins_have_every_label_and_every_template_asks_for_known_ones() -> None:
    asked = set()
    for template in (files("robo.sandbox") / "templates").iterdir():
        asked |= set(re.findall(r"\bt\.(\w+)", template.read_text(encoding="utf-8")))
    assert asked
    for skin in SKINS.values():
        labels = dict(skin.labels)
        for each in APPLICATIONS:
            labels |= each.labels[skin.id]
            assert set(each.labels[skin.id]) == set(each.labels["occitanie"])
            assert {key for _, key in each.menu} <= set(labels)
        assert asked <= set(labels)
        assert all(labels.values())
    assert set(OCCITANIE) == set(GUYANE)


PAIRS = (
    ("ink", "ground", 4.5), ("soft", "ground", 4.5), ("soft", "paper", 4.5), ("accent", "ground", 4.5),
    ("accent", "paper", 4.5), ("paper", "accent", 4.5), ("paper", "accent-dark", 4.5),
    ("accent-dark", "accent-soft", 4.5),
    ("bad", "bad-soft", 4.5), ("bad", "paper", 4.5), ("good", "good-soft", 4.5), ("info", "info-soft", 4.5),
    ("edge", "paper", 3.0), ("info", "ground", 3.0),
)  # fmt: skip
"""Text or edge, what it stands on, and the least contrast: WCAG 2.2, 1.4.3 (text) and 1.4.11 (edges, focus)."""


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` or `#rgb`, as WCAG defines it."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("skin", SKINS)
def test_what_is_written_can_be_read(skin: str) -> None:
    static = files("robo.sandbox") / "static"
    sheets = "".join((static / name).read_text(encoding="utf-8") for name in ("portail.css", f"{skin}.css"))
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", sheets))
    for text, ground, least in PAIRS:
        dark, light = sorted((luminance(colours[text]), luminance(colours[ground])))
        assert (light + 0.05) / (dark + 0.05) >= least, f"{text} on {ground}"


def test_guyane_says_otherwise_on_every_page(database: Path, enter: Callable[[RunningSandbox], Any]) -> None:
    with sandbox.start(database, skin="guyane", accounts=ACCOUNTS) as portal:
        page = enter(portal).sign_in()
        assert page.heading == "Accueil"
        assert page.go("/demandes/nouvelle").labels == [
            "Référence de la demande", "Nom de famille", "Prénoms", "Date de naissance", "Pays de nationalité",
        ]  # fmt: skip
        assert ">Continuer</button>" in page.answer.text
        assert ">Valider la demande</button>" in page.review().answer.text
        assert "Numéro de dossier SEJ-" in page.submit().text
        page.go("/recherche?reference=2026-TS-1")
        assert "Nom de famille Prénoms Pays de nationalité Numéro de dossier" in page.text
        assert ">Lancer la recherche</button>" in page.answer.text
        assert "/static/guyane.css" in page.answer.text


def test_a_changed_label_shows_everywhere_until_it_is_cleared(portal: RunningSandbox, visitor: Any) -> None:
    portal.faults.set(Fault("changed_label", labels={"Nom": "Nom d'usage"}))
    labels = visitor.go("/demandes/nouvelle").labels
    assert "Nom d'usage" in labels
    assert "Nom" not in labels
    portal.faults.clear()
    assert "Nom" in visitor.go("/demandes/nouvelle").labels


def test_an_unknown_skin_names_the_known_ones(database: Path) -> None:
    with pytest.raises(UsageError) as caught:
        sandbox.start(database, skin="bretagne")
    assert caught.value.code == "RB980"
    assert "occitanie, guyane" in caught.value.advice
    assert skin_named("guyane").id == "guyane"


def test_the_countries_are_distinct_and_named_in_french() -> None:
    assert len(countries()) == len(set(countries().values())) == 196
    assert all(re.fullmatch("[A-Z]{3}", code) for code in countries())
    assert (countries()["GBR"], countries()["CIV"]) == ("Royaume-Uni", "Côte d’Ivoire")
