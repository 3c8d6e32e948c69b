"""Group commit: one thread writes for everybody, and one durable commit may carry the changes of many callers (and one
that reads for everybody, from one state of the database).

Each caller's work runs inside its own savepoint, so what one of them refuses leaves the others untouched; nobody is
answered before the commit that holds their change is on the disk. A database error in company undoes the whole group,
and each of it is done again alone.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Final, cast

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from robo.store.clock import Tx

MOST: Final = 64
"""Changes one commit carries at most; what waits longer starts the next."""


class Asked:
    """One caller's work and the future it awaits. `work` may be begun again: it must touch nothing but its `tx`."""

    __slots__ = ("error", "future", "loop", "result", "work")

    def __init__(self, work: Callable[[Tx], Any]) -> None:
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def attempt(self, tx: Tx) -> None:
        """Do the work; a refusal (any error that is not the database's) is its result."""
        self.result, self.error = None, None
        try:
            self.result = self.work(tx)
        except SQLAlchemyError:
            raise
        except Exception as refused:  # noqa: BLE001 - handed to whoever awaits
            self.error = refused

    def answer(self) -> None:
        """Wake the caller; nothing when it has gone (its loop is closed, or it was cancelled)."""
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Line:
    """The thread and its queue. `connect` gives its connection, which decides whether its transactions may write;
    `explain` turns an error of the database into ours."""

    def __init__(
        self, name: str, connect: Callable[[], Connection], explain: Callable[[SQLAlchemyError], Exception]
    ) -> None:
        self._connect = connect
        self._explain = explain
        self._waiting: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Tx], Any]) -> Any:
        """`work` in a transaction of this line; what it wrote is durable when this returns."""
        asked = Asked(work)
        self._waiting.put(asked)
        return await asked.future

    def close(self) -> None:
        """Do what was asked, then end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _serve(self) -> None:
        connection: Connection | None = None
        going = True
        while going:
            group, going = self._next_group()
            if not group:
                break
            try:
                connection = connection or self._connect()
                self._commit(connection, group)
            except SQLAlchemyError as cause:
                _drop(connection)
                connection = None
                error = self._explain(cause)
                for asked in group:
                    asked.result, asked.error = None, error
            _answer(group)
        _drop(connection)

    def _next_group(self) -> tuple[list[Asked], bool]:
        """What was asked next, and those that wait with it; False when the writer is to end after them."""
        first = self._waiting.get()
        if first is None:
            return [], False
        group = [first]
        while len(group) < MOST:
            try:
                asked = self._waiting.get_nowait()
            except queue.Empty:
                break
            if asked is None:
                return group, False
            group.append(asked)
        return group, True

    def _commit(self, connection: Connection, group: list[Asked]) -> None:
        if len(group) > 1:
            try:
                with connection.begin():
                    for asked in group:
                        _in_savepoint(connection, asked)
            except SQLAlchemyError:
                pass  # undone as a whole; each is done again alone, where its error is its own
            else:
                return
        for asked in group:
            self._alone(connection, asked)

    def _alone(self, connection: Connection, asked: Asked) -> None:
        try:
            with connection.begin() as transaction:  # a commit that fails (the disk is full) is undone here too
                asked.attempt(connection)
                if asked.error is not None:
                    transaction.rollback()
        except SQLAlchemyError as cause:
            asked.result, asked.error = None, self._explain(cause)


def _in_savepoint(connection: Connection, asked: Asked) -> None:
    _tell(connection, "SAVEPOINT one")
    asked.attempt(connection)
    if asked.error is not None:
        _tell(connection, "ROLLBACK TO one")
    _tell(connection, "RELEASE one")


def _tell(connection: Connection, command: str) -> None:
    """A command without values, on the driver itself: several times cheaper than through SQLAlchemy."""
    raw = connection.connection.driver_connection
    try:
        cast("sqlite3.Connection", raw).execute(command)
    except sqlite3.Error as refused:
        raise OperationalError(command, None, refused) from refused


def begin(connection: Connection) -> None:
    """Begin a transaction on SQLite: `BEGIN IMMEDIATE` for writers, who then never fail half-way for a lock."""
    _tell(connection, "BEGIN IMMEDIATE" if connection.get_execution_options().get("robo_write") else "BEGIN")


def _answer(group: list[Asked]) -> None:
    """Wake all callers of one loop at once: a wake-up costs more than the rest."""
    loops: dict[asyncio.AbstractEventLoop, list[Asked]] = {}
    for asked in group:
        loops.setdefault(asked.loop, []).append(asked)
    for loop, its in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_answer_all, its)


def _answer_all(group: list[Asked]) -> None:
    for asked in group:
        asked.answer()


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        connection.close()
