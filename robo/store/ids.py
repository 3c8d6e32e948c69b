"""Opaque ids: 26 letters and digits, ordered by the millisecond they were made in, 80 bits of chance after that."""

from __future__ import annotations

import os
import time
from typing import Final

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(a + b for a in _DIGITS for b in _DIGITS)


def new_id() -> str:
    """A fresh id. It says nothing about what it names."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])
