"""A closed month stays as it was signed; what is late falls in the open one; nothing is closed twice or too early."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from robo.errors import RoboError, UsageError
from robo.model.audit import EventType
from robo.model.ledger import LedgerKind, LedgerRow
from robo.model.opening import Declared, Opening
from robo.model.statements import KeptClosing, Reconciled
from robo.proof.closings import Closing, attested, note_text
from robo.proof.entry import read_entry
from robo.proof.hours import Figures
from robo.proof.note import Note
from robo.services import bookkeeping, closings
from robo.services.auditing.rotating import rotate
from robo.services.auditing.signing import open_ring
from robo.services.bookkeeping import Where
from robo.services.closings import Wanted
from robo.services.sequencing import sequence_all
from robo.services.settings import AuditSettings
from robo.services.vaults import FileVault
from robo.store import closings as kept
from robo.store import ledger, sequencer, statements
from robo.store.accounts_tables import closings as closings_table
from robo.store.accounts_tables import ledger as rows
from robo.store.engine import Store, open_store

PARIS, CAYENNE = "Europe/Paris", "America/Cayenne"
ZONES = {"idf": PARIS, "guyane": CAYENNE}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Book:
    """A store and its keys, in which a service of a region credits, logs and closes."""

    store: Store
    keep: FileVault
    timer: Any
    settings: AuditSettings = field(default_factory=AuditSettings)

    def at(self, text: str) -> None:
        self.timer.at = moment(text)

    def credit(self, key: str, region: str = "idf", **more: Any) -> str:
        row: dict[str, Any] = {
            "kind": LedgerKind.CREDIT,
            "environment": "production",
            "region": region,
            "process": "p",
            "version": "1.0.0",
            "unit": "p/dossier",
            "unit_hash": key,
            "minutes_before": 30,
            "minutes_after": 5,
            "provenance": "timed",
            "auditable": True,
            "zone": ZONES[region],
        }
        with self.store.write() as tx:
            return ledger.add(tx, LedgerRow(**(row | more)), actor="robot")

    def log(self, region: str = "idf", month: str = "", process: str = "", **spent: int) -> list[str]:
        where = Where(region=region, zone=ZONES[region], month=month, process=process)
        with self.store.write() as tx:
            return bookkeeping.log_time(tx, where, spent, actor="person-1")

    def state(self, volume: int, month: str, region: str = "idf") -> str:
        said = Reconciled(region=region, process="p", month=month, volume=volume, source="chorus")
        with self.store.write() as tx:
            return statements.reconcile(tx, said, actor="person-1")

    def close(self, month: str, region: str = "idf") -> KeptClosing:
        wanted = Wanted(region=region, month=month, zone=ZONES[region], actor="person-1")
        return closings.close(self.store, self.keep, self.settings, wanted)

    def due(self) -> closings.Due:
        return closings.close_due(self.store, self.keep, self.settings, lambda name: ZONES.get(name, ""))

    def refused(self, work: Callable[[], object]) -> str:
        """The code of what must not succeed, nor leave a row or an event."""
        before = self.everything()
        with pytest.raises(RoboError) as told:
            work()
        assert self.everything() == before
        assert told.value.remedy
        return told.value.code

    def everything(self) -> tuple[int, int, int]:
        sequence_all(self.store)
        with self.store.read() as tx:
            return sequencer.head(tx).size, len(ledger.rows(tx)), len(kept.closed(tx))

    def months(self) -> list[str]:
        with self.store.read() as tx:
            return [row["month"] for row in ledger.rows(tx)]

    def told(self, kind: EventType) -> list[dict[str, Any]]:
        sequence_all(self.store)
        with self.store.read() as tx:
            found = [read_entry(raw) for raw in sequencer.entries(tx)]
        return [each for each in found if each["type"] == kind.value]

    def now(self, month: str, region: str = "idf") -> Closing:
        """What the month would be closed with now."""
        sequence_all(self.store)
        with self.store.read() as tx:
            return closings.figures_of(tx, region, month)


@pytest.fixture
def book(store: Store, timer: Any, tmp_path: Path) -> Book:
    found = Book(store, FileVault(tmp_path / "keys"), timer)
    found.at("2026-10-20T09:00:00")
    return found


def test_a_closing_is_signed_kept_and_bound_to_the_log(book: Book) -> None:
    book.credit("a")
    book.credit("b", environment="test", auditable=False)
    book.log(supervision=60)
    book.state(3, "2026-10")
    book.at("2026-11-10T08:00:00")
    done = book.close("2026-10")
    found = Closing.parse(done.figures.encode())
    assert dict(found.figures) == {
        "p": Figures(units=1, gross=30, proven=25, low=25, high=25),
        "": Figures(proven=-60, low=-60, high=-60, supervision=60),
    }
    assert (found.region, found.month, found.rows) == ("idf", "2026-10", {"credit": 2, "time": 1})
    with book.store.read() as tx:
        origin = sequencer.head(tx).origin
    note, key = Note.parse(done.note), open_ring(book.keep, origin, make=False).key.verifier()
    assert note.text == note_text(origin, found.text())
    assert key in note.signed_by([key])
    (entry,) = book.told(EventType.MONTH_CLOSED)
    assert entry["data"] == {"month": "2026-10", "digest": found.digest, "size": found.size, "rows": 3}
    assert (entry["seq"], entry["region"], entry["actor"]) == (found.size, "idf", "person-1")


def test_a_month_is_closed_once_in_order_over_and_supervised(book: Book) -> None:
    book.credit("a")
    assert book.refused(lambda: book.close("2026-10")) == "RB011"
    book.at("2026-11-05T09:00:00")
    book.credit("b")
    book.at("2026-11-09T22:59:59")  # the 9th, in Paris
    assert book.refused(lambda: book.close("2026-10")) == "RB011"
    book.at("2026-11-09T23:00:00")
    assert book.refused(lambda: book.close("2026-10")) == "RB013"
    assert book.refused(lambda: book.close("2026-08")) == "RB015"
    book.log(month="2026-10", supervision=0)
    book.at("2026-12-10T09:00:00")
    book.log(month="2026-11", supervision=0)
    assert book.refused(lambda: book.close("2026-11")) == "RB014"
    book.close("2026-10")
    assert book.refused(lambda: book.close("2026-10")) == "RB012"
    assert book.refused(lambda: book.close("2026-09")) == "RB012"
    book.close("2026-11")
    assert [each["data"]["month"] for each in book.told(EventType.MONTH_CLOSED)] == ["2026-10", "2026-11"]


def test_supervision_is_of_each_process_that_worked_or_of_all(book: Book) -> None:
    book.credit("a")
    book.credit("b", process="q", unit="q/dossier")
    book.log(process="p", supervision=10)
    book.at("2026-11-10T09:00:00")
    with pytest.raises(UsageError) as told:
        book.close("2026-10")
    assert (told.value.code, told.value.facts["processes"]) == ("RB013", "q")
    book.log(process="q", month="2026-10", supervision=0)
    book.close("2026-10")


def test_a_closed_month_takes_nothing_and_what_is_late_falls_in_the_open_one(book: Book) -> None:
    first = book.credit("a")
    (time,) = book.log(supervision=90)
    book.at("2026-11-10T09:00:00")
    book.close("2026-10")
    frozen = book.now("2026-10")
    assert book.refused(lambda: book.log(month="2026-10", maintenance=5)) == "RB010"
    assert book.refused(lambda: book.log(month="2026-09", maintenance=5)) == "RB010"
    assert book.refused(lambda: book.log(month="2026-12", maintenance=5)) == "RB018"
    assert book.refused(lambda: book.state(5, "2026-10")) == "RB016"
    with book.store.write() as tx:
        for row in (first, time):
            bookkeeping.correct(tx, row, "slip", zone_of=ZONES.__getitem__, actor="person-1", why="x")
    book.at("2026-10-31T12:00:00")  # somebody set the clock back
    assert book.credit("1a7e")
    assert book.months() == ["2026-10", "2026-10", "2026-11", "2026-11", "2026-11"]
    now = book.now("2026-10")
    assert (now.figures, now.rows) == (frozen.figures, frozen.rows)
    november = book.now("2026-11").figures
    assert november["p"] == Figures(proven=-25, low=-25, high=-25, units=0, gross=0, corrected=25, unreconciled=25)
    assert november[""] == Figures(proven=90, low=90, high=90, corrected=-90)


@pytest.mark.parametrize(
    ("at", "closed"),
    [
        ("2026-11-09T22:59:59", []),
        ("2026-11-09T23:00:00", ["idf"]),  # the 10th in Paris
        ("2026-11-10T02:59:59", ["idf"]),
        ("2026-11-10T03:00:00", ["guyane", "idf"]),  # and in Cayenne
    ],
)
def test_day_10_is_that_of_the_region_s_calendar(book: Book, at: str, closed: list[str]) -> None:
    for region in ZONES:
        book.credit("a", region)
        book.log(region, supervision=0)
    book.at(at)
    assert [each.region for each in book.due().closed] == closed


def test_summer_and_winter_have_the_same_month_s_border(book: Book) -> None:
    """The last second of March and of October, in Paris an hour apart by UTC."""
    for unit, at in enumerate(
        ("2026-03-31T21:59:59", "2026-03-31T22:00:00", "2026-10-31T22:59:59", "2026-10-31T23:00:00")
    ):
        book.at(at)
        book.credit(f"{unit:x}")
    assert book.months() == ["2026-03", "2026-04", "2026-10", "2026-11"]


def test_what_is_due_closes_by_itself_in_its_order_and_the_rest_is_told(book: Book) -> None:
    book.credit("a")
    book.at("2026-11-20T09:00:00")
    book.credit("b")
    book.credit("c", "guyane")
    book.log("guyane", supervision=0)
    book.at("2026-12-10T12:00:00")
    done = book.due()
    assert [(each.region, each.month, each.actor) for each in done.closed] == [("guyane", "2026-11", "robot")]
    assert [(each.code, each.place) for each in done.troubles] == [("RB013", "2026-10")]
    book.log(month="2026-10", supervision=0)
    book.log(month="2026-11", supervision=30)
    assert [each.month for each in book.due().closed] == ["2026-10", "2026-11"]
    assert book.due() == closings.Due()


def test_of_two_who_close_at_once_one_is_told(book: Book, address: str) -> None:
    book.credit("a")
    book.log(supervision=0)
    book.at("2026-11-10T09:00:00")
    said: list[str] = []

    def work() -> None:
        with closing(open_store(address, timer=book.timer)) as store:
            try:
                closings.close(
                    store, book.keep, book.settings, Wanted(region="idf", month="2026-10", zone=PARIS, actor="person-1")
                )
                said.append("closed")
            except RoboError as told:
                said.append(told.code)

    both = [threading.Thread(target=work) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(said) == ["RB012", "closed"]
    assert len(book.told(EventType.MONTH_CLOSED)) == 1


def test_a_row_that_is_on_its_way_is_in_the_closing_or_in_the_next_month(book: Book, address: str) -> None:
    """Whoever closes waits for who writes; who writes looks again when the month was closed."""
    book.credit("a")
    book.log(supervision=0)
    book.at("2026-11-10T09:00:00")
    began, go_on = threading.Event(), threading.Event()
    late = LedgerRow(
        kind=LedgerKind.TIME, environment="production", region="idf", process="", version="", unit="minutes",
        unit_hash="", minutes_before=0, minutes_after=7, reason="maintenance", zone=PARIS, month="2026-10",
    )  # fmt: skip

    def write() -> None:
        with closing(open_store(address, timer=book.timer)) as store, store.write() as tx:
            ledger.add(tx, late, actor="person-1")
            began.set()
            go_on.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    assert began.wait(30)
    threading.Timer(0.1, go_on.set).start()
    done = Closing.parse(book.close("2026-10").figures.encode())
    writer.join()
    assert (done.rows["time"], done.figures[""].maintenance) == (2, 7)


def test_a_closing_is_signed_by_the_key_that_the_log_has_then(book: Book) -> None:
    book.credit("a")
    book.log(supervision=0)
    book.at("2026-11-10T09:00:00")
    rotate(book.store, book.keep, book.settings, actor="person-1")
    done = book.close("2026-10")
    with book.store.read() as tx:
        ring = open_ring(book.keep, sequencer.head(tx).origin, make=False)
    assert Note.parse(done.note).signed_by([ring.key.verifier()])


def test_a_quarter_is_attested_once_its_months_are_closed_and_bound_to_their_figures(book: Book) -> None:
    book.credit("a")
    book.log(supervision=0)

    def attest() -> object:
        with book.store.write() as tx:
            return bookkeeping.attest(tx, "idf", "2026-Q4", "cheffe-de-bureau", actor="person-2")

    assert book.refused(attest) == "RB017", "its month is open"
    book.at("2026-11-12T09:00:00")
    done = Closing.parse(book.close("2026-10").figures.encode())
    assert book.refused(attest) == "RB017", "it is not over"
    book.at("2027-01-02T09:00:00")
    attest()
    (entry,) = book.told(EventType.ATTESTED)
    assert entry["data"] == {"quarter": "2026-Q4", "role": "cheffe-de-bureau", "months": 1, "digest": attested([done])}
    with book.store.read() as tx:
        assert statements.attestations(tx)["idf", "2026-Q4"].months == ("2026-10",)


def test_the_volume_that_was_stated_last_bears_a_month_out(book: Book) -> None:
    book.credit("a")
    book.credit("b")
    for volume in (5, 1):
        book.state(volume, "2026-10")
    assert book.now("2026-10").figures["p"].unreconciled == 50
    book.state(2, "2026-10")
    assert book.now("2026-10").figures["p"].proven == 50


def test_a_closing_that_was_removed_is_not_made_again(book: Book) -> None:
    book.credit("a")
    book.log(supervision=0)
    book.at("2026-11-10T09:00:00")
    book.close("2026-10")
    with book.store.write() as tx:
        tx.execute(delete(closings_table))
    assert book.refused(lambda: book.close("2026-10")) == "RB025"
    assert [each.code for each in book.due().troubles] == ["RB025"]
    assert len(book.told(EventType.MONTH_CLOSED)) == 1


def test_a_closing_that_was_altered_is_none(book: Book) -> None:
    text = Closing(region="idf", month="2026-10", size=3, rows={"credit": 1}, figures={"p": Figures(units=1)}).text()
    assert Closing.parse(text).text() == text
    for wrong in (
        text.replace(b'"v":1', b'"v":2'),
        text.replace(b'"units":1', b'"units":"1"'),
        text[:-1],
        b"{}",
        b"[]",
    ):
        with pytest.raises(RoboError) as told:
            Closing.parse(wrong)
        assert told.value.code == "RB029"


def test_a_month_whose_rows_were_altered_is_not_what_was_signed(book: Book) -> None:
    book.credit("a")
    book.log(supervision=0)
    book.at("2026-11-10T09:00:00")
    done = Closing.parse(book.close("2026-10").figures.encode())
    with book.store.write() as tx:
        tx.execute(update(rows).values(month="2026-09"))
    assert book.now("2026-10").rows != done.rows


def test_two_who_state_or_declare_at_once_do_it_one_after_the_other(book: Book) -> None:
    """The volume that counts here is the last one in the log; what was before robo is declared once."""
    before = Opening(region="idf", source="x", note="", processes=[Declared(process="p", minutes=60)])
    told: list[str] = []

    def state(tx: Any, volume: int) -> None:
        said = Reconciled(region="idf", process="p", month="2026-10", volume=volume, source="chorus")
        statements.reconcile(tx, said, actor="person-1")

    def declare(tx: Any) -> None:
        bookkeeping.declare(tx, before, Where(region="idf", zone=PARIS), actor="person-1")

    def other(work: Callable[[Any], None]) -> None:
        try:
            with book.store.write() as tx:
                work(tx)
            told.append("")
        except UsageError as refused:
            told.append(refused.code)

    for first, second in ((partial(state, volume=1), partial(state, volume=2)), (declare, declare)):
        with book.store.write() as tx:
            first(tx)
            thread = threading.Thread(target=other, args=(second,))
            thread.start()
            thread.join(timeout=0.3)  # it waits for us, or it would be through by now
            assert thread.is_alive()
        thread.join()
    assert told == ["", "RB024"]
