"""What went wrong in the database, in words for a person: a code, what it means, what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from robo.errors import InfrastructureError, RoboError, StoreConflict

_NETWORK: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "davfs")
_RETRY_STATES: Final = ("40001", "40P01", "55P03")
"""PostgreSQL: serialization failure, deadlock, lock not available. Nothing was written."""


def explain(cause: SQLAlchemyError, where: str) -> RoboError:
    """The error of ours that says what `cause` means; `where` names the store (never a password)."""
    if isinstance(cause, IntegrityError):
        return StoreConflict(
            "RB609",
            "somebody else wrote this first in %(store)s",
            remedy="look again; nothing was written",
            store=where,
            cause=_words(cause),
        )
    if not isinstance(cause, DBAPIError):
        return _other(cause, where)
    name = str(getattr(cause.orig, "sqlite_errorname", ""))
    return _of_sqlite(name, cause, where) if name else _of_postgres(cause, where)


def wrapped(cause: Exception) -> DBAPIError:
    """An error of the driver, as SQLAlchemy tells those it met itself."""
    return DBAPIError(None, None, cause)


def _of_sqlite(name: str, cause: DBAPIError, where: str) -> InfrastructureError:
    if name == "SQLITE_FULL":
        return disk_full(where)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return not_writable(where, _words(cause))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return InfrastructureError(
            "RB603",
            "the store %(store)s stayed locked by another program",
            remedy="close the program that holds it (a database viewer, a backup, an antivirus), then start again",
            store=where,
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return corrupted(where, _words(cause))
    if name.startswith("SQLITE_IOERR"):
        return InfrastructureError(
            "RB606",
            "the disk under the store %(store)s does not answer: %(cause)s",
            remedy="check the disk and its free space; the store must be on a local disk, not on a network share",
            store=where,
            cause=_words(cause),
        )
    return _other(cause, where)


def _of_postgres(cause: DBAPIError, where: str) -> InfrastructureError:
    state = str(getattr(cause.orig, "sqlstate", "") or "")
    if state == "53100":
        return disk_full(where)
    if state in {"25006", "42501"}:
        return not_writable(where, _words(cause))
    if state in _RETRY_STATES:
        return InfrastructureError(
            "RB603",
            "the store %(store)s stayed locked by another program",
            remedy="close the program that holds it (a database viewer, a backup, an antivirus), then start again",
            store=where,
        )
    if not state or state.startswith(("08", "57P")) or cause.connection_invalidated:
        return InfrastructureError(
            "RB607",
            "the database server %(store)s does not answer: %(cause)s",
            remedy="check that it runs and that this machine may reach it, then start again; work goes on where it was",
            store=where,
            cause=_words(cause),
        )
    return _other(cause, where)


def may_retry(cause: BaseException) -> bool:
    """The transaction was certainly rolled back, and doing it again may well succeed."""
    return isinstance(cause, DBAPIError) and getattr(cause.orig, "sqlstate", None) in _RETRY_STATES


def is_lost(cause: BaseException) -> bool:
    """The connection broke: what was being committed is of unknown fate."""
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


def disk_full(where: str) -> InfrastructureError:
    return InfrastructureError(
        "RB602",
        "the disk under the store %(store)s is full; the last change was not written, nothing is half-done",
        remedy="free some space, then start again; a run that had begun goes on with `robo run --resume RUN`",
        store=where,
    )


def not_writable(where: str, cause: str) -> InfrastructureError:
    return InfrastructureError(
        "RB601",
        "the store %(store)s cannot be written: %(cause)s",
        remedy="give this account the right to write the folder and the file, or set another store in config/robo.yaml",
        store=where,
        cause=cause,
    )


def corrupted(where: str, cause: str) -> InfrastructureError:
    return InfrastructureError(
        "RB605",
        "the store %(store)s is damaged or is not a database: %(cause)s",
        remedy="keep the file and its -wal for examination, and restore the last backup",
        store=where,
        cause=cause,
    )


def on_network(path: Path, mounts: str | None = None) -> str:
    """The type of network file system that `path` is on, "" when it is on a local disk or cannot be told."""
    try:
        text = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace") if mounts is None else mounts
    except OSError:
        return ""
    best, kind = "", ""
    for line in text.splitlines():
        parts = line.split(" ")
        point = parts[1].replace("\\040", " ") if parts[2:] else ""
        if point and path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, parts[2]
    return kind if kind in _NETWORK else ""


def network_share(where: str, kind: str) -> InfrastructureError:
    return InfrastructureError(
        "RB604",
        "the store %(store)s is on a network share (%(kind)s), where SQLite loses data",
        remedy="put it on a local disk (`store:` in config/robo.yaml), or use PostgreSQL",
        store=where,
        kind=kind,
    )


def _other(cause: SQLAlchemyError, where: str) -> InfrastructureError:
    return InfrastructureError(
        "RB600",
        "the store %(store)s refused: %(cause)s",
        remedy="see the cause; `robo doctor` checks the store",
        store=where,
        cause=_words(cause),
    )


def _words(cause: SQLAlchemyError) -> str:
    """The driver's own words, first line; never the statement or its values (they may be personal data)."""
    text = str(getattr(cause, "orig", None) or cause).strip()
    return text.splitlines()[0] if text else type(cause).__name__
