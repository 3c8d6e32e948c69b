"""What is written into a field, and when what it then shows is the same."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from robo_browser.values import Entry, as_text, same, target_job, target_words

from robo.sdk.grammar import parse_target
from robo.sdk.values import MISSING

FRENCH = "%d/%m/%Y"


def shows(value: Any, shown: str, kind: str = "text") -> bool:
    job = Entry("Champ", (parse_target("Champ"),), value).job(FRENCH, None)
    return same(value, job, {"kind": kind, "text": shown}, FRENCH)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2026, 2, 1), "01/02/2026"),
        (datetime(2026, 2, 1, 9, 5), "01/02/2026 09:05"),  # noqa: DTZ001 - a field's moment has no zone
        (time(9, 5), "09:05"),
        (Decimal("1234.50"), "1234,50"),
        (12, "12"),
        (True, "oui"),
        (MISSING, ""),
        ("Ée", "Ée"),
    ],
)
def test_a_text_field_gets_the_region_s_writing(value: Any, text: str) -> None:
    assert as_text(value, FRENCH) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Martin", "MARTIN"),
        ("0561000000", "05 61 00 00 00"),
        ("0561000000", "05.61.00.00.00"),
        ("73282932000074", "732 829 320 00074"),
        (Decimal("1234.5"), "1 234,50 €"),
        ("1234,5", "1 234,50"),
        (date(2026, 2, 1), "01-02-2026"),
        (date(2026, 2, 1), "2026-02-01"),
        ("01/02/2026", "2026-02-01"),
        (time(9, 5), "09h05"),
        (MISSING, ""),
        (" Ada  Lovelace ", "Ada Lovelace"),
    ],
)
def test_a_page_may_write_a_value_its_own_way(value: Any, shown: str) -> None:
    assert shows(value, shown)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Martin", "Marti"),
        ("Martin", ""),
        ("0561000000", "561000000"),
        ("12.50", "1250"),
        ("75001", "75 00"),
        ("Élise", "Elise"),
        (date(2026, 2, 1), "02/01/2026"),
        (Decimal("1234.5"), "1234,05"),
        (MISSING, "Martin"),
        ("01/02/2026", "02/01/2026"),
        ("12-34", "1234"),
    ],
)
def test_another_value_is_seen(value: Any, shown: str) -> None:
    assert not shows(value, shown)


def test_a_number_field_is_compared_as_a_number() -> None:
    assert shows(Decimal("12.50"), "12.5", "number")
    assert not shows(Decimal("12.50"), "125", "number")


def test_a_date_field_gets_an_international_date() -> None:
    job = Entry("Né le", (parse_target("Né le"),), date(2026, 2, 1)).job(FRENCH, None)
    assert (job["iso"]["date"], job["iso"]["month"], job["iso"]["week"]) == ("2026-02-01", "2026-02", "2026-W05")


def test_a_step_s_place_goes_around_the_target_s_own() -> None:
    inner = parse_target({"button": "Ouvrir", "within": {"row": {"N°": 12}}})
    job = target_job(inner, FRENCH, parse_target({"dialog": "Choix"}))
    assert job["within"]["row"] == {"N°": ["12"]}
    assert job["within"]["within"] == {"name": "Choix", "role": "dialog"}


def test_a_target_is_said_in_the_author_s_words() -> None:
    target = parse_target({"button": "Ouvrir", "nth": 2, "within": {"section": "Pièces"}})
    assert target_words(target) == "button «Ouvrir» n° 2 in section «Pièces»"
