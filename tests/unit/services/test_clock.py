"""How long nobody verifies after the database clock jumped."""

from __future__ import annotations

import threading

import pytest

from robo.services.worker.clock import WorkerClock
from robo.services.worker.heartbeat import Heartbeat

BUDGET_AND_SETTLE = 40.0


class Time:
    """A monotonic clock and a database clock in the test's hand."""

    def __init__(self) -> None:
        self.monotonic = 100.0
        self.database = 5_000.0
        self.clock = WorkerClock(monotonic=lambda: self.monotonic)
        self.look()

    def pass_(self, seconds: float, *, database: float | None = None) -> None:
        self.monotonic += seconds
        self.database += seconds if database is None else database

    def look(self, *, took: float = 0.0) -> None:
        """A reading of the database clock whose answer came `took` seconds after it was asked."""
        said = self.clock.asking()
        database = self.database
        self.pass_(took)
        said(database)

    @property
    def untrusted(self) -> float:
        return self.clock.untrusted(BUDGET_AND_SETTLE)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 1.5], ids=["an hour on", "an hour back", "more than a second"])
def test_a_clock_that_jumped_is_not_trusted_for_budget_and_settle(jump: float) -> None:
    time = Time()
    time.pass_(7, database=7 + jump)
    time.look()
    assert time.untrusted == BUDGET_AND_SETTLE
    time.pass_(BUDGET_AND_SETTLE)
    time.look()
    assert time.untrusted == 0


def test_a_clock_that_is_set_right_little_by_little_is_trusted() -> None:
    time = Time()
    for _ in range(20):
        time.pass_(7.5, database=8.0)
        time.look()
    assert time.untrusted == 0


def test_many_small_jumps_between_two_beats_are_one_jump() -> None:
    time = Time()
    for _ in range(4):
        time.pass_(0.5, database=1.0)
        time.look()
    assert time.untrusted > 0


def test_an_answer_that_took_long_is_no_jump() -> None:
    time = Time()
    time.pass_(7)
    time.look(took=30)
    time.pass_(7)
    time.look()
    assert time.untrusted == 0


def test_a_jump_while_an_answer_took_long_is_seen_by_the_next() -> None:
    time = Time()
    time.pass_(7)
    time.look(took=3)
    time.pass_(7, database=67)
    time.look()
    assert time.untrusted == BUDGET_AND_SETTLE


def test_where_the_database_clock_jumps_on_purpose_nobody_watches_it() -> None:
    clock = WorkerClock(watches=False)
    clock.asking()(0.0)
    clock.asking()(3600.0)
    assert clock.untrusted(BUDGET_AND_SETTLE) == 0


def test_each_heartbeat_compares_the_clocks() -> None:
    heard: list[float] = []
    twice = threading.Event()

    def said(database: float) -> None:
        heard.append(database)
        if len(heard) == 2:
            twice.set()

    heart = Heartbeat(iter([7.0, 8.0, 9.0]).__next__, lambda: said, every=0.01)
    heart.start()
    assert twice.wait(10)
    heart.end()
    assert heard[:2] == [7.0, 8.0]
