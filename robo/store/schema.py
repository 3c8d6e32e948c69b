"""The version of the tables, compared without loading the migration tool when nothing has to change."""

from __future__ import annotations

from typing import Final

from sqlalchemy import inspect, text

from robo.errors import InfrastructureError
from robo.store import accounts_tables, audit_tables, tables
from robo.store.clock import Tx

HEAD: Final = "0010"
"""The revision these tables are at: the newest file in `migrations/versions`."""
KNOWN: Final = ("", "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
"""Every revision this version of robo can start from, oldest first."""
_VERSION_TABLE: Final = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)
_LOCK: Final = 0x726F626F  # "robo": PostgreSQL's advisory lock for upgrades


def revision(tx: Tx) -> str:
    """The revision the store is at, "" when it has no tables yet."""
    if not inspect(tx).has_table("alembic_version"):
        return ""
    return str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def refuse_newer(found: str, where: str) -> None:
    """Raise RB610 when the store was written by a newer robo."""
    if found not in KNOWN:
        raise InfrastructureError(
            "RB610",
            "the store %(store)s was made by a newer version of robo (its schema is %(found)s)",
            remedy="install that version again, or restore a backup made before the upgrade",
            store=where,
            found=found,
        )


def upgrade(tx: Tx) -> bool:
    """Bring the tables to `HEAD` inside the caller's transaction: all of it, or nothing. False: nothing to do.

    An empty store gets its tables directly (a test proves they are what the migrations build); any other walks the
    migrations."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = revision(tx)
    if found == HEAD:
        return False
    if found == "":
        tables.metadata.create_all(tx, checkfirst=False)
        tx.execute(text(_VERSION_TABLE))
        tx.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
        return True
    migrate(tx)
    return True


def migrate(tx: Tx) -> None:
    """Run the migrations on this transaction, from wherever it is."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "robo.store:migrations")
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


__all__ = [
    "HEAD",
    "KNOWN",
    "accounts_tables",
    "audit_tables",
    "migrate",
    "refuse_newer",
    "revision",
    "tables",
    "upgrade",
]
