"""The section `items`: where the units of work come from, their fields, and what makes each one itself."""

from __future__ import annotations

from typing import Any

from robo.definition import keys
from robo.definition.sections import entries, read_type
from robo.definition.source import Source, type_of
from robo.definition.steps import Steps
from robo.definition.syntax import Fault, names
from robo.definition.yaml_text import ListNode, MapNode, TextNode, YamlNode
from robo.model.dates import is_format
from robo.model.process import Column, Items, Kind
from robo.model.text import Expr, Node, Path, Template
from robo.sdk.grammar import DATE_FORM, DATED, check_pattern

GIVEN = {"row": "number", "source": {"place": "text", "row": "number", "digest": "text"}}
"""What every item has besides its fields."""


def read_items(source: Source, steps: Steps, node: YamlNode | None) -> Items | None:
    """`items: {from, fields, only_if, key}`. What expressions may read of `item` is known afterwards."""
    path: Path = ("items",)
    if node is None:
        source.names["item"] = {"key": "text"} | ({"*": ""} if path in source.misspelt else {})
        return None
    parts = source.mapping(node, path, keys.ITEMS, keys.ITEMS_LATER)
    broken = not isinstance(node, MapNode)
    origin = None if broken else source.required(parts, "from", path)
    found = steps.source_step(origin, (*path, "from")) if origin is not None else None
    given = None if broken else source.required(parts, "fields", path)
    columns, types = _fields(source, given, (*path, "fields"))
    source.names["item"] = {**GIVEN, **types}
    if not isinstance(given, MapNode) or _is_later(node):
        source.names["item"] = {**source.names["item"], "*": ""}
    only_if = source.condition(parts.get("only_if"), (*path, "only_if"))
    key_node = None if broken else source.required(parts, "key", path)
    key = source.node(key_node, (*path, "key")) if key_node is not None else ""
    if not isinstance(key_node, TextNode | None):
        source.text(key_node, (*path, "key"))
    elif key_node is not None and not source.broken.intersection({(*path, "key")}):
        _check_key(source, key, tuple(types))
    source.names["item"] = {**source.names["item"], "key": "text"}
    return Items(source=found, fields=columns, only_if=only_if, key=key) if found is not None else None


def _check_key(source: Source, key: Node, fields: tuple[str, ...]) -> None:
    """A key that reads nothing of the row is the same for every item."""
    parts = key.parts if isinstance(key, Template) else ()
    read = {name.partition(".")[0] for part in parts if isinstance(part, Expr) for name in mentioned(part.source)}
    if "item" not in read:
        source.reporter.report(
            "RB220",
            "every item would have the same key",
            at=source.at(("items", "key")),
            expected="what tells one row from another, as ${{ item.%(field)s }}",
            field=next((name for name in fields if name.isidentifier()), "number"),
        )


def mentioned(source: str) -> frozenset[str]:
    """The dotted names of an expression; of one that is broken (reported elsewhere), `item`."""
    try:
        return names(source)
    except Fault:
        return frozenset({"item"})


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
