"""Anything in any order: append, roll back, order, seal, purge, start again, and months go by; beside a model of lists.
After every step the log verifies, says what the model says, and extends every checkpoint there ever was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from robo.model.audit import EventType, Kept
from robo.model.retention import Retention
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import EMPTY
from robo.services.keys import SecretPeriods
from robo.services.retention import Batch, Places, Purge, Rules
from robo.store import sequencer
from robo.store.engine import Store, upgrade
from robo.store.periods import period_of
from robo.store.purging import last_over
from tests.faults.audit import books

KEYS = st.integers(0, 12).map("k{}".format)
EACH = 2
"""Events of an append, one of them with a payload."""
LATEST = datetime(2032, 1, 1, tzinfo=UTC)
"""Not as late as that the hashes of units are forgotten, by which the model knows them."""


class Undone(Exception):  # noqa: N818 - it is no error: a person changed their mind
    """Ends a transaction that is to leave nothing."""


class LogMachine(RuleBasedStateMachine):
    """`fresh` gives the address of a store without tables."""

    fresh: ClassVar[Callable[[], str]]

    def __init__(self) -> None:
        super().__init__()
        self.url = type(self).fresh()
        self.at = datetime(2026, 1, 15, tzinfo=UTC)
        self.keep = books.Keys()
        self.open()
        upgrade(self.store)
        self.done: list[str] = []
        self.payloads: Counter[str] = Counter()
        self.purged = 0
        self.said: set[str] = set()
        self.written = self.ordered = 0
        self.sealed = [Checkpoint(books.ORIGIN, 0, EMPTY)]

    def open(self) -> None:
        self.periods = SecretPeriods(self.keep)
        self.store: Store = books.opened(self.url, timer=lambda: self.at, keys=self.periods)

    @initialize()
    def begin(self) -> None:
        """No sequence is about nothing."""
        self.append(["k0", "k1", "k2", "k3"])

    @rule(keys=st.lists(KEYS, min_size=1, max_size=3))
    def append(self, keys: list[str]) -> None:
        """Several units in one commit; one that is there already is not written again."""
        with self.store.write() as tx:
            for key in keys:
                assert books.append(tx, key) is (key not in self.done)
                if key not in self.done:
                    self.done.append(key)
                    self.written += EACH
                    self.payloads[period_of(books.region_of(key), Kept.STD, self.at)] += 1

    @rule(key=KEYS)
    def roll_back(self, key: str) -> None:
        with suppress(Undone), self.store.write() as tx:
            books.append(tx, key)
            raise Undone

    @rule(limit=st.integers(1, 9))
    def order(self, limit: int) -> None:
        now = min(limit, self.written - self.ordered)
        assert self.store.transact(lambda tx: sequencer.sequence(tx, limit)) == now
        self.ordered += now

    @rule()
    def order_and_roll_back(self) -> None:
        with suppress(Undone), self.store.write() as tx:
            sequencer.sequence(tx)
            raise Undone

    @rule()
    def seal(self) -> None:
        """Sealing orders what waits, too."""
        self.sealed.append(books.seal(self.store))
        self.ordered = self.written
        assert self.sealed[-1].size == self.ordered

    @precondition(lambda self: self.at < LATEST)
    @rule(months=st.integers(1, 7))
    def months_go_by(self, months: int) -> None:
        self.at += timedelta(days=31 * months)

    @precondition(lambda self: self.at < LATEST)
    @rule(months=st.sampled_from([0, 13]))
    def purge(self, months: int) -> None:
        """So many months later: what is older than a year loses its payloads, and keeps its entries."""
        self.months_go_by(months)
        last = last_over(self.at, Retention().std)
        due = {period for period in self.payloads if period.rpartition("/")[2] <= last and period not in self.said}
        places = Places(evidence=Path("/nowhere/evidence"), reports=Path("/nowhere/reports"))
        purge = Purge(
            store=self.store,
            keys=self.periods,
            rules=Rules(project=Retention()),
            places=places,
            seal=lambda: self.sealed.append(books.seal(self.store)),
            batch=Batch(payloads=2, items=2, files=2),
        )
        found = purge.do()
        assert {each.key for each in found.periods} == due
        assert found.troubles == []
        self.said |= due
        self.purged += sum(self.payloads[period] for period in due)
        self.written += len(due)
        self.ordered = self.written

    @rule()
    def start_again(self) -> None:
        self.store.close()
        self.open()

    @invariant()
    def holds(self) -> None:
        """The log is whole, is what the model says, and extends every checkpoint."""
        report = books.verify(self.store)
        assert report.findings == []
        with self.store.read() as tx:
            assert all(books.extends(tx, each) for each in self.sealed)
            entries = [json.loads(raw) for raw in sequencer.entries(tx)]
            assert sequencer.waiting(tx) == self.written - self.ordered
        assert len(entries) == self.ordered
        told = [books.named(entry["data"]["unit_hash"]) for entry in entries if entry["type"] == EventType.CREDIT]
        assert told == self.done[: len(told)]
        if self.ordered == self.written:
            assert (report.purged, report.present) == (self.purged, len(self.done) - self.purged)

    def teardown(self) -> None:
        self.store.close()
