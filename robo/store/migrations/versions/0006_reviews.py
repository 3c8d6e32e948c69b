"""What people are asked about items, and what they answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of their own: an answer outlives the item that asked for it, as a receipt does."""
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=26), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _TEXTS[:5]),
        sa.Column("doing", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("n", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("item", sa.String(length=26), nullable=False),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in _TEXTS[5:]),
        *(sa.Column(name, sa.Text(), server_default="{}", nullable=False) for name in ("question", "outputs")),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("choice", sa.Text(), server_default="", nullable=False),
        sa.Column("answers", sa.Text(), server_default="{}", nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in ("person", "capacity")),
        sa.ForeignKeyConstraint(["item"], ["items.id"], name="fk_reviews_item"),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.UniqueConstraint("environment", "process", "region", "step", "key", "doing", name="uq_reviews_key"),
    )
    op.create_index("ix_reviews_item", "reviews", ["item"], unique=False)
    op.create_index(
        "ix_reviews_open",
        "reviews",
        ["until"],
        unique=False,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    )


_TEXTS = ("environment", "process", "region", "step", "key", "row_digest", "role")
_OPEN = "state = 'open'"
