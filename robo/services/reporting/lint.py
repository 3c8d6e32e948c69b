"""What a page of ours must not have: an image or a table that somebody cannot read, a need of anything outside it.

Looked at each time a page is made, and by the tests. It reads the page with the parser of the standard library, as
strictly as our own templates write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Final

from robo.errors import InfrastructureError, Words, phrase

_VOID: Final = frozenset({"meta", "link", "br", "hr", "img", "input", "col", "source", "wbr", "base", "area", "embed"})
_SCRIPTS: Final = frozenset({"script", "iframe", "object", "embed", "form", "base", "link", "audio", "video"})
_ADDRESSES: Final = ("href", "src", "srcset", "action", "data", "poster", "xlink:href", "formaction", "background")
_OUTSIDE: Final = re.compile(r"url\(\s*['\"]?(?!#)|@import", re.IGNORECASE)
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


def faults(page: str) -> list[Words]:
    """Everything that is wrong with a page; empty when nothing is."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [*_whole(reader), *(fault for element in reader.elements for fault in _of(element, reader))]


def check(page: str) -> None:
    """Raise what is wrong with a page (`InfrastructureError` RB075)."""
    found = faults(page)
    if found:
        raise InfrastructureError(
            "RB075",
            "the page of the report would be no good to everybody: %(problems)s",
            remedy="this is a mistake of robo, not yours: tell its maintainers, and take another format until then",
            problems=found,
        )


@dataclass(slots=True)
class _Element:
    tag: str
    given: Mapping[str, str]
    inside: list[_Element] = field(default_factory=list)
    text: str = ""

    def every(self, tag: str) -> Iterator[_Element]:
        for each in self.inside:
            if each.tag == tag:
                yield each
            yield from each.every(tag)

    @property
    def words(self) -> str:
        return (self.text + "".join(each.words for each in self.inside)).strip()


class _Reader(HTMLParser):
    """The page as a tree."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Element("", {})
        self.open = [self.root]
        self.elements: list[_Element] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        element = _Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in {each.tag for each in self.open}:
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].text += data

    def named(self, name: str) -> str:
        """The words of the elements that `aria-labelledby` names."""
        ids = name.split()
        return " ".join(each.words for each in self.elements if each.given.get("id") in ids)


def _whole(reader: _Reader) -> Iterator[Words]:
    """What a page must have once: its language, its title, one first heading, no step left out below it."""
    page = next(reader.root.every("html"), _Element("", {}))
    if not page.given.get("lang"):
        yield phrase("it does not say its language")
    if not any(each.words for each in page.every("title")):
        yield phrase("it has no title")
    levels = [int(each.tag[1]) for each in reader.elements if each.tag in _HEADINGS]
    if levels.count(1) != 1:
        yield phrase("it has %(count)s first headings", count=levels.count(1))
    if any(after > before + 1 for before, after in pairwise(levels)):
        yield phrase("a level of its headings is left out")
    ids = [each.given["id"] for each in reader.elements if "id" in each.given]
    for double in sorted({each for each in ids if ids.count(each) > 1}):
        yield phrase("two elements are called %(name)s", name=double)


def _of(element: _Element, reader: _Reader) -> Iterator[Words]:
    if element.tag in _SCRIPTS:
        yield phrase("it has a %(tag)s", tag=element.tag)
    for name in element.given:
        if name.startswith("on"):
            yield phrase("it has an attribute %(name)s", name=name)
    for name in _ADDRESSES:
        address = element.given.get(name, "#")
        if not address.startswith("#"):
            yield phrase("it needs something outside: %(address)s", address=address)
    styled = element.text if element.tag == "style" else " ".join(element.given.values())
    if _OUTSIDE.search(styled):
        yield phrase("its style needs something outside")
    if element.tag == "img" and not element.given.get("alt"):
        yield phrase("an image has no text")
    if element.tag == "svg" and not _pictured(element, reader):
        yield phrase("a picture has no title or no description")
    if element.tag == "table":
        yield from _table(element)
    if element.tag == "a" and not element.words:
        yield phrase("a link has no words")


def _pictured(svg: _Element, reader: _Reader) -> bool:
    """It is an image with a title and a description, and is called by them."""
    told = all(any(each.words for each in svg.inside if each.tag == part) for part in ("title", "desc"))
    return told and svg.given.get("role") == "img" and bool(reader.named(svg.given.get("aria-labelledby", "")))


def _table(table: _Element) -> Iterator[Words]:
    """A caption, a head for each column, a head for each row, as many cells in each row as there are columns."""
    caption = next(table.every("caption"), None)
    called = caption.words if caption is not None else ""
    if not called:
        yield phrase("a table has no caption")
    rows = list(table.every("tr"))
    heads = [each for each in rows[0].inside if each.tag == "th"] if rows else []
    if not heads or any(each.given.get("scope") != "col" or not each.words for each in heads):
        yield phrase("the table «%(caption)s» lacks the head of a column", caption=called)
    for row in rows[1:]:
        if not row.inside or row.inside[0].tag != "th" or row.inside[0].given.get("scope") != "row":
            yield phrase("the table «%(caption)s» lacks the head of a row", caption=called)
            break
    if any(len(row.inside) != len(heads) for row in rows):
        yield phrase("the table «%(caption)s» has rows of different lengths", caption=called)
