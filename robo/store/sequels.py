"""What follows a rejection or a skip (`on_rejected`, `on_skipped`): an item of the run of its own, queued in the commit
that ended the other one, with tokens, attempts and a journal like any other. It owns no key and counts for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, insert, select

from robo.engine.ports import ItemEnd
from robo.model.audit import EventType
from robo.model.base import ItemState, Outcome
from robo.model.run import AttemptState, ItemKind, Run
from robo.store import audit
from robo.store.aliases import aliases
from robo.store.attempts import ABOUT, RANK
from robo.store.clock import Tx
from robo.store.ids import new_id
from robo.store.tables import attempts, items, runs

OPTION: Final = "sequels"
"""Among the options of a run: the outcomes that something follows."""
FOLLOWED: Final = (Outcome.REJECTED, Outcome.SKIPPED)


Known = Mapping[str, Any]
"""The row, or the values, of the item that something follows."""


def wanted(run: Run, outcome: Outcome) -> bool:
    """Whether something follows this outcome in the run. A dry run has nothing of it."""
    return outcome.value in run.options.get(OPTION, ()) and not run.dry_run


def follow(tx: Tx, item: Row[Any], ended: ItemEnd, at: datetime, *, actor: str) -> tuple[str, ...]:
    """Queue what follows this end of an item, if anything does: the new attempt."""
    if item.kind != ItemKind.ITEM or item.dry or ended.outcome not in FOLLOWED:
        return ()
    options = tx.execute(select(runs.c.options).where(runs.c.id == item.run)).scalar_one()
    if ended.outcome.value not in options.get(OPTION, ()):
        return ()
    known = tx.execute(select(items).where(items.c.id == item.id)).mappings().one()
    about = {"code": ended.code, "message": ended.message, "facts": ended.facts}
    return add(tx, [(dict(known), {"outcome": ended.outcome.value, **about})], at, actor=actor)


def add(tx: Tx, following: Sequence[tuple[Known, Mapping[str, Any]]], at: datetime, *, actor: str) -> tuple[str, ...]:
    """Queue a sequel of each: what it follows, and what it is about (`outcome`, `code`, `message`, `facts`).

    Returns the attempts."""
    if not following:
        return ()
    before = _before(tx, following[0][0], sorted({item["key"] for item, _ in following}))
    made = [_values(item, about, at, doing=before.get(item["key"], 0)) for item, about in following]
    queued = [_attempt(item, at) for item in made]
    tx.execute(insert(items), made)
    tx.execute(insert(attempts), queued)
    audit.emit_all(tx, [_event(tx, item, actor) for item in made])
    return tuple(attempt["id"] for attempt in queued)


def _before(tx: Tx, item: Known, keys: Sequence[str]) -> dict[str, int]:
    """How many sequels each key has had: each end of an item is an occasion of its own, so each is a pass of its own in
    the journal (a second rejection sends a second mail). Told by the newest of them: a purge forgets the oldest."""
    mine = [items.c[name] == item[name] for name in ("environment", "process", "region")]
    stored = aliases(tx, item["environment"], item["process"], item["region"], keys)
    query = select(items.c.key, func.max(items.c.doing))
    query = query.where(*mine, items.c.kind == ItemKind.SEQUEL, items.c.key.in_(stored))
    found: dict[str, int] = {}
    for key, doing in tx.execute(query.group_by(items.c.key)):
        found[stored[key]] = max(doing + 1, found.get(stored[key], 0))
    return found


def _values(item: Known, about: Mapping[str, Any], at: datetime, *, doing: int) -> dict[str, Any]:
    same = ("run", "environment", "process", "region", "key", "dry", "position", "place", "payload")
    return {
        **{name: item[name] for name in same},
        "doing": doing,
        "id": new_id(),
        "kind": ItemKind.SEQUEL,
        "state": ItemState.QUEUED,
        "token": 1,
        "result": {ABOUT: about},
        "opened": at,
    }


def _attempt(item: Known, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "item": item["id"],
        "run": item["run"],
        "token": 1,
        "rank": RANK[ItemKind.SEQUEL],
        "state": AttemptState.QUEUED,
        "not_before": at,
        "queued": at,
    }


def _event(tx: Tx, item: Known, actor: str) -> audit.Unwritten:
    about = item["result"][ABOUT]
    data = {"state": ItemState.QUEUED.value, "kind": ItemKind.SEQUEL.value, "code": about["code"]}
    who = {"key": item["key"], "row": ""}
    return audit.entry(tx, EventType.ITEM_OPENED, item["region"], actor, item["id"], item["run"], data, who)


def undone(tx: Tx, run: str) -> Sequence[tuple[str, str, str]]:
    """Sequels of a run that came to no good end: id, key, state."""
    bad = (Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN)
    query = select(items.c.id, items.c.key, items.c.state).where(
        items.c.run == run, items.c.kind == ItemKind.SEQUEL, items.c.state.in_([outcome.value for outcome in bad])
    )
    return [(row.id, row.key, row.state) for row in tx.execute(query.order_by(items.c.id))]
