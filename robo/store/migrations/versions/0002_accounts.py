"""The accounts: audit outbox, ledger, baselines, refused secrets, held processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the tables, those that others refer to first."""
    _audit_outbox()
    _audit_payload()
    _baselines()
    _indexes_of_baselines()
    _holds()
    _refused_secrets()
    _ledger()
    _indexes_of_ledger()


def _audit_outbox() -> None:
    op.create_table(
        "audit_outbox",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_outbox")),
    )


def _audit_payload() -> None:
    op.create_table(
        "audit_payload",
        sa.Column("event", sa.String(length=26), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("purged", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_audit_payload")),
    )


def _baselines() -> None:
    op.create_table(
        "baselines",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("before", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("after", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("triage", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recovery", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("method", sa.Text(), server_default="", nullable=False),
        sa.Column("n", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("detail", sa.Text(), server_default="{}", nullable=False),
        sa.Column("approved_by", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_from", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_to", sa.Text(), server_default="", nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_baselines")),
    )


def _indexes_of_baselines() -> None:
    op.create_index("ix_baselines_unit", "baselines", ["process", "region", "unit", "added"], unique=False)


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("process", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("probe_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.UniqueConstraint("process", "region", "kind", "subject", name="uq_holds_what"),
    )


def _refused_secrets() -> None:
    op.create_table(
        "refused_secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("item", sa.Text(), server_default="", nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "region", name=op.f("pk_refused_secrets")),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("environment", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("process", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("minutes_before", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("minutes_after", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("baseline", sa.Text(), server_default="", nullable=False),
        sa.Column("provenance", sa.Text(), server_default="", nullable=False),
        sa.Column("auditable", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("run", sa.String(length=26), nullable=True),
        sa.Column("item", sa.String(length=26), nullable=True),
        sa.Column("receipt_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("host", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("corrects", sa.Text(), server_default="", nullable=False),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name=op.f("fk_ledger_item")),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name=op.f("fk_ledger_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )


def _indexes_of_ledger() -> None:
    op.create_index("ix_ledger_receipt", "ledger", ["process", "region", "receipt_hash"], unique=False)
    op.create_index("ix_ledger_run", "ledger", ["run"], unique=False)
    op.create_index("ix_ledger_written", "ledger", ["region", "process", "written"], unique=False)
    op.create_index(
        "uq_ledger_credit",
        "ledger",
        ["environment", "region", "unit", "unit_hash"],
        unique=True,
        sqlite_where=sa.text("kind = 'credit'"),
        postgresql_where=sa.text("kind = 'credit'"),
    )
