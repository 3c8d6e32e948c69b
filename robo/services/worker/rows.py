"""From a row of a source to an item: columns matched, cells typed, the key made. Pure; one row's trouble is its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from robo.definition.diagnostics import nearest
from robo.definition.expressions import render, truth
from robo.errors import RoboError, UsageError, Words, phrase
from robo.model.base import MISSING
from robo.model.process import Column, Items, Kind
from robo.model.run import NewItem, Trouble
from robo.model.scalars import BadScalar, chosen, parse
from robo.model.text import header
from robo.plan.mentions import mentions
from robo.sdk.runner import Row

Scope = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""The names an item's expressions see, given its fields."""


@dataclass(frozen=True)
class Sheet:
    """How the columns of one source answer the fields of a process."""

    items: Items
    scope: Scope

    @cached_property
    def _keyed(self) -> tuple[str, ...]:
        """The columns that the key is made of, as they are compared; none if it needs more of the row than fields."""
        columns = {field.name: header(field.column) for field in self.items.fields}
        names = [mention.parts[1:] for mention in mentions(self.items.key).names if mention.root == "item"]
        if any(len(parts) != 1 or parts[0] not in columns for parts in names):
            return ()
        return tuple(sorted(columns[parts[0]] for parts in names))

    def check(self, row: Row, written: Sequence[str] = ()) -> None:
        """Every column is there, blank or not, or all that are missing are named at once (`RB530`). `written`: columns
        that no field reads and some step fills."""
        there = {header(name): name for name in row.values}
        wanted = dict.fromkeys([*(field.column for field in self.items.fields), *written])
        if written and row.where.get("read_only"):
            raise UsageError(
                "RB539",
                "nothing can be written into this file: an xls or ods is only read",
                place=row.place,
                remedy="save it as .xlsx or export it as .csv, and give that file",
            )
        lacking = [name for name in wanted if header(name) not in there]
        if lacking:
            near = [near for name in lacking if (near := nearest(name, there.values()))]
            raise UsageError(
                "RB530",
                "the source has no column %(columns)s; it has %(there)s",
                place=row.place,
                remedy="add or rename the column in the workbook, or change the process; nearest: %(near)s",
                columns=", ".join(f"«{name}»" for name in lacking),
                there=", ".join(f"«{name}»" for name in row.values),
                near=", ".join(f"«{name}»" for name in near) or "-",
            )

    def item(self, row: Row) -> NewItem | None:
        """The item of a row, with its trouble if a cell is wrong; None when `only_if` leaves it out."""
        there = {header(name): name for name in row.values}
        fields: dict[str, Any] = {}
        wrong: list[tuple[Column, Words, str]] = []
        for field in self.items.fields:
            try:
                fields[field.name] = typed(field, _cell(row, there, field))
            except BadScalar as bad:
                fields[field.name] = MISSING
                wrong.append((field, bad.expected, str(bad.got)))
        keyed = [there[name] for name in self._keyed if name in there]
        fields |= {"row": row.number, "source": {**row.origin(), "key": keyed}}
        names = self.scope(fields)
        undecided = None
        if not wrong and self.items.only_if is not None:
            try:
                if not truth(self.items.only_if, names):
                    return None
            except RoboError as bad:
                undecided = Trouble(code="bad-field", message=bad.message, facts=bad.facts)
        key, unkeyed = self._key(names)
        return NewItem(
            key=key or row.place,
            row=fields,
            digest=row.digest,
            place=row.place,
            trouble=_bad_fields(wrong, row, there) or undecided or unkeyed,
        )

    def _key(self, names: Mapping[str, Any]) -> tuple[str, Trouble | None]:
        try:
            key = render(self.items.key, names)
        except RoboError as missing:
            return "", Trouble(code="bad-field", message=missing.message, facts=missing.facts)
        if key is MISSING or not str(key).strip():
            return "", Trouble(code="bad-field", message="the key is empty")
        return str(key).strip(), None


def _cell(row: Row, there: Mapping[str, str], field: Column) -> Any:
    return row.values.get(there.get(header(field.column), ""), MISSING)


def typed(field: Column, value: Any) -> Any:
    """One cell by its field: `pattern` and `match` on its text, then its type, then `choices`; MISSING where it may
    be. A default stands for a blank cell and is taken as it is."""
    if value is None or value is MISSING or (isinstance(value, str) and not value.strip()):
        if field.default is not None:
            return parse(field.type, field.default, format=field.format)
        if field.required:
            raise BadScalar("a value", "")
        return MISSING
    if field.pattern or field.match:
        value = _cut(field, parse(Kind.STR, value))
    return chosen(field.type, parse(field.type, value, format=field.format), field.choices)


def _cut(field: Column, text: str) -> str:
    """What `match` takes of a cell's text, once all of it follows `pattern`."""
    import re2  # type: ignore[import-untyped]  # google-re2 has no stubs

    if field.pattern and not re2.fullmatch(field.pattern, text):
        raise BadScalar(phrase("the pattern %(pattern)s", pattern=field.pattern), text)
    if not field.match:
        return text
    found = re2.search(field.match, text)
    if not found:
        raise BadScalar(phrase("a text with %(pattern)s", pattern=field.match), text)
    return str(found.group(1) if found.re.groups else found.group())


def _bad_fields(wrong: Sequence[tuple[Column, Words, str]], row: Row, there: Mapping[str, str]) -> Trouble | None:
    """`there`: the columns as the source writes them, by the form they are compared in."""
    if not wrong:
        return None
    cells = []
    for field, expected, got in wrong:
        column = there.get(header(field.column))
        place = f"{row.place} «{field.column}»" if column is None else row.place_of(column)
        if not got:
            cells.append(phrase("%(place)s is empty", place=place))
        elif field.sensitive:
            cells.append(phrase("%(place)s is not %(wanted)s", place=place, wanted=expected))
        else:
            cells.append(phrase("%(place)s: %(got)s is not %(wanted)s", place=place, got=got, wanted=expected))
    return Trouble(code="bad-field", message="%(cells)s", facts={"cells": cells})


def without_twins(items: Iterable[NewItem]) -> list[NewItem]:
    """Keys that stand twice in one source reject all their rows: nobody can say which one is meant."""
    listed = list(items)
    times = Counter(item.key for item in listed)
    seen: Counter[str] = Counter()
    result = []
    for item in listed:
        if times[item.key] > 1:
            seen[item.key] += 1
            places = ", ".join(twin.place for twin in listed if twin.key == item.key)
            trouble = Trouble(
                code="duplicate-in-source",
                message="the key %(key)s stands %(times)s times: %(places)s",
                facts={"key": item.key, "times": times[item.key], "places": places},
            )
            result.append(replace(item, trouble=item.trouble or trouble))
        else:
            result.append(item)
    return result
