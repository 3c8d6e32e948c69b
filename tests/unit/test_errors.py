"""Messages: templates whose facts may themselves be words or messages of ours."""

from __future__ import annotations

from robo.errors import RoboError, fill, one_of, phrase

FRENCH = {
    "%(got)s is not %(wanted)s": "%(got)s n'est pas %(wanted)s",
    "a whole number": "un nombre entier",
    "one of %(choices)s": "l'un de : %(choices)s",
    "text": "texte",
    "or": "ou",
    "date": "date",
    "it has no key": "il n'a pas de clé",
}


def in_french(text: str) -> str:
    return FRENCH.get(text, text)


def said(wanted: object) -> str:
    return fill("%(got)s is not %(wanted)s", {"got": "text", "wanted": wanted}, in_french)


def test_a_fact_that_is_a_word_of_ours_is_translated_and_data_is_not() -> None:
    assert said("a whole number") == "text n'est pas un nombre entier"


def test_a_fact_that_is_a_message_is_translated_and_filled() -> None:
    assert said(one_of(("A", "B"))) == "text n'est pas l'un de : A, B"


def test_several_words_are_joined_in_the_readers_language() -> None:
    assert said(("text", "date")) == "text n'est pas texte ou date"


def test_several_messages_follow_each_other() -> None:
    cells = [phrase("%(got)s is not %(wanted)s", got=got, wanted="a whole number") for got in ("x", "y")]
    assert (
        fill("%(cells)s", {"cells": cells}, in_french) == "x n'est pas un nombre entier; y n'est pas un nombre entier"
    )


def test_a_reason_of_ours_is_translated_and_one_of_the_application_is_as_it_came() -> None:
    said = [fill("%(why)s", {"why": why}, in_french) for why in ("it has no key", "503 Service Unavailable")]
    assert said == ["il n'a pas de clé", "503 Service Unavailable"]


def test_an_error_as_text_is_english_and_complete() -> None:
    assert str(RoboError("RB201", "%(got)s is not %(wanted)s", got="C", wanted=one_of("AB"))) == "C is not one of A, B"


def test_a_message_without_facts_keeps_its_percent_signs() -> None:
    assert fill("30 % of them", {}) == "30 % of them"
