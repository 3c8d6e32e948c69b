"""Whatever happens in whatever order, the minutes are the sum of the log's leaves, and what is closed stays so."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from robo.engine.ports import JournalState
from robo.errors import RoboError
from robo.model.base import Outcome
from robo.model.ledger import LedgerKind
from robo.proof import hours
from robo.proof.closings import Closing, last_due
from robo.proof.entry import read_entry
from robo.proof.hours import Cell, Figures, Sums
from robo.proof.ledger import Manifest
from robo.proof.policy import Policy
from robo.services import bookkeeping, closings, proving
from robo.services.auditing.signing import open_ring
from robo.services.bookkeeping import Where
from robo.services.closings import Wanted
from robo.services.sequencing import sequence_all
from robo.services.settings import AuditSettings
from robo.services.vaults import FileVault
from robo.store import checkpoints, decisions, ledger, rollups, sequencer
from robo.store import closings as kept
from robo.store.engine import open_store, upgrade
from tests.contract.conftest import Lab, Timer
from tests.contract.store.test_debits import MINUTES, RECORD, Work

KEYS = st.sampled_from(["k1", "k2", "k3", "k4", "k5", "k6"])
ENDINGS = st.sampled_from(
    ["ours", "ours", "ours", "not ours", "skipped", "rejected", "failed", "failed", "unknown", "unknown"]
)
WHICH = st.integers(0, 99)
GAIN = MINUTES["before"] - MINUTES["after"]


class Books(RuleBasedStateMachine):
    """A region `r` in which robots work, people decide, correct, log and close. `net` is what must come of it, counted
    here and not by robo."""

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.timer = Timer()
        self.timer.at = datetime(2026, 1, 28, 12, tzinfo=UTC)
        self.store = open_store(str(folder / "robo.db"), timer=self.timer)
        self.stack.callback(self.store.close)
        upgrade(self.store)
        self.keep = FileVault(folder / "keys")
        self.lab = Lab(self.store, self.timer)
        self.work = Work(self.lab)
        self.net = 0
        self.failed: list[Any] = []
        self.doubted: list[Any] = []
        self.ended: list[str] = []
        """Items."""
        self.credited: set[str] = set()
        self.found: set[str] = set()
        """Items whose effect a person found."""
        self.wrong: set[str] = set()
        self.closed: dict[str, str] = {}

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    # ---- what robots do -------------------------------------------------------------------------------------
    @rule(key=KEYS, ending=ENDINGS)
    def works(self, key: str, ending: str) -> None:
        """A run of one key; it is not taken where the key is live elsewhere."""
        run, (verdict,) = self.lab.open(key, again=timedelta(), effects="e" * 64)
        self.work.noted(run)
        if verdict.attempt:
            self.end(self.lab.claim(run), ending)

    def end(self, claimed: Any, ending: str) -> None:
        """As it may end: what a person found is done, and is not ours."""
        item = claimed.fence.item
        if item in self.found and ending in {"ours", "unknown"}:
            ending = "not ours"
        if ending == "unknown":
            self.lab.intent(claimed)
            self.work.end(claimed, Outcome.UNKNOWN, code="cannot-tell")
            self.doubted.append(claimed)
        elif ending in {"ours", "not ours"}:
            ours = ending == "ours" and self.confirms(claimed)
            self.work.end(claimed, ours=ours)
            if ours and claimed.key not in self.credited:
                self.credited.add(claimed.key)
                self.net += GAIN
        else:
            self.work.end(claimed, Outcome(ending), code="x")
            self.net -= MINUTES["triage"] if ending == "rejected" else 0
        if ending == "failed":
            self.failed.append(claimed)
        self.ended.append(item)

    def confirms(self, claimed: Any) -> bool:
        """The application answers the robot, or did before; whether it was the robot's own effect."""
        row = self.lab.read(self.lab.once(claimed))
        if row.state is not JournalState.DONE:
            row = self.lab.receipt(claimed, row if row.state is JournalState.OPEN else self.lab.intent(claimed, row))
        return bool(row.ours)

    # ---- what people do -------------------------------------------------------------------------------------
    @rule(which=WHICH, ending=ENDINGS)
    @precondition(lambda self: self.failed)
    def takes_up_a_failure(self, which: int, ending: str) -> None:
        claimed = self.failed.pop(which % len(self.failed))
        if told := self.refused(lambda: self.work.decide(decisions.retry, claimed)):
            assert told == "RB619", "another item has its key"
            return
        self.net -= MINUTES["recovery"]
        self.end(self.lab.claim(claimed.run), ending)

    @rule(which=WHICH, there=st.booleans(), ending=ENDINGS)
    @precondition(lambda self: self.doubted)
    def takes_up_a_doubt(self, which: int, there: bool, ending: str) -> None:
        claimed = self.doubted.pop(which % len(self.doubted))
        self.timer.pass_(40)
        if there:
            self.found.add(claimed.fence.item)
            self.work.decide(decisions.there, claimed, receipt={"no": "A-1"})
        else:
            self.work.decide(decisions.not_there, claimed)
        self.net -= MINUTES["recovery"]
        self.end(self.lab.claim(claimed.run), ending)

    @rule(which=WHICH, undone=st.booleans())
    @precondition(lambda self: self.ended)
    def says_that_it_is_wrong(self, which: int, undone: bool) -> None:
        item = self.ended[which % len(self.ended)]
        standing = [row["id"] for row in self.rows(item) if row["kind"] == "credit" and not self.taken(row["id"])]
        told = self.refused(lambda: self.flag(item, undone=undone))
        assert told == ("RB022" if item in self.wrong else "")
        if not told:
            self.wrong.add(item)
            self.net -= MINUTES["wrong"] + (GAIN * len(standing) if undone else 0)

    def flag(self, item: str, *, undone: bool) -> None:
        with self.store.write() as tx:
            bookkeeping.flag(tx, self.lab.look(item), zone="UTC", actor="person-1", why="x", undone=undone)

    @rule(data=st.data())
    @precondition(lambda self: self.rows())
    def corrects(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.rows()))
        left = row["minutes_before"] - row["minutes_after"] - self.taken(row["id"])
        possible = not row["corrects"] and left
        told = self.refused(lambda: self.correct(row["id"]))
        assert told == ("" if possible else "RB021")
        if not told and row["reason"] != "build":
            self.net -= left
        if not told and row["reason"] == "wrong":
            self.wrong.discard(row["item"])

    def correct(self, row: str) -> None:
        with self.store.write() as tx:
            bookkeeping.correct(tx, row, "slip", zone_of=lambda _: "UTC", actor="person-1", why="x")

    @rule(
        minutes=st.integers(0, 300),
        kind=st.sampled_from(["supervision", "maintenance", "build"]),
        back=st.integers(0, 2),
    )
    def logs(self, minutes: int, kind: str, back: int) -> None:
        """Into this month, or an earlier one that may be closed."""
        month = self.month(back)
        told = self.refused(lambda: self.log(month, {kind: minutes}))
        assert told == ("RB010" if month <= max(self.closed, default="") else "")
        if not told and kind != "build":
            self.net -= minutes

    def log(self, month: str, spent: dict[str, int]) -> None:
        with self.store.write() as tx:
            bookkeeping.log_time(tx, Where(region="r", zone="UTC", month=month), spent, actor="person-1")

    @rule(days=st.integers(1, 25))
    def time_passes(self, days: int) -> None:
        self.timer.pass_(days * 86_400)

    @rule(days=st.integers(10, 45))
    def what_is_due_closes_by_itself(self, days: int) -> None:
        """Somebody signs that nobody watched, and time passes."""
        self.log(self.month(0), {"supervision": 0})
        self.timer.pass_(days * 86_400)
        done = closings.close_due(self.store, self.keep, AuditSettings(), lambda _: "UTC")
        self.closed |= {each.month: each.figures for each in done.closed}
        assert all(each.month <= last_due(self.timer.at.date()) for each in done.closed)
        assert {each.code for each in done.troubles} <= {"RB013"}

    @rule(back=st.integers(0, 2))
    def closes(self, back: int) -> None:
        """A month, perhaps one too many, or closed before: then nothing happens."""
        month = self.month(back)
        is_closed = month <= max(self.closed, default="")
        wanted = Wanted(region="r", month=month, zone="UTC", actor="person-1")
        told = self.refused(lambda: closings.close(self.store, self.keep, AuditSettings(), wanted))
        assert told in {"", "RB011", "RB012", "RB013", "RB014", "RB015"}
        assert (told == "RB012") == is_closed
        if not told:
            assert month <= last_due(self.timer.at.date())
            with self.store.read() as tx:
                self.closed[month] = kept.closed(tx)[-1].figures

    def month(self, back: int) -> str:
        return f"{self.timer.at - timedelta(days=28 * back):%Y-%m}"

    def refused(self, work: Callable[[], object]) -> str:
        """The code of why it was not done, "" when it was."""
        try:
            work()
        except RoboError as told:
            return told.code
        return ""

    # ---- what must hold -------------------------------------------------------------------------------------
    @invariant()
    def totals_are_the_sums_of_the_leaves(self) -> None:
        if not hasattr(self, "store"):
            return
        sequence_all(self.store)
        with self.store.read() as tx:
            entries = [read_entry(raw) for raw in sequencer.entries(tx)]
            cells = rollups.cells(tx)
            rows = ledger.rows(tx)
            assert rollups.first_difference(tx) is None
        told = [each for each in entries if each["type"].startswith(rollups.LEDGER)]
        assert hours.fold(_leaf(each) for each in told) == cells
        assert sorted(each["data"]["ledger"] for each in told) == sorted(row["id"] for row in rows)
        assert self.figures(cells).net == self.net
        units = [row["unit_hash"] for row in rows if row["kind"] == LedgerKind.CREDIT]
        assert len(units) == len(set(units)) == len(self.credited)

    @invariant()
    def what_is_closed_stays_as_it_was_signed(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.read() as tx:
            assert {each.month: each.figures for each in kept.closed(tx)} == self.closed
            for month, figures in self.closed.items():
                then, now = Closing.parse(figures.encode()), closings.figures_of(tx, "r", month)
                assert (now.figures, now.rows) == (then.figures, then.rows)

    @invariant()
    def whoever_verifies_finds_nothing_wrong(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.read() as tx:
            origin, size = checkpoints.head_of(tx)
            keys = (open_ring(self.keep, origin, make=False).key.verifier(),) if self.closed else ()
            found = proving.books_of(tx, Manifest(region="r", zone="UTC", origin=origin), size, Policy(logs=keys))
            assert found.difference is None, (found.difference.place, str(found.difference))
            assert found.cells == rollups.cells(tx)

    def figures(self, cells: dict[Cell, Sums]) -> Figures:
        found = hours.figures(cells.items(), lambda _: RECORD.measures, frozenset())
        return hours.total(found.values())

    def rows(self, item: str = "") -> list[Any]:
        with self.store.read() as tx:
            return [row for row in ledger.rows(tx) if item in {"", row["item"]}]

    def taken(self, row: str) -> int:
        """Net minutes that were taken back of a row by now."""
        return -sum(each["minutes_before"] - each["minutes_after"] for each in self.rows() if each["corrects"] == row)


def _leaf(entry: dict[str, Any]) -> tuple[Cell, Sums]:
    return hours.row(entry["region"], entry["type"].removeprefix(rollups.LEDGER), entry["data"])


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
