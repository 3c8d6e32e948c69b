"""The filters of expressions. Each says which type it takes and gives, so that the loader can check before a run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from robo.definition.filters.base import Filter


@cache
def filters() -> Mapping[str, Filter]:
    """Every filter by its name."""
    from robo.definition.filters import dates, lists, numbers, texts

    return {
        found.name: found
        for module in (texts, lists, numbers, dates)
        for found in vars(module).values()
        if isinstance(found, Filter)
    }


TESTS: Mapping[str, int] = {"missing": 0, "like": 1}
"""The tests of `is`, and how many arguments each takes."""
