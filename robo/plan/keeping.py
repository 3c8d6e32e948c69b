"""What of a segment must outlive its attempt: the names that are read after it. Everything else can be read again.

A segment that ends in an effect or a question is never repeated, so what its steps left is kept with it. Only what is
read later is: of the answer to a request whose number alone is asked for, the number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from pydantic import BaseModel

from robo.definition.uses import uses
from robo.model.process import Finder
from robo.model.text import Expr
from robo.plan.model import Once, Part, Segment, Turns

Names = frozenset[str]
"""Names at full length: `seen.json.number`."""


def keeping(parts: tuple[Part, ...], finders: Mapping[str, Finder], behind: Names = frozenset()) -> tuple[Part, ...]:
    """The same parts, each segment with what is read behind it, and each effect with what a look at it reads.
    `behind`: what is read after all of them."""
    searched = names_in(finders)
    found: list[Part] = []
    for part in reversed(parts):
        if isinstance(part, Turns):
            turn = behind | names_in(part)  # what one turn leaves, the next one may read
            found.append(replace(part, segments=keeping(part.segments, finders, turn)))
        else:
            found.append(_with(part, behind | searched, searched))
        behind |= names_in(part)
    return tuple(reversed(found))


def _with(segment: Segment, behind: Names, searched: Names) -> Segment:
    once = segment.once
    looked = None if once is None else replace(once, looked=_looked(once) | searched)
    return replace(segment, once=looked, behind=behind)


def _looked(once: Once) -> Names:
    """What is read to tell whether the effect is there, or to send it again under its key."""
    return names_in((once.verify, once.submit, once.step.within))


def names_in(value: Any) -> Names:
    """Every name that an expression anywhere inside mentions."""
    return frozenset(name for expr in _expressions(value) for name in uses(expr.source).names)


def _expressions(value: Any) -> Iterator[Expr]:
    """Whatever a step or a part is made of: nothing that holds an expression can be forgotten here."""
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _expressions(getattr(value, name))
    elif is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _expressions(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _expressions(each)
    elif isinstance(value, tuple | list | frozenset | set):
        for each in value:
            yield from _expressions(each)


def picked(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Of values by their names, those that are read under these, and of mappings only the members that are."""
    return {root: _part(values[root], rest) for root, rest in _by_root(names).items() if root in values}


def _by_root(names: Iterable[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for name in names:
        root, _, rest = name.partition(".")
        wanted.setdefault(root, []).append(rest)
    return wanted


def _part(value: Any, names: list[str]) -> Any:
    return picked(value, names) if isinstance(value, Mapping) and all(names) else value


def left_out(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, list[str]]:
    """What `picked` takes of the values of which it does not take all: a later plan that reads more of them must not
    take it for missing."""
    wanted = _by_root(names)
    return {
        root: sorted(wanted.get(root, ()))
        for root, value in values.items()
        if root not in wanted or (isinstance(value, Mapping) and all(wanted[root]))
    }


def never_kept(taken: Mapping[str, Iterable[str]], names: Iterable[str]) -> list[str]:
    """Of these names, those that were left out by what `left_out` said."""
    found = []
    for name in names:
        root, _, rest = name.partition(".")
        if root in taken and not any(f"{rest}.".startswith(f"{path}.") for path in taken[root]):
            found.append(name)
    return sorted(found)


def size_of(value: Any) -> int:
    """About how many characters a value has as it is kept."""
    if isinstance(value, Mapping):
        return sum(len(str(name)) + size_of(part) + 4 for name, part in value.items())
    if isinstance(value, list | tuple):
        return sum(size_of(part) + 1 for part in value)
    return len(value) if isinstance(value, str) else len(str(value))
