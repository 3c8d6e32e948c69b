"""Which of very many names come twice, without keeping them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Hashable


class Doubles:
    """Every name by eight bytes of it, in parts: a million take eight megabytes. Names that look alike may be the same:
    whoever asks reads those again."""

    def __init__(self) -> None:
        self.parts = [array("q") for _ in range(64)]

    def add(self, name: Hashable) -> None:
        number = hash(name)
        self.parts[number & 63].append(number)

    def alike(self) -> frozenset[int]:
        """`hash` of the names that look alike; mostly there are none."""
        return frozenset(
            number
            for part in self.parts
            if len(set(part)) < len(part)
            for number, times in Counter(part).items()
            if times > 1
        )
