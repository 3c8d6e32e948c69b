"""Write-backs know how their file is written, where only its author can say (encoding and delimiter of a CSV)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is owed already goes into files that tell by themselves."""
    op.add_column("writebacks", sa.Column("how", sa.Text(), server_default="{}", nullable=False))
