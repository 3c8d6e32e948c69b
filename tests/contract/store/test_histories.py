"""Random histories of claims, intents, answers, deaths, sweeps, people and time keep the once protocol's promises.

Two workers, two runs of one key, one step, a portal that takes or loses what is sent. Workers and people act on what
they believe, which may be long stale. Each seed is one history; a failure tells its moves.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from robo.engine.ports import Fence, ItemEnd, JournalRow, JournalState, OnceKey
from robo.errors import StoreConflict
from robo.model.base import ItemState, Outcome
from robo.model.ledger import LedgerKind, LedgerRow
from robo.model.run import Decision
from robo.store import attempts, decisions, items, journal, outcomes, sweeps, workers

ONCE = OnceKey("production", "p", "r", "created", "k1")
ENDINGS = (Outcome.DONE, Outcome.DONE, Outcome.UNKNOWN, Outcome.FAILED, Outcome.REJECTED, Outcome.CANCELLED)
MOVES = 60

OWNERS = (
    "SELECT count(*) FROM items WHERE kind = 'item' AND behind IS NULL"
    " AND state IN ('queued', 'running', 'unknown', 'held', 'waiting')"
)
NEVER = {
    "an item ended with its intent open": (
        "SELECT count(*) FROM items JOIN journal ON journal.item = items.id AND journal.state = 'open'"
        " WHERE items.state IN ('done', 'skipped', 'rejected', 'failed', 'cancelled')"
    ),
    "an item is held behind one that is not live": (
        "SELECT count(*) FROM items AS held JOIN items AS owner ON owner.id = held.behind"
        " WHERE held.state = 'held' AND owner.state NOT IN ('queued', 'running', 'unknown', 'held', 'waiting')"
    ),
    "two attempts of one item are current": (
        "SELECT count(*) FROM attempts AS a JOIN attempts AS b ON a.item = b.item AND a.id <> b.id"
        " WHERE a.state IN ('queued', 'running') AND b.state IN ('queued', 'running')"
    ),
}


class History:
    """What happened so far, what each worker believes (`known`), what the person saw."""

    def __init__(self, lab: Any, seed: int) -> None:
        self.lab = lab
        self.chance = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self.told: list[str] = []
        self.known: dict[str, tuple[Fence, JournalRow]] = {}
        self.saw: Decision | None = None
        self.sent = 0
        self.tokens: dict[str, int] = {}
        self.runs = [lab.open("k1")[0] for _ in range(2)]
        with lab.store.write() as tx:
            for name in ("w1", "w2"):
                workers.join(tx, name)

    def move(self) -> None:
        """One move of those that make sense now; workers more often than people, people more often than sweeps."""
        moves: list[Callable[[], object]] = [self.claim] * 3 + [self.time_passes, self.person_looks]
        if self.known:
            moves += [self.act] * 4 + [self.answer] * 3 + [self.look, self.absent, self.postpone, self.sweep]
            moves += [self.end] * 2
        if self.saw:
            moves += [self.person_decides] * 2
        move = self.chance.choice(moves)
        self.told.append(f"{move.__name__}: {move()}")
        self.check()

    def tell(self, work: Callable[[Any], object]) -> bool:
        try:
            self.lab.store.transact(work)
        except StoreConflict:
            return False
        return True

    def write(self, fence: Fence, row: JournalRow | None, work: Callable[[Any], object]) -> bool:
        """A worker's write: lands only when the attempt is its own, and the row (if any) is as it was read."""
        item, found = self.lab.look(fence.item), self.lab.read(ONCE)
        own = (item.state, item.token) == (ItemState.RUNNING, fence.token)
        same = row is None or (found.state, found.n, found.looks) == (row.state, row.n, row.looks)
        landed = self.tell(work)
        assert (own and same) or not landed, self.why("a stale write landed")
        return landed

    def worker(self) -> tuple[str, Fence, JournalRow]:
        name = self.chance.choice(sorted(self.known))
        return (name, *self.known[name])

    # ---- workers ----------------------------------------------------------------------------------------
    def claim(self) -> object:
        name = self.chance.choice(("w1", "w2"))
        found = self.lab.claim(worker=name, incarnation=1)
        if found:
            self.known[name] = (found.fence, self.lab.read(ONCE))
        return found

    def look(self) -> object:
        name, fence, _ = self.worker()
        self.known[name] = (fence, self.lab.read(ONCE))
        return name

    def act(self) -> object:
        """The engine's order: nothing is sent but after an intent that was committed."""
        name, fence, row = self.worker()
        intent: dict[str, Any] = {"budget": 10, "settle": 30, "digest": "d", "outputs": {}}
        landed = self.write(fence, row, lambda tx: journal.intent(tx, fence, row, **intent))
        if landed:
            self.sent += self.chance.random() < 0.7
            if self.chance.random() < 0.7:
                self.known[name] = (fence, self.lab.read(ONCE))
        return name, landed, self.sent

    def answer(self) -> object:
        """A receipt, read or found by verify: only of what the portal has."""
        name, fence, row = self.worker()
        if not self.sent:
            return None
        closed: dict[str, Any] = {"by": "answer", "ours": True, "receipt": {}, "outputs": {}}
        return name, self.write(fence, row, lambda tx: journal.done(tx, fence, row, **closed))

    def absent(self) -> object:
        """Verify shows nothing: said only of nothing, and too early it does not count."""
        name, fence, row = self.worker()
        if self.sent:
            return None
        early = self.lab.read(ONCE).ripe_in > 0
        landed = self.write(fence, row, lambda tx: journal.absent(tx, fence, row, "empty"))
        assert not (early and landed), self.why("absent before act_by + settle")
        return name, landed

    def end(self) -> object:
        name, fence, _ = self.worker()
        outcome = self.chance.choice(ENDINGS)
        if outcome is Outcome.DONE and self.lab.read(ONCE).state is not JournalState.DONE:
            return None
        return (
            name,
            outcome,
            self.write(fence, None, lambda tx: outcomes.end(tx, fence, ItemEnd(outcome=outcome), self.credit)),
        )

    @staticmethod
    def credit(fence: Fence, end: ItemEnd, tx: Any) -> list[LedgerRow]:
        if end.outcome is not Outcome.DONE or not journal.read(tx, ONCE).ours:
            return []
        where = {"environment": "production", "region": "r", "process": "p", "version": "1", "unit": "u"}
        row = LedgerRow(
            kind=LedgerKind.CREDIT, unit_hash="a1", minutes_before=9, minutes_after=1, item=fence.item, **where
        )
        return [row]

    def postpone(self) -> object:
        name, fence, _ = self.worker()
        seconds = self.chance.choice((0, 40))
        return name, self.write(fence, None, lambda tx: attempts.postpone(tx, fence, seconds, "later", costs=False))

    # ---- the sweep, people, time ------------------------------------------------------------------------
    def sweep(self) -> object:
        """Rightly or wrongly: the worker may be quite alive."""
        name = self.chance.choice(("w1", "w2"))
        return self.lab.store.transact(lambda tx: sweeps.sweep(tx, dead=[name], cap=2))

    def time_passes(self) -> object:
        seconds = self.chance.choice((5, 45))
        self.lab.timer.at += timedelta(seconds=seconds)
        with self.lab.store.write() as tx:
            for name in ("w1", "w2"):
                workers.heartbeat(tx, name, 1)
        return seconds

    def person_looks(self) -> object:
        with self.lab.store.read() as tx:
            item = items.of_run(tx, self.chance.choice(self.runs))[0]
        self.saw = self.lab.saw(item.id)
        return self.saw

    def person_decides(self) -> object:
        saw = self.saw
        assert saw is not None
        before, row = self.lab.look(saw.item), self.lab.read(ONCE)
        decision = self.chance.choice(("see", "verify again", "retry", "cancel"))
        verbs: dict[str, Callable[[Any], object]] = {
            "there": lambda tx: decisions.there(tx, saw, actor="person-1", receipt={}),
            "not there": lambda tx: decisions.not_there(tx, saw, actor="person-1"),
            "verify again": lambda tx: decisions.verify_again(tx, saw, actor="person-1"),
            "retry": lambda tx: decisions.retry(tx, saw, actor="person-1"),
            "cancel": lambda tx: decisions.cancel(tx, saw, actor="person-1"),
        }
        if decision == "see":
            decision = "there" if self.sent else "not there"
        landed = self.tell(verbs[decision])
        same = (before.state, before.token) == (saw.state, saw.token)
        same = same and (decision not in {"there", "not there"} or (row.state, row.n) == ("open", saw.n))
        assert same or not landed, self.why("a stale decision landed")
        return decision, landed

    # ---- what must always hold --------------------------------------------------------------------------
    def check(self) -> None:
        assert self.sent <= 1, self.why("S1 effect twice")
        with self.lab.store.read() as tx:
            owners = tx.execute(text(OWNERS)).scalar_one()
            earned = tx.execute(text("SELECT count(*) FROM ledger")).scalar_one()
            for wrong, query in NEVER.items():
                assert not tx.execute(text(query)).scalar_one(), self.why(wrong)
            found = [items.of_run(tx, run)[0] for run in self.runs]
            row = journal.read(tx, ONCE)
        assert owners <= 1, self.why("two live items own the key")
        assert self.sent or ItemState.DONE not in {item.state for item in found}, self.why("S2 done without the effect")
        assert earned <= 1, self.why("S3 credit twice")
        assert owners or not self.sent or row.state is JournalState.DONE, self.why("S5 an effect the journal lost")
        for item in found:
            assert item.token >= self.tokens.get(item.id, 0), self.why("a token shrank")
            self.tokens[item.id] = item.token

    def why(self, wrong: str) -> str:
        return "\n  ".join([wrong, *self.told])


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)  # the statements are the same; the other tests compare
@pytest.mark.parametrize("seed", range(20))
def test_any_history_keeps_the_promises(lab: Any, seed: int) -> None:
    history = History(lab, seed)
    for _ in range(MOVES):
        history.move()
