"""Markdown as the two bodies of a mail: a text that reads well by itself, and HTML that fetches nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

STYLE: Final = "font-family: Arial, sans-serif; font-size: 11pt; color: #1e1e1e"
CELL: Final = "border: 1px solid #929292; padding: 4px 8px; text-align: left"
RULE: Final = "-" * 40
PLACE: Final = "[table]"
"""A line of its own in a body: the table stands there."""


@cache
def _reader() -> MarkdownIt:
    """CommonMark without HTML of its own (it is shown as text) and without pictures. A line break is a line break, as
    whoever writes a letter means it."""
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["image", "html_block", "html_inline"])


@dataclass(frozen=True, slots=True)
class Table:
    """Texts in rows. Without rows it is not shown."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


def as_html(text: str, table: Table | None = None) -> str:
    """A whole page, with the table at its place."""
    above, below = _around(text)
    middle = table_as_html(table.headers, table.rows) if table is not None and table.rows else ""
    body = _reader().render(above) + middle + _reader().render(below)
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body style="{STYLE}">\n{body}</body></html>\n'


def as_text(text: str, table: Table | None = None) -> str:
    """What remains without the markup: lists keep their dashes and numbers, links their addresses."""
    parts = ["\n".join(_lines(_reader().parse(part))).strip() for part in _around(text)]
    if table is not None and table.rows:
        parts.insert(1, table_as_text(table.headers, table.rows).rstrip())
    return "\n\n".join(filter(None, parts)) + "\n"


def _around(text: str) -> tuple[str, str]:
    """What stands above the place of the table, and below it: a line `[table]`, else the end."""
    lines = text.replace("\r\n", "\n").split("\n")
    at = lines.index(PLACE) if PLACE in lines else len(lines)
    return "\n".join(lines[:at]), "\n".join(lines[at + 1 :])


def _lines(tokens: Sequence[Token]) -> Iterator[str]:
    margins: list[str] = []
    numbers: list[int] = []
    mark = ""
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                numbers.append(int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else 0)
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
                if not numbers:
                    yield ""
            case "list_item_open":
                mark = f"{numbers[-1]}. " if numbers[-1] else "- "
                numbers[-1] += bool(numbers[-1])
                margins.append(" " * len(mark))
            case "blockquote_open":
                margins.append("> ")
            case "list_item_close" | "blockquote_close":
                margins.pop()
            case "inline":
                yield from _marked("".join(_words(token.children or ())).split("\n"), margins, mark)
                mark = ""
            case "fence" | "code_block":
                yield from _marked(token.content.rstrip("\n").split("\n"), margins, "")
                yield ""
            case "hr":
                yield from (RULE, "")
            case "paragraph_close" | "heading_close" if not numbers:
                yield ""


def _marked(lines: Sequence[str], margins: Sequence[str], mark: str) -> Iterator[str]:
    """`lines` in their margins; the first behind the mark of its list."""
    for line in lines:
        margin = "".join(margins)
        yield (margin[: len(margin) - len(mark)] + mark if mark else margin) + line
        mark = ""


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    address, said = "", ""
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                said += token.content
                yield token.content
            case "softbreak" | "hardbreak":
                yield "\n"
            case "link_open":
                address, said = str(token.attrs.get("href", "")), ""
            case "link_close":
                if address.removeprefix("mailto:") != said:
                    yield f" ({address})"


def table_as_html(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that every mail program shows."""
    head = "".join(f'<th style="{CELL}">{escape(header)}</th>' for header in headers)
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row) + "</tr>\n" for row in rows
    )
    return f'<table style="border-collapse: collapse"><tr>{head}</tr>\n{body}</table>\n'


def table_as_text(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same in columns of blanks."""
    lines = [list(headers), *([" ".join(cell.split()) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    told = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([told[0], "  ".join("-" * width for width in widths), *told[1:]]) + "\n"


def cells_of(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], shown: Any) -> list[list[str]]:
    """The texts of a table: `columns` are member names by header; a member that is missing is blank."""
    return [[shown(_member(row, member)) for member in columns.values()] for row in rows]


def _member(row: Any, name: str) -> Any:
    for part in name.split("."):
        row = row.get(part) if isinstance(row, Mapping) else None
    return row
