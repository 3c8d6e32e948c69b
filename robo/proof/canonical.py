"""Canonical JSON: one value, one sequence of bytes, in every language (RFC 8785 "JCS", without fractions).

Allowed: text, whole numbers within 2^53, true, false, null, lists, and mappings with text keys. Fractions are left
out on purpose: their shortest form is where implementations differ, and an hour is a whole number of minutes.
"""

from __future__ import annotations

import json
from typing import Any, Final

from robo.errors import InfrastructureError

LARGEST: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""
DEEPEST: Final = 32


def canonical(value: Any) -> bytes:
    """`value` as RFC 8785 writes it, in UTF-8. `InfrastructureError` RB630 names what cannot be written."""
    text = json.dumps(_ordered(value, 0), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as broken:
        raise _refused("text that is not Unicode") from broken


def _ordered(value: Any, depth: int) -> Any:
    """`value` with its keys in the order of their UTF-16 code units, checked all the way down."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise _refused("a number beyond 2^53")
        return int(value)
    if depth >= DEEPEST:
        raise _refused("a value nested too deep")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise _refused("a key that is not text")
        return {str(key): _ordered(value[key], depth + 1) for key in sorted(value, key=_utf16)}
    if isinstance(value, list | tuple):
        return [_ordered(each, depth + 1) for each in value]
    raise _refused(type(value).__name__)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _refused(what: str) -> InfrastructureError:
    return InfrastructureError(
        "RB630",
        "%(what)s cannot be written as canonical JSON",
        remedy="use text, whole numbers, true, false, null, lists and mappings",
        what=what,
    )
