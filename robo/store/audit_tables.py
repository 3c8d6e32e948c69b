"""The tables of the audit log: what waits to be ordered, the log itself, its payloads, its checkpoints, its witnesses.

Every row of the log is bytes that `robo.proof` can verify without this database; the columns beside them are for
finding only. Personal data is in `audit_payload` and nowhere else here.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint
from sqlalchemy import event as events

from robo.proof.hours import Cell
from robo.store.columns import count, flag, identity, moment, word
from robo.store.tables import metadata


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def _number(name: str) -> Column[int]:
    """A key that is a number of ours, never one the database gives."""
    return Column(name, BigInteger, nullable=False, autoincrement=False)


audit_outbox = Table(
    "audit_outbox",
    metadata,
    identity(),
    word("region"),
    Column("body", Text, nullable=False),  # the entry in canonical JSON, without seq, rseq, prev
)
"""Select and delete; never "id greater than the last seen": transactions commit out of order."""

audit_payload = Table(
    "audit_payload",
    metadata,
    word("event", key=True),
    word("period"),  # REGION/CLASS/YYYY-MM: whose key encrypts it, and with which it goes
    _bytes("salt"),
    _bytes("body"),  # see robo.store.audit
    Index("ix_audit_payload_period", "period"),
)

audit_period = Table("audit_period", metadata, word("key", key=True), word("tag"), moment("destroyed", nullable=True))
"""The periods that payloads were written in. `tag` tells their keys apart and gives none of them away."""

audit_leaf = Table(
    "audit_leaf",
    metadata,
    _number("seq"),
    word("event"),
    word("region"),
    count("rseq"),
    word("type"),
    word("obj"),
    word("cause"),
    moment("ts"),
    _bytes("hash"),
    _bytes("entry"),
    PrimaryKeyConstraint("seq"),
    UniqueConstraint("event", name="uq_audit_leaf_event"),
    UniqueConstraint("region", "rseq", name="uq_audit_leaf_region"),
    Index("ix_audit_leaf_obj", "obj"),
    Index("ix_audit_leaf_cause", "cause"),
)

audit_node = Table(
    "audit_node", metadata, _number("level"), _number("idx"), _bytes("hash"), PrimaryKeyConstraint("level", "idx")
)
"""Hashes over 256, 65 536, … leaves: what tiles and proofs are made of (`robo.proof.tiles`, levels 1 and up)."""

audit_head = Table(
    "audit_head",
    metadata,
    _number("id"),
    word("origin"),
    count("size"),
    _bytes("frontier"),
    count("sealed"),
    PrimaryKeyConstraint("id"),
)
"""One row, number 1. Whoever locks it is the sequencer. `sealed`: how far the newest checkpoint goes."""

audit_region = Table("audit_region", metadata, word("region", key=True), count("rseq"), _bytes("leaf"))
"""Where the chain of each region stands: the number that comes next, the leaf of the last entry."""

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    identity(),
    count("size"),
    moment("made"),
    Column("note", Text, nullable=False),
    Index("ix_audit_checkpoint_size", "size"),
)

audit_seen = Table(
    "audit_seen", metadata, word("origin", key=True), count("size"), _bytes("root"), word("note"), moment("at")
)
"""The logs of others that this store is a witness of: the last that was countersigned."""

audit_cosigned = Table(
    "audit_cosigned",
    metadata,
    word("witness", key=True),
    count("size"),
    word("note"),
    count("code"),
    word("told"),
    moment("at"),
)
"""What each witness of our log answered last."""

audit_refused = Table(
    "audit_refused",
    metadata,
    identity(),
    word("side"),  # asked: we asked a witness; answered: we are the witness
    word("origin"),
    word("witness"),
    count("code"),
    word("request"),
    word("answer"),
    moment("at"),
    moment("cleared", nullable=True),
    word("cleared_by"),
    word("why"),
)
"""Evidence: what was refused stays. Only an auditor ends what it means, with a reason that is logged."""

_FLAG: Final = "auditable"

ledger_months = Table(
    "ledger_months",
    metadata,
    *(flag(name) if name == _FLAG else word(name) for name in Cell._fields),
    count("units"),
    count("minutes_before"),
    count("minutes_after"),
    moment("last", nullable=True),  # when the row that was added last was written
    PrimaryKeyConstraint(*Cell._fields),
)
"""The book of minutes by month, folded by the sequencer; proven against the rows, never instead of them."""

APPEND_ONLY: Final = ("audit_leaf", "audit_node")
"""Tables whose rows nobody changes or deletes by a slip. Not a defence against who owns the database: witnesses are."""


def guards(dialect: str) -> list[str]:
    """The statements that make the append-only tables refuse to be changed."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            for table in APPEND_ONLY
            for what in ("update", "delete")
        ]
    function = (
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
    )
    return [function] + [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
        for table in APPEND_ONLY
    ]


for _dialect in ("sqlite", "postgresql"):
    for _statement in guards(_dialect):
        events.listen(metadata, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]  # SQLAlchemy types it not
