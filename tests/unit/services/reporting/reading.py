"""Reads the numbers of a report back from what people see: the cells of the page's tables, the text of its PDF."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import html

SPACES = re.compile(r"[\s\u00a0\u202f]")
HOURS = re.compile(r"(\u2212?)((?:\d{1,3}(?:[\u202f,]\d{3})+)|\d+)[\u00a0 ]h[\u00a0 ](\d\d)")
COUNT = re.compile(r"(\u2212?)((?:\d{1,3}(?:[\u202f,]\d{3})+)|\d+)")


def whole(text: str) -> int:
    """`1 408` or `1,408` as a number."""
    return int(SPACES.sub("", text).replace(",", "").replace("\u2212", "-"))


def minutes(text: str) -> int:
    """`−1 408 h 05` as minutes."""
    found = HOURS.fullmatch(text)
    assert found, text
    return (-1 if found[1] else 1) * (60 * whole(found[2]) + int(found[3]))


def value(text: str) -> int | str:
    """A line of a cell: minutes, a count, or what it says."""
    if HOURS.fullmatch(text):
        return minutes(text)
    return whole(text) if COUNT.fullmatch(text) else text


class Page:
    """A page as it is read."""

    def __init__(self, page: str) -> None:
        self.tree = html.document_fromstring(page)

    def rows(self, section: str) -> list[list[list[int | str]]]:
        """Of all tables of a section: rows of cells of lines. Without their heads."""
        found = self.tree.xpath(f"//section[@id='{section}']//tbody/tr")
        return [[[value(line) for line in lines_of(cell)] for cell in row] for row in found]

    def text(self, path: str) -> str:
        return " ".join(" ".join(each.text_content().split()) for each in self.tree.xpath(path))

    def durations(self) -> Counter[int]:
        """All hours and minutes that are written in tables and sentences."""
        shown = self.tree.xpath("//main//*[not(self::svg) and not(ancestor::svg)]/text()")
        return Counter(durations(" \n".join(shown)))


def lines_of(cell: html.HtmlElement) -> list[str]:
    """The lines of a cell; of one with a single line, that."""
    return [line.text_content() for line in cell.iter("span")] or [
        text for text in [cell.text_content().strip()] if text
    ]


def durations(text: str) -> Iterator[int]:
    for found in HOURS.finditer(text):
        yield minutes(found[0])
