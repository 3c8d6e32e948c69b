"""The closing of a month: its figures as they were frozen, and the signed note over them.

Whoever closes a month and whoever verifies it later make the same text of it, byte by byte. A region's months close in
ascending order: a month is open while it is behind the newest that is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Final, Self

from robo.errors import InfrastructureError
from robo.proof.canonical import canonical, read_canonical
from robo.proof.hours import CREDIT, DEBIT, PRODUCTION, SUPERVISION, TIME, Cell, Figures, as_members
from robo.proof.note import unreadable

VERSION: Final = 1
HEAD: Final = "robo closing v1"
"""The first line of what is signed: no checkpoint begins so, since the name of a log has no blank."""
DAY: Final = 10
"""Of the month that follows: the first on which a month may be closed."""
_MEMBERS: Final = {"v", "region", "month", "size", "rows", "figures"}
_FIGURES: Final = frozenset(as_members(Figures()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The figures of one region and month when it was closed."""

    region: str
    month: str
    size: int
    """Entries of the log before that of the closing: all rows of the month are among them."""
    rows: Mapping[str, int]
    """Rows of that region and month by kind, of all environments; a kind without rows is left out."""
    figures: Mapping[str, Figures]
    """By process; "" for time that was logged for all of them."""

    def text(self) -> bytes:
        """Canonical JSON of all of it: what is kept, signed, and bound to the log by its digest."""
        return canonical(
            {
                "v": VERSION,
                "region": self.region,
                "month": self.month,
                "size": self.size,
                "rows": dict(self.rows),
                "figures": {process: as_members(each) for process, each in self.figures.items()},
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal: what the entry of the closing says."""
        return sha256(self.text()).hexdigest()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The closing of a text. `InfrastructureError` RB029 when it is none."""
        try:
            said = read_canonical(raw)
        except InfrastructureError as broken:
            raise _unreadable() from broken
        if not isinstance(said, dict) or said.keys() != _MEMBERS or said["v"] != VERSION or not _is_whole(said):
            raise _unreadable()
        return cls(
            region=said["region"],
            month=said["month"],
            size=said["size"],
            rows=said["rows"],
            figures={process: Figures(**each) for process, each in said["figures"].items()},
        )


def note_text(origin: str, text: bytes) -> str:
    """What the key of the log `origin` signs of the text of a closing (c2sp.org/signed-note)."""
    return f"{HEAD}\n{origin}\n{text.decode()}\n"


def unsupervised(cells: Iterable[Cell]) -> set[str]:
    """Processes that robots worked for, in the cells of one region and month, and whose supervision nobody logged:
    neither for them (0 is logged too) nor for all of them."""
    worked, watched = set(), set()
    for cell in cells:
        if cell.environment != PRODUCTION:
            continue
        if cell.kind in {CREDIT, DEBIT}:
            worked.add(cell.process)
        elif cell.kind == TIME and cell.reason == SUPERVISION:
            watched.add(cell.process)
    return set() if "" in watched else worked - watched


def last_due(day: date) -> str:
    """The last month that may be closed on that day."""
    back = 1 if day.day >= DAY else 2
    return _month(day.year * 12 + day.month - 1 - back)


def following(month: str) -> str:
    """The month after one."""
    year, number = month.split("-")
    return _month(int(year) * 12 + int(number))


def quarter_of(month: str) -> str:
    """The quarter of a month: 2026-Q4."""
    year, number = month.split("-")
    return f"{year}-Q{(int(number) + 2) // 3}"


def attested(closings: Iterable[Closing]) -> str:
    """What the attestation of a quarter is bound to: SHA-256 over its closings' digests, by month."""
    told = sorted((each.month, each.digest) for each in closings)
    return sha256(canonical([list(each) for each in told])).hexdigest()


def _month(number: int) -> str:
    """Months counted from the year 0."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


def _is_whole(said: Mapping[str, Any]) -> bool:
    rows, figures = said["rows"], said["figures"]
    texts = isinstance(said["region"], str) and isinstance(said["month"], str) and type(said["size"]) is int
    if not texts or not isinstance(rows, dict) or not isinstance(figures, dict):
        return False
    counted = all(type(each) is int for each in rows.values())
    return counted and all(
        isinstance(each, dict) and each.keys() == _FIGURES and all(type(one) is int for one in each.values())
        for each in figures.values()
    )


def _unreadable() -> InfrastructureError:
    return unreadable("RB029", kind="a closing", why="it is not the figures of a month as robo writes them")
