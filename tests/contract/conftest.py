"""The databases every store contract runs on, and a small lab that speaks the domain's words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from robo.engine.ports import Fence, ItemEnd, JournalRow, OnceKey
from robo.model.base import ItemState, Outcome
from robo.model.run import Decision, Item, NewItem, NewRun, Opened
from robo.store import attempts, items, journal, outcomes, runs, workers
from robo.store.attempts import Claimed
from robo.store.audit_tables import APPEND_ONLY, audit_leaf, guards
from robo.store.clock import Tx
from robo.store.engine import Store, open_store, upgrade
from robo.store.tables import metadata
from tests.postgres import BINARIES, NONE_HERE, QUICK, running


class Timer:
    """The database clock in a test's hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL of our own, which never crashes."""
    if not BINARIES:
        message = f"{NONE_HERE}: the contracts ran on SQLite ONLY"
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    with running(QUICK) as server:
        yield server.address


@pytest.fixture(scope="session")
def timer_of_all() -> Timer:
    return Timer()


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory, timer_of_all: Timer) -> Iterator[dict[str, Store]]:
    """Stores that tests share, by kind: opening one costs more than most tests do."""
    known: dict[str, Store] = {}
    yield known
    for store in known.values():
        store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the store of this kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres"))
    return f"sqlite:///{tmp_path_factory.getbasetemp()}/contract/robo.db"


@pytest.fixture
def timer(timer_of_all: Timer) -> Timer:
    timer_of_all.at = Timer().at
    return timer_of_all


@pytest.fixture
def store(address: str, timer: Timer, stores: dict[str, Store]) -> Store:
    """An empty store at the newest schema, whose clock the test moves."""
    if address not in stores:
        stores[address] = open_store(address, timer=timer)
        upgrade(stores[address])
    with stores[address].write() as tx:
        ordered = tx.execute(select(audit_leaf.c.seq).limit(1)).first() is not None
        if ordered:
            unguarded(tx)
        for table in reversed(metadata.sorted_tables):
            if ordered or table.name not in APPEND_ONLY:
                tx.execute(table.delete())
        if ordered:
            guarded(tx)
    return stores[address]


def unguarded(tx: Tx) -> None:
    """In this transaction the log may be changed, as whoever owns the database can: until `guarded`."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
        return
    for name in tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
        tx.exec_driver_sql(f"DROP TRIGGER {name}")


def guarded(tx: Tx) -> None:
    """The guards stand again."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("SET LOCAL session_replication_role = origin")
        return
    for statement in guards("sqlite"):
        tx.exec_driver_sql(statement)


@dataclass
class Lab:
    """A process `p` in a region `r` with one worker `w`; every helper is one transaction."""

    store: Store
    timer: Timer
    incarnation: int = 0
    sources: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.store.write() as tx:
            self.incarnation = workers.join(tx, "w")

    def create(self, **values: Any) -> str:
        new = {"process": "p", "region": "r", "environment": "production", "version": "1.0.0", "digest": "d1"}
        with self.store.write() as tx:
            return runs.create(tx, NewRun(**(new | values)), actor="person-1")[0]

    def begin(self, run: str) -> Fence:
        claimed = self.claim(run)
        assert claimed is not None
        with self.store.write() as tx:
            items.begin(tx, claimed.fence)
        return claimed.fence

    def open(self, *rows: str | NewItem, **values: Any) -> tuple[str, list[Opened]]:
        """A run with these keys (or rows), opened completely: its id and the verdict on each row."""
        run = self.create(**values)
        fence = self.begin(run)
        new = [row if isinstance(row, NewItem) else NewItem(key=row, row={"n": row}, digest=f"d{row}") for row in rows]
        with self.store.write() as tx:
            verdicts = items.insert_chunk(tx, fence, new, start=0)
        with self.store.write() as tx:
            items.opened(tx, fence)
        return run, verdicts

    def claim(self, run: str | None = None, *, worker: str = "w", incarnation: int | None = None) -> Claimed | None:
        life = self.incarnation if incarnation is None else incarnation
        with self.store.write() as tx:
            found = attempts.claim(tx, worker, life, run=run)
        return found[0] if found else None

    def item(self, *rows: str | NewItem, **values: Any) -> Claimed:
        """The first item of a fresh run, running."""
        run, _ = self.open(*(rows or ("k1",)), **values)
        claimed = self.claim(run)
        assert claimed is not None
        return claimed

    def once(self, claimed: Claimed, step: str = "created", key: str | None = None) -> OnceKey:
        mine = claimed.key if key is None else key
        return OnceKey(claimed.environment, claimed.process, claimed.region, step, mine, claimed.doing)

    def read(self, once: OnceKey) -> JournalRow:
        with self.store.read() as tx:
            return journal.read(tx, once)

    def intent(self, claimed: Claimed, seen: JournalRow | None = None, **values: Any) -> JournalRow:
        row = seen or self.read(self.once(claimed))
        known: dict[str, Any] = {"budget": 10.0, "settle": 30.0, "digest": "d1", "outputs": {}}
        with self.store.write() as tx:
            return journal.intent(tx, claimed.fence, row, **(known | values))

    def receipt(self, claimed: Claimed, seen: JournalRow, **values: Any) -> JournalRow:
        known: dict[str, Any] = {"by": "answer", "ours": True, "receipt": {"no": "A-1"}, "outputs": {}, "sends": 1}
        with self.store.write() as tx:
            return journal.done(tx, claimed.fence, seen, **(known | values))

    def end(self, claimed: Claimed, outcome: Outcome = Outcome.DONE, **values: Any) -> tuple[str, ...]:
        credit = values.pop("credit", None)
        with self.store.write() as tx:
            return outcomes.end(tx, claimed.fence, ItemEnd(outcome=outcome, **values), credit)

    def look(self, item: str) -> Item:
        with self.store.read() as tx:
            return items.get(tx, item)

    def state(self, item: str) -> ItemState:
        return self.look(item).state

    def saw(self, item: str) -> Decision:
        """What a person sees of an item: its state, token, and its open journal row."""
        found = self.look(item)
        with self.store.read() as tx:
            open_ = [(id_, row) for id_, row in journal.rows_of(tx, item) if row.state == "open"]
        which, n = (open_[0][0], open_[0][1].n) if open_ else ("", 0)
        return Decision(item=item, state=found.state, token=found.token, journal=which, n=n)

    def unknown(self, key: str = "k1") -> Claimed:
        """An item whose effect may have happened: intent open, outcome unknown."""
        claimed = self.item(key)
        self.intent(claimed)
        self.end(claimed, Outcome.UNKNOWN, code="cannot-tell")
        return claimed


@pytest.fixture
def lab(store: Store, timer: Timer) -> Lab:
    return Lab(store, timer)


@pytest.fixture
def counted(store: Store) -> Callable[[str], int]:
    """Rows of a table."""

    def rows(table: str) -> int:
        with store.read() as tx:
            return int(tx.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one())

    return rows
