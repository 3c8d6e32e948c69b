"""Inserts that may lose a race: they say whether they landed, and fail nothing else of the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from robo.store.clock import Tx

_STATEMENTS: dict[tuple[str, str], Any] = {}


def lands(tx: Tx, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert `values`; False when a unique key was taken first. Both databases spell it alike, SQLAlchemy does not."""
    which = (tx.dialect.name, table.name)
    if which not in _STATEMENTS:
        made = postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
        _STATEMENTS[which] = made.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return bool(tx.execute(_STATEMENTS[which], dict(values)).rowcount == 1)
