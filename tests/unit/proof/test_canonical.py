"""Canonical JSON: RFC 8785 for text, whole numbers, lists and mappings; everything else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.proof.canonical import LARGEST, canonical

NUMBERS = st.integers(-LARGEST, LARGEST)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)


def test_keys_are_in_the_order_of_their_utf_16_code_units() -> None:
    """The example of RFC 8785, section 3.2.3."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical(dict.fromkeys(keys, 0)))) == ordered


def test_only_what_must_be_is_escaped() -> None:
    text = '\u20ac$\u000f\nA\'B"\\\\"/\u007f\u2028'
    assert canonical([text]) == '["\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f\u2028"]'.encode()


def test_there_is_no_blank_between_members() -> None:
    assert canonical({"b": [1, None, True], "a": {}}) == b'{"a":{},"b":[1,null,true]}'


@given(VALUES)
def test_what_is_written_reads_back_and_is_written_the_same_again(value: Any) -> None:
    once = canonical(value)
    assert json.loads(once) == value
    assert canonical(json.loads(once)) == once


@given(st.dictionaries(TEXTS, NUMBERS, min_size=2))
def test_the_order_members_came_in_does_not_matter(value: dict[str, int]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else 0


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), LARGEST + 1, -LARGEST - 1, {1: 2}, b"x", {"a": {1.0}}, "\ud800", {"\ud800": 1}, deep(40)],
    ids=["fraction", "nan", "large", "small", "key", "bytes", "set", "surrogate", "surrogate key", "deep"],
)
def test_what_has_no_single_form_is_refused(value: Any) -> None:
    with pytest.raises(InfrastructureError) as caught:
        canonical(value)
    assert caught.value.code == "RB630"
