"""The arithmetic of hours: the worked check of the design page, and what no sum may depend on."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.proof.hours import (
    BUILD,
    CORRECTION,
    CREDIT,
    DEBIT,
    MAINTENANCE,
    OPENING,
    RECOVERY,
    REPEATED,
    REPLICATION,
    SUPERVISION,
    TIME,
    TRIAGE,
    WRONG,
    Cell,
    Figures,
    Key,
    Measures,
    Span,
    Sums,
    as_members,
    figures,
    fold,
    full_time,
    is_here,
    reconciled,
    row,
    total,
)

MONTH = Key("occitanie", "titres", "2026-10")
MEASURED = Measures(Span(30, 24, 38), Span(5, 4, 7), Span(10, 8, 15), Span(15, 10, 20), Span(20, 10, 30))
ALL = frozenset({MONTH})


def cell(kind: str = CREDIT, **more: Any) -> Cell:
    same: dict[str, Any] = {
        "environment": "production",
        "region": MONTH.region,
        "process": MONTH.process,
        "version": "1.0.0",
        "month": MONTH.month,
        "kind": kind,
        "reason": "",
        "code": "",
        "provenance": "timed",
        "auditable": True,
        "baseline": "b",
        "host": "https://portail.example",
    }
    return Cell(**(same | more))


def of(*cells: tuple[Cell, Sums], borne_out: frozenset[Key] = ALL) -> Figures:
    return total(figures(cells, lambda id_: MEASURED if id_ == "b" else None, borne_out).values())


def test_the_worked_check_of_311_hours() -> None:
    year = of(
        (cell(), Sums(880, 880 * 30, 880 * 5)),
        (cell(DEBIT, reason=TRIAGE), Sums(80, 0, 80 * 10)),
        (cell(DEBIT, reason=RECOVERY), Sums(40, 0, 40 * 15)),
        (cell(TIME, reason=SUPERVISION, baseline=""), Sums(1, 0, 20 * 60)),
        (cell(TIME, reason=MAINTENANCE, baseline=""), Sums(1, 0, 12 * 60)),
    )
    assert (year.gross, year.net, year.proven) == (440 * 60, 18_680, 18_680)
    assert year.net // 60 == 311
    assert (year.units, year.touched, year.triage, year.recovery) == (880, 120, 800, 600)
    assert year.low == 880 * 17 - 80 * 15 - 40 * 20 - 32 * 60
    assert year.high == 880 * 34 - 80 * 8 - 40 * 10 - 32 * 60


def test_three_sides_are_never_one() -> None:
    found = of(
        (cell(), Sums(1, 30, 5)),
        (cell(process="b"), Sums(2, 60, 10)),
        (cell(auditable=False, provenance="declared"), Sums(4, 120, 20)),
    )
    assert (found.proven, found.unreconciled, found.unmeasured, found.net) == (25, 50, 100, 175)


def test_what_is_taken_back_of_proven_minutes_does_not_wait_for_a_volume() -> None:
    back = (cell(CORRECTION, reason="not found"), Sums(-1, -30, -5))
    found = of((cell(), Sums(3, 90, 15)), back, borne_out=frozenset())
    assert (found.unreconciled, found.proven, found.units, found.corrected) == (75, -25, 2, 25)


@pytest.mark.parametrize("reason", [TRIAGE, RECOVERY, WRONG])
def test_what_people_spent_does_not_wait_for_a_volume(reason: str) -> None:
    """Who states no volume keeps no loss out of what is proven; a debit that is taken back gives what it took."""
    spent = (cell(DEBIT, reason=reason), Sums(2, 0, 40))
    found = of((cell(), Sums(3, 90, 15)), spent, borne_out=frozenset())
    assert (found.unreconciled, found.proven) == (75, -40)
    back = (cell(CORRECTION, reason="slip", month="2026-12"), Sums(0, 0, -40))
    assert of(spent, back, borne_out=frozenset()).proven == 0


def test_a_credit_that_is_taken_back_leaves_nothing_of_its_range() -> None:
    found = of((cell(), Sums(1, 30, 5)), (cell(CORRECTION), Sums(-1, -30, -5)))
    assert (found.gross, found.proven, found.low, found.high, found.units) == (0, 0, 0, 0, 0)


def test_the_robot_s_mistakes_cost_and_touch_no_count_of_items() -> None:
    found = of((cell(), Sums(1, 30, 5)), (cell(DEBIT, reason=WRONG), Sums(1, 0, 20)))
    assert (found.proven, found.wrong, found.touched) == (5, 20, 0)


def test_build_replication_and_what_was_before_robo_stand_apart() -> None:
    found = of(
        (cell(TIME, reason=BUILD), Sums(1, 0, 600)),
        (cell(TIME, reason=REPLICATION), Sums(1, 0, 60)),
        (cell(OPENING, auditable=False, provenance="declared"), Sums(13, 1119 * 60, 0)),
    )
    assert (found.net, found.gross, found.units) == (0, 0, 0)
    assert (found.investment, found.opening, found.opening_units) == (660, 1119 * 60, 13)


@pytest.mark.parametrize("environment", ["test", "sandbox", ""])
def test_only_production_counts(environment: str) -> None:
    assert figures([(cell(environment=environment), Sums(9, 270, 45))], lambda _: MEASURED, ALL) == {}
    assert reconciled([(cell(environment=environment), Sums(9, 270, 45))], {MONTH: 0}) == ALL


def test_a_repeated_receipt_is_no_unit() -> None:
    twice = (cell(reason=REPEATED, auditable=False), Sums(1, 0, 0))
    assert of(twice) == Figures()
    assert reconciled([twice], {MONTH: 0}) == ALL


def test_more_credits_than_the_application_had_cases_are_not_reconciled() -> None:
    cells = [(cell(), Sums(10, 300, 50)), (cell(CORRECTION), Sums(-1, -30, -5))]
    assert reconciled(cells, {MONTH: 9}) == ALL
    assert reconciled(cells, {MONTH: 8}) == frozenset()
    assert reconciled(cells, {}) == frozenset()


def test_a_loss_is_shown_as_one() -> None:
    assert of((cell(baseline="x"), Sums(2, 10, 30))).net == -20


def test_full_time_agents_are_hours_of_a_year() -> None:
    assert full_time(1607 * 60, 12) == 1
    assert full_time(1607 * 60, 6) == 2
    assert full_time(5, 0) == Fraction(0)


def test_an_entry_from_before_some_members_is_read() -> None:
    said = {"environment": "production", "month": "2026-10", "process": "titres", "before": 30, "after": 5}
    old = {**said, "baseline": "b", "provenance": "timed", "auditable": True, "reason": ""}
    assert row("occitanie", CREDIT, old) == (cell(version="", host=""), Sums(1, 30, 5))
    new = {**old, "version": "1.0.0", "host": "https://portail.example", "code": "", "units": 2}
    assert row("occitanie", CREDIT, new) == (cell(), Sums(2, 30, 5))


amounts = st.integers(-600, 600)
kinds = st.sampled_from(
    [(CREDIT, ""), (CREDIT, REPEATED), (CORRECTION, WRONG), (OPENING, "")]
    + [(DEBIT, reason) for reason in (TRIAGE, RECOVERY, WRONG)]
    + [(TIME, reason) for reason in (SUPERVISION, MAINTENANCE, BUILD, REPLICATION)]
)
rows = st.lists(
    st.builds(
        lambda kind, auditable, process, units, before, after: (
            cell(kind[0], reason=kind[1], auditable=auditable, process=process, baseline=process),
            Sums(units, before, after),
        ),
        kinds,
        st.booleans(),
        st.sampled_from(["titres", "b", "c"]),
        st.integers(-3, 9),
        amounts,
        amounts,
    )
)


@given(rows, st.integers(0, 50))
def test_no_figure_depends_on_how_its_rows_were_added_up(all_: list[tuple[Cell, Sums]], cut: int) -> None:
    """One sum of all rows, sums of two halves, the cells of the rows: the same, and net is the sum of its sides."""
    at_once = of(*all_)
    assert of(*fold(all_).items()) == at_once
    assert total([of(*all_[:cut]), of(*all_[cut:])]) == at_once
    costs = at_once.triage + at_once.recovery + at_once.wrong + at_once.supervision + at_once.maintenance
    gained = sum(sums.net for each, sums in all_ if each.kind == CREDIT and each.reason != REPEATED)
    assert at_once.net == gained - costs - at_once.corrected
    assert as_members(at_once)["proven"] == at_once.proven


@pytest.mark.parametrize(
    "host", ["", "https://localhost:8443", "http://127.0.0.1:80", "https://demo.localhost", "https://[::1]"]
)
def test_a_certificate_makes_this_machine_no_other_place(host: str) -> None:
    assert is_here(host)
    assert is_here(f"{host}#0123456789abcdef")
    assert not is_here("https://portail.example#0123456789abcdef")
