"""Milestones: which one has come on a day, on the calendar of a region, and what a missed day means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.definition.calendar import holidays_of
from robo.definition.expressions import scope_facts
from robo.definition.operators import World
from robo.errors import BadExpression, fill
from robo.model.process import Column, Items, Kind, Milestones, Step, StepKind
from robo.model.run import NewItem
from robo.model.text import Expr, Template
from robo.sdk.runner import Row
from robo.services.worker.bundles import Bundles
from robo.services.worker.milestones import milestone_of
from robo.services.worker.rows import Sheet

END = date(2026, 6, 30)
"""A Tuesday."""


def names(territory: str = "", **more: Any) -> dict[str, Any]:
    return {**scope_facts(tables={}, holidays=holidays_of(territory), date_format="%d/%m/%Y"), **more}


def come(today: date, before: object = END, *, territory: str = "", at: tuple[int, ...] = (60, 30), **how: str) -> Any:
    return milestone_of(Milestones(before="", at=at, **how), before, today, World(names(territory)))


@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2026, 4, 29), None),
        (date(2026, 4, 30), 60),  # 60 days before is Friday 1 May, a holiday
        (date(2026, 5, 1), 60),
        (date(2026, 5, 28), 60),
        (date(2026, 5, 29), 30),  # 30 days before is Sunday 31 May
        (date(2026, 6, 30), 30),
        (date(2026, 7, 1), None),
    ],
)
def test_the_last_milestone_that_has_come_is_taken_until_the_next_one(today: date, days: int | None) -> None:
    assert come(today) == days


def test_a_milestone_may_move_to_the_next_working_day_or_stay() -> None:
    assert [come(date(2026, 5, n), on_closed="next") for n in (1, 3, 4)] == [None, None, 60]
    assert [come(date(2026, 5, n), on_closed="same_day") for n in (1, 30, 31)] == [60, 60, 30]


def test_a_missed_day_may_be_left() -> None:
    assert [come(date(2026, 4, n), catch_up="never") for n in (29, 30)] == [None, 60]
    assert come(date(2026, 5, 4), catch_up="never") is None


def test_the_last_milestone_may_fall_on_the_working_day_after_its_date() -> None:
    sunday = date(2026, 5, 31)
    found = [come(sunday + timedelta(days=n), sunday, at=(0,), on_closed="next") for n in range(3)]
    assert found == [None, 0, None]


def test_guyane_rests_on_the_tenth_of_june() -> None:
    before = date(2026, 7, 10)
    assert come(date(2026, 6, 9), before) == 60
    assert come(date(2026, 6, 9), before, territory="973") == 30


def test_a_date_with_a_time_counts_by_its_day() -> None:
    assert come(date(2026, 4, 30), datetime(2026, 6, 30, 23, 59)) == 60  # noqa: DTZ001 - a cell has no zone


@pytest.mark.parametrize("before", ["30/06/2026", date(1, 1, 5)], ids=["a text", "too early"])
def test_what_has_no_days_before_it_is_told(before: object) -> None:
    with pytest.raises(BadExpression):
        come(END, before)


DAYS = st.lists(st.integers(0, 400), min_size=1, max_size=5, unique=True).map(lambda days: tuple(sorted(days)[::-1]))


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), DAYS, st.sampled_from(["previous", "next", "same_day"]))
def test_every_day_has_one_milestone_at_most_and_they_come_in_their_order(
    before: date, at: tuple[int, ...], closed: str
) -> None:
    days = [before + timedelta(days=n) for n in range(-at[0] - 12, 12)]
    found = [days_left for day in days if (days_left := come(day, before, at=at, on_closed=closed)) is not None]
    assert found == sorted(found, reverse=True)
    assert set(found) <= set(at)
    assert found[-1] == at[-1]


def items_of(end: str, today: date, **more: Any) -> list[NewItem]:
    fields = (Column(name="agent", column="Agent"), Column(name="end", column="Fin", type=Kind.DATE))
    source = Step(id="rows", kind=StepKind.ACTION, path=(), action="files.rows", params={})
    before = Template("${{ item.end }}", (Expr("item.end"),))
    key = Template("${{ item.agent }}-${{ item.milestone }}", (Expr("item.agent"), "-", Expr("item.milestone")))
    milestones = Milestones(before=before, at=(60, 30))
    items = Items(source=source, fields=fields, milestones=milestones, key=key, **more)

    def scope(item: Mapping[str, Any]) -> Mapping[str, Any]:
        return names(item=item, run={"date": today})

    line = Sheet(items, scope).line(Row({"Agent": "Anne", "Fin": end}, "Contrats!A2", 2, "digest"))
    assert line is not None
    return Bundles(items, scope).of([line])


def test_each_milestone_is_an_item_of_its_own() -> None:
    keys = [item.key for day in (29, 30) for item in items_of("30/06/2026", date(2026, 4, day))]
    assert keys == ["Anne-60"]
    assert [item.key for item in items_of("30/06/2026", date(2026, 6, 1))] == ["Anne-30"]


def test_a_row_whose_date_is_wrong_is_an_item_under_its_place() -> None:
    (item,) = items_of("bientôt", date(2026, 6, 1))
    assert item.key == "Contrats!A2"
    assert item.trouble is not None
    assert "bientôt is not a date" in fill(item.trouble.message, item.trouble.facts)
