"""Inserts that may lose a race: they say whether they landed, and fail nothing else of the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite

from robo.store.clock import Tx

_STATEMENTS: dict[tuple[str, str], Any] = {}


def lands(tx: Tx, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert `values`; False when a unique key was taken first. Both databases spell it alike, SQLAlchemy does not."""
    which = (tx.dialect.name, table.name)
    if which not in _STATEMENTS:
        _STATEMENTS[which] = _insert(which[0], table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return bool(tx.execute(_STATEMENTS[which], dict(values)).rowcount == 1)


def _insert(dialect: str, table: Table) -> Any:
    if dialect != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
