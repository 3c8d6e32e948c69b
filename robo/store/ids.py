"""Opaque ids: 26 letters and digits, in the order they were made in (by one process; by the millisecond over all)."""

from __future__ import annotations

import os
import threading
import time
from hashlib import sha256
from typing import Final

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(a + b for a in _DIGITS for b in _DIGITS)
_lock: Final = threading.Lock()
_last = 0


def new_id() -> str:
    """A fresh id: milliseconds and 80 bits of chance. It says nothing about what it names."""
    global _last  # noqa: PLW0603 - what makes ids of one millisecond grow
    chance = os.urandom(10)
    with _lock:
        number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(chance, "big")
        if number <= _last:
            number = _last + 1 + int.from_bytes(chance[:5], "big")
        _last = number
    return _written(number)


def id_of(content: bytes) -> str:
    """The id of what is the same wherever it is met: 130 bits of its SHA-256."""
    return _written(int.from_bytes(sha256(content).digest(), "big") >> 126)


def _written(number: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])
