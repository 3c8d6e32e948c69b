"""The section `items`: where the units of work come from, their fields, and what makes each one itself."""

from __future__ import annotations

from typing import Any

from robo.definition import keys
from robo.definition.sections import KINDS, entries
from robo.definition.source import Source, type_of
from robo.definition.steps import Steps
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.model.dates import is_format
from robo.model.process import Column, Items, Kind
from robo.model.text import Path
from robo.sdk.grammar import check_pattern

GIVEN = {"row": "number", "source": {"place": "text", "row": "number", "digest": "text"}}
"""What every item has besides its fields."""


def read_items(source: Source, steps: Steps, node: YamlNode | None) -> Items | None:
    """`items: {from, fields, only_if, key}`. What expressions may read of `item` is known afterwards."""
    path: Path = ("items",)
    if node is None:
        source.names["item"] = {"key": "text"}
        return None
    parts = source.mapping(node, path, keys.ITEMS, keys.ITEMS_LATER)
    broken = not isinstance(node, MapNode)
    origin = None if broken else source.required(parts, "from", path)
    found = steps.source_step(origin, (*path, "from")) if origin is not None else None
    given = None if broken else source.required(parts, "fields", path)
    columns, types = _fields(source, given, (*path, "fields"))
    source.names["item"] = {**GIVEN, **types}
    if given is None or _is_later(node):
        source.names["item"] = {**source.names["item"], "*": ""}
    only_if = source.condition(parts.get("only_if"), (*path, "only_if"))
    key_node = None if broken else source.required(parts, "key", path)
    key = source.node(key_node, (*path, "key")) if key_node is not None else ""
    if not isinstance(key_node, TextNode | None):
        source.text(key_node, (*path, "key"))
    source.names["item"] = {**source.names["item"], "key": "text"}
    return Items(source=found, fields=columns, only_if=only_if, key=key) if found is not None else None


def _is_later(node: YamlNode) -> bool:
    """It uses what this version lacks (`let`), so nobody knows what an item has."""
    return isinstance(node, MapNode) and any(key.text in keys.ITEMS_LATER for key, _ in node.entries)


def _fields(source: Source, node: YamlNode | None, path: Path) -> tuple[tuple[Column, ...], dict[str, Any]]:
    columns: list[Column] = []
    types: dict[str, Any] = {}
    for name, value, below in entries(source, node, path):
        if name in (*GIVEN, "key", "source"):
            source.reporter.report(
                "RB213", "the name %(name)s is taken", at=source.at_key(below), name=name, expected="another name"
            )
        else:
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
    kind = Kind(source.choice(parts.get("type"), (*path, "type"), KINDS, "str"))
    choices = source.plain_texts(parts.get("choices"), (*path, "choices"))
    form = source.plain(parts.get("format"), (*path, "format"))
    if form is not None and not is_format(form):
        source.wrong_value((*path, "format"), form, "a date format like dd/mm/yyyy or %d/%m/%Y")
    default = source.plain(parts.get("default"), (*path, "default"))
    if default is not None and form is None:
        if choices:
            source.choice(parts["default"], (*path, "default"), choices, choices[0])
        else:
            source.typed(parts["default"], (*path, "default"), kind)
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


def _pattern(source: Source, node: YamlNode | None, path: Path) -> str | None:
    text = source.plain(node, path)
    if text is not None and (why := check_pattern(text)):
        source.reporter.report("RB207", "this is not a regular expression: %(why)s", at=source.at(path), why=why)
    return text
