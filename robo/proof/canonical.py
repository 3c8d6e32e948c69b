"""Canonical JSON: one value, one sequence of bytes, in every language (RFC 8785 "JCS", without fractions).

Allowed: text, whole numbers within 2^53, true, false, null, lists, and mappings with text keys. Fractions are left
out on purpose: their shortest form is where implementations differ, and an hour is a whole number of minutes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from robo.errors import InfrastructureError

LARGEST: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""
DEEPEST: Final = 32


plain_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True).encode
"""Canonical JSON of a value that is known to have one, and whose keys are ASCII."""
_HIGH: Final = re.compile("[\ue000-\U0010ffff]")
"""Below these, text sorts by its letters as by its UTF-16 code units."""
_SIMPLE: Final = (str, bool)
_LISTS: Final = (list, tuple)
_SORTED: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def canonical(value: Any, depth: int = 0) -> bytes:
    """`value` as RFC 8785 writes it, in UTF-8; `depth`: how deep in another it will stand. `InfrastructureError` RB630
    names what cannot be written."""
    return in_utf8(plain_json(value) if _check(value, depth) else _SORTED(_ordered(value)))


def in_utf8(text: str) -> bytes:
    """The bytes of a text. RB630 when it is no Unicode."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as broken:
        raise _refused("text that is not Unicode") from broken


def read_canonical(raw: bytes) -> Any:
    """The value of canonical JSON; the way back of `canonical`. `InfrastructureError` RB630 for any other bytes."""
    value = read_json(raw)
    try:
        text = raw.decode("utf-8")
        plain = (text.isascii() or not _HIGH.search(text)) and text.count("{") + text.count("[") <= DEEPEST
        if (plain_json(value) == text) if plain else (canonical(value) == raw):
            return value
    except RecursionError as broken:
        raise _not_canonical() from broken
    raise _not_canonical()


def read_json(raw: bytes) -> Any:
    """The value of JSON, however it is written. `InfrastructureError` RB630 for what canonical JSON cannot hold."""
    try:
        text = raw.decode("utf-8")
        value, end = _read(text)
    except (ValueError, RecursionError) as broken:
        raise _not_canonical() from broken
    if end != len(text):
        raise _not_canonical()
    return value


def _whole(digits: str) -> int:
    number = int(digits)
    if abs(number) > LARGEST:
        raise _refused("a number beyond 2^53")
    return number


def _fraction(digits: str) -> Any:
    raise _refused(digits)


_read: Final = json.JSONDecoder(parse_int=_whole, parse_float=_fraction, parse_constant=_fraction).raw_decode


def _not_canonical() -> InfrastructureError:
    return InfrastructureError(
        "RB630",
        "these bytes are not canonical JSON",
        remedy="the same value has one form only: no blanks, members in order, each name once; these were altered",
    )


def _check(value: Any, depth: int) -> bool:
    """Refuse what has no canonical form. True when all keys are ASCII: then their order is that of any sort."""
    if value is None or isinstance(value, _SIMPLE):
        return True
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise _refused("a number beyond 2^53")
        return True
    if depth >= DEEPEST:
        raise _refused("a value nested too deep")
    if isinstance(value, dict):
        try:
            keys = "".join(value)
        except TypeError:
            raise _refused("a key that is not text") from None
        return _check_all(value.values(), depth) and keys.isascii()
    if isinstance(value, _LISTS):
        return _check_all(value, depth)
    raise _refused(type(value).__name__)


def _check_all(values: Iterable[Any], depth: int) -> bool:
    """`_check` of each of these, of all whatever the first says. Texts, of which there are most, need none."""
    simple = [_check(each, depth + 1) for each in values if type(each) is not str]
    return all(simple)


def _ordered(value: Any) -> Any:
    """`value` with its keys in the order of their UTF-16 code units, all the way down."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, _LISTS):
        return [_ordered(each) for each in value]
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _refused(what: str) -> InfrastructureError:
    return InfrastructureError(
        "RB630",
        "%(what)s cannot be written as canonical JSON",
        remedy="use text, whole numbers, true, false, null, lists and mappings",
        what=what,
    )
