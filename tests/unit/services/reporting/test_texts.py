"""The first sentence of a report says what stands, in both languages, for none, one and many; numbers are people's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from robo.proof.hours import Figures
from robo.services.reporting.model import Asked, Closed, Open, Report, Square
from robo.services.reporting.texts import Texts
from tests.reports import MADE, seal

FR, EN = Texts("fr"), Texts("en")
ASKED = Asked(first="2026-01", last="2026-10", made=MADE)
SEEN = (seal(),)


def plain(text: str) -> str:
    """With blanks that may break."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def report(proven: int = 0, unmeasured: int = 0, **said: object) -> Report:
    figures = Figures(proven=proven, unmeasured=unmeasured, unreconciled=int(str(said.pop("unreconciled", 0))))
    return replace(Report(asked=ASKED, total=figures, seals=SEEN), **said)  # type: ignore[arg-type] - named members


def stopped(count: int) -> list[Square]:
    last = datetime(2026, 1, 1, tzinfo=UTC)
    one = Square(region="idf", process="p", version="", last=last, figures=Figures(), stopped=True)
    return [one] * count


def open_months(count: int) -> list[Closed]:
    return [Closed(region="idf", month="2026-10", closed=None, why=Open.NOT_DUE, figures=Figures())] * count


CASES = [
    (
        report(1408 * 60, 309 * 60, squares=stopped(2), closings=open_months(1)),
        (
            "1 408 h prouvées, 309 h non mesurées ; arrêté au 31/10/2026, contresigné par BFC et IDF. "
            "2 robots arrêtés, aucun temps de référence périmé, 1 mois non clos."
        ),
        (
            "1,408 h are proven, 309 h are not measured; up to 2026-10-31, countersigned by BFC and IDF. "
            "2 robots have stopped, no baseline has expired, 1 month is not closed."
        ),
    ),
    (
        report(seals=(seal(witnesses={}),)),
        (
            "0 h prouvée, 0 h non mesurée ; arrêté au 31/10/2026, contresigné par personne. "
            "Aucun robot arrêté, aucun temps de référence périmé, aucun mois non clos."
        ),
        (
            "0 h are proven, 0 h are not measured; up to 2026-10-31, countersigned by nobody. "
            "No robot has stopped, no baseline has expired, no month is left open."
        ),
    ),
    (
        report(60, 89, unreconciled=90, squares=stopped(1), seals=()),
        (
            "1 h prouvée, 2 h non rapprochées, 1 h non mesurée ; arrêté au 31/10/2026, journal non scellé. "
            "1 robot arrêté, aucun temps de référence périmé, aucun mois non clos."
        ),
        (
            "1 h is proven, 2 h are not reconciled, 1 h is not measured; up to 2026-10-31, the log is not sealed. "
            "1 robot has stopped, no baseline has expired, no month is left open."
        ),
    ),
    (
        report(-750, closings=open_months(2), seals=(*SEEN, seal(origin="robo/pdl", witnesses={}))),
        (
            "−13 h prouvées (des agents y ont passé plus que les robots n'ont rendu), 0 h non mesurée ; "
            "arrêté au 31/10/2026, contresigné par BFC et IDF, sauf le journal de robo/pdl. "
            "Aucun robot arrêté, aucun temps de référence périmé, 2 mois non clos."
        ),
        (
            "−13 h are proven (people spent more than the robots gave back), 0 h are not measured; "
            "up to 2026-10-31, countersigned by BFC and IDF, but not the log of robo/pdl. "
            "No robot has stopped, no baseline has expired, 2 months are not closed."
        ),
    ),
]


@pytest.mark.parametrize(("said", "french", "english"), CASES, ids=["as designed", "nothing", "one each", "a loss"])
def test_the_first_sentence(said: Report, french: str, english: str) -> None:
    assert plain(FR.head(said)) == french
    assert plain(EN.head(said)) == english


def test_a_report_of_a_month_that_runs_says_the_day_it_was_made() -> None:
    said = replace(report(), asked=replace(ASKED, last="2026-11"))
    assert "arrêté au 05/11/2026" in FR.head(said)


def test_what_nobody_outside_has_seen_and_what_keeps_a_log_from_being_sealed_is_said_beside_it() -> None:
    assert FR.asides(report()) == []
    behind = report(seals=(seal(size=1500, witnessed=1400), seal(origin="robo/pdl", trouble="RB656")))
    assert [plain(each) for each in FR.asides(behind)] == [
        "Du journal robo/idf, 1 400 entrées sur 1 500 sont contresignées.",
        "Le journal robo/pdl ne peut pas être scellé (RB656) : robo audit status.",
    ]


@pytest.mark.parametrize(
    ("minutes", "whole", "exact"),
    [
        (89, "1 h", "1 h 29"),
        (90, "2 h", "1 h 30"),
        (-90, "−2 h", "−1 h 30"),
        (-29, "0 h", "−0 h 29"),
        (84_480, "1 408 h", "1 408 h 00"),
        (60_000_005, "1 000 000 h", "1 000 000 h 05"),
    ],
)
def test_hours_are_whole_in_sentences_halves_away_from_zero_and_exact_in_tables(
    minutes: int, whole: str, exact: str
) -> None:
    assert (plain(FR.hours(minutes)), plain(FR.exact(minutes))) == (whole, exact)


def test_numbers_days_and_months_are_written_as_in_each_language() -> None:
    assert (plain(FR.number(-12345)), EN.number(-12345)) == ("−12 345", "−12,345")
    assert (plain(FR.share(973)), EN.share(973), FR.share(None)) == ("97,3 %", "97.3%", "–")
    assert (FR.decimal(-87, 2), EN.decimal(1005, 2)) == ("−0,87", "10.05")
    assert (FR.day(date(2026, 10, 31)), EN.day("2026-10-31"), FR.day("2023")) == ("31/10/2026", "2026-10-31", "2023")
    assert (FR.month("2026-08"), EN.month("2026-08")) == ("août 2026", "August 2026")
    assert FR.moment(datetime(2026, 10, 31, 23, 30, tzinfo=UTC)) == "01/11/2026"


def test_two_regions_of_one_name_are_told_apart() -> None:
    said = replace(report(), regions={"idf": "Île-de-France", "a": "Nord", "b": "Nord"})
    assert [FR.region(said, name) for name in ("idf", "a", "pdl")] == ["Île-de-France", "Nord (a)", "pdl"]
