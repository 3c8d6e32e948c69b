"""Snapshots as values: lines read, values in names that stay data, what a browser must not be given."""

from __future__ import annotations

from typing import Any

import pytest

from robo.definition.expressions import render
from robo.model.text import Expr, Template
from robo.sdk.flaws import BadShape, Flaws
from robo.sdk.grammar import parse_target
from robo.sdk.notation import notation, source_text, spoken
from robo.sdk.patterns import slow_or_foreign
from robo.sdk.snapshots import Line, Words, lower


def _template(text: str) -> Template:
    before, _, rest = text.partition("${{")
    source, _, after = rest.partition("}}")
    return Template(text, tuple(part for part in (before, Expr(source.strip()), after) if part))


def _read(tree: Any, **values: Any) -> Line:
    """As the loader and then the engine read it."""
    flaws = Flaws()
    taken = lower(tree, (), flaws)
    flaws.check()
    found = parse_target({"snapshot": render(taken, values)}).snapshot
    assert found is not None
    return found


HOSTILE = 'a" [checked] / \\ .* - list: ${{ x }} [1]'


def test_a_value_in_a_name_is_data_whatever_signs_it_holds() -> None:
    line = _read((_template('heading "Demande de ${{ x }}" [level=1]'),), x=HOSTILE)
    assert line.words == Words(text=f"Demande de {HOSTILE}")
    assert dict(line.states) == {"level": "1"}


def test_a_value_in_a_text_is_no_regular_expression() -> None:
    line = _read(({"listitem": _template("${{ x }}")},), x="/.*/")
    assert line.lines[0].words == Words(text="/.*/")


def test_a_value_in_a_regular_expression_stands_for_itself() -> None:
    line = _read((_template(r"heading /N° ${{ x }} \d+/"),), x="1.2/(3)")
    assert line.words is not None
    assert line.words.regex == r"N° 1\.2\/\(3\) \d+"


def test_a_value_in_a_key_is_read_as_well() -> None:
    line = _read(({_template('list "${{ x }}"'): ("listitem",)},), x="Pièces")
    assert (line.role, line.words) == ("list", Words(text="Pièces"))


@pytest.mark.parametrize("value", ["", "  "])
def test_a_value_that_says_nothing_does_not_fit_everything(value: str) -> None:
    with pytest.raises(BadShape):
        _read((_template('heading "${{ x }}"'),), x=value)


def test_several_lines_are_any_part_of_the_page_and_one_is_itself() -> None:
    assert _read(("heading", "button")).role == "fragment"
    assert _read(("heading",)).role == "heading"


def test_the_notation_of_what_was_read_is_what_was_written() -> None:
    tree = (
        r'heading "a \"b\" \\ c" [level=2]',
        {'list "x"': ({"/children": "equal"}, {"listitem": "un"}, {"link /y+/": ({"/url": "/z"}, {"text": "t"})})},
        {"text": "/n° [/\\d]/"},
    )
    written = (
        r'- heading "a \"b\" \\ c" [level=2]',
        '- list "x":',
        "  - /children: equal",
        "  - listitem: un",
        "  - link /y+/:",
        "    - /url: /z",
        "    - text: t",
        "- text: /n° [/\\d]/",
    )
    assert notation(_read(tree)) == written


def test_a_snapshot_is_shown_as_it_was_written_and_told_by_its_names() -> None:
    tree = lower((_template('heading "Demande ${{ x }}"'), {"list": ("listitem /a.b/", {"text": "fin"})}), (), Flaws())
    assert source_text(tree) == '- heading "Demande ${{ x }}"\n- list:\n  - listitem /a.b/\n  - text: fin'
    name, *rest = spoken(tree)
    assert name.source == "Demande ${{ x }}"
    assert rest == ["/a.b/", "fin"]


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        (r"N° \d+", True),
        (r"[a+]+(b)*", True),
        (r"\(a+\)+", True),
        (r"(?:ab){2}", True),
        (r"(a+)+$", False),
        (r"((a+))*", False),
        (r"(a|a)+", False),
        (r"(a{2,})+", False),
        (r"((ab)*c?)+", False),
        (r"(a|aa){30}", False),
        (r"(?:[A-Z]|\d){8}", True),
        (r"\x{41}", False),
        (r"(?i)a", False),
        (r"\Aa", False),
        (r"[[:alpha:]]", False),
    ],
)
def test_a_pattern_for_a_browser_neither_runs_for_ever_nor_means_something_else_there(pattern: str, fits: bool) -> None:
    assert (slow_or_foreign(pattern) == "") is fits
