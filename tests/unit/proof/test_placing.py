"""Entries that are put together as text are, to the byte, those that are written from their values."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.proof.canonical import LARGEST, canonical, read_json
from robo.proof.entry import NOTHING_BEFORE, RegionHead, read_entry, sequenced
from robo.proof.merkle import leaf_hash
from robo.proof.placing import placed, unplaced
from tests.unit.proof.test_canonical import TEXTS, VALUES, deep

HASHES = st.binary(min_size=32, max_size=32)
WORDS = st.text("abc-éß/\\\" '{}[]:,\n\u007f\u2028\U0001f600", min_size=1) | st.from_regex(
    r"[a-z.]{1,9}", fullmatch=True
)
BODIES = st.fixed_dictionaries(
    {
        "v": st.just(1),
        "id": WORDS,
        "region": WORDS,
        "ts": st.integers(-LARGEST, LARGEST),
        "type": WORDS,
        "actor": WORDS | st.just(""),
        "obj": WORDS | st.just(""),
        "cause": WORDS | st.just(""),
        "data": st.dictionaries(st.from_regex("[a-z_]{0,5}", fullmatch=True) | TEXTS, VALUES, max_size=4),
        "pc": st.none() | HASHES.map(bytes.hex),
        "key": st.none() | WORDS,
    }
)
PLAIN: dict[str, Any] = {
    "v": 1,
    "id": "01",
    "region": "idf",
    "ts": 1,
    "type": "item.ended",
    "actor": "robot:a",
    "obj": "02",
    "cause": "",
    "data": {"state": "done"},
    "pc": None,
    "key": None,
}


@given(BODIES)
@example(PLAIN)
def test_what_waits_is_canonical(body: dict[str, Any]) -> None:
    assert unplaced(body) == canonical(body)


@given(BODIES, st.integers(0, LARGEST), st.integers(0, LARGEST), HASHES)
@example(PLAIN, 0, 0, NOTHING_BEFORE)
@example(PLAIN | {"data": {"a": {}, "b": [{"id": "x", "key": 1}]}, "ts": 0}, 7, 3, NOTHING_BEFORE)
def test_what_waits_is_given_its_place_as_its_values_are(
    body: dict[str, Any], seq: int, rseq: int, leaf: bytes
) -> None:
    head = RegionHead(rseq, leaf)
    assert outcome(partial(placed, unplaced(body).decode(), body), seq, head) == outcome(
        partial(sequenced, body), seq, head
    )


def outcome(place: Callable[..., Any], seq: int, head: RegionHead) -> Any:
    """What comes of it: the entry and its region's head, or the code of the refusal."""
    try:
        return place(seq, head)
    except InfrastructureError as refused:
        return refused.code


_TEXT = unplaced(PLAIN).decode()


@pytest.mark.parametrize(
    "text",
    [
        _TEXT.replace('"v":1', '"v": 1'),
        _TEXT.replace('"state":"done"', '"b":1,"a":2'),
        _TEXT.replace('"state":"done"', '"a":1,"a":2'),
        _TEXT.replace("done", "\\u0062"),
        _TEXT.replace('"ts":1', '"ts":-0'),
        _TEXT.replace(',"v":1', "").replace("{", '{"v":1,', 1),
    ],
    ids=["blank", "order", "twice", "escape", "zero", "members"],
)
def test_a_text_that_is_not_canonical_becomes_an_entry_that_is(text: str) -> None:
    body = json.loads(text)
    raw, after = placed(text, body, 5, RegionHead(2))
    assert read_entry(raw) == body | {"seq": 5, "rseq": 2, "prev": NOTHING_BEFORE.hex()}
    assert after == RegionHead(3, leaf_hash(raw))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ts": True}, "RB634"),
        ({"ts": {}}, "RB634"),
        ({"ts": "1"}, "RB634"),
        ({"v": 2}, "RB634"),
        ({"v": "1"}, "RB634"),
        ({"id": ""}, "RB634"),
        ({"key": ""}, "RB634"),
        ({"region": ""}, "RB634"),
        ({"type": ""}, "RB634"),
        ({"obj": {}}, "RB634"),
        ({"pc": "0" * 63}, "RB634"),
        ({"pc": "A" * 64}, "RB634"),
        ({"data": {"deep": deep(31)}}, "RB630"),
        ({"data": {"long": "x" * 3900}}, "RB631"),
        ({"more": 1}, "RB634"),
    ],
    ids=lambda value: json.dumps(value)[:30],
)
def test_what_is_no_entry_gets_no_place(changed: dict[str, Any], code: str) -> None:
    text = json.dumps(PLAIN | changed, separators=(",", ":"), sort_keys=True)
    with pytest.raises(InfrastructureError) as told:
        placed(text, read_json(text.encode()), 0, RegionHead())
    assert told.value.code == code
