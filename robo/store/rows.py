"""Rows written as they are, by the driver itself: where there are many of them, their types cost more than the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table

from robo.store.clock import Tx


def add_rows(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, in one statement however many: each has all columns of the table, with the values that are in the
    database (of an `Instant` its microseconds). Nothing is done where there are none."""
    if rows:
        tx.exec_driver_sql(_insert(table, tx.dialect.name), list(rows))


@cache
def _insert(table: Table, dialect: str) -> str:
    names = [column.name for column in table.columns]
    values = [f":{name}" if dialect == "sqlite" else f"%({name})s" for name in names]
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(values)})"  # noqa: S608 - names of our tables
