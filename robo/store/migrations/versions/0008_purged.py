"""Items and runs know when a purge took what they told of a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was purged before."""
    for table in ("items", "runs"):
        op.add_column(table, sa.Column("purged", sa.BigInteger(), nullable=True))
