from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.definition.calendar import holidays_of
from robo.definition.compiling import compiled
from robo.definition.expressions import evaluate, names, render, scope_facts, truth
from robo.definition.operators import MAX_NUMBER, MAX_TEXT
from robo.definition.syntax import Fault
from robo.definition.template import BadTemplate, parse_template
from robo.errors import BadExpression, MissingValue, Rejection, RoboError
from robo.model.base import MISSING
from robo.model.text import Expr, Template

SCOPE: Mapping[str, Any] = {
    "item": {
        "number": "A1",
        "born": date(2000, 1, 31),
        "amount": Decimal("1234.5"),
        "gone": MISSING,
        "blank": "  ",
        "items": 3,
        "moment": datetime(2026, 7, 13, 9, 30),  # noqa: DTZ001 - a nominal local time
        "lines": (
            {"kind": "a", "value": 1},
            {"kind": "b", "value": Decimal("2.5")},
            {"kind": "a", "value": 3, "note": "x"},
        ),
    },
    "flag": True,
    **scope_facts(tables={"pays": {"Britannique": "GBR"}}, holidays=holidays_of("973"), date_format="%d/%m/%Y"),
}


def value(source: str) -> Any:
    return evaluate(Expr(source), SCOPE)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("item.amount * 0.3", Decimal("370.35")),
        ("0.1 + 0.2 == 0.3", True),
        ("7 / 2", Decimal("3.5")),
        ("6 / 3", 2),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7.5 % 2", Decimal("1.5")),
        ("item.items", 3),
        ("item.number ~ '/' ~ item.born ~ '/' ~ item.amount ~ '/' ~ flag", "A1/31/01/2000/1234,5/oui"),
        ("1 < item.items <= 3", True),
        ("item.number in ['A1', 'B2']", True),
        ("'A' in item.number and 'B' not in item.number", True),
        ("true in [1]", False),
        ("'a' if item.gone is missing else 'b'", "a"),
        ("item.blank is missing", True),
        ("item.gone == 'x'", False),
        ("item.gone != 'x'", True),
        ("not item.gone", True),
        ("item.number is like ' a1 '", True),
        ("'Hélène  DUPONT' is like 'helene dupont'", True),
        ("item.gone is like 'x'", False),
        ("item.gone | default('-')", "-"),
        ("item.unknown.deeper is missing", True),
        ("[1, 2, 3] | nth(2)", 2),
        ("[1] | nth(2) is missing", True),
        ("[] | first is missing", True),
        ("'  a   b ' | compact", "a b"),
        ("'N° demande à traiter' | slug", "n-demande-a-traiter"),
        ("'A/B: c?' | filename", "A-B- c-"),
        ("'con' | filename", "_con"),
        ("'JEAN-PIERRE dupont' | title", "Jean-Pierre Dupont"),
        ("'Dossier n° 123' | match('n° (\\\\d+)')", "123"),
        ("'Dossier n° 123' | match('n° (\\d+)\\b')", "123"),
        ("'abc' | match('b')", "b"),
        ("'a' ~ '\\n' ~ 'b'", "a\nb"),
        ("'abc' | match('(?P<x>c)', 'x')", "c"),
        ("'abc' | match('z') is missing", True),
        ("'a; b ;c' | split(';') | join('-')", "a-b-c"),
        ("'06 12-34' | digits", "061234"),
        ("'732 829 320 00074' | siret", "73282932000074"),
        ("'Britannique' | table('pays')", "GBR"),
        ("'Autre' | table('pays', 'XXX')", "XXX"),
        ("item.lines | sum('value')", Decimal("6.5")),
        ("item.lines | where('kind', 'a') | length", 2),
        ("item.lines | count('kind', 'a')", 2),
        ("item.lines | map('note') | compact | length", 1),
        ("item.lines | group('kind') | map('key') | join(',')", "a,b"),
        ("item.lines | unique('kind') | map('value') | join(',')", "1,2,5"),
        ("[3, 1, 2] | sort | join(' ')", "1 2 3"),
        ("item.lines | max('value')", 3),
        ("item.lines | min('value')", 1),
        ("1234.5 | euros", "1\u202f234,50\u00a0€"),
        ("-0.005 | fixed(2)", "-0,01"),
        ("2.5 | round", 3),
        ("2.345 | round(2)", Decimal("2.35")),
        ("'1 234,50' | to_number", Decimal("1234.50")),
        ("'12 €' | to_number", 12),
        ("'31/12/2026' | to_date", date(2026, 12, 31)),
        ("item.born | date_fr", "31 janvier 2000"),
        ("item.born | date('%A %d %B %Y')", "lundi 31 janvier 2000"),
        ("item.born | add_months(1)", date(2000, 2, 29)),
        ("item.born | add_years(18)", date(2018, 1, 31)),
        ("item.born - ('01/01/2000' | to_date)", timedelta(days=30)),
        ("'10/06/2026' | to_date | workday", date(2026, 6, 11)),
        ("'14/07/2026' | to_date | workday('previous')", date(2026, 7, 13)),
        ("'13/07/2026' | to_date | add_workdays(1)", date(2026, 7, 15)),
        ("'15/07/2026' | to_date | add_workdays(-1)", date(2026, 7, 13)),
        ("item.moment | add_workdays(1) | date('%d/%m/%Y %H:%M')", "15/07/2026 09:30"),
        ("item.born | days_until('01/02/2000' | to_date)", 1),
    ],
)
def test_expressions_mean_what_the_reference_says(source: str, expected: Any) -> None:
    found = value(source)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("item.lines[0]", "RB302"),
        ("item.number.upper()", "RB302"),
        ("2 ** 3", "RB302"),
        ("{'a': 1}", "RB302"),
        ("(1, 2)", "RB302"),
        ("none", "RB302"),
        ("'a' if flag", "RB309"),
        ("item.number = 'x'", "RB301"),
        ("", "RB301"),
        ("a }} b", "RB301"),
        ("x | uper", "RB305"),
        ("x is defined", "RB306"),
        ("x | upper(1)", "RB307"),
        ("x | fixed(d=1)", "RB307"),
        ("1e400", "RB314"),
        ("9" * 30, "RB314"),
        ("0.1234567890123456", "RB314"),
        ("(" * 100 + "1" + ")" * 100, "RB314"),
        ("not " * 600 + "true", "RB314"),
    ],
)
def test_what_the_language_leaves_out_is_refused_before_a_run(source: str, code: str) -> None:
    with pytest.raises(Fault) as raised:
        compiled(source)
    assert raised.value.code == code


@pytest.mark.parametrize("name", ["range", "lipsum", "cycler", "joiner", "namespace", "dict", "self", "__builtins__"])
def test_jinja_globals_do_not_exist(name: str) -> None:
    assert value(name) is MISSING


@pytest.mark.parametrize("source", ["item.born.year", "item.number.__class__", "item.amount.real", "item.lines.append"])
def test_members_of_python_objects_cannot_be_reached(source: str) -> None:
    with pytest.raises(BadExpression, match="has no"):
        value(source)


def test_a_member_called_items_is_the_member() -> None:
    assert evaluate(Expr("item.items"), {"item": {"items": "mine"}}) == "mine"
    assert evaluate(Expr("item.keys"), {"item": {}}) is MISSING


@pytest.mark.parametrize(
    "source",
    ["item.amount > 'x'", "item.born == '31/01/2000'", "'a' * 3", "'a' + 1", "true == 1", "item.born < item.moment"],
)
def test_types_are_never_mixed_in_silence(source: str) -> None:
    with pytest.raises(BadExpression) as raised:
        value(source)
    assert raised.value.code == "RB320"
    assert not raised.value.retry


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("item.gone ~ 'x'", "item.gone"),
        ("item.gone + 1", "item.gone"),
        ("1 < item.gone", "item.gone"),
        ("item.gone | upper", "item.gone"),
        ("item.lines | sum('note')", "note"),
        ("'a' | replace('a', item.gone)", "item.gone"),
        ("item.lines | first | sum", "RB320"),
    ],
)
def test_what_is_missing_is_a_rejection_that_names_it(source: str, name: str) -> None:
    with pytest.raises(RoboError) as raised:
        value(source)
    if isinstance(raised.value, MissingValue):
        assert isinstance(raised.value, Rejection)
        assert (raised.value.code, raised.value.name) == ("missing-value", name)
    else:
        assert raised.value.code == name


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("'Martien' | table('pays')", "not-in-table"),
        ("'31/02/2026' | to_date", "bad-value"),
        ("'douze' | to_number", "bad-value"),
        ("'123' | siret", "bad-value"),
    ],
)
def test_bad_data_is_a_rejection_for_a_person(source: str, code: str) -> None:
    with pytest.raises(Rejection) as raised:
        value(source)
    assert raised.value.code == code


@pytest.mark.parametrize(
    "source",
    [
        "'" + "a" * 1_000 + "'" + " | replace('a', 'aaaaaaaaaa')" * 6,
        "999999999999999999999999 * 999999999999999999999999",
        "item.born | add_days(99999) | add_days(99999) | add_years(200) | add_days(99999)" + " | add_days(99999)" * 30,
        "item.born | add_workdays(100000)",
        "1.5 | fixed(99)",
        "item.born | date('%99999d')",
        "'a' | match('(a*)*\\\\1')",
        "item.born | workday('sideways')",
        "item.number | nth(0)",
        "'a' | replace('', 'b')",
    ],
)
def test_nothing_grows_without_bounds(source: str) -> None:
    started = time.process_time()
    with pytest.raises(BadExpression):
        value(source)
    assert time.process_time() - started < 2


def test_a_pattern_that_would_take_forever_elsewhere_is_quick() -> None:
    started = time.process_time()
    assert evaluate(Expr("x | match('(a+)+$') is missing"), {"x": "a" * 50_000 + "b"})
    assert time.process_time() - started < 2


def test_an_expression_over_much_data_runs_out_of_budget() -> None:
    rows = tuple({"a": {"b": 1}} for _ in range(15_000))
    source = "x" + " | sort('a.b')" * 60
    with pytest.raises(BadExpression) as raised:
        evaluate(Expr(source), {"x": rows})
    assert raised.value.code == "RB321"


@pytest.mark.parametrize("source", ["'a'", "1", "item.lines", "item"])
def test_a_condition_is_yes_or_no_and_nothing_else(source: str) -> None:
    with pytest.raises(BadExpression) as raised:
        truth(Expr(source), SCOPE)
    assert raised.value.code == "RB323"


def test_a_missing_condition_is_no() -> None:
    assert truth(Expr("item.gone"), SCOPE) is False
    assert truth(Expr("flag"), SCOPE) is True


def test_names_are_told_at_full_length() -> None:
    found = names(Expr("item.number ~ (created.agdref | default(x)) if 'a.b' in item.lines else now.date"))
    assert found == {"item.number", "created.agdref", "x", "item.lines", "now.date"}


def test_a_text_that_is_one_expression_keeps_its_type_and_others_become_text() -> None:
    tree = {
        "born": parse_template("${{ item.born }}"),
        "said": parse_template("né le ${{ item.born }}, ${{ item.amount }}"),
        "list": (parse_template("${{ item.items }}"), "plain"),
    }
    assert render(tree, SCOPE) == {
        "born": date(2000, 1, 31),
        "said": "né le 31/01/2000, 1234,5",
        "list": (3, "plain"),
    }


def test_a_missing_value_is_kept_only_where_it_stands_alone_and_may() -> None:
    alone, inside = parse_template("${{ item.gone }}"), parse_template("n° ${{ item.gone }}")
    assert render(alone, SCOPE, keep_missing=True) is MISSING
    with pytest.raises(MissingValue, match=r"item\.gone"):
        render(alone, SCOPE)
    with pytest.raises(MissingValue, match=r"item\.gone"):
        render(inside, SCOPE, keep_missing=True)


def test_a_list_has_no_text_of_its_own() -> None:
    with pytest.raises(BadExpression) as raised:
        render(parse_template("x ${{ item.lines }}"), SCOPE)
    assert raised.value.code == "RB324"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain # 'text'", None),
        ("${{ a }}", (Expr("a"),)),
        ("x ${{ '}}' }} y", ("x ", Expr("'}}'"), " y")),
        ('${{ "\\"}}" }}', (Expr('"\\"}}"'),)),
        ("${{ a # b }}", (Expr("a # b"),)),
        ("${{a}}${{b}}", (Expr("a"), Expr("b"))),
    ],
)
def test_the_scanner_respects_strings_and_hashes(text: str, parts: tuple[object, ...] | None) -> None:
    found = parse_template(text)
    assert (found.parts if isinstance(found, Template) else None) == parts


@pytest.mark.parametrize(
    ("text", "kind"), [("${{ a", "unclosed"), ("${{ '}} ", "unclosed"), ("x {{ a }}", "bare"), ("${{  }}", "empty")]
)
def test_braces_that_are_no_expression_are_told(text: str, kind: str) -> None:
    with pytest.raises(BadTemplate) as raised:
        parse_template(text)
    assert raised.value.kind == kind


ATOMS = st.sampled_from(
    ["item.number", "item.born", "item.amount", "item.gone", "item.lines", "flag", "1", "0.5", "'a'", "''", "true", "x"]
)
FILTERS = st.sampled_from(
    [
        "upper",
        "lower",
        "compact",
        "slug",
        "first",
        "last",
        "length",
        "sort",
        "sum",
        "unique",
        "min",
        "max",
        "count",
        "digits",
        "euros",
        "round",
        "title",
        "date",
        "date_fr",
        "workday",
        "to_date",
        "to_number",
        "siret",
        "filename",
        "strip",
        "split",
        "join",
        "default('a')",
        "nth(2)",
        "fixed(3)",
        "add_days(9)",
        "add_months(7)",
        "where('kind')",
        "map('kind')",
        "group('kind')",
        "table('pays')",
        "replace('a','bb')",
        "match('a')",
    ]
)
OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", "~", "==", "<", "in", "and", "or", "if flag else"])
SOURCES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, FILTERS).map(lambda pair: f"({pair[0]} | {pair[1]})"),
        st.tuples(inner, OPERATORS, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        inner.map(lambda part: f"(not {part})"),
        inner.map(lambda part: f"(-{part})"),
        inner.map(lambda part: f"({part} is missing)"),
    ),
    max_leaves=12,
)


@given(SOURCES)
def test_every_expression_ends_in_a_bounded_value_or_in_an_error_of_the_family(source: str) -> None:
    started = time.process_time()
    try:
        found = value(source)
    except (RoboError, Fault):
        found = ""
    assert time.process_time() - started < 2
    if isinstance(found, str):
        assert len(found) <= MAX_TEXT
    if isinstance(found, int | Decimal):
        assert abs(found) <= MAX_NUMBER


@given(st.text(max_size=80))
def test_no_text_crashes_the_expression_parser(source: str) -> None:
    try:
        compiled(source)
    except Fault as fault:
        found = fault.code
    else:
        found = "RB3"
    assert found.startswith("RB3")


def test_one_evaluation_is_a_matter_of_microseconds() -> None:
    expr = Expr("item.amount * 2 > 100 and item.number == 'A1'")
    evaluate(expr, SCOPE)
    started = time.process_time()
    for _ in range(1_000):
        evaluate(expr, SCOPE)
    assert time.process_time() - started < 0.5
