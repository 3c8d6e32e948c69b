"""The tables of the accounts: ledger, baselines, refused secrets, held processes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text, UniqueConstraint, text

from robo.store.columns import count, flag, identity, moment, refer, value, word
from robo.store.tables import metadata

ledger = Table(
    "ledger",
    metadata,
    identity(),
    word("kind"),
    word("environment"),
    word("region"),
    word("process"),
    word("version"),
    word("unit"),
    word("unit_hash"),
    Column("units", BigInteger, nullable=False, server_default="1"),
    count("minutes_before"),
    count("minutes_after"),
    word("baseline"),
    word("provenance"),
    flag("auditable"),
    refer("run", "runs", nullable=True),
    refer("item", "items", nullable=True),
    word("receipt_hash"),
    word("host"),
    word("reason"),
    word("code"),  # of the outcome that a person took up
    word("corrects"),
    word("month"),  # of `written`, as the calendar of the region has it, or an earlier one that was open: 2026-11
    moment("written"),
    Index(
        "uq_ledger_credit",
        "environment",
        "region",
        "unit",
        "unit_hash",
        unique=True,
        sqlite_where=text("kind = 'credit'"),
    ),
    Index("ix_ledger_run", "run"),
    Index("ix_ledger_receipt", "process", "region", "receipt_hash"),
    Index("ix_ledger_month", "region", "month", "process"),
    Index(
        "ix_ledger_corrects",
        "corrects",
        sqlite_where=text("corrects <> ''"),
    ),
)

baselines = Table(
    "baselines",
    metadata,
    word("id", key=True),
    word("process"),
    word("region"),
    word("unit"),
    Column("detail", Text, nullable=False),  # canonical JSON: all that the record says
    word("author"),  # a pseudonym, or `library`
    moment("added"),
    Index("ix_baselines_unit", "process", "region", "unit", "added"),
)
"""What is known of human minutes (`robo.proof.baselines`). Rows are added, never changed."""

baseline_verdicts = Table(
    "baseline_verdicts",
    metadata,
    identity(),
    word("baseline"),
    word("kind"),  # approved | signed | superseded | withdrawn
    word("day"),  # from which it counts: 2026-11-26
    word("role"),  # of who decided; never a name
    word("successor"),  # the record that takes its place, where it is superseded
    word("actor"),
    moment("at"),
    Index("ix_baseline_verdicts_baseline", "baseline"),
)
"""What people decided about baselines. Rows are added, never changed."""

statements = Table(
    "statements",
    metadata,
    identity(),
    word("kind"),  # reconciled | attested
    word("region"),
    word("process"),  # "": all of them
    word("period"),  # a month, 2026-11, or a quarter, 2026-Q4
    value("said"),
    word("actor"),
    moment("at"),
    Index("ix_statements_period", "region", "period"),
)
"""What people state of a month that no robot can know: the volume of the application, that the figures are right."""

closings = Table(
    "closings",
    metadata,
    word("region", key=True),
    word("month", key=True),
    Column("figures", Text, nullable=False),  # canonical JSON: what was closed
    Column("note", Text, nullable=False),  # a signed note over it (c2sp.org/signed-note)
    word("actor"),
    moment("at"),
)
"""Months that are closed. No row of the ledger is of one of them any more."""

refused_secrets = Table(
    "refused_secrets",
    metadata,
    word("name", key=True),
    word("region", key=True),
    word("reason"),
    word("item"),
    moment("refused"),
)
"""A secret an application refused. It is not used again until a person sets a new one and it is checked."""

holds = Table(
    "holds",
    metadata,
    identity(),
    word("process"),  # "*": every process
    word("region"),  # "*": every region
    word("kind"),  # portal | secret | stop | stop_after
    word("subject"),  # the host or the secret
    word("reason"),
    value("facts"),
    moment("since"),
    moment("probe_at", nullable=True),
    UniqueConstraint("process", "region", "kind", "subject", name="uq_holds_what"),
)

people = Table(
    "people",
    metadata,
    word("pseudonym", key=True),
    word("account"),
    moment("first"),
    moment("seen"),
    UniqueConstraint("account", name="uq_people_account"),
)
"""Who the pseudonyms of the audit log are. Purged like any other personal data; the log stays as it is."""
