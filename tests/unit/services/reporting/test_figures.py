"""From the cells of the book to a report: sides stand apart, what is missing is told, nothing is projected."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given

from robo.errors import UsageError
from robo.proof.baselines import Standing
from robo.proof.hours import Figures, as_members, total
from robo.services.reporting.books import Books, Frozen, Here, joined
from robo.services.reporting.figures import report_of
from robo.services.reporting.model import Asked, LeftOut, Open
from tests.reports import (
    MADE,
    TODAY,
    any_books,
    approved,
    books,
    cell,
    country,
    credit,
    debit,
    keyed,
    record,
    seal,
    time,
    volume,
)


def test_what_the_application_bears_out_is_proven_and_the_rest_stands_beside_it() -> None:
    found = report_of(
        books(
            credit(100),
            credit(50, month="2026-09"),
            credit(20, process="detr", auditable=False, baseline=""),
            debit(6),
            time(60),
            volumes=keyed(volume(120)),
        ),
        TODAY,
    )
    assert found.total.proven == 100 * 25 - 6 * 10 - 60
    assert found.total.unreconciled == 50 * 25
    assert found.total.unmeasured == 20 * 25
    assert (found.total.low, found.total.high) == (100 * (25 - 7) - 6 * 15 - 60, 100 * (40 - 4) - 6 * 8 - 60)
    assert [bar.process for bar in found.bars] == ["titres", "detr", ""]


def test_hours_from_before_robo_are_of_all_time_and_in_no_bar_curve_or_square() -> None:
    old = cell("opening", month="2024-03", before=600, units=4, process="avant", region="occitanie")
    found = report_of(books(credit(1), old), TODAY)
    assert (found.total.opening, found.total.opening_units) == (600, 4)
    assert {each.process for each in (*found.bars, *found.squares)} == {"titres"}
    assert all(each.cumulated.opening == 0 for each in found.months)
    assert found.total.proven + found.total.unreconciled + found.total.unmeasured == 25


def test_a_robot_that_costs_more_than_it_gives_is_shown_below_zero() -> None:
    found = report_of(books(credit(1), debit(9), volumes=keyed(volume(1))), TODAY)
    assert found.total.proven == 25 - 90
    assert (found.bars[0].gains.proven, found.bars[0].costs) == (25, 90)


def test_what_stopped_is_told_and_nothing_is_projected_for_it() -> None:
    lasts = {Here("idf", "titres"): datetime(2026, 3, 2, tzinfo=UTC)}
    found = report_of(books(credit(10, month="2026-03"), lasts=lasts, volumes=keyed(volume(10, "2026-03"))), TODAY)
    assert found.stopped == 1
    assert [each.cumulated.proven for each in found.months] == [0, 0, *[250] * 8]
    soon = report_of(books(credit(10, month="2026-03"), lasts=lasts), replace(TODAY, last="2026-04"))
    assert soon.stopped == 0


def test_the_version_of_a_square_is_the_newest_of_its_newest_month() -> None:
    found = report_of(
        books(credit(1, version="1.9.0"), credit(1, version="1.10.0"), credit(1, version="2.0.0", month="2026-05")),
        TODAY,
    )
    assert found.squares[0].version == "1.10.0"


@pytest.mark.parametrize(
    ("month", "made", "also", "why"),
    [
        ("2026-10", MADE, [], Open.NOT_DUE),
        ("2026-09", MADE, [], Open.NO_SUPERVISION),
        ("2026-09", MADE, [time(0, month="2026-09")], Open.DUE),
        ("2026-10", datetime(2026, 11, 10, tzinfo=UTC), [time(0)], Open.DUE),
    ],
    ids=["before day 10", "nobody logged supervision", "a signed 0 of supervision", "on day 10"],
)
def test_a_month_that_is_over_and_open_says_why(month: str, made: datetime, also: list[tuple], why: Open) -> None:
    found = report_of(books(credit(1, month=month), *also), replace(TODAY, made=made))
    assert [(each.month, each.closed, each.why) for each in found.closings] == [(month, None, why)]
    assert found.open == 1


def test_a_closed_month_shows_its_frozen_figures_beside_today_s() -> None:
    frozen = Frozen(at=MADE, figures=Figures(units=1, unreconciled=25))
    found = report_of(
        books(credit(1), closings={("idf", "2026-10"): frozen}, attested=frozenset({("idf", "2026-Q4")})), TODAY
    )
    assert (found.closings[0].frozen, found.closings[0].attested, found.open) == (frozen.figures, True, 0)
    some = report_of(books(credit(1), closings={("idf", "2026-10"): frozen}), replace(TODAY, processes=("titres",)))
    assert some.closings[0].frozen is None


def test_the_month_that_runs_is_no_open_month() -> None:
    assert report_of(books(credit(1, month="2026-11")), replace(TODAY, last="")).closings == []


def test_a_baseline_that_expired_since_is_told_as_long_as_it_is_used() -> None:
    late = replace(TODAY, made=datetime(2027, 1, 5, tzinfo=UTC))
    assert report_of(books(credit(1)), late).expired == 1
    assert report_of(books(), late).expired == 0
    other = books(credit(1), effects={Here("idf", "titres"): "e2"})
    assert report_of(other, TODAY).methods[0].standing is Standing.OTHER_DEFINITION


def test_what_would_be_worth_measuring_comes_by_what_is_at_stake() -> None:
    guessed = {"auditable": False, "baseline": "guess"}
    found = report_of(
        books(
            credit(10, process="small", auditable=False, baseline=""),
            credit(90, process="big", **guessed),
            credit(5000, 0, 0, process="unknown", auditable=False, baseline=""),
            credit(7),
            records={"guess": record("guess", "big", method="hypothesis"), "timed": record()},
        ),
        TODAY,
    )
    assert [(each.process, each.minutes, each.standing) for each in found.to_measure] == [
        ("big", 90 * 25, Standing.NOT_TIMED),
        ("small", 10 * 25, None),
        ("unknown", 0, None),
    ]


def test_a_report_of_some_processes_says_what_was_logged_for_all() -> None:
    cells = books(credit(1), time(90), time(30, month="2025-12"), time(500, region="bfc"))
    found = report_of(cells, replace(TODAY, processes=("titres",), regions=("idf",)))
    assert (found.total.supervision, found.unattributed) == (0, 90)
    assert report_of(cells, TODAY).unattributed == 0


def test_problems_and_hosts_are_added_up_over_regions_and_fingerprints() -> None:
    found = report_of(
        books(
            debit(3),
            debit(2, region="bfc"),
            debit(1, 20, reason="recovery", code="timeout"),
            credit(1),
            credit(2, host="https://titres.example.fr#ffff"),
        ),
        TODAY,
    )
    assert [(each.code, each.reason, each.count, each.minutes) for each in found.problems] == [
        ("already-known", "triage", 5, 50),
        ("timeout", "recovery", 1, 20),
    ]
    assert [(each.host, each.processes, each.figures.units) for each in found.risks] == [
        ("https://titres.example.fr", ["titres"], 3)
    ]


def test_months_that_nobody_named_are_all_there_are_up_to_now() -> None:
    found = report_of(books(credit(1, month="2026-03"), cell("opening", month="2020-01", before=60)), Asked(made=MADE))
    assert (found.asked.first, found.asked.last, len(found.months)) == ("2026-03", "2026-11", 9)
    with pytest.raises(UsageError) as wrong:
        report_of(books(), Asked(first="2026-10", last="2026-01", made=MADE))
    assert wrong.value.code == "RB066"


def test_stores_that_were_verified_are_added_up_and_the_others_named() -> None:
    here = books(credit(1), volumes=keyed(volume(1)))
    there = books(
        credit(2, region="bfc", baseline="theirs"),
        records={"theirs": record("theirs", region="bfc")},
        verdicts={"theirs": approved("theirs")},
        volumes=keyed(volume(2, region="bfc")),
        seals=[seal(origin="robo/bfc")],
    )
    found = report_of(joined([here, there], [LeftOut(name="pdl", why="its log does not verify")]), TODAY)
    assert (found.total.proven, len(found.seals), found.left_out[0].name) == (75, 2, "pdl")


@given(any_books())
def test_every_part_of_a_report_adds_up_to_its_total(found_in: Books) -> None:
    found = report_of(found_in, TODAY)
    whole = {**as_members(found.total), "opening": 0, "opening_units": 0}
    for part in (found.bars, found.squares, found.months):
        assert as_members(total(each.figures for each in part)) == whole
    for bar in found.bars:
        spent = ("triage", "recovery", "wrong", "corrected", "supervision", "maintenance")
        assert bar.costs == sum(getattr(bar.figures, name) for name in spent)
    assert total(found.cube.values()) == found.total


def test_the_country_of_the_examples_has_something_of_everything() -> None:
    found = report_of(country(), TODAY)
    empty = [
        name
        for name in ("bars", "squares", "months", "volumes", "problems", "risks", "methods", "closings", "corrections")
        if not getattr(found, name)
    ]
    assert empty == []
    assert (found.stopped, found.expired, found.total.opening) == (1, 1, 67140)
