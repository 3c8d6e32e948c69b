"""What an item counts as, and when a key that is done may be done anew."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import RoboError
from robo.model.process import Counts
from robo.model.text import Expr, Template
from robo.services.worker.again import again_after
from robo.services.worker.units import uncounted, unit_keys

DAY = date(2026, 1, 1)
LINES = [{"invoice": "F1"}, {"invoice": "F2"}, {"invoice": "F1"}]
NAMES = {"item": {"number": "D1", "lines": LINES, "none": [], "one": "F1"}}
PARIS = ZoneInfo("Europe/Paris")


def expression(source: str) -> Template:
    return Template("${{ " + source + " }}", (Expr(source),))


def keys(**counts: Any) -> tuple[str, ...]:
    return unit_keys(Counts(**counts), "K1", NAMES, DAY)


def test_an_item_counts_as_itself_or_as_what_the_key_says() -> None:
    assert keys() == ("K1",)
    assert keys(key=expression("item.number")) == ("D1",)


def test_each_part_of_an_item_counts_and_each_only_once() -> None:
    each = {"as_": "l", "key": expression("l.invoice")}
    assert keys(each=Expr("item.lines"), **each) == ("F1", "F2")
    assert keys(each=Expr("item.none"), **each) == ()


@pytest.mark.parametrize("source", ["item.one", "item.absent"])
def test_what_is_no_list_has_no_parts_and_that_is_told(source: str) -> None:
    with pytest.raises(RoboError) as caught:
        keys(each=Expr(source), as_="l", key=expression("l.invoice"))
    told = uncounted("K1", caught.value)
    assert (told.code, str(told).startswith("nothing is credited for K1: ")) == ("RB549", True)


@pytest.mark.parametrize(
    ("period", "key"),
    [("day", "K1@2026-01-01"), ("week", "K1@2026-W01"), ("month", "K1@2026-01"), ("year", "K1@2026")],
)
def test_a_unit_may_count_once_in_each_period(period: str, key: str) -> None:
    assert keys(period=period) == (key,)


def test_the_week_of_the_first_days_of_a_year_may_be_of_the_year_before() -> None:
    assert unit_keys(Counts(period="week"), "K1", NAMES, date(2027, 1, 3)) == ("K1@2026-W53",)


MOMENT = datetime(2026, 6, 9, 10, 30, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("said", "ago"),
    [
        ("never", None),
        ("each_run", timedelta(0)),
        ("12 h", timedelta(hours=12)),
        ("1 day", timedelta(hours=10, minutes=30)),
        ("7 days", timedelta(days=6, hours=10, minutes=30)),
        ("2 weeks", timedelta(days=13, hours=10, minutes=30)),
    ],
)
def test_a_done_key_is_done_again_after_that_long(said: str, ago: timedelta | None) -> None:
    assert again_after(said, MOMENT) == ago


MOMENTS = st.datetimes(datetime(2026, 4, 1), datetime(2026, 10, 1))  # noqa: DTZ001 - the zone is put in below


@given(MOMENTS, MOMENTS)
def test_seven_days_are_days_of_the_calendar_at_whatever_hour(done: datetime, now: datetime) -> None:
    done, now = done.replace(tzinfo=PARIS), now.replace(tzinfo=PARIS)
    ago = again_after("7 days", now)
    assert ago is not None
    assert (now - done >= ago) is (done.date() <= now.date() - timedelta(days=7))
