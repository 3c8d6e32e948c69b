"""When a run stops and asks."""

from __future__ import annotations

import pytest

from robo.model.base import ItemState
from robo.model.process import Limits
from robo.services.worker.limits import Breaker

DONE, FAILED, REJECTED, UNKNOWN = ItemState.DONE, ItemState.FAILED, ItemState.REJECTED, ItemState.UNKNOWN


@pytest.mark.parametrize(
    ("outcomes", "stops"),
    [
        ([FAILED] * 5, True),
        ([FAILED] * 4, False),
        ([FAILED] * 4 + [DONE] + [FAILED] * 4, False),
        ([UNKNOWN, DONE, UNKNOWN, DONE], False),
        ([UNKNOWN, DONE, UNKNOWN, DONE, UNKNOWN], True),
        ([REJECTED] * 19, False),
        ([REJECTED] * 6 + [DONE] * 14, True),
        ([REJECTED] * 5 + [DONE] * 15, False),
        ([], False),
    ],
    ids=[
        "five failures in a row",
        "four are not five",
        "a success in between starts the count again",
        "two unknowns",
        "three unknowns, wherever they are",
        "no share of rejections before twenty items",
        "thirty in a hundred after twenty",
        "less than thirty in a hundred",
        "nothing yet",
    ],
)
def test_the_breaker_stops_a_run_after(outcomes: list[ItemState], stops: bool) -> None:
    """The cheap count comes first: it may say yes too often, never no too often."""
    breaker, counts = Breaker(Limits()), {state: outcomes.count(state) for state in ItemState}
    tail = next((n for n, state in enumerate(reversed(outcomes)) if state is not FAILED), len(outcomes))
    assert bool(breaker.says(counts, tail)) is stops
    assert breaker.may_stop(counts) or not stops


def test_more_items_than_the_limit_wait_for_a_yes() -> None:
    assert Breaker(Limits(items=3)).too_many(3) == ""
    assert Breaker(Limits(items=3)).too_many(4) == "4 items, and the limit of this process is 3"
