"""Rows that a definition writes out itself: `items: {from: [{N°: A1, Nom: Martin}, …]}`."""

from __future__ import annotations

from collections.abc import Sequence

from robo.definition.diagnostics import nearest
from robo.definition.source import Source
from robo.definition.yaml_text import ListNode, TextNode
from robo.model.process import Column, ListedRow
from robo.model.text import Path, header


def read_rows(source: Source, node: ListNode, path: Path) -> tuple[ListedRow, ...]:
    """Rows by column. Their values may be expressions, which see nothing of an item."""
    if not node.items:
        source.reporter.report("RB204", "a list of items has at least one", at=source.at_key(path))
    rows = []
    outer = source.names
    source.names = {name: known for name, known in outer.items() if name not in ("item", "find")}
    for part, below in source.items(node, path):
        values = source.mapping(part, below)
        for column in (column for column, value in values.items() if not isinstance(value, TextNode)):
            source.text(values[column], (*below, column))
        read = {name: source.node(value, (*below, name)) for name, value in values.items()}
        rows.append(ListedRow(values=read, path=below))
    source.names = outer
    return tuple(rows)


def need_columns(source: Source, columns: Sequence[Column], rows: Sequence[ListedRow]) -> None:
    """A field reads a column that some row of the list has."""
    there = {header(name): name for row in rows for name in row.values}
    for field in (field for field in columns if there and field.column and header(field.column) not in there):
        source.reporter.report(
            "RB227",
            "no row of the list has «%(column)s»",
            at=source.at(("items", "fields", field.name)),
            expected="one of %(known)s",
            meant=nearest(field.column, there.values()),
            column=field.column,
            known=", ".join(there.values()),
        )
