"""The audit log: entries in their order, the tree's nodes, checkpoints, witnesses; payloads with their periods."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the log, empty: what waits is ordered by the sequencer. Payloads keep their text, now with a period."""
    _payloads()
    _log()
    _heads()
    _witnesses()
    _months()
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, autoincrement=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _payloads() -> None:
    """Each payload gets the period of its event, whose waiting entry says it too: a purge then covers it."""
    bind = op.get_bind()
    old = bind.execute(sa.text("SELECT event, salt, body FROM audit_payload WHERE salt IS NOT NULL")).all()
    waiting = bind.execute(sa.text("SELECT id, body FROM audit_outbox")).all()
    op.drop_table("audit_payload")
    new = op.create_table(
        "audit_payload",
        _key("event"),
        _text("period"),
        _bytes("salt"),
        _bytes("body"),
        sa.PrimaryKeyConstraint("event", name="pk_audit_payload"),
    )
    op.create_index("ix_audit_payload_period", "audit_payload", ["period"])
    periods = {}
    for event, body in waiting:
        entry = json.loads(body)
        if entry["pc"] is None:
            continue
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=entry["ts"])
        periods[event] = entry["key"] = f"{entry['region']}/std/{at:%Y-%m}"
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        bind.execute(sa.text("UPDATE audit_outbox SET body = :text WHERE id = :event"), {"text": text, "event": event})
    rows = [
        {"event": event, "period": periods.get(event, ""), "salt": bytes(salt), "body": b"\0" + body.encode()}
        for event, salt, body in old
    ]
    if rows:
        bind.execute(sa.insert(new), rows)


def _log() -> None:
    op.create_table(
        "audit_period",
        _key("key"),
        _text("tag"),
        _number("destroyed", nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_audit_period"),
    )
    op.create_table(
        "audit_leaf",
        _number("seq"),
        _text("event"),
        _text("region"),
        _count("rseq"),
        *(_text(name) for name in ("type", "obj", "cause")),
        _number("ts"),
        _bytes("hash"),
        _bytes("entry"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_leaf"),
        sa.UniqueConstraint("event", name="uq_audit_leaf_event"),
        sa.UniqueConstraint("region", "rseq", name="uq_audit_leaf_region"),
    )
    op.create_index("ix_audit_leaf_obj", "audit_leaf", ["obj"])
    op.create_index("ix_audit_leaf_cause", "audit_leaf", ["cause"])


def _heads() -> None:
    op.create_table(
        "audit_node",
        _number("level"),
        _number("idx"),
        _bytes("hash"),
        sa.PrimaryKeyConstraint("level", "idx", name="pk_audit_node"),
    )
    op.create_table(
        "audit_head",
        _number("id"),
        _text("origin"),
        _count("size"),
        _bytes("frontier"),
        _count("sealed"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "audit_region",
        _key("region"),
        _count("rseq"),
        _bytes("leaf"),
        sa.PrimaryKeyConstraint("region", name="pk_audit_region"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("id", sa.String(length=26), nullable=False),
        _count("size"),
        _number("made"),
        _key("note"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_checkpoint"),
    )
    op.create_index("ix_audit_checkpoint_size", "audit_checkpoint", ["size"])


def _witnesses() -> None:
    op.create_table(
        "audit_seen",
        _key("origin"),
        _count("size"),
        _bytes("root"),
        _text("note"),
        _number("at"),
        sa.PrimaryKeyConstraint("origin", name="pk_audit_seen"),
    )
    op.create_table(
        "audit_cosigned",
        _key("witness"),
        _count("size"),
        _text("note"),
        _count("code"),
        _text("told"),
        _number("at"),
        sa.PrimaryKeyConstraint("witness", name="pk_audit_cosigned"),
    )
    op.create_table(
        "audit_refused",
        sa.Column("id", sa.String(length=26), nullable=False),
        *(_text(name) for name in ("side", "origin", "witness")),
        _count("code"),
        *(_text(name) for name in ("request", "answer")),
        _number("at"),
        _number("cleared", nullable=True),
        *(_text(name) for name in ("cleared_by", "why")),
        sa.PrimaryKeyConstraint("id", name="pk_audit_refused"),
    )


def _months() -> None:
    """Rows written before there were months are of the month in UTC."""
    op.create_table(
        "ledger_months",
        *(_text(name) for name in _CELL),
        _count("auditable"),
        *(_count(name) for name in ("units", "minutes_before", "minutes_after")),
        sa.PrimaryKeyConstraint(*_CELL, "auditable", name="pk_ledger_months"),
    )
    op.add_column("ledger", _text("month"))
    bind = op.get_bind()
    for ledger, written in bind.execute(sa.text("SELECT id, written FROM ledger")).all():
        month = f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=written):%Y-%m}"
        bind.execute(sa.text("UPDATE ledger SET month = :month WHERE id = :id"), {"month": month, "id": ledger})


_CELL = ("environment", "region", "process", "month", "kind", "provenance")


def _guards(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{what} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            for table in ("audit_leaf", "audit_node")
            for what in ("update", "delete")
        ]
    function = (
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
    )
    return [function] + [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
        for table in ("audit_leaf", "audit_node")
    ]
