"""A sample that nobody chose: which rows of a month are drawn follows from a seed, and the seed from its closing."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import Final

_PREFIX: Final = b"robo sample v1\n"


def drawn(seed: str, rows: Iterable[str], count: int) -> list[str]:
    """`count` of these ids (all, where there are fewer): those whose SHA-256 with the seed is least, in that order.

    Everybody who has the ids draws the same ones, in whatever order they come. The seed of a closed month is the digest
    of its closing: it is known to nobody before the month is frozen, and to everybody after."""
    return heapq.nsmallest(count, rows, key=lambda row: rank(seed, row))


def share_of(population: int, percent: int) -> int:
    """How many of them that share is: at least one of any, rounded up."""
    return -(-population * percent // 100)


def rank(seed: str, row: str) -> bytes:
    """What a row is drawn by."""
    return hashlib.sha256(_PREFIX + seed.encode() + b"\n" + row.encode()).digest()
