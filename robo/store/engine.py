"""The store: one database, SQLite in a file or PostgreSQL on a server, with the same code on both.

`write()` is a transaction that may write (SQLite: `BEGIN IMMEDIATE`, so it never fails half-way for a lock);
`read()` sees one state of the database. Never await, and never touch a browser, inside either.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from robo.errors import InfrastructureError
from robo.store import aliases, clock, lines, schema, trouble
from robo.store.clock import Tx
from robo.store.periods import CHECKED, Ephemeral, Periods

T = TypeVar("T")

BUSY_TIMEOUT_MS: Final = 10_000
_PRAGMAS: Final = ("synchronous=FULL", "foreign_keys=ON", "cache_size=-8000", "secure_delete=ON")
"""`secure_delete`: what is deleted is overwritten in the file, too; not every build of SQLite does so by itself."""
_POSTGRES_ARGS: Final = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "robo",
}
TRIES: Final = 5
"""How often a transaction is begun again after a deadlock or a serialization failure."""


class Store:
    """An open store. Threads may share it; a forked process must open its own."""

    def __init__(self, engine: Engine, url: URL, units: aliases.Units | None = None) -> None:
        self.url = url
        self._units = units
        self.name = url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string()
        """For people: the file, or the address without its password."""
        self._engine = engine
        self._writer = engine.execution_options(robo_write=True)
        self._reader = engine if self.is_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        self._threads: ThreadPoolExecutor | None = None
        self._lines: dict[bool, lines.Line] = {}

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def unit_key(self, region: str) -> bytes:
        """The region's key of units that this store was opened with."""
        assert self._units is not None  # noqa: S101 - who counts units opens the store with their keys
        return self._units(region)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that commits at the end of the block, or leaves nothing."""
        try:
            with self._writer.begin() as tx:
                yield tx
        except SQLAlchemyError as cause:
            raise trouble.explain(cause, self.name) from cause

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One state of the database, whatever others write meanwhile."""
        try:
            with self._reader.begin() as tx:
                yield tx
        except SQLAlchemyError as cause:
            raise trouble.explain(cause, self.name) from cause

    @contextmanager
    def aside(self) -> Iterator[Any]:
        """The driver's own connection, outside of any transaction: for upkeep only."""
        try:
            with self._engine.connect() as pooled:
                raw = cast("Any", pooled.connection.dbapi_connection)
                if not self.is_sqlite:
                    raw.autocommit = True
                try:
                    yield raw
                finally:
                    if not self.is_sqlite:
                        raw.autocommit = False
        except self._engine.dialect.loaded_dbapi.Error as cause:
            raise trouble.explain(trouble.wrapped(cause), self.name) from cause
        except SQLAlchemyError as cause:
            raise trouble.explain(cause, self.name) from cause

    def transact(self, work: Callable[[Tx], T], *, happened: Callable[[Tx], T | None] | None = None) -> T:
        """`work` in one write transaction; begun again after a deadlock, which leaves nothing.

        When the connection breaks, the fate of the commit is unknown: `happened` reads the database again and
        returns what `work` would have, or None when nothing was written (then `work` is done again)."""
        for left in reversed(range(TRIES)):
            try:
                with self._writer.begin() as tx:
                    return work(tx)
            except SQLAlchemyError as cause:
                lost = trouble.is_lost(cause)
                if not left or not (trouble.may_retry(cause) or (lost and happened)):
                    raise trouble.explain(cause, self.name) from cause
            if lost and happened:
                with self.read() as tx:
                    found = happened(tx)
                if found is not None:
                    return found
        raise AssertionError("unreachable: the last try returns or raises")

    async def run(self, work: Callable[[Tx], T], *, happened: Callable[[Tx], T | None] | None = None) -> T:
        """`transact`, off the event loop. On SQLite one thread writes for all, several changes to a commit."""
        if not self.is_sqlite:
            return await self.call(lambda: self.transact(work, happened=happened))
        return cast("T", await self._line(writes=True).run(work))

    async def look(self, work: Callable[[Tx], T]) -> T:
        """`work` in one read transaction, off the event loop."""
        if self.is_sqlite:
            return cast("T", await self._line(writes=False).run(work))

        def looking() -> T:
            with self.read() as tx:
                return work(tx)

        return await self.call(looking)

    def _line(self, *, writes: bool) -> lines.Line:
        if writes not in self._lines:
            connect = self._writer.connect if writes else self._engine.connect
            name = "robo-store-writer" if writes else "robo-store-reader"
            self._lines[writes] = lines.Line(name, connect, lambda cause: trouble.explain(cause, self.name))
        return self._lines[writes]

    async def call(self, work: Callable[[], T]) -> T:
        """`work` in the store's threads: short, and about the store's files."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(2 if self.is_sqlite else 8, thread_name_prefix="robo-store")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def now(self, tx: Tx) -> datetime:
        """The database clock: the only one that deadlines and waiting use."""
        return clock.now(tx)

    def close(self) -> None:
        """End the threads and the connections. A store that is closed may be used again; it opens what it needs."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()
        if self._threads is not None:
            self._threads.shutdown(wait=True)
            self._threads = None
        self._engine.dispose()


def open_store(
    url: str,
    *,
    timer: Callable[[], datetime] | None = None,
    periods: Periods | None = None,
    units: aliases.Units | None = None,
) -> Store:
    """The store at `url`: `sqlite:///path/robo.db`, a plain path, or `postgresql://user@host/name`.

    A missing SQLite file is created, readable by this account only. `timer` replaces the database clock in tests.
    `periods` has the keys of payloads; without it what is written is read back by this process only. `units` has the
    regions' keys of units, by which a key that was purged is found again.
    Errors: RB601 not writable, RB604 on a network share, RB605 damaged, RB607 no answer, RB608 not an address.
    The schema is not touched: `upgrade(store)` does that."""
    address = _address(url)
    options: dict[str, Any] = {"robo_periods": periods or Ephemeral(), CHECKED: set()}
    if timer is not None:
        options["robo_clock"] = timer
    if units is not None:
        options[aliases.OPTION] = units
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, options)
    engine = create_engine(
        address,
        connect_args=dict(_POSTGRES_ARGS),
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        execution_options=options,
    )
    return Store(engine, address, units)


def stands(url: str) -> bool:
    """Whether there is a store at `url`, at this version of the tables: to look without making or changing one.
    Errors as in `open_store`."""
    address = _address(url)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return False
    store = open_store(url)
    try:
        with store.read() as tx:
            return schema.revision(tx) == schema.HEAD
    finally:
        store.close()


def upgrade(store: Store) -> bool:
    """Bring the tables to this version of robo. True when something changed. RB610: the store is newer than robo."""
    with store.read() as tx:
        found = schema.revision(tx)
    if found == schema.HEAD:
        return False
    schema.refuse_newer(found, store.name)
    with store.write() as tx:
        return schema.upgrade(tx)


def file_of(url: str) -> Path | None:
    """The file of a store on SQLite, None of one on a server. Nothing is opened. RB608."""
    address = _address(url)
    return Path(str(address.database)) if address.get_backend_name() == "sqlite" else None


def _address(url: str) -> URL:
    if "://" not in url:
        return URL.create("sqlite", database=str(Path(url).absolute()))
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as broken:
        raise _no_address() from broken
    kind = address.get_backend_name()
    if kind == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and address.database and address.database != ":memory:":
        return address.set(drivername="sqlite", database=str(Path(address.database).absolute()))
    raise _no_address()


def _no_address() -> InfrastructureError:
    return InfrastructureError(
        "RB608",
        "`store` is not an address robo can open",
        remedy="write `sqlite:///path/robo.db` or `postgresql://user@host/name`",
    )


def _open_sqlite(address: URL, options: dict[str, Any]) -> Store:
    path = Path(str(address.database))
    kind = trouble.on_network(path.parent.resolve())
    if kind:
        raise trouble.network_share(str(path), kind)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as broken:
        raise trouble.not_writable(str(path), broken.strerror or str(broken)) from broken
    engine = create_engine(
        address,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        pool_size=8,
        max_overflow=16,
        execution_options=options,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", lines.begin)
    store = Store(engine, address, options.get(aliases.OPTION))
    with store.read() as tx:
        mode = tx.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    if mode != "wal":
        store.close()
        raise trouble.network_share(str(path), str(mode))
    return store


def _prepare_sqlite(raw: sqlite3.Connection, _record: object) -> None:
    """Every connection: WAL, durable commits, checked references, waiting for locks; transactions begun by us."""
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _use_wal(raw)
    for pragma in _PRAGMAS:
        raw.execute(f"PRAGMA {pragma}")


def _use_wal(raw: sqlite3.Connection) -> None:
    """Two processes that create one store at once: SQLite does not wait for this lock by itself."""
    for left in reversed(range(50)):
        try:
            if raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            raw.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as busy:
            if not left or busy.sqlite_errorname not in ("SQLITE_BUSY", "SQLITE_LOCKED"):
                raise
            time.sleep(0.02)
