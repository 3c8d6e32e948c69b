"""What of a segment outlives its attempt: the names that are read behind it, and of a mapping the members that are."""

from __future__ import annotations

from typing import Any

import pytest

from robo.plan.keeping import left_out, never_kept, picked, size_of

LEFT = {"seen": {"json": {"number": "A-1", "rows": ("x",) * 1000}, "status": 200}, "last": "Martin", "day": 3}


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        ({"seen.json.number", "item.number"}, {"seen": {"json": {"number": "A-1"}}}),
        ({"seen.json.number", "seen.status"}, {"seen": {"json": {"number": "A-1"}, "status": 200}}),
        ({"seen", "seen.status"}, {"seen": LEFT["seen"]}),
        ({"last.first", "day"}, {"last": "Martin", "day": 3}),
        ({"seen.text"}, {"seen": {}}),
        (set(), {}),
    ],
    ids=["a member", "two members", "the whole", "a text has no members", "a member that is not there", "nothing"],
)
def test_of_what_was_left_only_what_is_read_is_kept(names: set[str], kept: dict[str, Any]) -> None:
    assert picked(LEFT, names) == kept


def test_what_was_left_out_is_not_taken_for_missing_by_a_plan_that_reads_more() -> None:
    taken = left_out(LEFT, {"seen.json.number", "last"})
    assert taken == {"seen": ["json.number"], "day": []}
    assert never_kept(taken, {"seen.json.number", "last", "other.x"}) == []
    assert never_kept(taken, {"seen.json", "seen.json.numbers", "day"}) == ["day", "seen.json", "seen.json.numbers"]


def test_the_size_of_what_is_kept_is_about_what_it_is_as_text() -> None:
    assert size_of({"a": "x" * 500, "b": ("y" * 500, 12)}) in range(1000, 1100)
