"""The section `counts`: what one credit of minutes is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from robo.definition import keys
from robo.definition.checking import Look
from robo.definition.scoping import ANYTHING, ListOf
from robo.definition.source import Source
from robo.definition.syntax import mentioned
from robo.definition.yaml_text import YamlNode
from robo.model.process import Counts
from robo.model.text import Expr, Node, Path, Template

PERIODS: Final = ("day", "week", "month", "year")
"""How often one unit may count."""
COUNTED: Final = frozenset({"item", "inputs", "region", "process", "run", "now"})
"""What a unit of credit may be made of."""


def read_counts(source: Source, node: YamlNode | None) -> Counts:
    """`counts: {unit, each, as, key, done_by, period}`. It reads the item as it is before its first step: what a credit
    is for must be the same whatever happens on the way."""
    path = ("counts",)
    parts = source.mapping(node, path, keys.COUNTS)
    outer, later = source.names, source.later
    source.names, source.later = {name: kind for name, kind in outer.items() if name in COUNTED}, frozenset()
    each = source.expression(parts.get("each"), (*path, "each"))
    name = source.plain(parts.get("as"), (*path, "as")) or ""
    _each(source, parts, each, path)
    source.keys[(*path, "as")] = source.at((*path, "as"))
    free = bool(name) and source.name(name, (*path, "as"), taken=source.names)
    if name:
        rows = source.kind_of_expression(each) if each is not None else ANYTHING
        members = rows.members if isinstance(rows, ListOf) else {"*": ANYTHING}
        source.names = {**source.names, name: members}
    key = source.node(parts["key"], (*path, "key")) if "key" in parts else None
    if each is not None and free and key is not None and (*path, "key") not in source.broken:
        _key_of_each(source, key, name, (*path, "key"))
    source.names, source.later = outer, later
    return Counts(
        unit=source.plain(parts.get("unit"), (*path, "unit")) or "item",
        each=each,
        as_=name,
        key=key,
        done_by=source.plain(parts.get("done_by"), (*path, "done_by")),
        period=source.choice(parts["period"], (*path, "period"), PERIODS, "") or None if "period" in parts else None,
    )


def _each(source: Source, parts: Mapping[str, YamlNode], each: Expr | None, path: Path) -> None:
    """`each`, `as` and `key` say together what the units of one item are."""
    together = ("each", "as", "key") if "each" in parts else ("each",) if "as" in parts else ()
    for lacking in (key for key in together if key not in parts):
        source.lacks(
            "each" if "each" in parts else "as",
            lacking,
            at=source.at_key((*path, "each" if "each" in parts else "as")),
            expected="counts: {each: a list of the item, as: l, key: what tells one from another}",
        )
    kind = Look(each.source, source.scope, source.tables).run() if each is not None else "list"
    if kind not in ("list", ANYTHING):
        source.reporter.report(
            "RB308",
            "%(filter)s works with a %(wanted)s, and this is a %(kind)s",
            at=source.at((*path, "each")),
            filter="each",
            wanted=("list",),
            kind=kind,
        )


def _key_of_each(source: Source, key: Node, name: str, path: Path) -> None:
    """A key that reads nothing of the part is the same for all parts of an item: they would count as one."""
    sources = [part.source for part in key.parts if isinstance(part, Expr)] if isinstance(key, Template) else []
    if not any(mention.partition(".")[0] == name for each in sources for mention in mentioned(each)):
        source.reporter.report(
            "RB226",
            "every unit of an item would have the same key, and count once",
            at=source.at(path),
            expected="what tells one from another, as ${{ %(name)s.number }}",
            name=name,
        )
