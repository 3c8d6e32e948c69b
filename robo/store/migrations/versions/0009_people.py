"""Who the pseudonyms of the audit log are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own: it is purged, and the log stays as it is."""
    op.create_table(
        "people",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name="pk_people"),
        sa.UniqueConstraint("account", name="uq_people_account"),
    )
