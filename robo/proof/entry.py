"""One entry of the log: what happened, in at most 4 KiB of canonical JSON, and nothing personal.

`v seq id region rseq prev ts type actor obj cause data pc key`: `seq` is its place in the log, `rseq` and `prev` (the
leaf of the region's entry before it) chain the entries of one region, `pc` commits to a payload kept apart.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from operator import lt
from typing import Any, Final, NamedTuple

from robo.errors import InfrastructureError
from robo.proof.canonical import canonical, read_canonical, read_json
from robo.proof.merkle import HASH_SIZE, leaf_hash

VERSION: Final = 1
LARGEST: Final = 4096
_HEX: Final = re.compile(f"[0-9a-f]{{{2 * HASH_SIZE}}}").fullmatch
NOTHING_BEFORE: Final = bytes(HASH_SIZE)
"""`prev` of a region's first entry."""


class RegionHead(NamedTuple):
    """Where the chain of a region stands: the `rseq` that comes next, and the leaf of the last entry."""

    rseq: int = 0
    leaf: bytes = NOTHING_BEFORE


class Entry(NamedTuple):
    """The members of an entry that is right, in their canonical order. `data` is its text: few want to know it."""

    actor: str
    cause: str
    data: str
    id: str
    key: str | None
    obj: str
    pc: str | None
    prev: str
    region: str
    rseq: int
    seq: int
    ts: int
    type: str
    v: int

    @classmethod
    def read(cls, raw: bytes) -> Entry:
        """`InfrastructureError` RB630 (not canonical), RB631 (too large), RB634 (not an entry)."""
        if len(raw) <= LARGEST and (entry := _plainly_read(raw)) is not None:
            return entry
        _check_size(raw)
        members = _check_members(read_canonical(raw))
        return cls(**members | {"data": canonical(members["data"]).decode()})

    @property
    def said(self) -> dict[str, Any]:
        """The value of `data`."""
        return dict(read_json(self.data.encode()))

    @property
    def members(self) -> dict[str, Any]:
        """All members with their values."""
        return self._asdict() | {"data": self.said}


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
    """The members of an entry with their values. Errors as of `Entry.read`."""
    return Entry.read(raw).members


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
    wrong = [name for name, kind in _MEMBERS.items() if not kind.holds(entry[name])]
    if wrong:
        raise _no_entry(wrong)
    return entry


def commitment(salt: bytes, payload: bytes) -> str:
    """`pc` of a payload: HMAC-SHA-256 with its salt over its canonical bytes. Without the salt nobody can guess."""
    return hmac.digest(salt, payload, "sha256").hex()


def _is_hash(value: Any) -> bool:
    return type(value) is str and _HEX(value) is not None


class _Kind(NamedTuple):
    """What a member may be: `holds` says it of any value. `plain`: how canonical JSON writes nearly all of those values
    (those without an escape, below 9 000 000 000 000 000, not nested), as a pattern with one group, the value."""

    holds: Callable[[Any], bool]
    plain: str


_DIGITS: Final = "(?:[1-8][0-9]{15}|[1-9][0-9]{0,14})"
_WHOLE: Final = f"(?:-?{_DIGITS}|0)"
_LETTER: Final = r'[^"\\\x00-\x1f]'
_NAMED: Final = r"[ !#-\[\]-~]*"
_VALUE: Final = f'(?:"{_LETTER}*"|{_WHOLE}|true|false|null)'
_MEMBER: Final = f'"{_NAMED}":{_VALUE}'
_COUNT: Final = _Kind(lambda value: type(value) is int and value >= 0, f"({_DIGITS}|0)")
_NAME: Final = _Kind(lambda value: type(value) is str and value != "", f'"({_LETTER}+)"')
_TEXT: Final = _Kind(lambda value: type(value) is str, f'"({_LETTER}*)"')
_HASH: Final = _Kind(_is_hash, f'"([0-9a-f]{{{2 * HASH_SIZE}}})"')
_DATA: Final = _Kind(lambda value: type(value) is dict, rf"(\{{(?:{_MEMBER}(?:,{_MEMBER})*)?\}})")


def _or_null(kind: _Kind) -> _Kind:
    return _Kind(lambda value: value is None or kind.holds(value), f"(?:{kind.plain}|null)")


_MEMBERS: Final[Mapping[str, _Kind]] = {
    "v": _Kind(lambda value: type(value) is int and value == VERSION, f"({VERSION})"),
    "seq": _COUNT,
    "id": _NAME,
    "region": _NAME,
    "rseq": _COUNT,
    "prev": _HASH,
    "ts": _Kind(lambda value: type(value) is int, f"({_WHOLE})"),
    "type": _NAME,
    "actor": _TEXT,
    "obj": _TEXT,
    "cause": _TEXT,
    "data": _DATA,
    "pc": _or_null(_HASH),
    "key": _or_null(_NAME),
}
_ORDERED: Final = ",".join(f'"{name}":{_MEMBERS[name].plain}' for name in sorted(_MEMBERS))
_PLAIN: Final = re.compile(rf"\{{{_ORDERED}\}}").fullmatch
_NAMES: Final = re.compile(f'"({_NAMED})":{_VALUE}').findall


def _plainly_read(raw: bytes) -> Entry | None:
    """The entry, when it is seen at once that these bytes are one; None: look at them the whole way.

    `_PLAIN` is put together from the table of members that the whole way goes by, in their one order, with nothing
    between them: no blank, no name twice. A text it takes has no escape, so that it needs none and has no other form; a
    number no zero before it, no sign of a zero, no fraction, and is below 2^53; the bytes are UTF-8, so that no
    surrogate is among them. What is left to see is that the names within `data` are in their order, each once: they are
    ASCII, and sort by their letters. So what it takes is canonical, and its groups are the values.
    Whatever it does not take may be an entry too, and what is wrong with it is not said here.
    """
    try:
        found = _PLAIN(raw.decode())
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    actor, cause, data, event, key, obj, pc, prev, region, rseq, seq, ts, kind, v = found.groups()
    if "," in data and not all(map(lt, names := _NAMES(data), names[1:])):
        return None
    members = (actor, cause, data, event, key, obj, pc, prev, region, int(rseq), int(seq), int(ts), kind, int(v))
    return tuple.__new__(Entry, members)  # `Entry(…)`, in half the time


def _no_entry(wrong: list[str]) -> InfrastructureError:
    return InfrastructureError(
        "RB634",
        "this is not an entry: %(names)s is missing, unknown or of another kind",
        remedy="an entry has the members v seq id region rseq prev ts type actor obj cause data pc key, and no others",
        names=", ".join(wrong),
    )
