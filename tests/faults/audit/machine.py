"""Anything in any order: append, roll back, order, seal, start again; beside a model that is a list, and after every
step the log verifies, says what the model says, and extends every checkpoint there ever was."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from robo.model.audit import EventType
from robo.proof.checkpoint import Checkpoint
from robo.proof.findings import Flaw
from robo.proof.merkle import EMPTY
from robo.store import sequencer
from robo.store.engine import Store, upgrade
from tests.faults.audit import books

KEYS = st.integers(0, 12).map("k{}".format)
EACH = 2
"""Events of an append."""


class Undone(Exception):  # noqa: N818 - it is no error: a person changed their mind
    """Ends a transaction that is to leave nothing."""


class LogMachine(RuleBasedStateMachine):
    """`fresh` gives the address of a store without tables."""

    fresh: ClassVar[Callable[[], str]]

    def __init__(self) -> None:
        super().__init__()
        self.url = type(self).fresh()
        self.store: Store = books.opened(self.url)
        upgrade(self.store)
        self.done: list[str] = []
        self.ordered = 0
        self.sealed = [Checkpoint(books.ORIGIN, 0, EMPTY)]

    @rule(keys=st.lists(KEYS, min_size=1, max_size=3))
    def append(self, keys: list[str]) -> None:
        """Several units in one commit; one that is there already is not written again."""
        with self.store.write() as tx:
            for key in keys:
                assert books.append(tx, key) is (key not in self.done)
                self.done += [key] * (key not in self.done)

    @rule(key=KEYS)
    def roll_back(self, key: str) -> None:
        with suppress(Undone), self.store.write() as tx:
            books.append(tx, key)
            raise Undone

    @rule(limit=st.integers(1, 9))
    def order(self, limit: int) -> None:
        waiting = EACH * len(self.done) - self.ordered
        assert self.store.transact(lambda tx: sequencer.sequence(tx, limit)) == min(limit, waiting)
        self.ordered += min(limit, waiting)

    @rule()
    def order_and_roll_back(self) -> None:
        with suppress(Undone), self.store.write() as tx:
            sequencer.sequence(tx)
            raise Undone

    @rule()
    def seal(self) -> None:
        """Sealing orders what waits, too."""
        self.sealed.append(books.seal(self.store))
        self.ordered = EACH * len(self.done)
        assert self.sealed[-1].size == self.ordered

    @rule()
    def start_again(self) -> None:
        self.store.close()
        self.store = books.opened(self.url)

    @invariant()
    def holds(self) -> None:
        """The log is whole, is what the model says, and extends every checkpoint."""
        report = books.verify(self.store)
        unsealed = self.ordered > self.sealed[-1].size
        never = [Flaw.SIGNATURE] if self.sealed[1:] == [] else []
        assert [each.flaw for each in report.findings] == never + [Flaw.UNSEALED] * (unsealed and not never)
        assert list(books.inner(self.store)) == []
        with self.store.read() as tx:
            assert all(books.extends(tx, each) for each in self.sealed)
            entries = [json.loads(raw) for raw in sequencer.entries(tx)]
            assert sequencer.waiting(tx) == EACH * len(self.done) - self.ordered
        assert len(entries) == self.ordered
        told = [entry["data"]["unit_hash"] for entry in entries if entry["type"] == EventType.CREDIT]
        assert told == self.done[: len(told)]

    def teardown(self) -> None:
        self.store.close()
