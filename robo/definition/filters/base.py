"""How a filter is declared, and how its arguments are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from robo.definition.operators import World, is_number, kind_of
from robo.errors import BadExpression, Rejection
from robo.model.scalars import BadScalar

ANY: Final = "anything"
ELEMENT: Final = "element"
"""Gives what the list holds: unknown before the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """`value | name(arguments)`. `takes` are the types of the value, `gives` that of the result (`same`: its own)."""

    name: str
    call: Callable[..., Any]
    takes: tuple[str, ...]
    gives: str
    least: int = 0
    most: int = 0
    missing: bool = False
    """It has an answer for a missing value."""


def filter_of(
    *takes: str,
    gives: str,
    name: str = "",
    least: int = 0,
    most: int | None = None,
    missing: bool = False,
) -> Callable[[Callable[..., Any]], Filter]:
    """Makes a filter of a function of (world, value, *arguments)."""

    def declare(call: Callable[..., Any]) -> Filter:
        return Filter(
            name=name or call.__name__.strip("_"),
            call=call,
            takes=takes,
            gives=gives,
            least=least,
            most=least if most is None else most,
            missing=missing,
        )

    return declare


def text_argument(value: Any, name: str) -> str:
    """An argument that must be a text."""
    if not isinstance(value, str):
        raise BadExpression(
            "RB325", "%(filter)s wants a text as its argument, not a %(kind)s", filter=name, kind=kind_of(value)
        )
    return value


def whole_argument(value: Any, name: str, least: int, most: int) -> int:
    """An argument that must be a whole number between two bounds."""
    if not is_number(value) or value != int(value):
        raise BadExpression(
            "RB325",
            "%(filter)s wants a whole number as its argument, not a %(kind)s",
            filter=name,
            kind=kind_of(value),
        )
    if not least <= value <= most:
        raise BadExpression(
            "RB325",
            "%(filter)s takes a number from %(least)s to %(most)s, not %(got)s",
            filter=name,
            least=least,
            most=most,
            got=value,
        )
    return int(value)


def member(row: Any, path: str, world: World) -> Any:
    """`row.path` for a member's dotted name, MISSING where there is none."""
    from robo.model.base import MISSING

    for part in path.split("."):
        world.spend(1)
        row = row.get(part, MISSING) if hasattr(row, "get") else MISSING
    return row


def bad_value(bad: BadScalar) -> Rejection:
    """A text of the data that is not what a filter reads: a person must look at the data."""
    return Rejection("bad-value", "%(got)s is not %(wanted)s", got=bad.got, wanted=bad.expected)
