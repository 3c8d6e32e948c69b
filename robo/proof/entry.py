"""One entry of the log: what happened, in at most 4 KiB of canonical JSON, and nothing personal.

`v seq id region rseq prev ts type actor obj cause data pc key`: `seq` is its place in the log, `rseq` and `prev` (the
leaf of the region's entry before it) chain the entries of one region, `pc` commits to a payload kept apart.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from robo.errors import InfrastructureError
from robo.proof.canonical import DEEPEST, canonical, plain_json, read_canonical, read_json
from robo.proof.merkle import HASH_SIZE, leaf_hash

VERSION: Final = 1
LARGEST: Final = 4096
_HEX: Final = re.compile(f"[0-9a-f]{{{2 * HASH_SIZE}}}").fullmatch
NOTHING_BEFORE: Final = bytes(HASH_SIZE)
"""`prev` of a region's first entry."""


@dataclass(frozen=True, slots=True)
class RegionHead:
    """Where the chain of a region stands: the `rseq` that comes next, and the leaf of the last entry."""

    rseq: int = 0
    leaf: bytes = NOTHING_BEFORE


def sequenced(body: Mapping[str, Any], seq: int, head: RegionHead) -> tuple[bytes, RegionHead]:
    """`body` (all members but `seq`, `rseq`, `prev`) given its place: the entry's bytes, and its region's new head.

    `InfrastructureError` RB631 when it is too large, RB634 when a member is missing, unknown or of another kind.
    """
    entry = {**body, "seq": seq, "rseq": head.rseq, "prev": head.leaf.hex()}
    raw = canonical(entry)
    _check_size(raw)
    _check_members(entry)
    return raw, RegionHead(head.rseq + 1, leaf_hash(raw))


def read_entry(raw: bytes) -> dict[str, Any]:
    """The members of an entry. `InfrastructureError` RB630 (not canonical), RB631 (too large), RB634 (not an entry)."""
    _check_size(raw)
    entry = read_json(raw)
    if _is_plainly_right(raw, entry):
        return dict(entry)
    return _check_members(read_canonical(raw))


def _check_size(raw: bytes) -> None:
    if len(raw) > LARGEST:
        raise InfrastructureError(
            "RB631",
            "an audit event of %(size)s bytes is larger than an entry may be",
            remedy="this is a fault of robo: put long values in the payload",
            size=len(raw),
        )


def _check_members(entry: Any) -> dict[str, Any]:
    """The same value, when it has the members of an entry and each is of its kind. RB634."""
    if not isinstance(entry, dict) or entry.keys() != _MEMBERS.keys():
        raise _no_entry(sorted(_MEMBERS.keys() ^ entry.keys()) if isinstance(entry, dict) else ["v"])
    wrong = [name for name, right in _MEMBERS.items() if not right(entry[name])]
    if wrong:
        raise _no_entry(wrong)
    return entry


def _is_plainly_right(raw: bytes, entry: Any) -> bool:
    """Whether it is seen at once that these bytes are an entry: no text in it needs an escape, and its members, put
    together in their one order and kind, give the same bytes. Nearly all are so; the others are looked at again."""
    if not raw.isascii() or b"\\" in raw or type(entry) is not dict or len(entry) != len(_MEMBERS):
        return False
    if raw.count(b"{") + raw.count(b"[") > DEEPEST:
        return False
    actor, cause, data, event, key, obj, pc, prev, region, rseq, seq, ts, kind, v = entry.values()
    text = (
        f'{{"actor":"{actor}","cause":"{cause}","data":{plain_json(data)},"id":"{event}","key":{_quoted(key)},'
        f'"obj":"{obj}","pc":{_quoted(pc)},"prev":"{prev}","region":"{region}","rseq":{rseq},"seq":{seq},"ts":{ts},'
        f'"type":"{kind}","v":{v}}}'
    )
    return (
        text.encode() == raw
        and type(data) is dict
        and all(type(each) is int for each in (rseq, seq, ts, v))
        and v == VERSION
        and rseq >= 0 <= seq
        and "" not in (event, region, kind, key)
        and _hash(prev)
        and (pc is None or _hash(pc))
    )


def _quoted(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'


def commitment(salt: bytes, payload: bytes) -> str:
    """`pc` of a payload: HMAC-SHA-256 with its salt over its canonical bytes. Without the salt nobody can guess."""
    return hmac.digest(salt, payload, "sha256").hex()


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _name(value: Any) -> bool:
    return type(value) is str and value != ""


def _text(value: Any) -> bool:
    return type(value) is str


def _hash(value: Any) -> bool:
    return type(value) is str and _HEX(value) is not None


_MEMBERS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "v": lambda value: type(value) is int and value == VERSION,
    "seq": _count,
    "id": _name,
    "region": _name,
    "rseq": _count,
    "prev": _hash,
    "ts": lambda value: type(value) is int,
    "type": _name,
    "actor": _text,
    "obj": _text,
    "cause": _text,
    "data": lambda value: type(value) is dict,
    "pc": lambda value: value is None or _hash(value),
    "key": lambda value: value is None or _name(value),
}


def _no_entry(wrong: list[str]) -> InfrastructureError:
    return InfrastructureError(
        "RB634",
        "this is not an entry: %(names)s is missing, unknown or of another kind",
        remedy="an entry has the members v seq id region rseq prev ts type actor obj cause data pc key, and no others",
        names=", ".join(wrong),
    )
