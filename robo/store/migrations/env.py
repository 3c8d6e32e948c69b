"""How Alembic runs here: on a connection it is handed, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from robo.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it
    render_as_batch=True,
)
context.run_migrations()
