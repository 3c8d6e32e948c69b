"""What a page is made of: sections of sentences, pictures and tables, in one language. Templates print them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

NUMBER = "number"


class Cell(NamedTuple):
    """One cell of a table. `look`: classes of it, `number` for what is set to the right."""

    lines: tuple[str, ...]
    look: str = ""


class Drawn(NamedTuple):
    """One picture, for a screen or a sheet and for a telephone."""

    wide: str
    narrow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under heads; the first cell of a row is its head. `last`: the sum of the rows above."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    last: Sequence[Cell] = ()
    look: str = ""

    @property
    def numbers(self) -> frozenset[int]:
        """The columns that hold numbers."""
        every = [*self.rows, self.last] if self.last else self.rows
        return frozenset(index for row in every for index, cell in enumerate(row) if NUMBER in cell.look.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the page."""

    id: str
    title: str
    says: Sequence[str] = ()
    pictures: Sequence[Drawn] = ()
    tables: Sequence[Table] = ()


class Tile(NamedTuple):
    """A figure that is read from afar: the number, what it is, and what it must be read with."""

    figure: str
    what: str
    beside: str
    look: str = ""


def said(*lines: str, look: str = "") -> Cell:
    """A cell of texts; empty lines are left out."""
    return Cell(tuple(line for line in lines if line), look)


def number(*lines: str, look: str = "") -> Cell:
    """A cell of numbers."""
    return Cell(tuple(line for line in lines if line), f"{NUMBER} {look}".strip())
