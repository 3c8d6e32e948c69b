"""Rows of minutes say how many units they are of, and why a person took something up; months are kept by more, and
closed; what people decide about baselines and state of a month is kept."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CELL = (
    *("environment", "region", "process", "version", "month", "kind", "reason", "code", "provenance"),
    *("auditable", "baseline", "host"),
)


def upgrade() -> None:
    """The months are added up again from the rows whose events have their place in the log."""
    op.add_column("ledger", sa.Column("units", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("ledger", _text("code"))
    _looked_up()
    op.drop_table("ledger_months")
    op.create_table(
        "ledger_months",
        *(_count(name) if name == "auditable" else _text(name) for name in _CELL),
        *(_count(name) for name in ("units", "minutes_before", "minutes_after")),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(*_CELL, name="pk_ledger_months"),
    )
    _refill()
    _records()
    _decided()


def _looked_up() -> None:
    """By month, to count and to show its rows; by the row that one corrects."""
    op.drop_index("ix_ledger_written", table_name="ledger")
    op.create_index("ix_ledger_month", "ledger", ["region", "month", "process"])
    corrects = sa.text("corrects <> ''")
    op.create_index("ix_ledger_corrects", "ledger", ["corrects"], sqlite_where=corrects, postgresql_where=corrects)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _refill() -> None:
    bind = op.get_bind()
    waiting = [json.loads(body) for body in bind.execute(sa.text("SELECT body FROM audit_outbox")).scalars()]
    skipped = [each["data"]["ledger"] for each in waiting if each["type"].startswith("ledger.")]
    ledger = sa.table("ledger", *map(sa.column, ("id", "written", *_CELL, "units", "minutes_before", "minutes_after")))
    cell = [ledger.c[name] for name in _CELL]
    sums = [sa.func.sum(ledger.c[name]) for name in ("units", "minutes_before", "minutes_after")]
    months = sa.table("ledger_months", *map(sa.column, (*_CELL, "units", "minutes_before", "minutes_after", "last")))
    rows = sa.select(*cell, *sums, sa.func.max(ledger.c.written)).group_by(*cell)
    bind.execute(sa.insert(months).from_select(list(months.c), rows.where(ledger.c.id.not_in(skipped))))


def _records() -> None:
    """What was a row of columns becomes one JSON object. Its id stays: the book names it."""
    bind = op.get_bind()
    old = [dict(row) for row in bind.execute(sa.text("SELECT * FROM baselines")).mappings()]
    op.drop_index("ix_baselines_unit", table_name="baselines")
    op.drop_table("baselines")
    op.create_table(
        "baselines",
        sa.Column("id", sa.Text(), nullable=False),
        *(_text(name) for name in ("process", "region", "unit")),
        sa.Column("detail", sa.Text(), nullable=False),
        _text("author"),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_baselines"),
    )
    op.create_index("ix_baselines_unit", "baselines", ["process", "region", "unit", "added"])
    new = sa.table("baselines", *map(sa.column, ("id", "process", "region", "unit", "detail", "author", "added")))
    for row in old:
        bind.execute(sa.insert(new), _record(row))


def _record(row: dict[str, Any]) -> dict[str, Any]:
    said = json.loads(row["detail"])
    detail = {
        "v": 1,
        **{name: row[name] for name in ("process", "region", "unit", "method")},
        "role": "",
        **dict.fromkeys(("first", "last"), str(said.get("measured", ""))),
        "procedure": row["process"],
        "steps": [],
        "whole": 0,
        "effects": "",
        "observations": [],
        **{name: str(said.get(name, "")) for name in ("source", "note")},
        **{what: _figure(row[what], row["n"]) for what in ("before", "after", "triage", "recovery")},
    }
    text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    kept = {name: row[name] for name in ("id", "process", "region", "unit", "added")}
    return {**kept, "detail": text, "author": "library"}


def _figure(median: int, n: int) -> dict[str, Any]:
    return {"median": median, "low": median, "high": median, "n": n, "days": 0, "last": ""}


def _decided() -> None:
    op.create_table(
        "baseline_verdicts",
        sa.Column("id", sa.String(length=26), nullable=False),
        *(_text(name) for name in ("baseline", "kind", "day", "role", "successor", "actor")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_baseline_verdicts"),
    )
    op.create_index("ix_baseline_verdicts_baseline", "baseline_verdicts", ["baseline"])
    op.create_table(
        "statements",
        sa.Column("id", sa.String(length=26), nullable=False),
        *(_text(name) for name in ("kind", "region", "process", "period")),
        sa.Column("said", sa.Text(), server_default="{}", nullable=False),
        _text("actor"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_statements"),
    )
    op.create_index("ix_statements_period", "statements", ["region", "period"])
    op.create_table(
        "closings",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("region", "month", "figures", "note")),
        _text("actor"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("region", "month", name="pk_closings"),
    )
