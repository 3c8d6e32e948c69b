"""Filters of numbers. Halves are rounded away from zero, as amounts are."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from robo.definition.filters.base import bad_value, filter_of, whole_argument
from robo.definition.operators import World, bounded
from robo.model.process import Kind
from robo.model.scalars import BadScalar, parse

MAX_DECIMALS = 12
_WIDE = Context(prec=60)


def _rounded(value: Any, decimals: Any, name: str) -> Decimal:
    places = whole_argument(decimals, name, 0, MAX_DECIMALS)
    return Decimal(bounded(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE)


@filter_of("number", gives="number", name="round", most=1)
def round_(_world: World, value: Any, decimals: Any = 0) -> int | Decimal:
    """To so many decimals; a whole number when none is said."""
    result = _rounded(value, decimals, "round")
    return int(result) if not decimals else result


@filter_of("number", gives="text", least=1)
def fixed(_world: World, value: Any, decimals: Any) -> str:
    """A text with exactly so many decimals: `12,50`."""
    return f"{_rounded(value, decimals, 'fixed'):f}".replace(".", ",")


@filter_of("number", gives="text")
def euros(_world: World, value: Any) -> str:
    """`1 234,56 €`, with the no-break blanks of French typography."""
    return f"{_rounded(value, 2, 'euros'):,f}".replace(",", "\u202f").replace(".", ",") + "\u00a0€"


@filter_of("text", "number", gives="number")
def to_number(_world: World, value: Any) -> int | Decimal:
    """`1 234,50` -> 1234.5."""
    try:
        number: Decimal = parse(Kind.MONEY if isinstance(value, str) and "€" in value else Kind.DECIMAL, value)
    except BadScalar as bad:
        raise bad_value(bad) from bad
    return int(number) if number == number.to_integral_value() else number
