from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.model.base import MISSING, CellError
from robo.model.dates import BadDate, format_date, in_words, is_format, parse_with_format
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse

READ: list[tuple[str, Any, Any]] = [
    ("str", "  Été\u00a0", "Été"),
    ("str", "e\u0301", "é"),
    ("str", 12.0, "12"),
    ("str", 12.5, "12,5"),
    ("str", True, "oui"),
    ("str", date(2026, 12, 31), "31/12/2026"),
    ("str", datetime(2026, 12, 31, 14, 30), "31/12/2026 14:30"),  # noqa: DTZ001 - as a workbook gives it
    ("str", 10**20, "100000000000000000000"),
    ("int", "1 234", 1234),
    ("int", "1\u202f234\u00a0567", 1234567),
    ("int", "-12", -12),
    ("int", "12,0", 12),
    ("int", 12.0, 12),
    ("decimal", "1 234,56", Decimal("1234.56")),
    ("decimal", "0.1", Decimal("0.1")),
    ("decimal", 0.1, Decimal("0.1")),
    ("bool", "oui", True),
    ("bool", "X", True),
    ("bool", "Non", False),
    ("bool", 1.0, True),
    ("bool", False, False),
    ("date", "31/12/2026", date(2026, 12, 31)),
    ("date", "1/2/2026", date(2026, 2, 1)),
    ("date", "2026-12-31", date(2026, 12, 31)),
    ("date", "1er mars 2026", date(2026, 3, 1)),
    ("date", "Lundi 2 FEVRIER\u00a02026", date(2026, 2, 2)),
    ("date", "le sam. 28 févr. 2026", date(2026, 2, 28)),
    ("date", "2026-12-31 00:00:00", date(2026, 12, 31)),
    ("date", datetime(2026, 12, 31), date(2026, 12, 31)),  # noqa: DTZ001 - as a workbook gives it
    ("datetime", "31/12/2026 à 14h30", datetime(2026, 12, 31, 14, 30)),  # noqa: DTZ001 - nominal local time
    ("datetime", "2026-12-31T14:30:05", datetime(2026, 12, 31, 14, 30, 5)),  # noqa: DTZ001 - the same
    ("datetime", date(2026, 12, 31), datetime(2026, 12, 31)),  # noqa: DTZ001 - the same
    ("time", "14:30", time(14, 30)),
    ("time", "9h", time(9)),
    ("time", "9 h 05", time(9, 5)),
    ("duration", "30s", timedelta(seconds=30)),
    ("duration", "5 min", timedelta(minutes=5)),
    ("duration", "2 h", timedelta(hours=2)),
    ("duration", "10 days", timedelta(days=10)),
    ("duration", "3 semaines", timedelta(weeks=3)),
    ("duration", "1 jour", timedelta(days=1)),
    ("money", "-\u202f12\u202f500,00\u00a0€", Decimal("-12500.00")),
    ("decimal", "\u2212 3,5", Decimal("-3.5")),
    ("money", "1 234,56 €", Decimal("1234.56")),
    ("money", "1\u202f234,56\u00a0€", Decimal("1234.56")),
    ("money", "12 EUR", Decimal(12)),
    ("money", "-3,5", Decimal("-3.5")),
    ("money", 0.1 + 0.2, Decimal("0.30")),
    ("percent", "30 %", Decimal("0.3")),
    ("percent", "2,5%", Decimal("0.025")),
    ("percent", 0.3, Decimal("0.3")),
    ("url", "https://exemple.fr:8080/a?b=c", "https://exemple.fr:8080/a?b=c"),
    ("url", "http://[::1]:80/", "http://[::1]:80/"),
    ("file", "dépôt/a.xlsx", "dépôt/a.xlsx"),
    ("folder", "dépôt", "dépôt"),
    ("email", "prenom.nom+x@sous.exemple.fr", "prenom.nom+x@sous.exemple.fr"),
    ("siret", "732 829 320 00074", "73282932000074"),
    ("siret", 73282932000074, "73282932000074"),
    ("siret", 73282932000074.0, "73282932000074"),
    ("siret", "35600000000048", "35600000000048"),
    ("siret", "35600000000006", "35600000000006"),
    ("choice", "A", "A"),
    ("list", "a; b ;; c", ("a", "b", "c")),
    ("list", ["a", 1], ("a", 1)),
    ("secret", "portal", "portal"),
]

REFUSED: list[tuple[str, Any]] = [
    ("int", "1_000"),
    ("int", "1.000"),
    ("int", "12 34"),
    ("int", "douze"),
    ("int", "1e3"),
    ("int", "\u0661\u0662"),
    ("int", 12.5),
    ("int", True),
    ("int", float("nan")),
    ("int", "9" * 60),
    ("decimal", "1.234,5"),
    ("decimal", "1,2,3"),
    ("decimal", float("inf")),
    ("decimal", ""),
    ("bool", "peut-être"),
    ("bool", 2),
    ("date", "31/02/2026"),
    ("date", "12/31/2026"),
    ("date", "mardi 2 février 2026"),
    ("date", "31 février 2026"),
    ("date", "11er mars 2026"),
    ("date", "1er mars"),
    ("date", "31/12/26"),
    ("date", "demain"),
    ("date", 46000),
    ("date", datetime(2026, 1, 1, 9)),  # noqa: DTZ001 - as a workbook gives it
    ("datetime", "31/12/2026 25:00"),
    ("time", "25:00"),
    ("time", "14"),
    ("duration", "20"),
    ("duration", "-5 min"),
    ("duration", "5 mois"),
    ("money", "1,234"),
    ("money", "12 $"),
    ("percent", "30"),
    ("url", "ftp://exemple.fr"),
    ("url", "https://user@exemple.fr"),
    ("url", "https://a b"),
    ("url", "javascript:alert(1)"),
    ("file", ""),
    ("file", "a\x00b"),
    ("email", "a@b"),
    ("email", "a b@exemple.fr"),
    ("email", "a@exemple.fr,b@exemple.fr"),
    ("siret", "73282932000075"),
    ("siret", "7328293200007"),
    ("list", 12),
    ("str", ["a"]),
    ("str", None),
    ("str", MISSING),
    ("str", "x" * 100_001),
    ("secret", 12),
]


@pytest.mark.parametrize(("kind", "text", "value"), READ, ids=lambda part: str(part)[:20])
def test_a_scalar_is_read_the_same_from_workbooks_pages_and_definitions(kind: str, text: Any, value: Any) -> None:
    found = parse(Kind(kind), text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("kind", "text"), REFUSED, ids=lambda part: str(part)[:20])
def test_what_could_mean_two_things_is_refused_with_what_was_expected(kind: str, text: Any) -> None:
    with pytest.raises(BadScalar) as raised:
        parse(Kind(kind), text)
    assert raised.value.expected
    assert str(raised.value).startswith(raised.value.got)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("text", ["#REF!", "#N/A", "#VALEUR!", "#DIV/0!", "#nom?", CellError(why="#REF!")], ids=str)
def test_an_error_of_a_workbook_is_no_value_of_any_type(kind: Kind, text: Any) -> None:
    with pytest.raises(BadScalar):
        parse(kind, text)


@pytest.mark.parametrize("kind", Kind)
def test_a_value_that_already_has_the_type_passes(kind: Kind) -> None:
    first = next(value for name, _, value in READ if name == kind)
    assert parse(kind, first) == first


@given(
    st.sampled_from(list(Kind)), st.one_of(st.text(max_size=60), st.floats(), st.integers(), st.booleans(), st.none())
)
def test_no_value_makes_a_parser_fail_in_another_way(kind: Kind, value: Any) -> None:
    try:
        parse(kind, value)
    except BadScalar as refused:
        found = refused.code
    else:
        found = "RB201"
    assert found == "RB201"


@given(st.dates())
def test_a_date_written_is_the_date_read(day: date) -> None:
    assert parse(Kind.DATE, format_date(day, "%d/%m/%Y")) == day
    assert day.year < 1000 or parse(Kind.DATE, f"{format_date(day, '%A')} {in_words(day)}") == day
    assert parse(Kind.DATE, format_date(day, "%d %B %Y"), format="%d %B %Y") == day


@pytest.mark.parametrize(
    ("form", "text", "day"),
    [
        ("dd/mm/yyyy", "31/12/2026", date(2026, 12, 31)),
        ("jj-mm-aaaa", "31-12-2026", date(2026, 12, 31)),
        ("%d%m%y", "311226", date(2026, 12, 31)),
        ("%d/%m/%y", "31/12/70", date(1970, 12, 31)),
        ("le %d %B %Y", "Le 1 FÉVRIER 2026", date(2026, 2, 1)),
    ],
)
def test_a_format_says_how_a_date_is_written(form: str, text: str, day: date) -> None:
    assert parse(Kind.DATE, text, format=form) == day


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("yyyymmdd", "20260201"),
        ("d/m/yyyy", "01/02/2026"),
        ("jjjj jj mmmm aaaa à hh:mm:ss", "dimanche 01 février 2026 à 13:05:09"),
        ("le dd/mm/yy, hh h mm", "le 01/02/26, 13 h 05"),
        ("AAAA-MM", "2026-02"),
        ("%Hh%M", "13h05"),
    ],
)
def test_letters_of_a_format_need_no_signs_between_them(form: str, written: str) -> None:
    assert format_date(datetime(2026, 2, 1, 13, 5, 9), form) == written  # noqa: DTZ001 - the zone is the region's


@pytest.mark.parametrize("form", ["yyymmdd", "mmm", "rien", "", "%Q"])
def test_a_format_that_would_write_something_else_is_told(form: str) -> None:
    with pytest.raises(BadDate):
        format_date(date(2026, 2, 1), form)


@pytest.mark.parametrize("form", ["%Q", "%d/%d", "rien", "%", ""])
def test_what_is_no_format_is_told(form: str) -> None:
    assert not is_format(form)
    with pytest.raises(BadDate):
        parse_with_format("31/12/2026", form)


def test_the_first_of_a_month_is_premier() -> None:
    assert (in_words(date(2026, 1, 1)), in_words(date(2026, 8, 2))) == ("1er janvier 2026", "2 août 2026")
