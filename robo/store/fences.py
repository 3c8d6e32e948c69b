"""Rule `fence`: a worker's commit compares, in its own transaction, that its attempt is running with its token.

Everybody locks the item's row first and anything else after it, so that no two transactions wait for each other.
"""

from __future__ import annotations

from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Row, bindparam, literal_column, select

from robo.engine.ports import Fence
from robo.errors import StaleToken
from robo.store.clock import Tx
from robo.store.tables import attempts, items, journal

RUNNING: Final[ColumnElement[str]] = literal_column("'running'")
OPEN: Final[ColumnElement[str]] = literal_column("'open'")

_open_intent = (
    select(journal.c.id)
    .where(journal.c.state == OPEN, journal.c.item == items.c.id)
    .limit(1)
    .scalar_subquery()
    .label("intent")
)
"""The journal row that this item's intent left open, if any (rules `cap` and `boundary`)."""

_FENCE: Final = (
    select(
        items.c.id,
        items.c.run,
        items.c.kind,
        items.c.environment,
        items.c.process,
        items.c.region,
        items.c.key,
        items.c.dry,
        items.c.doing,
        items.c.tries,
        items.c.crashes,
        items.c.token,
        items.c.wish,
        attempts.c.worker,
        _open_intent,
    )
    .select_from(attempts.join(items, items.c.id == attempts.c.item))
    .where(
        attempts.c.id == bindparam("attempt"),
        attempts.c.item == bindparam("item"),
        attempts.c.token == bindparam("token"),
        attempts.c.state == RUNNING,
        items.c.token == bindparam("token"),
        items.c.state == RUNNING,
    )
    .with_for_update(of=items)
)
OPEN_INTENT_OF: Final = select(journal.c.id).where(journal.c.state == OPEN, journal.c.item == bindparam("of")).limit(1)


def hold(tx: Tx, fence: Fence) -> Row[Any]:
    """The item as it is now, locked until the commit. `StaleToken` when somebody else owns the attempt."""
    row = tx.execute(_FENCE, {"attempt": fence.attempt, "item": fence.item, "token": fence.token}).one_or_none()
    if row is None:
        raise stale(fence)
    return cast("Row[Any]", row)


def stale(fence: Fence) -> StaleToken:
    return StaleToken(
        "RB612",
        "attempt %(attempt)s (token %(token)s) belongs to somebody else now; nothing was written",
        remedy="none is needed: whoever holds it goes on",
        attempt=fence.attempt,
        token=fence.token,
        item=fence.item,
    )


def actor(worker: str) -> str:
    """How the audit log names a robot."""
    return f"robot:{worker}"
