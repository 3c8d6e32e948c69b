"""What the audit log records. Events are past-tense facts; the final shape of an entry is fixed here."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

ENTRY_VERSION: Final = 1
LARGEST_ENTRY: Final = 4096
"""Bytes of an entry in canonical JSON, with room left for `seq`, `rseq` and `prev`."""


class EventType(StrEnum):
    """Every kind of event. Step by step history is not here: it belongs to the item."""

    DEFINITION_CHANGED = "definition.changed"
    OVERLAY_CHANGED = "overlay.changed"
    RUN_CREATED = "run.created"
    RUN_OPENED = "run.opened"
    RUN_WAITING = "run.waiting"
    RUN_ALLOWED = "run.allowed"
    RUN_RESUMED = "run.resumed"
    RUN_CANCELLED = "run.cancelled"
    RUN_ENDED = "run.ended"
    ITEM_OPENED = "item.opened"
    ITEM_RELEASED = "item.released"
    ITEM_ENDED = "item.ended"
    INTENT = "once.intent"
    RECEIPT = "once.receipt"
    ABSENT = "once.absent"
    REFUSED = "once.refused"
    REFUSAL_READ = "once.refusal-read"
    DOUBT = "once.doubt"
    ATTEMPT_LOST = "attempt.lost"
    DECISION = "person.decided"
    REVIEW_ASKED = "review.asked"
    REVIEW_OVERDUE = "review.overdue"
    CREDIT = "ledger.credit"
    DEBIT = "ledger.debit"
    CORRECTION = "ledger.correction"
    TIME = "ledger.time"
    OPENING = "ledger.opening"
    RECONCILED = "hours.reconciled"
    ATTESTED = "hours.attested"
    MONTH_CLOSED = "hours.closed"
    RECHECKED = "hours.rechecked"
    BASELINE_ADDED = "baseline.added"
    BASELINE_APPROVED = "baseline.approved"
    BASELINE_SIGNED = "baseline.signed"
    BASELINE_SUPERSEDED = "baseline.superseded"
    BASELINE_WITHDRAWN = "baseline.withdrawn"
    SIGNED_IN = "session.signed-in"
    SECRET_CHANGED = "secret.changed"  # noqa: S105 - the name of an event, not a secret
    SECRET_REFUSED = "secret.refused"  # noqa: S105 - the same
    SECRET_CLEARED = "secret.cleared"  # noqa: S105 - the same
    PROCESS_HELD = "process.held"
    PROCESS_RELEASED = "process.released"
    WRITEBACK_CONFLICT = "writeback.conflict"
    KEY_CHANGED = "log.key-changed"
    PURGED = "retention.purged"
    CLEARED = "retention.cleared"
    WITNESS_COSIGNED = "witness.cosigned"
    WITNESS_REFUSED = "witness.refused"
    CHECKPOINT_REFUSED = "checkpoint.refused"
    CHECKPOINT_CLEARED = "checkpoint.cleared"
    RESTORE_DETECTED = "restore.detected"
    RESTORE_RECONCILED = "restore.reconciled"
    PAYLOADS_READ = "audit.payloads-read"


class Kept(StrEnum):
    """How long a payload is kept: its class."""

    STD = "std"
    """Twelve months: what happened to a person's dossier."""
    CONTROL = "control"
    """Thirty-six months: what shows that somebody was controlled, as a documented internal control asks."""
