"""One entry: its members, its size, its bytes; and bytes that are not canonical."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.model.audit import ENTRY_VERSION, LARGEST_ENTRY
from robo.proof import entry
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


TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "a",
            "f" * 64,
            "0" * 64,
            "é",
            "\u2028",
            "\x7f",
            "\\",
            '"',
            "\x1f",
            "\U0001f600",
            "\ue000",
            '","id":"',
            "{[,:]}",
        ]
    ),
)
WHOLE = st.one_of(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.sampled_from([0, 1, -1, 9, 10, 10**15, 9 * 10**15 - 1, 9 * 10**15, 2**53 - 1]),
)
SCALARS = st.one_of(TEXTS, WHOLE, st.booleans(), st.none())
FLAT = st.dictionaries(TEXTS, SCALARS, max_size=6)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "v": st.just(1),
    "seq": WHOLE,
    "id": TEXTS,
    "region": TEXTS,
    "rseq": WHOLE,
    "prev": st.sampled_from(["0" * 64, "0123456789abcdef" * 4]),
    "ts": WHOLE,
    "type": TEXTS,
    "actor": TEXTS,
    "obj": TEXTS,
    "cause": TEXTS,
    "data": st.one_of(FLAT, VALUES),
    "pc": st.sampled_from([None, "f" * 64]),
    "key": st.one_of(st.none(), TEXTS),
}
PLAIN: dict[str, Any] = {"v": 1, "seq": 3, "id": "e", "region": "idf", "rseq": 1, "prev": "0" * 64, "ts": 5}
PLAIN |= {"type": "t", "actor": "u", "obj": "o", "cause": "", "data": {"a": "x", "b": -7}, "pc": None, "key": None}
ODD = [
    b"0",
    b"-0",
    b"00",
    b"1.0",
    b"1e5",
    b"NaN",
    b"-",
    b"+1",
    b" ",
    b"\n",
    b"\0",
    b"\\",
    b"\\u0041",
    b"\\ud800",
    b"\\n",
]
ODD += [
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b'"',
    b",",
    b"{",
    b"}",
    b"[]",
    b"null",
    b"true",
    b'"a":1,',
]
ODD += [b'"pc":null,', b"9007199254740992", b"9999999999999999", b"x" * LARGEST]


def whole_way(raw: bytes) -> object:
    """What the whole way says of these bytes, by itself: the members, or what is wrong."""
    try:
        entry._check_size(raw)
        return entry._check_members(read_canonical(raw))
    except InfrastructureError as wrong:
        return wrong.code, str(wrong)


def told_of(raw: bytes) -> object:
    try:
        return read_entry(raw)
    except InfrastructureError as wrong:
        return wrong.code, str(wrong)


def agree(raw: bytes) -> None:
    """Nothing is taken at once but what the whole way takes too, with the same members of the same kinds."""
    said, whole = told_of(raw), whole_way(raw)
    assert said == whole
    if isinstance(said, dict) and isinstance(whole, dict):
        assert {name: type(value) for name, value in said.items()} == {name: type(whole[name]) for name in said}
        assert canonical(said) == raw


@given(st.data())
def test_what_is_seen_at_once_to_be_an_entry_is_one_the_whole_way_with_the_same_members(data: st.DataObject) -> None:
    """Members of their kinds, and at most two of any kind."""
    body = {name: data.draw(st.just(value) | MEMBERS[name], name) for name, value in PLAIN.items()}
    odd = st.sampled_from([[1], ["a"], {"a": [1]}, {"b": {"a": 1}}, "f" * 64, "", 7, -1, True, {}])
    for name in data.draw(st.sets(st.sampled_from(sorted(PLAIN)), max_size=2)):
        body[name] = data.draw(VALUES | odd, name)
    agree(canonical(body))


@given(st.data())
def test_no_byte_of_an_entry_makes_the_two_ways_differ(data: st.DataObject) -> None:
    """One byte flipped, put in or taken out; something odd put in; two stretches changed with each other or doubled."""
    body = {name: data.draw(st.just(value) | MEMBERS[name], name) for name, value in PLAIN.items()}
    raw = canonical(body)
    at, end = sorted(data.draw(st.tuples(*[st.integers(0, len(raw))] * 2)))
    far = data.draw(st.integers(end, len(raw)))
    byte = bytes([data.draw(st.integers(0, 255))])
    odd = data.draw(st.sampled_from(ODD))
    for changed in (
        raw[:at] + byte + raw[at + 1 :],
        raw[:at] + byte + raw[at:],
        raw[:at] + raw[at + 1 :],
        raw[:at] + odd + raw[at:],
        raw[:at] + odd + raw[end:],
        raw[:at] + raw[end:far] + raw[at:end] + raw[far:],
        raw[:end] + raw[at:end] + raw[end:],
    ):
        agree(changed)


def test_members_out_of_order_doubled_or_oddly_written_are_told_as_the_whole_way_tells_them() -> None:
    """Every place where something odd can be put into one entry, and every order of two members or of two names."""
    raw = canonical(PLAIN)
    parts = [b'"%s":%s' % (name.encode(), canonical(PLAIN[name])) for name in sorted(PLAIN)]
    for at in range(len(raw) + 1):
        for odd in ODD:
            agree(raw[:at] + odd + raw[at:])
        for byte in b'\0\n\x1f !"+,-.0189:AEaefn[\\]{}\x7f\x80\xc3\xff':
            agree(raw[:at] + bytes([byte]) + raw[at + 1 :])
    for first in range(len(parts)):
        for second in range(len(parts)):
            agree(b"{%s}" % b",".join([*parts[:first], parts[second], *parts[first + 1 :]]))
            swapped = parts.copy()
            swapped[first], swapped[second] = swapped[second], swapped[first]
            agree(b"{%s}" % b",".join(swapped))
    data = canonical(PLAIN["data"])
    for names in (b'{"b":1,"a":2}', b'{"a":1,"a":2}', b'{"a":":","a":1}', b'{"":"","a":""}', b'{"a":",\\"b","c":1}'):
        agree(raw.replace(data, names))


def test_nearly_every_entry_is_seen_at_once(written: Written) -> None:
    """What is not is right too and takes longer: an escape, a number of 9·10^15 or more, a value in another."""
    written.add(payload={"n": 1}, key="idf/std/2026-11", data={"unit": "pièce", "minutes": -4, "auditable": True})
    written.add(data={"items": {"done": 3}})
    assert [entry._plainly_read(raw) is not None for raw in written.entries] == [True, False]
    assert entry.Entry._fields == tuple(sorted(entry._MEMBERS))


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
