"""The versions of the tables, oldest first. Alembic runs them; nobody imports them."""
