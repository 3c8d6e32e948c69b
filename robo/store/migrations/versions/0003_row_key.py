"""Write-backs know what their row is called, so that it is found after other cells of it changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is owed already has no key, and is found as before."""
    op.add_column("writebacks", sa.Column("row_key", sa.Text(), server_default="{}", nullable=False))
