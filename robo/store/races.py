"""Inserts that may find their key taken: they say whether they landed, or change the row that is there; nothing else of
the transaction fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite

from robo.store.clock import Tx

_STATEMENTS: dict[tuple[str, ...], Any] = {}


def lands(tx: Tx, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert `values`; False when a unique key was taken first. Both databases spell it alike, SQLAlchemy does not."""
    which = (tx.dialect.name, table.name)
    if which not in _STATEMENTS:
        _STATEMENTS[which] = _insert(which[0], table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return bool(tx.execute(_STATEMENTS[which], dict(values)).rowcount == 1)


def upsert(tx: Tx, table: Table, *rows: Mapping[str, Any], adding: Sequence[str] = ()) -> None:
    """Insert rows, or give their values to the row that has the primary key; those of `adding` are added. All are of
    the same columns, and two of one key come one after the other."""
    if not rows:
        return
    which = (tx.dialect.name, table.name, *rows[0])
    if which not in _STATEMENTS:
        key = [column.name for column in table.primary_key]
        statement = _insert(which[0], table)
        new = statement.excluded
        changes = {
            name: table.c[name] + new[name] if name in adding else new[name] for name in rows[0] if name not in key
        }
        _STATEMENTS[which] = statement.on_conflict_do_update(index_elements=key, set_=changes)
    tx.execute(_STATEMENTS[which], list(rows))


def _insert(dialect: str, table: Table) -> Any:
    if dialect != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
