"""From what rows say to items: rows put together, their milestone found, the key made, twins told. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from robo.definition.expressions import render
from robo.definition.operators import World, is_list, kind_of
from robo.errors import RoboError, phrase
from robo.model.base import DIFFERS, MISSING
from robo.model.process import Grouping, Items, Milestones
from robo.model.run import NewItem, Trouble
from robo.services.worker.milestones import milestone_of
from robo.services.worker.rows import BAD_FIELD, Line, Scope, members_of, trouble_of

SHOWN: Final = 5
"""Places of a group, or of a key that comes several times, that are named one by one."""
OF_ONE_ROW: Final = ("row", "source")
"""What a group has of each of its rows, or not at all."""


@dataclass(frozen=True)
class Bundles:
    """How the rows of one source become the items of a process."""

    items: Items
    scope: Scope

    def of(self, lines: Iterable[Line]) -> list[NewItem]:
        """The items, in the order of their first rows. Keys that come twice are troubles of all that have them."""
        grouping = self.items.group
        made = self._grouped(lines, grouping) if grouping is not None else (self._item(line) for line in lines)
        return without_twins(item for item in made if item is not None)

    def _item(self, line: Line) -> NewItem | None:
        """The item of a line; None when it has no milestone now."""
        milestones = self.items.milestones
        late = None
        if milestones is not None and members_of(milestones.before).isdisjoint(line.unsure):
            come, late = self._milestone(line, milestones)
            if come is None and late is None:
                return None
            line = replace(line, fields={**line.fields, "milestone": MISSING if come is None else come})
        key, unkeyed = self._key(line.fields)
        return replace(_alone(line), key=key or line.place, trouble=line.trouble or late or unkeyed)

    def _milestone(self, line: Line, milestones: Milestones) -> tuple[int | None, Trouble | None]:
        names = self.scope(line.fields)
        try:
            before = render(milestones.before, names)
            return milestone_of(milestones, before, names["run"]["date"], World(names)), None
        except RoboError as bad:
            return None, trouble_of(bad)

    def _key(self, fields: Mapping[str, Any]) -> tuple[str, Trouble | None]:
        try:
            key = render(self.items.key, self.scope(fields))
        except RoboError as missing:
            return "", trouble_of(missing)
        if key is MISSING or not str(key).strip():
            return "", Trouble(code=BAD_FIELD, message="the key is empty")
        return str(key).strip(), None

    def _grouped(self, lines: Iterable[Line], grouping: Grouping) -> Iterator[NewItem | None]:
        """One item for each group. A row that is bad and left out of its group (`bad_rows: row`), or of which nobody
        can say what it belongs to, is an item of its own that is called by its place."""
        groups: dict[tuple[str, Any], list[Line]] = {}
        for line in lines:
            value, why = self._by(line, grouping)
            if why is not None or (line.trouble is not None and grouping.bad_rows == "row"):
                groups["row", line.place] = [replace(line, trouble=line.trouble or why)]
            else:
                groups.setdefault(("group", value), []).append(line)
        for (whose, _), members in groups.items():
            yield _alone(members[0]) if whose == "row" else self._item(together(members, grouping.as_))

    def _by(self, line: Line, grouping: Grouping) -> tuple[Any, Trouble | None]:
        """What the row has in common with the others of its group, or why that cannot be said."""
        if not members_of(grouping.by).isdisjoint(line.unsure):
            return None, line.trouble
        try:
            value = render(grouping.by, self.scope(line.fields))
        except RoboError as missing:
            return None, trouble_of(missing)
        if is_list(value) or isinstance(value, Mapping):
            return None, Trouble(
                code=BAD_FIELD, message="rows cannot be put together by a %(kind)s", facts=_kind(value)
            )
        return value, None


def rows_in(item: NewItem) -> int:
    """How many rows of the source an item is made of."""
    source = item.row["source"]
    return len(source) if isinstance(source, list) else 1


def _kind(value: Any) -> Mapping[str, Any]:
    return {"kind": kind_of(value)}


def _alone(line: Line) -> NewItem:
    """The item of one line, called by its place."""
    return NewItem(key=line.place, row=line.fields, digest=line.digest, place=line.place, trouble=line.trouble)


def together(lines: Sequence[Line], as_: str) -> Line:
    """One line of several: what is the same in all of them, and each under the name `as_`.

    Its digest is that of its rows in whatever order; one bad row makes it bad."""
    first = lines[0].fields
    fields = {name: _common([line.fields[name] for line in lines]) for name in first if name not in OF_ONE_ROW}
    fields[as_] = [{name: value for name, value in line.fields.items() if name != "source"} for line in lines]
    fields["source"] = [line.fields["source"] for line in lines]
    digest = hashlib.sha256("\x00".join(sorted(line.digest for line in lines)).encode()).hexdigest()
    return Line(
        fields=fields,
        digest=digest,
        place=_places([line.place for line in lines]),
        trouble=_bad([line.trouble for line in lines]),
    )


def _common(values: Sequence[Any]) -> Any:
    """The value that all rows have, or DIFFERS."""
    first = values[0]
    same = all(each is first or (type(each) is type(first) and each == first) for each in values)
    return first if same else DIFFERS


def _places(places: Sequence[str]) -> str:
    shown = ", ".join(places[:SHOWN])
    return shown if len(places) <= SHOWN else f"{shown} … ({len(places)})"


def _bad(troubles: Sequence[Trouble | None]) -> Trouble | None:
    """What is wrong with the rows of a group, all of it; under their code when they have one in common."""
    found = [trouble for trouble in troubles if trouble is not None]
    if len(found) <= 1:
        return found[0] if found else None
    codes = {trouble.code for trouble in found}
    cells = [phrase(trouble.message, **trouble.facts) for trouble in found]
    return Trouble(code=codes.pop() if len(codes) == 1 else BAD_FIELD, message="%(cells)s", facts={"cells": cells})


def without_twins(items: Iterable[NewItem]) -> list[NewItem]:
    """Keys that stand twice in one source reject all their rows: nobody can say which one is meant."""
    listed = list(items)
    places: dict[str, list[str]] = {}
    for item in listed:
        places.setdefault(item.key, []).append(item.place)
    twice = {key: _twins(key, found) for key, found in places.items() if len(found) > 1}
    return [replace(item, trouble=item.trouble or twice[item.key]) if item.key in twice else item for item in listed]


def _twins(key: str, places: Sequence[str]) -> Trouble:
    return Trouble(
        code="duplicate-in-source",
        message="the key %(key)s stands %(times)s times: %(places)s",
        facts={"key": key, "times": len(places), "places": _places(places)},
    )
