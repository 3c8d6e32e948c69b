"""What a baseline says, and from when to when a credit may stand on it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.proof.baselines import (
    Measured,
    Standing,
    VerdictKind,
    calculated,
    measured,
    measures,
    misstated,
    of,
    standing,
    valid_to,
)
from robo.proof.hours import Measures, Span

EFFECTS = "e" * 64
ALL_DAY = "2026-10-15"


def observed(*what: str, n: int = 10, minutes: int = 30, days: tuple[str, ...] = ("2026-09-01", "2026-09-02")) -> Any:
    return [[each, days[number % len(days)], 60 * minutes] for each in what for number in range(n)]


def record(**more: Any) -> dict[str, Any]:
    observations = more.pop("observations", observed("before") + observed("after", minutes=5))
    return {"method": "timed", "effects": EFFECTS, **calculated(observations), **more}


def verdicts(*kinds: str, day: str = "2026-09-10") -> list[dict[str, str]]:
    return [{"kind": kind, "day": day} for kind in kinds]


APPROVED = verdicts("approved")


def test_medians_and_quartiles_are_whole_minutes_with_halves_up() -> None:
    seconds = [600, 629, 630, 660, 690, 720, 1200]
    seen = [("2026-09-01", each) for each in seconds[:4]] + [("2026-09-03", each) for each in seconds[4:]]
    assert measured(seen) == Measured(Span(11, 10, 12), 7, 2, "2026-09-03")
    assert measured(seen[:3]) == Measured(Span(10, 10, 11), 3, 1, "2026-09-01")
    assert measured([("2026-09-01", 90), ("2026-09-01", 89)]) == Measured(Span(1, 1, 2), 2, 1, "2026-09-01")
    assert measured([]) == Measured(Span(0, 0, 0))


@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=40))
def test_a_median_lies_in_its_range_and_in_what_was_seen(seconds: list[int]) -> None:
    span = measured([("2026-09-01", each) for each in seconds]).span
    assert (min(seconds) + 30) // 60 <= span.low <= span.median <= span.high <= (max(seconds) + 30) // 60


def test_what_is_proven_needs_all_of_it() -> None:
    assert standing(record(), APPROVED, EFFECTS, ALL_DAY) is Standing.VALID
    assert standing(record(), [], EFFECTS, ALL_DAY) is Standing.UNAPPROVED
    assert standing(record(), APPROVED, "f" * 64, ALL_DAY) is Standing.OTHER_DEFINITION
    assert standing(record(method="declared"), APPROVED, EFFECTS, ALL_DAY) is Standing.NOT_TIMED
    few = record(observations=observed("before") + observed("after", n=9))
    assert standing(few, APPROVED, EFFECTS, ALL_DAY) is Standing.TOO_FEW
    one_day = record(observations=observed("before", days=("2026-09-01",)) + observed("after"))
    assert standing(one_day, APPROVED, EFFECTS, ALL_DAY) is Standing.TOO_FEW


def test_nobody_approves_what_was_before() -> None:
    assert standing(record(), APPROVED, EFFECTS, "2026-09-09") is Standing.UNAPPROVED
    assert standing(record(), APPROVED, EFFECTS, "2026-09-10") is Standing.VALID


def test_an_after_of_nothing_is_signed_by_the_head_of_the_service() -> None:
    nothing = record(observations=observed("before") + observed("after", minutes=0))
    assert standing(nothing, APPROVED, EFFECTS, ALL_DAY) is Standing.UNAPPROVED
    assert standing(nothing, verdicts("approved", "signed"), EFFECTS, ALL_DAY) is Standing.VALID


@pytest.mark.parametrize("kind", [VerdictKind.SUPERSEDED, VerdictKind.WITHDRAWN])
def test_what_ended_stands_until_its_day(kind: VerdictKind) -> None:
    ended = [*APPROVED, *verdicts(kind, day="2026-10-01")]
    assert standing(record(), ended, EFFECTS, "2026-09-30") is Standing.VALID
    assert standing(record(), ended, EFFECTS, "2026-10-01") == kind.value


@pytest.mark.parametrize(
    ("before", "after", "last"),
    [
        ("2026-08-31", "2026-08-31", "2027-02-28"),
        ("2026-01-15", "2026-08-31", "2027-01-15"),
        ("2027-08-31", "2027-08-29", "2028-02-29"),
    ],
)
def test_before_is_good_for_twelve_months_and_after_for_six(before: str, after: str, last: str) -> None:
    days = ("2026-01-02",)
    seen = observed("before", days=(*days, before)) + observed("after", days=(*days, after))
    assert valid_to(record(observations=seen)) == last
    assert standing(record(observations=seen), APPROVED, EFFECTS, last) is Standing.VALID
    assert standing(record(observations=seen), APPROVED, EFFECTS, last + "x") is Standing.EXPIRED


def test_figures_that_are_not_those_of_the_observations_are_named() -> None:
    assert misstated(record()) is None
    fat = record()
    fat["before"] = {**fat["before"], "median": 90, "high": 90}
    assert misstated(fat) == "before"
    assert misstated({**fat, "method": "declared"}) is None


def test_a_record_without_ranges_has_its_median_for_both() -> None:
    declared = {"method": "declared", "before": {"median": 30}, "after": {"median": 5}}
    assert of(declared, "before") == Measured(Span(30, 30, 30))
    assert measures(declared) == Measures(Span(30, 30, 30), Span(5, 5, 5))
    assert valid_to(declared) == ""
