"""A region's book of minutes, gone through by the entries of its log: each row is one of them, months that are closed
stay as they were closed, and nothing is said beside the log that is not in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from robo.errors import InfrastructureError
from robo.proof import hours
from robo.proof.basis import ADDED, ENDED, RECEIPT, RUN, VERDICTS, Basis
from robo.proof.canonical import canonical, plain_json, read_canonical
from robo.proof.closings import Closing, attested, following, last_due, note_text, quarter_of, unsupervised
from robo.proof.days import COMMIT, Days
from robo.proof.differences import difference, shapeless
from robo.proof.doubles import Doubles
from robo.proof.entry import Entry
from robo.proof.hours import CORRECTION, CREDIT, DEBIT, OPENING, TIME, Cell, Figures, Key, Measures, Sums
from robo.proof.note import Note, VerifierKey

ROW: Final = "ledger."
"""What the types of entries begin with that are rows of minutes."""
RECONCILED, RECHECKED = "hours.reconciled", "hours.rechecked"
ATTESTED, CLOSED = "hours.attested", "hours.closed"
_MONTH: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])").fullmatch
_MINUTES: Final = ("units", "before", "after")
_STATED: Final = {
    RECONCILED: ("volume", "source", "received", "stock", "delay_days"),
    RECHECKED: ("seed", "credits", "drawn", "found", "absent", "unseen"),
}
"""What is stated of a month, by the type of its entry."""
_LOGGED: Final = frozenset({hours.SUPERVISION, hours.MAINTENANCE, hours.BUILD, hours.REPLICATION})
_WRONG: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
"""What reading a member raises that is not there, or is of another kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What lies beside the log of a region: the lines of its rows, in the order of their entries; records and
    statements by id; the closings of months with the notes over them."""

    rows: Iterator[bytes]
    place: str = "rows.jsonl"
    """What is said of where rows lie."""
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    statements: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    closings: Mapping[str, tuple[bytes, Note]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Correction:
    """A row that takes back minutes of an earlier one."""

    seq: int
    kind: str
    said: Mapping[str, Any]


def row_line(kind: str, obj: str, cause: str, data: str, seq: int) -> bytes:
    """A row as a line of an export, without its end: members of its entry, in canonical JSON. `data`: its text."""
    obj, cause = plain_json(obj), plain_json(cause)
    return f'{{"cause":{cause},"data":{data},"obj":{obj},"seq":{seq},"type":"{kind}"}}'.encode()


def statement_of(entry: Entry, closings: Iterable[Closing]) -> dict[str, Any]:
    """What an entry states of a month or a quarter, as a line of an export. `closings`: those before it."""
    said = entry.said
    if entry.type in _STATED:
        period, process = said["month"], said["process"]
        stated: dict[str, Any] = {name: said[name] for name in _STATED[entry.type] if name in said}
    else:
        period, process = said["quarter"], ""
        months = sorted(each.month for each in closings if quarter_of(each.month) == period)
        stated = {"role": said["role"], "months": months, "digest": said["digest"]}
    kind = entry.type.partition(".")[2]
    same = {"id": entry.obj, "kind": kind, "region": entry.region, "process": process, "period": period}
    return {**same, "said": stated}


class Book:
    """All that was looked at so far. `difference`: the first thing that is wrong, at `seq`; behind it nothing more is
    looked at."""

    def __init__(self, region: str, zone: str, beside: Beside, keys: Sequence[VerifierKey]) -> None:
        self.region, self.beside, self.keys = region, beside, keys
        self.days = Days(zone)
        self.basis = Basis(region, self.days, beside.records)
        self.difference: InfrastructureError | None = None
        self.seq = -1
        self.until = 0
        self.cells: dict[Cell, Sums] = {}
        self.count = 0
        self.names = Doubles()
        self.by_month: dict[str, dict[str, int]] = {}
        self.lasts: dict[tuple[str, str], int] = {}
        self.volumes: dict[Key, int] = {}
        self.statements: list[Mapping[str, Any]] = []
        self.closings: list[Closing] = []
        self.closed_at: list[int] = []
        self.corrections: list[Correction] = []
        basis = self.basis
        self._looks: dict[str, Callable[[Entry], None]] = {
            **dict.fromkeys((f"{ROW}{kind}" for kind in (CREDIT, DEBIT, CORRECTION, TIME, OPENING)), self._row),
            **dict.fromkeys(VERDICTS, basis.decided),
            ADDED: basis.added,
            RUN: basis.run,
            ENDED: basis.end,
            RECEIPT: basis.receipt,
            RECONCILED: self._reconciled,
            RECHECKED: self._rechecked,
            ATTESTED: self._attested,
            CLOSED: self._closed,
        }
        self._rules = {
            CREDIT: basis.credit,
            DEBIT: basis.debit,
            TIME: _time,
            OPENING: self._opening,
            CORRECTION: self._correction,
        }

    @property
    def closed(self) -> str:
        """The newest month that is closed, "" while none is."""
        return self.closings[-1].month if self.closings else ""

    @property
    def _place(self) -> str:
        """Where the row that is looked at lies."""
        return f"{self.beside.place}, line {self.count + 1}"

    def measures(self, record: str) -> Measures | None:
        """What a record says, for `robo.proof.hours`."""
        known = self.basis.known.get(record)
        return None if known is None else known.measures

    def take(self, entry: Entry) -> None:
        """The next entry of the region. What is wrong is kept, not raised, but for RB660, of the disk."""
        look, self.until = self._looks.get(entry.type), entry.ts
        if self.difference is not None or (look is None and not entry.type.startswith(ROW)):
            return
        self.seq = entry.seq
        try:
            if look is None:
                raise shapeless(entry.seq, entry.type)
            look(entry)
        except InfrastructureError as wrong:
            if wrong.code == "RB660":
                raise
            wrong.place = wrong.place or f"entry {entry.seq}"
            self.difference = wrong
        except _WRONG:
            self.difference = shapeless(entry.seq, entry.type)

    def end(self) -> None:
        """Behind the last entry nothing may be left of what lies beside the log. RB052, RB056, RB061, RB062."""
        if self.difference is not None:
            return
        line = next(self.beside.rows, b"")
        stated = {str(each["id"]) for each in self.statements}
        if line:
            message = "the row %(row)s stands in no entry of the log"
            self.difference = difference("RB052", message, place=self._place, row=_name_of(line))
        elif owing := self.basis.owing(self.until):
            message = "the item %(row)s was rejected, and no row says what that cost"
            self.seq, self.difference = owing[1], difference("RB055", message, seq=owing[1], row=owing[0])
        elif lost := sorted(self.beside.records.keys() - self.basis.known.keys()):
            message = "the record %(row)s stands in no entry of the log"
            self.difference = difference("RB056", message, place=f"baselines.jsonl, {lost[0]}", row=lost[0])
        elif lost := sorted(self.beside.statements.keys() - stated):
            message = "the statement %(row)s stands in no entry of the log"
            self.difference = difference("RB061", message, place=f"statements.jsonl, {lost[0]}", row=lost[0])
        elif lost := sorted(self.beside.closings.keys() - {each.month for each in self.closings}):
            message = "the closing of %(row)s stands in no entry of the log"
            self.difference = difference("RB062", message, place=f"closings.jsonl, {lost[0]}", row=lost[0])

    def figures(self, first: str, last: str) -> dict[Key, Figures]:
        """The figures of the months from `first` to `last`, both included."""
        cells = [(cell, sums) for cell, sums in self.cells.items() if first <= cell.month <= last]
        return hours.figures(cells, self.measures, hours.reconciled(cells, self.volumes))

    # ---- rows -----------------------------------------------------------------------------------------------------
    def _row(self, entry: Entry) -> None:
        kind, said = entry.type.removeprefix(ROW), entry.said
        line = next(self.beside.rows, b"")
        if line != row_line(entry.type, entry.obj, entry.cause, entry.data, entry.seq):
            raise _other_row(entry, said, self._place, line)
        if type(said["auditable"]) is not bool or any(type(said.get(each, 0)) is not int for each in _MINUTES):
            raise shapeless(entry.seq, entry.type)
        self.names.add(said["ledger"])
        self._of_open_month(entry, said, kind)
        self._rules[kind](entry, said)
        cell, sums = hours.row(self.region, kind, said)
        before = self.cells.get(cell)
        self.cells[cell] = (
            sums
            if before is None
            else Sums(before.units + sums.units, before.before + sums.before, before.after + sums.after)
        )
        self.count += 1
        counts = self.by_month.setdefault(cell.month, {})
        counts[kind] = counts.get(kind, 0) + 1
        if kind == CREDIT and cell.environment == hours.PRODUCTION:
            self.lasts[cell.region, cell.process] = entry.ts

    def _of_open_month(self, entry: Entry, said: Mapping[str, Any], kind: str) -> None:
        """A row is of the month it was written in, or of the first that is open; what people log may be of an earlier
        one that is open. RB059."""
        month, closed, today = said["month"], self.closed, self.days.of(entry.ts)[:7]
        if month == today and month > closed:
            return
        first = following(closed) if closed else ""
        latest = max(today, first)
        if not _MONTH(month) or month <= closed:
            message = "the row %(row)s is of %(says)s, which was closed before: %(should)s was open"
            raise difference("RB059", message, seq=entry.seq, row=said["ledger"], says=month, should=latest)
        earliest = max(self.days.of(entry.ts - COMMIT)[:7], first)
        if month > latest or (month < earliest and kind not in {TIME, OPENING}):
            message = "the row %(row)s is of %(says)s, and was written in %(should)s"
            raise difference("RB059", message, seq=entry.seq, row=said["ledger"], says=month, should=latest)

    def _opening(self, entry: Entry, said: Mapping[str, Any]) -> None:
        """What is declared from before robo: never proven; taken back by another one that names it."""
        if said["auditable"] or said["baseline"] or said["provenance"] != "declared":
            message = "the opening balance %(row)s is called more than declared"
            raise difference("RB055", message, seq=entry.seq, row=said["ledger"])
        if said["corrects"]:
            self._correction(entry, said)
        elif said["before"] < said["after"] or said.get("units", 0) < 0:
            message = "the opening balance %(row)s takes minutes away and names no other"
            raise difference("RB060", message, seq=entry.seq, row=said["ledger"])

    def _correction(self, entry: Entry, said: Mapping[str, Any]) -> None:
        """Compared with the row it names when that is read again: rows are not kept."""
        if not said["corrects"]:
            raise shapeless(entry.seq, entry.type)
        self.corrections.append(Correction(entry.seq, entry.type.removeprefix(ROW), said))

    # ---- statements and closings ----------------------------------------------------------------------------------
    def _stated(self, entry: Entry) -> None:
        right, says = statement_of(entry, self.closings), self.beside.statements.get(entry.obj)
        if says is None or canonical(says) != canonical(right):
            message = "the statement %(row)s is %(says)s beside the log, and %(should)s in it"
            facts = {"says": _text(says), "should": _text(right)}
            raise difference("RB061", message, seq=entry.seq, row=entry.obj, **facts)
        self.statements.append(right)

    def _reconciled(self, entry: Entry) -> None:
        """A volume is of an open month; the last one said of a process and a month counts. RB061."""
        said = entry.said
        if said["month"] <= self.closed or type(said["volume"]) is not int:
            message = "the statement %(row)s is about %(says)s, which was closed before"
            raise difference("RB061", message, seq=entry.seq, row=entry.obj, says=said["month"])
        self._stated(entry)
        self.volumes[Key(self.region, said["process"], said["month"])] = said["volume"]

    def _rechecked(self, entry: Entry) -> None:
        """Credits of a closed month were looked for again: those that its closing draws, which nobody chose. RB061."""
        said = entry.said
        seed = next((each.digest for each in self.closings if each.month == said["month"]), "")
        if said["seed"] != seed or said["found"] + said["absent"] + said["unseen"] != said["drawn"]:
            message = "the sample %(row)s of %(month)s was drawn by %(says)s instead of its closing, %(should)s"
            facts = {"month": said["month"], "says": said["seed"], "should": seed or "-"}
            raise difference("RB061", message, seq=entry.seq, row=entry.obj, **facts)
        self._stated(entry)

    def _attested(self, entry: Entry) -> None:
        """What a head of service attests are the closings of that quarter as they stand. RB061."""
        said = entry.said
        those = [each for each in self.closings if quarter_of(each.month) == said["quarter"]]
        if said["digest"] != (should := attested(those)) or said["months"] != len(those):
            message = "the attestation %(row)s of %(quarter)s is about other closings: %(says)s instead of %(should)s"
            facts = {"quarter": said["quarter"], "says": said["digest"], "should": should}
            raise difference("RB061", message, seq=entry.seq, row=entry.obj, **facts)
        self._stated(entry)

    def _closed(self, entry: Entry) -> None:
        """A month is closed with the figures that its rows give at that place, by the key of the log. RB062."""
        said = entry.said
        month = said["month"]
        day = date.fromisoformat(self.days.of(entry.ts))
        if not _MONTH(month) or month <= self.closed or month > last_due(day):
            message = "%(row)s was closed on %(says)s: closed before, or too early"
            raise difference("RB062", message, seq=entry.seq, row=month, says=day.isoformat())
        cells = [(cell, sums) for cell, sums in self.cells.items() if cell.month == month]
        if alone := sorted(unsupervised(cell for cell, _ in cells)):
            message = "%(row)s was closed though no supervision of %(says)s was logged"
            raise difference("RB062", message, seq=entry.seq, row=month, says=", ".join(alone))
        right = Closing(
            region=self.region,
            month=month,
            size=said["size"],
            rows=self.by_month.get(month, {}),
            figures={key.process: each for key, each in self.figures(month, month).items()},
        )
        text, note = self.beside.closings.get(month, (b"", None))
        if text != right.text() or right.size > entry.seq:
            raise _other_closing(entry, text, right)
        if (said["digest"], said["rows"]) != (right.digest, sum(right.rows.values())):
            message = "the entry of the closing of %(row)s says %(says)s, and its figures are %(should)s"
            raise difference("RB062", message, seq=entry.seq, row=month, says=said["digest"], should=right.digest)
        self._signed(entry, month, text.decode(), note)
        self.closings.append(right)
        self.closed_at.append(entry.ts)

    def _signed(self, entry: Entry, month: str, text: str, note: Note | None) -> None:
        for name in {key.name for key in self.keys}:
            if note is not None and note.text == note_text(name, text.encode()):
                if note.signed_by(key for key in self.keys if key.name == name):
                    return
                break
        message = "the closing of %(row)s is not signed by a key of the log"
        raise difference("RB062", message, seq=entry.seq, row=month)


def _time(entry: Entry, said: Mapping[str, Any]) -> None:
    """Logged time costs what was logged. RB055."""
    right = said["before"] == 0 and said["after"] >= 0 and said.get("units", 1) == 1
    if not right or said["auditable"] or said["baseline"] or said["reason"] not in _LOGGED:
        message = "the logged time %(row)s is no time that somebody spent"
        raise difference("RB055", message, seq=entry.seq, row=said["ledger"])


def _name_of(line: bytes) -> str:
    """The id of the row that a line is of; what it begins with where it is none."""
    try:
        return str(read_canonical(line)["data"]["ledger"])
    except (InfrastructureError, *_WRONG):
        return line[:40].decode(errors="replace")


def _text(said: Mapping[str, Any] | None) -> str:
    return "-" if said is None else canonical(said).decode()


def _other_row(entry: Entry, said: Mapping[str, Any], place: str, line: bytes) -> InfrastructureError:
    """What is told of a line that is not the row of this entry: it is changed, or stands elsewhere, or nowhere."""
    try:
        there = read_canonical(line) if line else {}
        other = {"cause": there["cause"], "obj": there["obj"], "type": there["type"], **there["data"]} if there else {}
        number = there["seq"] if there else None
    except (InfrastructureError, *_WRONG):
        message = "the line of the row %(row)s is none"
        return difference("RB052", message, place=place, row=said["ledger"])
    if number != entry.seq and said["ledger"] != other.get("ledger"):
        message = "entry %(entry)s is the row %(should)s, and the row %(says)s stands in its place"
        facts = {"entry": entry.seq, "says": other.get("ledger") or "-", "should": said["ledger"]}
        return difference("RB052", message, place=place, row=said["ledger"], **facts)
    own = {"cause": entry.cause, "obj": entry.obj, "type": entry.type, **said}
    for member in sorted(own.keys() | other.keys()):
        if own.get(member) != other.get(member) or type(own.get(member)) is not type(other.get(member)):
            message = "the row %(row)s says %(member)s %(says)s, and its entry %(should)s"
            facts = {"member": member, "says": other.get(member, "-"), "should": own.get(member, "-")}
            return difference("RB052", message, place=place, row=said["ledger"], **facts)
    message = "the row %(row)s says that it is entry %(says)s instead of %(should)s"
    return difference("RB052", message, place=place, row=said["ledger"], says=number, should=entry.seq)


def _other_closing(entry: Entry, text: bytes, right: Closing) -> InfrastructureError:
    """What is told of a closing that is not what is recomputed: the first process and figure that differ."""
    message = "the closing of %(row)s says %(says)s for %(what)s, and its rows give %(should)s"
    if not text:
        missing = "the closing of %(row)s is missing"
        return difference("RB062", missing, seq=entry.seq, row=right.month)
    try:
        found = Closing.parse(text)
    except InfrastructureError:
        unread = "the closing of %(row)s is no closing"
        return difference("RB062", unread, seq=entry.seq, row=right.month)
    for what, says, should in _members(found, right):
        if says != should:
            return difference("RB062", message, seq=entry.seq, row=right.month, what=what, says=says, should=should)
    size = found.size
    return difference("RB062", message, seq=entry.seq, row=right.month, what="size", says=size, should=entry.seq)


def _members(found: Closing, right: Closing) -> Iterator[tuple[str, object, object]]:
    yield "region", found.region, right.region
    yield "month", found.month, right.month
    yield "size", found.size, right.size
    for kind in sorted(found.rows.keys() | right.rows.keys()):
        yield f"rows {kind}", found.rows.get(kind, 0), right.rows.get(kind, 0)
    for process in sorted(found.figures.keys() | right.figures.keys()):
        ours, theirs = right.figures.get(process), found.figures.get(process)
        for name in hours.as_members(Figures()):
            yield f"{process} {name}".strip(), getattr(theirs, name, "-"), getattr(ours, name, "-")
