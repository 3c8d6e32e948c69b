"""The days nobody works: French holidays, with those of a territory."""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from functools import cache


@cache
def holidays_of(subdivision: str) -> Container[date]:
    """The holidays of France, or of one of its territories by its code (`973`: Guyane, with 10 June).

    Years are calculated when they are asked for. Raises `KeyError` for a code that is no territory."""
    from holidays import country_holidays

    try:
        return country_holidays("FR", subdiv=subdivision or None)
    except NotImplementedError as bad:
        raise KeyError(subdivision) from bad
