"""The tables of the work itself: runs, items, attempts, journal, and what hangs from them. Accounts are in
`robo.store.accounts_tables`, the audit log in `robo.store.audit_tables`. The migrations build exactly these (a test
compares them)."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Index, MetaData, String, Table, Text, UniqueConstraint, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.compiler import DDLCompiler

from robo.engine.ports import MARK
from robo.model.base import LIVE
from robo.store.columns import count, flag, identity, moment, refer, said, value, word

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

LIVE_STATES: Final = tuple(sorted(state.value for state in LIVE))
_LIVE_LIST: Final = ", ".join(f"'{state}'" for state in LIVE_STATES)
_OWNS_ITS_KEY: Final = f"kind = 'item' AND dry = 0 AND behind IS NULL AND state IN ({_LIVE_LIST})"


@compiles(CreateIndex, "postgresql")
def _partial(create: CreateIndex, compiler: DDLCompiler, **more: Any) -> str:
    """A condition is declared once, for SQLite: naming PostgreSQL there would load its dialect everywhere."""
    options = create.element.dialect_kwargs
    if "sqlite_where" in options:
        options["postgresql_where"] = options["sqlite_where"]
    return str(compiler.visit_create_index(create, **more))  # type: ignore[no-untyped-call]  # SQLAlchemy types it not


runs = Table(
    "runs",
    metadata,
    identity(),
    word("process"),
    word("region"),
    word("environment"),
    word("version"),
    word("digest"),
    value("inputs"),
    value("options"),
    flag("dry"),
    count("retries"),
    Column("again", Text, nullable=False, server_default=""),  # "", or whole seconds
    word("state"),
    word("wish"),
    word("reason"),
    count("position"),
    value("not_taken"),
    value("summary"),
    word("actor"),
    moment("created"),
    moment("ended", nullable=True),
    moment("purged", nullable=True),
    Index("ix_runs_state", "state", "created"),
    Index("ix_runs_process", "process", "region", "created"),
)

payloads = Table("payloads", metadata, identity(), word("kind"), value("body"), moment("purged", nullable=True))
"""Personal data, apart: a purge empties `body` and leaves the row."""

items = Table(
    "items",
    metadata,
    identity(),
    refer("run", "runs"),
    word("kind"),
    word("environment"),
    word("process"),
    word("region"),
    word("key"),
    flag("dry"),
    count("doing"),
    count("position"),
    word("state"),
    count("token"),
    count("tries"),
    count("crashes"),
    word("wish"),
    word("code"),
    word("message"),
    value("facts"),
    word("place"),
    word("remedy"),
    refer("payload", "payloads", nullable=True),
    word("row_digest"),
    Column("behind", String(26), nullable=True),  # the item that owns the key, while held for that
    word("held_for"),
    value("result"),
    moment("opened"),
    moment("ended", nullable=True),
    moment("purged", nullable=True),
    Index(
        "uq_items_live_key",
        "environment",
        "process",
        "region",
        "key",
        unique=True,
        sqlite_where=text(_OWNS_ITS_KEY),
    ),
    Index("ix_items_key", "environment", "process", "region", "key"),
    Index("ix_items_run", "run", "state"),
    Index(
        "ix_items_behind",
        "behind",
        sqlite_where=text("behind IS NOT NULL"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    identity(),
    refer("item", "items"),
    refer("run", "runs"),
    count("token"),
    count("rank"),  # 0: an opening, 1: an item, 2: a finish; what is claimed first
    word("state"),
    word("worker"),
    count("incarnation"),
    moment("not_before"),
    word("reason"),
    moment("queued"),
    moment("started", nullable=True),
    moment("ended", nullable=True),
    UniqueConstraint("item", "token", name="uq_attempts_item_token"),
    Index(
        "ix_attempts_queued",
        "rank",
        "id",
        sqlite_where=text("state = 'queued'"),
    ),
    Index(
        "ix_attempts_running",
        "worker",
        "incarnation",
        sqlite_where=text("state = 'running'"),
    ),
    Index(
        "ix_attempts_queued_of_run",
        "run",
        "rank",
        "id",
        sqlite_where=text("state = 'queued'"),
    ),
)

IN_A_LOOP: Final = text(f"key LIKE '%{MARK}%'")
"""Rows of effects in loops: their keys have the key of a turn in them."""

journal = Table(
    "journal",
    metadata,
    identity(),
    word("environment"),
    word("process"),
    word("region"),
    word("step"),
    word("key"),
    count("doing"),
    word("state"),
    count("n"),
    Column("item", String(26), nullable=False, server_default=""),
    count("token"),
    word("digest"),
    moment("act_by", nullable=True),
    count("settle"),  # microseconds
    word("after_refusal"),
    word("words"),
    word("closed_by"),
    flag("ours"),
    value("receipt"),
    value("outputs"),
    count("sends"),
    count("looks"),
    moment("changed"),
    UniqueConstraint("environment", "process", "region", "step", "key", "doing", name="uq_journal_once"),
    Index("ix_journal_open", "item", sqlite_where=text("state = 'open'")),
    Index("ix_journal_in_a_loop", "item", sqlite_where=IN_A_LOOP),
)

reviews = Table(
    "reviews",
    metadata,
    identity(),
    word("environment"),
    word("process"),
    word("region"),
    word("step"),
    word("key"),
    count("doing"),
    word("state"),
    count("n"),
    refer("item", "items"),
    word("row_digest"),
    word("role"),
    value("question"),
    value("outputs"),
    moment("asked"),
    moment("until", nullable=True),
    word("choice"),
    value("answers"),
    moment("answered", nullable=True),
    word("person"),
    word("capacity"),
    UniqueConstraint("environment", "process", "region", "step", "key", "doing", name="uq_reviews_key"),
    Index("ix_reviews_item", "item"),
    Index("ix_reviews_open", "until", sqlite_where=text("state = 'open'")),
)

traces = Table(
    "traces",
    metadata,
    identity(),
    refer("attempt", "attempts"),
    count("seq"),
    word("step"),
    word("title"),
    word("state"),
    said("note"),
    moment("started"),
    count("micros"),
    Index("ix_traces_attempt", "attempt", "started", "seq"),
)

evidence = Table(
    "evidence",
    metadata,
    identity(),
    refer("item", "items"),
    refer("attempt", "attempts"),
    word("name"),
    word("file"),
    word("digest"),
    count("size"),
    moment("taken"),
    Index("ix_evidence_item", "item"),
)

writebacks = Table(
    "writebacks",
    metadata,
    identity(),
    refer("item", "items"),
    refer("run", "runs"),
    count("token"),
    count("seq"),  # which of the outcome's changes: with the token, an outcome written twice adds nothing
    word("file"),
    word("sheet"),
    count("row"),
    word("row_digest"),
    value("row_key"),
    value("how"),
    word("column"),
    value("old"),
    value("new"),
    word("state"),  # pending | done | conflict
    said("answer"),
    moment("asked"),
    moment("settled", nullable=True),
    UniqueConstraint("item", "token", "seq", name="uq_writebacks_item_token_seq"),
    Index(
        "ix_writebacks_pending",
        "file",
        "id",
        sqlite_where=text("state = 'pending'"),
    ),
)

leases = Table("leases", metadata, word("resource", key=True), word("holder"), count("incarnation"), moment("until"))

workers = Table(
    "workers",
    metadata,
    word("id", key=True),
    count("incarnation"),
    word("host"),
    count("pid"),
    word("lock"),
    moment("heartbeat"),
    moment("joined"),
    moment("left", nullable=True),
)
