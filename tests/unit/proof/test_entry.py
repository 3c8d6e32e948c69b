"""One entry: its members, its size, its bytes; and bytes that are not canonical."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.model.audit import ENTRY_VERSION, LARGEST_ENTRY
from robo.proof.canonical import canonical, read_canonical
from robo.proof.entry import LARGEST, NOTHING_BEFORE, VERSION, RegionHead, commitment, read_entry, sequenced
from robo.proof.merkle import leaf_hash
from tests.unit.proof.conftest import Written
from tests.unit.proof.test_canonical import VALUES


def test_the_entry_that_is_written_is_the_entry_that_is_read() -> None:
    assert (VERSION, LARGEST) == (ENTRY_VERSION, LARGEST_ENTRY)


def test_an_entry_knows_its_place_in_the_log_and_in_its_region(written: Written) -> None:
    for region in ("idf", "bfc", "idf"):
        written.add(region)
    first, other, second = map(read_entry, written.entries)
    assert [each["seq"] for each in (first, other, second)] == [0, 1, 2]
    assert [each["rseq"] for each in (first, other, second)] == [0, 0, 1]
    assert first["prev"] == other["prev"] == NOTHING_BEFORE.hex()
    assert second["prev"] == leaf_hash(written.entries[0]).hex()


def test_an_entry_has_4096_bytes_and_not_one_more(written: Written) -> None:
    written.add(data={"text": ""})
    room = LARGEST - len(written.entries[0])
    body = json.loads(written.entries[0])
    raw, _ = sequenced(body | {"data": {"text": "x" * room}}, 0, RegionHead())
    assert len(raw) == LARGEST
    with pytest.raises(
        InfrastructureError, match="an audit event of 4097 bytes is larger than an entry may be"
    ) as caught:
        sequenced(body | {"data": {"text": "x" * (room + 1)}}, 0, RegionHead())
    assert caught.value.code == "RB631"


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"v": 2}, "v"),
        ({"v": True}, "v"),
        ({"seq": -1}, "seq"),
        ({"seq": True}, "seq"),
        ({"prev": "00"}, "prev"),
        ({"prev": "0" * 63 + "A"}, "prev"),
        ({"id": ""}, "id"),
        ({"region": None}, "region"),
        ({"ts": "noon"}, "ts"),
        ({"data": []}, "data"),
        ({"pc": "00"}, "pc"),
        ({"key": ""}, "key"),
        ({"name": "Dupont"}, "name"),
        ({"rseq": 1.0}, None),
    ],
)
def test_a_member_of_another_kind_is_named(written: Written, changed: dict[str, Any], names: str | None) -> None:
    written.add()
    text = json.dumps(json.loads(written.entries[0]) | changed, sort_keys=True, separators=(",", ":"))
    with pytest.raises(InfrastructureError) as caught:
        read_entry(text.encode())
    if names is None:
        assert caught.value.code == "RB630"
    else:
        assert str(caught.value) == f"this is not an entry: {names} is missing, unknown or of another kind"


@pytest.mark.parametrize("member", ["v", "seq", "prev", "pc"])
def test_a_member_that_is_missing_is_named(written: Written, member: str) -> None:
    written.add()
    less = {name: value for name, value in json.loads(written.entries[0]).items() if name != member}
    with pytest.raises(InfrastructureError, match=f"this is not an entry: {member} is missing"):
        read_entry(canonical(less))


@given(st.data())
def test_what_is_seen_at_once_to_be_an_entry_is_one_when_it_is_looked_at_slowly(data: st.DataObject) -> None:
    """An escape in one of its texts makes the reader take the long way: both ways must say the same of any member."""
    body: dict[str, Any] = {"v": 1, "seq": 3, "id": "e", "region": "idf", "rseq": 1, "prev": "0" * 64, "ts": 5}
    body |= {"type": "item.ended", "actor": "u", "obj": "o", "cause": "", "data": {}, "pc": None, "key": None}
    name = data.draw(st.sampled_from(sorted(body.keys() - {"obj"})))
    odd = st.sampled_from([[1], ["a"], {"a": [1]}, "f" * 64, "", 7, -1, 1, True, {}])
    body[name] = data.draw(st.one_of(VALUES, odd))
    assert told_of(body) == told_of(body | {"obj": "o\n"})


def told_of(body: dict[str, Any]) -> object:
    try:
        return {name: value for name, value in read_entry(canonical(body)).items() if name != "obj"}
    except InfrastructureError as wrong:
        return wrong.code, str(wrong)


def test_a_commitment_is_the_keyed_hash_of_rfc_2104() -> None:
    """Test case 2 of RFC 4231."""
    found = commitment(b"Jefe", b"what do ya want for nothing?")
    assert found == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@given(VALUES)
def test_canonical_bytes_read_back_as_their_value(value: Any) -> None:
    assert read_canonical(canonical(value)) == value


@given(VALUES, st.data())
def test_bytes_are_read_exactly_when_writing_their_value_gives_them_back(value: Any, data: st.DataObject) -> None:
    raw = bytearray(canonical(value))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        right = canonical(json.loads(bytes(raw).decode())) == bytes(raw)
    except (ValueError, InfrastructureError):
        right = False
    if right:
        assert canonical(read_canonical(bytes(raw))) == raw
    else:
        with pytest.raises(InfrastructureError):
            read_canonical(bytes(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":9007199254740992}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b'{"\xef\xac\xb3":1,"\xf0\x9f\x98\x80":2}',
        b'{"a":"\xff"}',
        b"[" * 40 + b"]" * 40,
        b"[" * 4000,
        b"",
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_value_has_one_form_and_every_other_is_refused(raw: bytes) -> None:
    with pytest.raises(InfrastructureError) as caught:
        read_canonical(raw)
    assert caught.value.code == "RB630"
