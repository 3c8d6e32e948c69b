from __future__ import annotations

import json

import pytest

from robo.definition.diagnostics import Reporter, nearest, render
from robo.errors import DefinitionError
from robo.model.text import Position


def _reporter() -> Reporter:
    return Reporter({"a.yaml": ["un: x", "deux: y"], "b.yaml": ["trois: z"]})


def test_problems_come_out_in_the_order_of_files_and_text_whatever_order_they_were_found_in() -> None:
    reporter = _reporter()
    for file, line, column in (("b.yaml", 1, 1), ("a.yaml", 2, 7), ("a.yaml", 1, 5)):
        reporter.report("RB203", "x", at=Position(file, line, column))
    places = [str(found.position) for found in reporter.diagnostics()]
    assert places == ["a.yaml:1:5", "a.yaml:2:7", "b.yaml:1:1"]


def test_the_same_problem_is_told_once() -> None:
    reporter = _reporter()
    for _ in range(2):
        reporter.report("RB203", "there is no %(key)s here", at=Position("a.yaml", 1, 1), key="un")
    assert reporter.count == 1


def test_finishing_raises_with_all_problems_or_does_nothing() -> None:
    reporter = _reporter()
    reporter.finish()
    reporter.report("RB203", "x", at=Position("a.yaml", 1, 1))
    reporter.report("RB204", "y", at=Position("a.yaml", 2, 1))
    with pytest.raises(DefinitionError) as raised:
        reporter.finish()
    assert [found.code for found in raised.value.diagnostics] == ["RB203", "RB204"]
    assert raised.value.facts["count"] == 2


def test_the_caret_underlines_what_is_wrong_even_after_wide_and_combined_letters() -> None:
    reporter = Reporter({"a.yaml": ["é字e\u0301: faux"]})
    reporter.report("RB201", "x", at=Position("a.yaml", 1, 7, 4))
    shown, caret = render(reporter.diagnostics()).splitlines()[1:3]
    assert shown == "  1 | é字e\u0301: faux"
    assert caret == "    | " + " " * 6 + "^^^^"


def test_a_long_line_is_shown_around_the_caret() -> None:
    reporter = Reporter({"a.yaml": ["x" * 5_000 + "FAUX" + "y" * 5_000]})
    reporter.report("RB201", "x", at=Position("a.yaml", 1, 5_001, 4))
    shown, caret = render(reporter.diagnostics()).splitlines()[1:3]
    assert len(shown) < 160
    start = caret.index("^")
    assert shown[start : start + 4] == "FAUX"


def test_a_percent_sign_without_facts_is_itself() -> None:
    reporter = _reporter()
    reporter.report("RB201", "30 % of it", at=Position("a.yaml", 1, 1))
    assert "30 % of it" in render(reporter.diagnostics())


def test_messages_and_their_own_words_are_translated_when_they_are_shown() -> None:
    french = {"%(got)s is not %(wanted)s": "%(got)s n'est pas %(wanted)s", "a whole number": "un entier"}
    reporter = _reporter()
    at = Position("a.yaml", 1, 5)
    reporter.report("RB201", "%(got)s is not %(wanted)s", at=at, got="x", wanted="a whole number")
    (found,) = reporter.diagnostics()
    assert "x n'est pas un entier" in found.text(lambda text: french.get(text, text))
    assert found.as_json()["message"] == "x is not a whole number"


def test_the_json_form_has_place_and_words_and_is_json() -> None:
    reporter = _reporter()
    reporter.report(
        "RB203",
        "no %(key)s",
        at=Position("a.yaml", 2, 1, 4),
        meant="un",
        expected="one of %(keys)s",
        key="deux",
        keys="un",
    )
    (found,) = reporter.diagnostics()
    assert json.loads(json.dumps(found.as_json())) == {
        "code": "RB203",
        "message": "no deux",
        "file": "a.yaml",
        "line": 2,
        "column": 1,
        "width": 4,
        "text": "deux: y",
        "expected": "one of un",
        "did_you_mean": "un",
        "write": "",
        "remedy": "",
        "facts": {"key": "deux", "keys": "un"},
    }


@pytest.mark.parametrize(
    ("word", "meant"),
    [("stps", "steps"), ("Étape", "etape"), ("SETUP", "setup"), ("xyz", ""), ("", "")],
)
def test_the_nearest_word_is_meant_accents_and_case_apart(word: str, meant: str) -> None:
    assert nearest(word, ["steps", "setup", "etape"]) == meant
