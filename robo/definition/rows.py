"""The section `items`: where the units of work come from, their fields, and what makes each one itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robo.definition import keys
from robo.definition.derived import behind, is_taken, read_group, read_let, read_milestones
from robo.definition.listing import need_columns, read_rows
from robo.definition.sections import entries, read_type
from robo.definition.source import Source, type_of
from robo.definition.steps import Steps
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.model.dates import is_format
from robo.model.process import Column, Items, Kind
from robo.model.text import Node, Path, Template
from robo.sdk.grammar import DATE_FORM, DATED
from robo.sdk.patterns import check_pattern

GIVEN = {"row": "number", "source": {"place": "text", "row": "number", "digest": "text"}}
"""What every item has besides its fields."""


def read_items(source: Source, steps: Steps, node: YamlNode | None) -> Items | None:
    """`items: {from, fields, let, only_if, group, milestones, key}`. What expressions may read of `item` is known
    afterwards."""
    path: Path = ("items",)
    if node is None:
        source.names["item"] = {"key": "text"} | ({"*": ""} if path in source.misspelt else {})
        return None
    parts = source.mapping(node, path, keys.ITEMS)
    broken = not isinstance(node, MapNode)
    origin = None if broken else source.required(parts, "from", path)
    listed = read_rows(source, origin, (*path, "from")) if isinstance(origin, ListNode) else None
    found = steps.source_step(origin, (*path, "from")) if origin is not None and listed is None else None
    given = None if broken else source.required(parts, "fields", path)
    columns, types = _fields(source, given, (*path, "fields"))
    need_columns(source, columns, listed or ())
    source.names["item"] = {**GIVEN, **types}
    if not isinstance(given, MapNode):
        source.names["item"] = {**source.names["item"], "*": ""}
    let = read_let(source, parts.get("let"), (*path, "let"))
    only_if = source.condition(parts.get("only_if"), (*path, "only_if"))
    group = read_group(source, parts.get("group"), parts.get("bad_rows"), path)
    milestones = read_milestones(source, parts.get("milestones"), (*path, "milestones"))
    key_node = None if broken else source.required(parts, "key", path)
    key = source.node(key_node, (*path, "key")) if key_node is not None else ""
    if not isinstance(key_node, TextNode | None):
        source.text(key_node, (*path, "key"))
    elif key_node is not None and (*path, "key") not in source.broken:
        _check_key(source, key, let, many=milestones is not None)
    source.names["item"] = {**source.names["item"], "key": "text"}
    if found is None and not listed:
        return None
    made: dict[str, Any] = {"let": let, "only_if": only_if, "group": group, "milestones": milestones, "key": key}
    return Items(source=found, rows=listed or (), fields=columns, **made)


def _check_key(source: Source, key: Node, let: Mapping[str, Node], *, many: bool) -> None:
    """A key that reads nothing of the row is the same for every item; one that does not hold the milestone (`many`) is
    the same for all of them, and done with the first."""
    path: Path = ("items", "key")
    read = behind(key, let)
    own = [name for name in read if name.partition(".")[2].partition(".")[0] not in let]
    if not any(name.partition(".")[0] == "item" for name in own):
        fields = (name for name in source.names["item"] if name not in ("row", "source") and name.isidentifier())
        source.reporter.report(
            "RB220",
            "every item would have the same key",
            at=source.at(path),
            expected="what tells one row from another, as ${{ item.%(field)s }}",
            field=next(fields, "number"),
        )
    elif many and read.isdisjoint(("item", "item.milestone")):
        source.reporter.report(
            "RB225",
            "the key does not hold the milestone: with the first one the item would be done, and no other would come",
            at=source.at(path),
            meant=f"{key.source if isinstance(key, Template) else key}-${{{{ item.milestone }}}}",
        )


def _fields(source: Source, node: YamlNode | None, path: Path) -> tuple[tuple[Column, ...], dict[str, Any]]:
    columns: list[Column] = []
    types: dict[str, Any] = {}
    for name, value, below in entries(source, node, path):
        if not is_taken(source, name, below, GIVEN):
            source.member(name, below)
        column = _field(source, name, value, below)
        columns.append(column)
        types[name] = type_of(column.type)
    return tuple(columns), types


def _field(source: Source, name: str, value: YamlNode, path: Path) -> Column:
    if isinstance(value, TextNode):
        return Column(name=name, column=source.plain(value, path) or "")
    if isinstance(value, ListNode):
        source.mapping(value, path)
        return Column(name=name, column="")
    parts = source.mapping(value, path, keys.FIELD)
    form = _format(source, parts.get("format"), (*path, "format"))
    kind, choices, default = read_type(source, parts, path, form)
    if form is not None and kind not in DATED:
        source.reporter.report(
            "RB214",
            "format does not go with the type %(type)s",
            at=source.at_key((*path, "format")),
            expected="a type that has one: date, datetime or time",
            type=kind.value,
        )
    return Column(
        name=name,
        column=source.plain(source.required(parts, "column", path), (*path, "column")) or "",
        type=kind,
        required=source.typed(parts.get("required"), (*path, "required"), Kind.BOOL, True),
        default=default,
        pattern=_pattern(source, parts.get("pattern"), (*path, "pattern")),
        match=_pattern(source, parts.get("match"), (*path, "match")),
        choices=choices,
        format=form,
        sensitive=source.typed(parts.get("sensitive"), (*path, "sensitive"), Kind.BOOL, False),
    )


def _format(source: Source, node: YamlNode | None, path: Path) -> str | None:
    form = source.plain(node, path)
    if form is not None and not is_format(form):
        source.wrong_value(path, form, DATE_FORM)
        return None
    return form


def _pattern(source: Source, node: YamlNode | None, path: Path) -> str | None:
    text = source.plain(node, path)
    if text is not None and (why := check_pattern(text)):
        source.reporter.report("RB207", "this is not a regular expression: %(why)s", at=source.at(path), why=why)
    return text
