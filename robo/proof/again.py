"""The second look at a region's rows: at those that name earlier ones, and those that look like one that was there.

Nothing of ten million rows is kept in the first pass but eight bytes of each name. What must be compared with an
earlier row is compared here; mostly nothing has to be, and the entries are not read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from robo.errors import InfrastructureError
from robo.proof.book import ROW, Book, Correction
from robo.proof.differences import difference
from robo.proof.entry import Entry
from robo.proof.hours import CORRECTION, CREDIT, DEBIT, OPENING, REPEATED, TIME

_TYPE: Final = f'"type":"{ROW}'.encode()
_SAME: Final = (
    *("environment", "process", "version", "unit", "unit_hash", "baseline", "provenance", "auditable", "host"),
)
"""What a correction has of the row it corrects."""
_OF_TIME: Final = ("environment", "process", "reason")
_OF_OPENING: Final = ("environment", "process")
_REASONS: Final = frozenset({"not found", "wrong", "slip"})


@dataclass(frozen=True, slots=True)
class Late:
    """Minutes of a month that were corrected in a later one: both stand."""

    process: str
    of_month: str
    in_month: str
    reason: str
    minutes: int


@dataclass(slots=True)
class _Given:
    """A row that corrections name, and what is left of it: units, minutes before and after."""

    seq: int
    kind: str
    said: Mapping[str, Any]
    left: tuple[int, int, int]


def second_look(book: Book, entries: Iterable[bytes]) -> list[Late]:
    """Compare what must be compared with earlier rows. What is wrong goes into the book, where it comes before what the
    book has; what is right of corrections of earlier months is returned."""
    found = _Again(book)
    if found.needed:
        for entry in _rows(entries, book.seq if book.difference is not None else None):
            found.take(entry)
    late = found.corrections(book.corrections)
    for wrong in sorted(found.wrong, key=lambda each: each[0])[:1]:
        if book.difference is None or wrong[0] < book.seq:
            book.seq, book.difference = wrong
    return late


def _rows(entries: Iterable[bytes], below: int | None) -> Iterator[Entry]:
    for raw in entries:
        if _TYPE in raw and (entry := Entry.read(raw)).type.startswith(ROW):
            if below is not None and entry.seq >= below:
                return
            yield entry


class _Again:
    """What was seen of the names that look alike; the rows that corrections name."""

    def __init__(self, book: Book) -> None:
        basis = book.basis
        self.names, self.units, self.receipts = book.names.alike(), basis.units.alike(), basis.receipts.alike()
        self.wanted = {str(each.said["corrects"]) for each in book.corrections}
        self.needed = bool(self.names or self.units or self.receipts or self.wanted)
        self.first: dict[object, str] = {}
        self.given: dict[str, _Given] = {}
        self.wrong: list[tuple[int, InfrastructureError]] = []

    def take(self, entry: Entry) -> None:
        """A row again."""
        said, kind = entry.said, entry.type.removeprefix(ROW)
        row = said["ledger"]
        if hash(row) in self.names and (seen := self.first.setdefault(("row", row), str(entry.seq))) != str(entry.seq):
            self._differs("RB052", "the row %(row)s stands in two entries, the first is %(says)s", entry, seen)
        if row in self.wanted:
            left = said.get("units", 1), said["before"], said["after"]
            self.given.setdefault(row, _Given(entry.seq, kind, said, left))
        if kind == CREDIT:
            unit = (said["environment"], said["unit"], said["unit_hash"])
            if hash(unit) in self.units and (other := self.first.setdefault(("unit", *unit), row)) != row:
                self._differs("RB053", "the row %(row)s credits the unit that %(says)s credited before", entry, other)
            receipt = (said["process"], said["environment"], said.get("receipt", ""))
            earns = said["reason"] != REPEATED and hash(receipt) in self.receipts
            if earns and (other := self.first.setdefault(("receipt", *receipt), entry.obj)) != entry.obj:
                message = "the row %(row)s earns by the receipt of the item %(says)s: it is worth 0"
                self._differs("RB053", message, entry, other)

    def corrections(self, asked: Sequence[Correction]) -> list[Late]:
        """Each takes back an earlier row, whole, once; of logged time a part at a time. RB060."""
        late = []
        for each in asked:
            try:
                given = self._corrected(each)
            except InfrastructureError as wrong:
                self.wrong.append((each.seq, wrong))
                break
            said = each.said
            if given.said["month"] < said["month"] and each.kind == CORRECTION:
                months = given.said["month"], said["month"]
                late.append(Late(said["process"], *months, said["reason"], said["before"] - said["after"]))
        return late

    def _corrected(self, each: Correction) -> _Given:
        said, given = each.said, self.given.get(str(each.said["corrects"]))
        row = said["ledger"]
        kinds = {OPENING} if each.kind == OPENING else {CREDIT, DEBIT, TIME}
        if given is None or given.seq >= each.seq or given.kind not in kinds:
            message = "the row %(row)s corrects %(says)s, which is no row before it that it may correct"
            raise difference("RB060", message, seq=each.seq, row=row, says=said["corrects"])
        same = {TIME: _OF_TIME, OPENING: _OF_OPENING}.get(given.kind, _SAME)
        for member in same:
            says = said.get(member)
            if says != (should := given.said.get(member, says)):  # a row of an older log lacks some
                message = "the row %(row)s corrects one whose %(member)s is %(should)s, and says %(says)s"
                raise difference("RB060", message, seq=each.seq, row=row, member=member, says=says, should=should)
        if given.kind in {CREDIT, DEBIT} and said["reason"] not in _REASONS:
            message = "the row %(row)s corrects for %(says)s, which is no reason"
            raise difference("RB060", message, seq=each.seq, row=row, says=said["reason"])
        taken = said.get("units", 0), said["before"], said["after"]
        if not _takes(given, taken):
            message = "the row %(row)s takes back %(says)s (units, before, after) of one that has %(should)s left"
            facts = {"says": _three(taken), "should": _three(given.left)}
            raise difference("RB060", message, seq=each.seq, row=row, **facts)
        given.left = given.left[0] + taken[0], given.left[1] + taken[1], given.left[2] + taken[2]
        return given

    def _differs(self, code: str, message: str, entry: Entry, other: str) -> None:
        wrong = difference(code, message, seq=entry.seq, row=entry.said["ledger"], says=other)
        self.wrong.append((entry.seq, wrong))


def _takes(given: _Given, taken: tuple[int, int, int]) -> bool:
    """Whether that may be taken back of what is left: of a credit all of it, or of an opening balance; of a debit its
    minutes, of which nothing is another's; of time a part."""
    units, before, after = given.left
    if given.kind == TIME:
        return taken[:2] == (0, 0) and -after <= taken[2] <= 0
    if given.kind == DEBIT:
        return taken == (0, 0, -after)
    return taken == (-units, -before, -after) and (units, before, after) != (0, 0, 0)


def _three(numbers: tuple[int, int, int]) -> str:
    return ", ".join(map(str, numbers))
