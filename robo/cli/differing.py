"""What differs between two processes, or between two regions of one: value by value, step by step, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from robo.cli.effective import Found

STEP = ": "
"""Stands in the name of a row that is a step: `created: created-2`."""
OF_THE_FILES = frozenset({"region", "use", "enabled"})
"""Rows that say which file was read, not what is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is not the same. None: it is not there."""

    name: str
    here: str | None
    there: str | None
    places: tuple[str, str]
    """Where each stands; empty where it is not there."""


def differences(here: Found, there: Found) -> list[Difference]:
    """In the order of the reference: values by their names, then steps by what they do."""
    return [*_values(_named(here), _named(there)), *_steps(_performed(here), _performed(there))]


def _named(found: Found) -> dict[str, Mapping[str, str]]:
    return {row["name"]: row for row in found if STEP not in row["name"] and row["name"] not in OF_THE_FILES}


def _performed(found: Found) -> list[Mapping[str, str]]:
    return [row for row in found if STEP in row["name"]]


def _values(here: Mapping[str, Mapping[str, str]], there: Mapping[str, Mapping[str, str]]) -> Iterator[Difference]:
    for name in dict.fromkeys((*here, *there)):
        yield from _pair(here.get(name), there.get(name))


def _steps(here: Sequence[Mapping[str, str]], there: Sequence[Mapping[str, str]]) -> Iterator[Difference]:
    """A step that was put in or taken out moves the others: they are told as they are, not by their number."""
    told, other = [row["value"] for row in here], [row["value"] for row in there]
    for same, a, b, c, d in SequenceMatcher(None, told, other, autojunk=False).get_opcodes():
        if same == "equal":
            continue
        for index in range(max(b - a, d - c)):
            yield from _pair(here[a + index] if a + index < b else None, there[c + index] if c + index < d else None)


def _pair(here: Mapping[str, str] | None, there: Mapping[str, str] | None) -> Iterator[Difference]:
    """The difference of two rows, if there is one."""
    values = [row["value"] if row is not None else None for row in (here, there)]
    if values[0] != values[1]:
        row = here or there or {}
        yield Difference(
            name=row["name"],
            here=values[0],
            there=values[1],
            places=(here["from"] if here else "", there["from"] if there else ""),
        )
