"""What the applications beside the residence portal hold: records on shelves, each with a reference and what it says.

A shelf is one kind of record of one application (`accuses`, `depots`). What is put on it is on the disk before the
answer leaves, like a dossier; a record filed late is there at once and shown from `visible_at` on.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from robo.sandbox.records import PAGE_SIZE, Paged

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY AUTOINCREMENT, shelf TEXT NOT NULL, number TEXT NOT NULL, reference TEXT NOT NULL,
    content TEXT NOT NULL, created_by TEXT NOT NULL, created_at REAL NOT NULL, visible_at REAL NOT NULL,
    paper BLOB NOT NULL DEFAULT x'', UNIQUE (shelf, number)) STRICT;
CREATE INDEX IF NOT EXISTS record_reference ON record (shelf, reference);
"""
_COLUMNS = "number, reference, content, created_by, created_at, visible_at"

Writing = Callable[[], AbstractContextManager[sqlite3.Connection]]


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record. `content`: what it says, by the words a person knows (those of the first skin)."""

    number: str
    reference: str
    content: Mapping[str, str]
    created_by: str
    created_at: float
    visible_at: float


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One kind of record. `prefix`: of its numbers (`AR-2026-000012`); empty: the reference is the number.

    `completed` fills in what nobody said about a record that is put there for practice; `stock` are those of a portal
    to practise with: reference, content. Both get the skin's id.
    """

    name: str
    prefix: str = ""
    completed: Callable[[str, str, Mapping[str, str]], Mapping[str, str]] = lambda _skin, _reference, content: content
    stock: Callable[[str, int], Iterable[tuple[str, Mapping[str, str]]]] = lambda _skin, _count: ()


@dataclass(frozen=True, kw_only=True)
class Found(Paged):
    """One page of a shelf, oldest first."""

    records: tuple[Record, ...]


class Shelves:
    """The records of one portal database. `writing` begins a durable transaction."""

    def __init__(self, connection: sqlite3.Connection, writing: Writing) -> None:
        self._connection = connection
        self._writing = writing

    def put(
        self,
        shelf: Shelf,
        reference: str,
        content: Mapping[str, str],
        *,
        account: str,
        late_by: float = 0.0,
        unless_there: bool = False,
        paper: bytes = b"",
    ) -> Record | None:
        """A new record, durably; None with `unless_there` when the reference has one that is shown, or an agent's.
        `paper`: the file that came with it."""
        now = time.time()
        with self._writing() as write:
            known = "SELECT 1 FROM record WHERE shelf = ? AND reference = ? AND (visible_at <= ? OR created_by LIKE ?)"
            if unless_there and write.execute(known, (shelf.name, reference, now, "agent.%")).fetchone():
                return None
            row = write.execute("SELECT count(*) + 1 AS next FROM record WHERE shelf = ?", (shelf.name,)).fetchone()
            number = f"{shelf.prefix}-{datetime.fromtimestamp(now, UTC):%Y}-{row['next']:06d}"
            record = Record(
                number=number if shelf.prefix else reference, reference=reference, content=dict(content),
                created_by=account, created_at=now, visible_at=now + late_by,
            )  # fmt: skip
            write.execute(
                f"INSERT INTO record (shelf, {_COLUMNS}, paper) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
                (
                    shelf.name, record.number, reference, json.dumps(record.content), account, now, record.visible_at,
                    paper,
                ),
            )  # fmt: skip
        return record

    def paper(self, shelf: str, number: str) -> bytes:
        """The file that came with a record; empty when there was none."""
        row = self._connection.execute(
            "SELECT paper FROM record WHERE shelf = ? AND number = ?", (shelf, number)
        ).fetchone()
        return bytes(row["paper"]) if row else b""

    def fill(self, shelves: Iterable[Shelf], skin: str, count: int) -> None:
        """What a portal to practise with begins with, on shelves that hold nothing yet."""
        for shelf in shelves if count else ():
            if not self.held(shelf.name):
                for reference, content in shelf.stock(skin, count):
                    self.put(shelf, reference, content, account="agent.martin")

    def held(self, shelf: str, reference: str | None = None) -> list[Record]:
        """Every record of a shelf, or of one reference on it, those not shown yet included, oldest first."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM record WHERE shelf = ? AND coalesce(?, reference) = reference ORDER BY id",  # noqa: S608 - a constant
            (shelf, reference),
        )
        return [_record(row) for row in rows]

    def shown(self, shelf: str, reference: str | None = None) -> list[Record]:
        """Those a person can see now."""
        now = time.time()
        return [record for record in self.held(shelf, reference) if record.visible_at <= now]

    def numbered(self, shelf: str, number: str) -> Record | None:
        """The record of this number, if it is shown yet."""
        return next((record for record in self.shown(shelf) if record.number == number), None)

    def search(self, shelf: str, query: str, page: int) -> Found:
        """Records whose reference begins with `query`; a page too far is the last one."""
        return page_of([each for each in self.shown(shelf) if each.reference.startswith(query)], page)


def page_of(records: Sequence[Record], page: int) -> Found:
    """One page of a list of records; a page too far is the last one."""
    page = min(max(page, 1), max(1, -(-len(records) // PAGE_SIZE)))
    start = (page - 1) * PAGE_SIZE
    return Found(records=tuple(records[start : start + PAGE_SIZE]), total=len(records), page=page)


def _record(row: Mapping[str, object]) -> Record:
    return Record(**{**row, "content": json.loads(str(row["content"]))})
