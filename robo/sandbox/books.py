"""The portal's own database: dossiers, drafts, accounts, and the truth journal.

Two connections to one SQLite file in WAL: everyday writes (drafts, failed sign-ins) do not wait for the disk; what
the portal accepts goes through a connection with `synchronous=FULL`, so that an effect is on the disk before its
answer leaves. The truth journal is `request` (every final submit received, with its fate) and `effect` (every one
accepted). A dossier filed late is accepted at once and shown from `visible_at` on.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from robo.sandbox.records import PAGE_SIZE, Channel, Dossier, Draft, Effect, Received, ResultPage
from robo.sandbox.seed import seed_dossiers
from robo.sandbox.shelves import SCHEMA as _SHELVES
from robo.sandbox.shelves import Shelves

_SCHEMA = """
CREATE TABLE IF NOT EXISTS dossier (
    id INTEGER PRIMARY KEY AUTOINCREMENT, number TEXT NOT NULL UNIQUE, reference TEXT NOT NULL,
    last_name TEXT NOT NULL, first_names TEXT NOT NULL, nationality TEXT NOT NULL, details TEXT NOT NULL,
    created_by TEXT NOT NULL, status TEXT NOT NULL, created_at REAL NOT NULL, visible_at REAL NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS dossier_reference ON dossier (reference);
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY AUTOINCREMENT, reference TEXT NOT NULL, account TEXT NOT NULL, at REAL NOT NULL,
    fate TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS effect (
    id INTEGER PRIMARY KEY AUTOINCREMENT, request INTEGER NOT NULL REFERENCES request (id),
    reference TEXT NOT NULL, number TEXT NOT NULL REFERENCES dossier (number), account TEXT NOT NULL,
    channel TEXT NOT NULL, at REAL NOT NULL, visible_at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS draft (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, content TEXT NOT NULL, state TEXT NOT NULL,
    changed_at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS account (login TEXT PRIMARY KEY, failures INTEGER NOT NULL) STRICT;
"""


_KNOWN = (
    "SELECT 1 FROM dossier LEFT JOIN effect ON effect.number = dossier.number"
    " WHERE dossier.reference = ? AND (dossier.visible_at <= ? OR effect.channel = 'hand')"
)
"""What is filed late is not known yet; what an agent filed is known at once, even where the search shows it later."""


class Books:
    """Reads and writes of one portal database. Used by one thread at a time; a second one opens its own."""

    def __init__(self, path: Path, *, seeds: int = 60) -> None:
        self.path = path
        self._everyday = _connect(path, "NORMAL")
        self._everyday.executescript(_SCHEMA + _SHELVES)
        self._sure = _connect(path, "FULL")
        self.shelves = Shelves(self._everyday, partial(_writing, self._sure))
        with _writing(self._sure) as write:
            if seeds and not write.execute("SELECT 1 FROM dossier").fetchone():
                write.executemany(
                    f"INSERT INTO dossier ({_DOSSIER}, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant list of columns
                    [(*row, row[-1]) for row in seed_dossiers(seeds)],
                )

    def __enter__(self) -> Self:
        """The books, open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Close both connections."""
        self.close()

    def close(self) -> None:
        """Close both connections."""
        self._everyday.close()
        self._sure.close()

    # what is accepted, and its journal

    def file(
        self,
        content: Mapping[str, str],
        *,
        account: str,
        channel: Channel = "portal",
        accept_duplicates: bool = False,
        late_by: float = 0.0,
        draft: int | None = None,
    ) -> Effect | None:
        """Accept an application durably; None, and a request noted `duplicate`, when its reference is known.

        The request, the dossier, the effect and the end of the draft are one commit.
        """
        now = time.time()
        reference = content["application_reference"]
        with _writing(self._sure) as write:
            known = write.execute(_KNOWN, (reference, now)).fetchone()
            if known and not accept_duplicates:
                _note(write, reference, account, now, "duplicate")
                return None
            request = _note(write, reference, account, now, "accepted")
            number = _file_dossier(write, content, account=account, now=now, visible_at=now + late_by)
            effect = Effect(
                request=request, reference=reference, number=number, account=account, channel=channel,
                at=now, visible_at=now + late_by,
            )  # fmt: skip
            write.execute(
                "INSERT INTO effect (request, reference, number, account, channel, at, visible_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (request, reference, number, account, channel, now, effect.visible_at),
            )
            if draft is not None:
                write.execute("UPDATE draft SET state = 'filed' WHERE id = ?", (draft,))
        return effect

    def note_request(self, reference: str, account: str, fate: str) -> None:
        """Record durably a submit that was received and not accepted."""
        with _writing(self._sure) as write:
            _note(write, reference, account, time.time(), fate)

    def truth(self) -> list[Effect]:
        """Every effect accepted so far, oldest first."""
        rows = self._sure.execute(
            "SELECT request, reference, number, account, channel, at, visible_at FROM effect ORDER BY id"
        )
        return [Effect(**row) for row in rows]

    def requests(self) -> list[Received]:
        """Every final submit received so far, oldest first."""
        return [Received(**row) for row in self._sure.execute("SELECT * FROM request ORDER BY id")]

    # dossiers

    def count(self, reference: str | None = None) -> int:
        """How many dossiers there are, of this reference or in all, those not shown yet included."""
        sql, facts = ("", ()) if reference is None else (" WHERE reference = ?", (reference,))
        row = self._everyday.execute(f"SELECT count(*) AS n FROM dossier{sql}", facts).fetchone()  # noqa: S608 - two constant texts
        return int(row["n"])

    def search(self, query: str, page: int) -> ResultPage:
        """Dossiers whose reference begins with `query` (case apart; empty = all); a page too far is the last one."""
        found = "FROM dossier WHERE visible_at <= ? AND lower(substr(reference, 1, ?)) = lower(?)"
        facts = (time.time(), len(query), query)
        total = int(self._everyday.execute(f"SELECT count(*) AS n {found}", facts).fetchone()["n"])
        page = min(max(page, 1), max(1, -(-total // PAGE_SIZE)))
        rows = self._everyday.execute(
            f"SELECT {_DOSSIER} {found} ORDER BY id LIMIT ? OFFSET ?",
            (*facts, PAGE_SIZE, (page - 1) * PAGE_SIZE),
        )
        return ResultPage(dossiers=tuple(map(_dossier, rows)), total=total, page=page)

    def dossier(self, number: str) -> Dossier | None:
        """The dossier of this number, if it is shown yet."""
        row = self._everyday.execute(
            f"SELECT {_DOSSIER} FROM dossier WHERE number = ? AND visible_at <= ?",  # noqa: S608 - a constant
            (number, time.time()),
        ).fetchone()
        return _dossier(row) if row else None

    def latest(self, account: str, limit: int = 5) -> list[Dossier]:
        """The last dossiers an account has filed, newest first."""
        rows = self._everyday.execute(
            f"SELECT {_DOSSIER} FROM dossier WHERE created_by = ? AND visible_at <= ? ORDER BY id DESC LIMIT ?",  # noqa: S608 - a constant
            (account, time.time(), limit),
        )
        return [_dossier(row) for row in rows]

    # drafts

    def open_draft(self, account: str, content: Mapping[str, str]) -> int:
        """Begin an application; its id."""
        with _writing(self._everyday) as write:
            cursor = write.execute(
                "INSERT INTO draft (account, content, state, changed_at) VALUES (?, ?, 'open', ?)",
                (account, json.dumps(dict(content)), time.time()),
            )
        return int(cursor.lastrowid or 0)

    def change_draft(self, draft: Draft, content: Mapping[str, str]) -> None:
        """Keep what a page of the application holds, beside what the other page holds."""
        with _writing(self._everyday) as write:
            write.execute(
                "UPDATE draft SET content = ?, changed_at = ? WHERE id = ?",
                (json.dumps({**draft.content, **content}), time.time(), draft.id),
            )

    def discard_draft(self, account: str, draft: int) -> None:
        """Forget an application that was begun."""
        with _writing(self._everyday) as write:
            write.execute(
                "UPDATE draft SET state = 'discarded' WHERE id = ? AND account = ? AND state = 'open'", (draft, account)
            )

    def draft(self, account: str, draft: int) -> Draft | None:
        """The draft of this id if it is this account's, open or just filed (the browser may send a submit twice)."""
        row = self._everyday.execute(
            "SELECT id, account, content, changed_at FROM draft WHERE id = ? AND account = ? AND state != 'discarded'",
            (draft, account),
        ).fetchone()
        return _draft(row) if row else None

    def drafts(self, account: str | None = None) -> list[Draft]:
        """Open drafts, of this account or of all, oldest first."""
        rows = self._everyday.execute(
            "SELECT id, account, content, changed_at FROM draft WHERE state = 'open' AND coalesce(?, account) = account"
            " ORDER BY id",
            (account,),
        )
        return [_draft(row) for row in rows]

    # sign-in failures

    def failures(self, login: str) -> int:
        """How often in a row somebody failed to sign in with this account."""
        row = self._everyday.execute("SELECT failures FROM account WHERE login = ?", (login,)).fetchone()
        return int(row["failures"]) if row else 0

    def note_sign_in(self, login: str, *, succeeded: bool) -> int:
        """Count a sign-in; the failures in a row."""
        failures = 0 if succeeded else self.failures(login) + 1
        with _writing(self._everyday) as write:
            write.execute("INSERT OR REPLACE INTO account (login, failures) VALUES (?, ?)", (login, failures))
        return failures


_DOSSIER = "number, reference, last_name, first_names, nationality, details, created_by, status, created_at"


def _connect(path: Path, synchronous: Literal["NORMAL", "FULL"]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.row_factory = _as_dict
    with closing(connection.execute("PRAGMA journal_mode = WAL")):
        connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def _as_dict(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> dict[str, object]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction that takes its lock at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _note(write: sqlite3.Connection, reference: str, account: str, at: float, fate: str) -> int:
    cursor = write.execute(
        "INSERT INTO request (reference, account, at, fate) VALUES (?, ?, ?, ?)", (reference, account, at, fate)
    )
    return int(cursor.lastrowid or 0)


def _file_dossier(
    write: sqlite3.Connection, content: Mapping[str, str], *, account: str, now: float, visible_at: float
) -> str:
    row = write.execute("SELECT coalesce(max(id), 0) + 1 AS next FROM dossier").fetchone()
    number = f"SEJ-{datetime.fromtimestamp(now, UTC):%Y}-{row['next']:06d}"
    write.execute(
        f"INSERT INTO dossier ({_DOSSIER}, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        (
            number, content["application_reference"], content.get("last_name", ""), content.get("first_names", ""),
            content.get("nationality", ""), json.dumps(dict(content)), account, "Enregistré", now, visible_at,
        ),
    )  # fmt: skip
    return number


def _dossier(row: Mapping[str, object]) -> Dossier:
    return Dossier(**{**row, "details": json.loads(str(row["details"]))})


def _draft(row: Mapping[str, object]) -> Draft:
    return Draft(**{**row, "content": json.loads(str(row["content"]))})
