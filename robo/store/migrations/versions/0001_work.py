"""The work: runs, items, attempts, the journal, and what hangs from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_OWNS_ITS_KEY = (
    "kind = 'item' AND dry = 0 AND behind IS NULL AND state IN ('held', 'queued', 'running', 'unknown', 'waiting')"
)


def upgrade() -> None:
    """Build the tables, those that others refer to first."""
    _journal()
    _indexes_of_journal()
    _leases()
    _payloads()
    _runs()
    _indexes_of_runs()
    _workers()
    _items()
    _indexes_of_items()
    _attempts()
    _indexes_of_attempts()
    _writebacks()
    _indexes_of_writebacks()
    _evidence()
    _indexes_of_evidence()
    _traces()
    _indexes_of_traces()


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("environment", sa.Text(), server_default="", nullable=False),
        sa.Column("process", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("doing", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("n", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("item", sa.String(length=26), server_default="", nullable=False),
        sa.Column("token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("act_by", sa.BigInteger(), nullable=True),
        sa.Column("settle", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("after_refusal", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("ours", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("receipt", sa.Text(), server_default="{}", nullable=False),
        sa.Column("outputs", sa.Text(), server_default="{}", nullable=False),
        sa.Column("sends", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("looks", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("environment", "process", "region", "step", "key", "doing", name="uq_journal_once"),
    )


def _indexes_of_journal() -> None:
    op.create_index(
        "ix_journal_open",
        "journal",
        ["item"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("incarnation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resource", name=op.f("pk_leases")),
    )


def _payloads() -> None:
    op.create_table(
        "payloads",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="{}", nullable=False),
        sa.Column("purged", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payloads")),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("process", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("environment", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("inputs", sa.Text(), server_default="{}", nullable=False),
        sa.Column("options", sa.Text(), server_default="{}", nullable=False),
        sa.Column("dry", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("retries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("again", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("wish", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("not_taken", sa.Text(), server_default="{}", nullable=False),
        sa.Column("summary", sa.Text(), server_default="{}", nullable=False),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )


def _indexes_of_runs() -> None:
    op.create_index("ix_runs_process", "runs", ["process", "region", "created"], unique=False)
    op.create_index("ix_runs_state", "runs", ["state", "created"], unique=False)


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("host", sa.Text(), server_default="", nullable=False),
        sa.Column("pid", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lock", sa.Text(), server_default="", nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=False),
        sa.Column("joined", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )


def _items() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("environment", sa.Text(), server_default="", nullable=False),
        sa.Column("process", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("dry", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("doing", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("crashes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("wish", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("remedy", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.String(length=26), nullable=True),
        sa.Column("row_digest", sa.Text(), server_default="", nullable=False),
        sa.Column("behind", sa.String(length=26), nullable=True),
        sa.Column("held_for", sa.Text(), server_default="", nullable=False),
        sa.Column("result", sa.Text(), server_default="{}", nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["payload"], ["payloads.id"], name=op.f("fk_items_payload")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_items_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
    )


def _indexes_of_items() -> None:
    op.create_index(
        "ix_items_behind",
        "items",
        ["behind"],
        unique=False,
        sqlite_where=sa.text("behind IS NOT NULL"),
        postgresql_where=sa.text("behind IS NOT NULL"),
    )
    op.create_index("ix_items_key", "items", ["environment", "process", "region", "key"], unique=False)
    op.create_index("ix_items_run", "items", ["run", "state"], unique=False)
    op.create_index(
        "uq_items_live_key",
        "items",
        ["environment", "process", "region", "key"],
        unique=True,
        sqlite_where=sa.text(_OWNS_ITS_KEY),
        postgresql_where=sa.text(_OWNS_ITS_KEY),
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("item", sa.String(length=26), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rank", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("worker", sa.Text(), server_default="", nullable=False),
        sa.Column("incarnation", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("queued", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_attempts_item")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_attempts_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("item", "token", name="uq_attempts_item_token"),
    )


def _indexes_of_attempts() -> None:
    op.create_index(
        "ix_attempts_queued",
        "attempts",
        ["rank", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_attempts_queued_of_run",
        "attempts",
        ["run", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_attempts_running",
        "attempts",
        ["worker", "incarnation"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )


def _writebacks() -> None:
    op.create_table(
        "writebacks",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("item", sa.String(length=26), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("file", sa.Text(), server_default="", nullable=False),
        sa.Column("sheet", sa.Text(), server_default="", nullable=False),
        sa.Column("row", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("row_digest", sa.Text(), server_default="", nullable=False),
        sa.Column("column", sa.Text(), server_default="", nullable=False),
        sa.Column("old", sa.Text(), server_default="{}", nullable=False),
        sa.Column("new", sa.Text(), server_default="{}", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_writebacks_item")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_writebacks_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writebacks")),
        sa.UniqueConstraint("item", "token", "seq", name="uq_writebacks_item_token_seq"),
    )


def _indexes_of_writebacks() -> None:
    op.create_index(
        "ix_writebacks_pending",
        "writebacks",
        ["file", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("item", sa.String(length=26), nullable=False),
        sa.Column("attempt", sa.String(length=26), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("file", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempts.id"], name=op.f("fk_evidence_attempt")),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_evidence_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )


def _indexes_of_evidence() -> None:
    op.create_index("ix_evidence_item", "evidence", ["item"], unique=False)


def _traces() -> None:
    op.create_table(
        "traces",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("attempt", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("micros", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempts.id"], name=op.f("fk_traces_attempt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_traces")),
    )


def _indexes_of_traces() -> None:
    op.create_index("ix_traces_attempt", "traces", ["attempt", "started", "seq"], unique=False)
