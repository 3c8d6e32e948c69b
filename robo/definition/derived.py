"""What is made of the fields of a row before it is an item: `let`, `group` and `milestones`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from robo.definition import keys
from robo.definition.diagnostics import nearest
from robo.definition.scoping import ANYTHING, ListOf
from robo.definition.sections import entries
from robo.definition.source import Source
from robo.definition.syntax import mentioned
from robo.definition.yaml_text import ListNode, TextNode, YamlNode
from robo.errors import phrase
from robo.model.process import Grouping, Kind, Milestones
from robo.model.scalars import BadScalar, parse
from robo.model.text import Expr, Node, Path, Template

BAD_ROWS: Final = ("group", "row")
ON_CLOSED: Final = ("previous", "next", "same_day")
CATCH_UP: Final = ("until_next", "never")
DAY: Final = timedelta(days=1)
MOST_DAYS: Final = 3650


def read_let(source: Source, node: YamlNode | None, path: Path) -> dict[str, Node]:
    """`let: {age: "${{ … }}"}`: each may read the fields and those before it, and is read as `item.<name>`."""
    found: dict[str, Node] = {}
    for name, value, below in entries(source, node, path):
        known: Mapping[str, Any] = source.names["item"]
        free = not is_taken(source, name, below, known) and source.member(name, below)
        if not isinstance(value, TextNode):
            source.text(value, below)
            continue
        given = source.node(value, below)
        if free:
            found[name] = given
        kind = source.kind_of(given) if below not in source.broken else ANYTHING
        source.names["item"] = {**known, name: kind}
    return found


def is_taken(source: Source, name: str, path: Path, known: Mapping[str, Any]) -> bool:
    """Whether an item has something of this name already (reported)."""
    if name not in known and name != "key":
        return False
    source.reporter.report(
        "RB213", "the name %(name)s is taken", at=source.at_key(path), name=name, expected="another name"
    )
    return True


def read_group(source: Source, node: YamlNode | None, bad_rows: YamlNode | None, path: Path) -> Grouping | None:
    """`group: {by, as}` and `bad_rows`, below `items`. What an item has afterwards: its fields, and the list."""
    below = (*path, "group")
    handled = source.choice(bad_rows, (*path, "bad_rows"), BAD_ROWS, "group")
    if node is None:
        if bad_rows is not None:
            source.lacks(
                "bad_rows",
                "group",
                at=source.at_key((*path, "bad_rows")),
                expected="%(key)s: {by: …, as: …}",
            )
        return None
    parts = source.mapping(node, below, keys.GROUP)
    by_node, as_node = (source.required(parts, key, below) for key in keys.GROUP)
    by = _named_or_said(source, by_node, (*below, "by")) if by_node is not None else ""
    as_ = source.plain(as_node, (*below, "as")) or ""
    source.keys[(*below, "as")] = source.at((*below, "as"))
    known = {name: kind for name, kind in source.names["item"].items() if name != "row"}
    if as_ and not is_taken(source, as_, (*below, "as"), known):
        source.member(as_, (*below, "as"))
    of_each = {name: kind for name, kind in source.names["item"].items() if name != "source"}
    listed = {as_: ListOf(of_each)} if as_ else {"*": ANYTHING}
    source.names["item"] = {**known, "source": "list", **listed}
    return Grouping(by=by, as_=as_, bad_rows=handled)


def read_milestones(source: Source, node: YamlNode | None, path: Path) -> Milestones | None:
    """`milestones: {before, at, on_closed, catch_up}`; the one that has come is read as `item.milestone`."""
    if node is None:
        return None
    parts = source.mapping(node, path, keys.MILESTONES)
    before_node, at_node = (source.required(parts, key, path) for key in ("before", "at"))
    before = _named_or_said(source, before_node, (*path, "before")) if before_node is not None else ""
    _need_a_date(source, before, (*path, "before"))
    at = sorted(_days(source, at_node, (*path, "at")), reverse=True)
    is_taken(source, "milestone", path, source.names["item"])
    source.names["item"] = {**source.names["item"], "milestone": "number"}
    return Milestones(
        before=before,
        at=tuple(at),
        on_closed=source.choice(parts.get("on_closed"), (*path, "on_closed"), ON_CLOSED, "previous"),
        catch_up=source.choice(parts.get("catch_up"), (*path, "catch_up"), CATCH_UP, "until_next"),
    )


def _need_a_date(source: Source, before: Node, path: Path) -> None:
    kind = source.kind_of(before) if isinstance(before, Template) else ANYTHING
    if kind not in (ANYTHING, "date", "date and time"):
        source.reporter.report(
            "RB308",
            "%(filter)s works with a %(wanted)s, and this is a %(kind)s",
            at=source.at(path),
            expected="a field of the type date, or | to_date",
            filter="before",
            wanted=("date", "date and time"),
            kind=kind,
        )


def _days(source: Source, node: YamlNode | None, path: Path) -> set[int]:
    """`[60 days, 30 days]` as whole numbers, each once."""
    found: set[int] = set()
    for index, text in enumerate(source.plain_texts(node, path)):
        where = (*path, index) if isinstance(node, ListNode) else path
        try:
            said: timedelta = parse(Kind.DURATION, text)
        except BadScalar as bad:
            source.wrong_value(where, bad.got, bad.expected)
            continue
        if said % DAY or said > MOST_DAYS * DAY:
            source.wrong_value(where, text, phrase("a number of whole days up to %(most)s days", most=MOST_DAYS))
        elif said // DAY in found:
            source.wrong_value(where, text, "a time that stands there only once")
        found.add(said // DAY)
    if isinstance(node, ListNode) and not node.items:
        source.reporter.report("RB204", "a list of milestones has at least one", at=source.at_key(path))
    return found


def _named_or_said(source: Source, node: YamlNode, path: Path) -> Node:
    """A value of the row: an expression, or the name of a field alone."""
    if not isinstance(node, TextNode):
        source.text(node, path)
        return ""
    found = source.node(node, path)
    if not isinstance(found, str) or path in source.broken:
        return found
    known = source.names["item"]
    if found in known or "*" in known:
        return Template("${{ item." + found + " }}", (Expr(f"item.{found}"),))
    source.reporter.report(
        "RB304",
        "%(owner)s has no %(name)s",
        at=source.at(path),
        expected="a field, or an expression: ${{ item.%(field)s | lower }}",
        meant=nearest(found, known),
        owner="item",
        name=found,
        field=next((name for name in known if name not in ("row", "source")), "service"),
    )
    return ""


def behind(node: Node, let: Mapping[str, Node]) -> frozenset[str]:
    """The dotted names a node mentions, those of the `let` it reads included; of what is broken (reported), `item`."""
    found: set[str] = set()
    pending = list(_mentioned(node))
    while pending:
        name = pending.pop()
        if name in found:
            continue
        found.add(name)
        owner, _, rest = name.partition(".")
        if owner == "item" and (member := rest.partition(".")[0]) in let:
            pending.extend(_mentioned(let[member]))
    return frozenset(found)


def _mentioned(node: Node) -> Iterator[str]:
    for part in node.parts if isinstance(node, Template) else ():
        if isinstance(part, Expr):
            yield from mentioned(part.source)
