"""What is stored comes back as it was, typed; what has no written form is refused."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.model.base import DIFFERS, MISSING
from robo.sdk.secret import Secret
from robo.store.codec import dump, load, whole

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.times(),
    st.timedeltas(),
    st.sampled_from([MISSING, DIFFERS]),
    st.builds(Path, st.text("ab/.é ", min_size=1)),
)
KEYS = st.one_of(st.text(), st.sampled_from(["$", "v"]))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)


@given(st.dictionaries(KEYS, VALUES))
def test_any_row_comes_back_as_it_was(row: dict[str, Any]) -> None:
    assert load(dump(row)) == row


def test_types_are_kept() -> None:
    row = [Decimal("1.50"), date(2026, 3, 2), datetime(2026, 3, 2, 8, tzinfo=UTC), time(8, 30), timedelta(days=1)]
    back = load(dump(row))
    assert [type(value) for value in back] == [type(value) for value in row]
    assert str(back[0]) == "1.50"
    assert load(dump({"a": MISSING}))["a"] is MISSING
    assert load(dump({"a": DIFFERS}))["a"] is DIFFERS


@pytest.mark.parametrize(
    "value", ["moiti\u00e9 \ud83d", "\udc00", {"\ud83d": ["\udc00", MISSING]}, float("inf"), [1.5, -math.inf]]
)
def test_what_a_page_may_hold_and_a_database_may_not_survives(value: Any) -> None:
    assert dump({"x": value}).encode()
    assert load(dump({"x": value})) == {"x": value}


def test_a_number_that_is_none_stays_so() -> None:
    back = load(dump({"x": math.nan, "$": 1}))
    assert math.isnan(back["x"])
    assert back["$"] == 1


def test_a_mapping_that_looks_like_a_tag_is_not_mistaken_for_one() -> None:
    row = {"$": "date", "v": "2026-03-02"}
    assert load(dump(row)) == row


@pytest.mark.parametrize(
    "value", [object(), b"bytes", {1, 2}, Secret("s3cret-canary")], ids=["object", "bytes", "set", "secret"]
)
def test_what_has_no_written_form_is_refused_without_being_told(value: object) -> None:
    with pytest.raises(InfrastructureError) as caught:
        dump({"x": value})
    assert caught.value.code == "RB615"
    assert "canary" not in f"{caught.value}{caught.value.facts}"


@pytest.mark.parametrize(
    ("text", "taken"), [("é 😀", "é 😀"), ("a\ud83d", "a\ufffd"), ("\udc00b", "\ufffdb"), ("\ud83d\ude00", "😀")]
)
def test_half_of_a_character_becomes_the_sign_of_what_is_unknown(text: str, taken: str) -> None:
    assert whole(text) == taken
