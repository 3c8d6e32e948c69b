"""Effects in loops are found by their item: which turns there were cannot be asked by key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_IN_A_LOOP = "key LIKE '%›%'"


def upgrade() -> None:
    """An index of those rows only: others cost nothing more than before."""
    op.create_index(
        "ix_journal_in_a_loop",
        "journal",
        ["item"],
        unique=False,
        sqlite_where=sa.text(_IN_A_LOOP),
        postgresql_where=sa.text(_IN_A_LOOP),
    )
