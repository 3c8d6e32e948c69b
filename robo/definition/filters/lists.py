"""Filters of lists. Members of mappings are named by a text: `| sum('amount')`, `| where('kind', 'A')`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from robo.definition.filters.base import ELEMENT, filter_of, member, text_argument, whole_argument
from robo.definition.operators import MAX_LIST, World, bounded, compare, decide, is_number, kind_of, wrong
from robo.errors import BadExpression, MissingValue
from robo.model.base import MISSING


def _by(world: World, field: Any, name: str) -> Callable[[Any], Any]:
    """What a member is looked at by: itself, or one of its own members."""
    if field is None:
        return lambda part: part
    path = text_argument(field, name)
    return lambda part: member(part, path, world)


def _measured(world: World, value: Any) -> Any:
    world.spend(len(value))
    if len(value) > MAX_LIST:
        raise BadExpression("RB321", "a list has more than %(most)s members", most=MAX_LIST)
    return value


@filter_of("list", "text", gives=ELEMENT)
def first(_world: World, value: Any) -> Any:
    return value[0] if value else MISSING


@filter_of("list", "text", gives=ELEMENT)
def last(_world: World, value: Any) -> Any:
    return value[-1] if value else MISSING


@filter_of("list", "text", gives=ELEMENT, least=1)
def nth(_world: World, value: Any, place: Any) -> Any:
    """The member at a place counted from 1; missing beyond the end."""
    index = whole_argument(place, "nth", 1, MAX_LIST)
    return value[index - 1] if index <= len(value) else MISSING


@filter_of("list", "text", "mapping", gives="number")
def length(_world: World, value: Any) -> int:
    return len(value)


@filter_of("list", gives="number", most=2)
def count(world: World, value: Any, field: Any = None, wanted: Any = None) -> int:
    """How many members; with a field, how many where it is true (or equals the second argument)."""
    return len(value) if field is None else len(where.call(world, value, field, wanted))


@filter_of("list", gives="list", least=1, most=2)
def where(world: World, value: Any, field: Any, wanted: Any = None) -> tuple[Any, ...]:
    """Members whose field is yes, or equals the second argument."""
    by = _by(world, field, "where")
    if wanted is None:
        return tuple(part for part in _measured(world, value) if decide(by(part), str(field)))
    return tuple(part for part in _measured(world, value) if _equal(by(part), wanted))


def _equal(left: Any, right: Any) -> bool:
    return left is not MISSING and compare("eq", left, right, ("", ""))


@filter_of("list", gives="list", name="map", least=1)
def map_(world: World, value: Any, field: Any) -> tuple[Any, ...]:
    """One member of each."""
    by = _by(world, field, "map")
    return tuple(by(part) for part in _measured(world, value))


@filter_of("list", gives="list", most=1)
def sort(world: World, value: Any, field: Any = None) -> tuple[Any, ...]:
    """In rising order, of themselves or of a field; what is missing comes last."""
    by = _by(world, field, "sort")
    keyed = [(by(part), part) for part in _measured(world, value)]
    present = [pair for pair in keyed if pair[0] is not MISSING]
    _alike([key for key, _ in present], "sort")
    return tuple(part for _, part in sorted(present, key=lambda pair: pair[0])) + tuple(
        part for key, part in keyed if key is MISSING
    )


def _alike(values: list[Any], name: str) -> None:
    """Values that can be put in order together."""
    kinds = {kind_of(value) for value in values}
    if len(kinds) > 1 or kinds & {"mapping", "list", "yes or no"}:
        raise BadExpression(
            "RB320", "%(operation)s does not work with %(kinds)s", operation=name, kinds=tuple(sorted(kinds))
        )


@filter_of("list", gives="number", name="sum", most=1)
def sum_(world: World, value: Any, field: Any = None) -> Any:
    """The total of numbers; a missing one is no zero."""
    by = _by(world, field, "sum")
    total: Any = 0
    for part in _measured(world, value):
        number = by(part)
        if number is MISSING:
            raise MissingValue(str(field or "a part of the list"))
        if not is_number(number):
            raise wrong("sum", number)
        total = bounded(total + number)
    return total


@filter_of("list", gives="list", least=1)
def group(world: World, value: Any, field: Any) -> tuple[Mapping[str, Any], ...]:
    """`[{key, rows}]`, one for each value of a field, in the order of their first members."""
    by = _by(world, field, "group")
    found: dict[Any, list[Any]] = {}
    for part in _measured(world, value):
        found.setdefault(_hashable(by(part), "group"), []).append(part)
    return tuple({"key": key, "rows": tuple(rows)} for key, rows in found.items())


def _hashable(value: Any, name: str) -> Any:
    if isinstance(value, Mapping | list | tuple):
        raise wrong(name, value)
    return value


@filter_of("list", gives="list", most=1)
def unique(world: World, value: Any, field: Any = None) -> tuple[Any, ...]:
    """The first member of each value."""
    by = _by(world, field, "unique")
    found: dict[Any, Any] = {}
    for part in _measured(world, value):
        found.setdefault(_hashable(by(part), "unique"), part)
    return tuple(found.values())


@filter_of("list", gives=ELEMENT, name="min", most=1)
def min_(world: World, value: Any, field: Any = None) -> Any:
    return _extreme(world, value, field, "min", min)


@filter_of("list", gives=ELEMENT, name="max", most=1)
def max_(world: World, value: Any, field: Any = None) -> Any:
    return _extreme(world, value, field, "max", max)


def _extreme(world: World, value: Any, field: Any, name: str, choose: Callable[[Any], Any]) -> Any:
    by = _by(world, field, name)
    present = [found for part in _measured(world, value) if (found := by(part)) is not MISSING]
    _alike(present, name)
    return choose(present) if present else MISSING
