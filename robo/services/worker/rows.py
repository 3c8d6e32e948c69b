"""From a row of a source to what it says: columns matched, cells typed, values calculated. Pure.

One row's trouble is its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from robo.definition.derived import behind
from robo.definition.diagnostics import nearest
from robo.definition.expressions import render, truth
from robo.errors import Rejection, RoboError, UsageError, Words, phrase
from robo.model.base import MISSING
from robo.model.process import Column, Items, Kind
from robo.model.run import Trouble
from robo.model.scalars import BadScalar, chosen, parse
from robo.model.text import Expr, Node, header
from robo.plan.mentions import mentions
from robo.sdk.runner import Row

BAD_FIELD: Final = "bad-field"
"""The code of a row that does not say what an item needs."""
Scope = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""The names an item's expressions see, given its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one row says: its fields and `let` by name, with its `row` and `source`. `unsure`: those that are wrong."""

    fields: Mapping[str, Any]
    digest: str
    place: str
    trouble: Trouble | None = None
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sheet:
    """How the columns of one source answer the fields of a process."""

    items: Items
    scope: Scope
    noted: Collection[str] = ()
    """Columns in which robo notes what became of a row: what stands there is no change of it."""

    @cached_property
    def _keyed(self) -> tuple[str, ...]:
        """The columns that tell the row, as they are compared: those of the key; none if it needs more of the row than
        fields, or if it is the key of a group, which several rows have."""
        columns = {field.name: header(field.column) for field in self.items.fields}
        read = {name.split(".")[1] for name in behind(self.items.key, self.items.let) if name.startswith("item.")}
        if self.items.group is not None or read - {*columns, *self.items.let}:
            return ()
        return tuple(sorted(columns[name] for name in read if name in columns))

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

    def line(self, row: Row) -> Line | None:
        """What a row says, with its trouble if a cell is wrong; None when `only_if` leaves it out."""
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
        trouble = _bad_fields(wrong, row, there)
        unsure = {field.name for field, *_ in wrong}
        for name, node in self.items.let.items():
            fields[name], why = MISSING, None
            if unsure.isdisjoint(self._reads[name]):
                fields[name], why = self._let(name, node, fields, row.place)
            if why is not None or not unsure.isdisjoint(self._reads[name]):
                unsure.add(name)  # what rests on it is not calculated: it was told already
            trouble = trouble or why
        undecided = None
        if not wrong:
            kept, undecided = self._kept(fields, unsure)
            if not kept:
                return None
        return Line(
            fields=fields,
            digest=self._digest(row),
            place=row.place,
            trouble=trouble or undecided,
            unsure=frozenset(unsure),
        )

    def _digest(self, row: Row) -> str:
        """Tells whether the row changed since it was rejected."""
        noted = {header(name) for name in self.noted}
        if noted.isdisjoint(map(header, row.values)):
            return row.digest
        texts = (f"{name}\x1f{value}" for name, value in row.values.items() if header(name) not in noted)
        return hashlib.sha256("\x1e".join(texts).encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def _reads(self) -> Mapping[str, frozenset[str]]:
        return {name: members_of(node) for name, node in self.items.let.items()}

    def _let(self, name: str, node: Node, fields: Mapping[str, Any], place: str) -> tuple[Any, Trouble | None]:
        """One calculated value, or why there is none; one that shows nothing of a sensitive field."""
        try:
            return render(node, self.scope(fields), keep_missing=True), None
        except RoboError as bad:
            code = bad.code if isinstance(bad, Rejection) else BAD_FIELD
            facts: dict[str, Any] = {"place": place, "name": name}
            if name in sensitive_names(self.items):
                return MISSING, Trouble(code=code, message="%(place)s: %(name)s cannot be calculated", facts=facts)
            facts["why"] = phrase(bad.message, **bad.facts)
            return MISSING, Trouble(code=code, message="%(place)s, %(name)s: %(why)s", facts=facts)

    def _kept(self, fields: Mapping[str, Any], unsure: Collection[str]) -> tuple[bool, Trouble | None]:
        """What `only_if` says, and why it cannot say. A row that it would have to judge by what could not be calculated
        is kept, so that a person is told."""
        asked = self.items.only_if
        if asked is None or not members_of(asked).isdisjoint(unsure):
            return True, None
        try:
            return truth(asked, self.scope(fields)), None
        except RoboError as bad:
            return True, trouble_of(bad)


def trouble_of(bad: RoboError) -> Trouble:
    """Why a row cannot be an item, when an expression of its section cannot be calculated."""
    return Trouble(code=BAD_FIELD, message=bad.message, facts=bad.facts)


def members_of(node: Node | Expr) -> frozenset[str]:
    """The names below `item` that an expression reads."""
    read = (mention.parts[1:2] for mention in mentions(node).names if mention.root == "item")
    return frozenset(name for part in read for name in part)


def sensitive_names(items: Items) -> frozenset[str]:
    """The fields of an item that nobody may be shown, and what is calculated of them."""
    fields = {field.name for field in items.fields if field.sensitive}
    of_them = {
        name
        for name, node in items.let.items()
        if fields & {read.split(".")[1] for read in behind(node, items.let) if read.startswith("item.")}
    }
    return frozenset(fields | of_them)


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
    return Trouble(code=BAD_FIELD, message="%(cells)s", facts={"cells": cells})
