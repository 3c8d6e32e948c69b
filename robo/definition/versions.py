"""Versions of a process, and what is asked of them: `^1.2`, `1.4.2`, `*`."""

from __future__ import annotations

import re
from typing import Final

VERSIONS: Final = re.compile(r"\*|\^?\d{1,5}(?:\.\d{1,5}){0,2}")
"""How a version is asked for."""


def satisfies(version: str, wanted: str) -> bool:
    """Whether `1.4.2` is what `^1.2`, `1.4.2` or `*` asks for. `^`: not older, and the same up to the first number
    that is not 0, or all that were said. What comes before a release (`1.2.0-rc.1`) is asked for by `*` alone."""
    numbers = _numbers(version)
    asked = _numbers(wanted.removeprefix("^"))
    if wanted == "*" or "-" in version:
        return wanted == "*"
    if not wanted.startswith("^"):
        return numbers[: len(asked)] == asked
    whole = (*asked, 0, 0, 0)[:3]
    fixed = next((index for index, number in enumerate(whole) if number), len(asked) - 1)
    return numbers[: fixed + 1] == whole[: fixed + 1] and numbers >= whole


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])
