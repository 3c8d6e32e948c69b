"""How items end: outcome, audit, write-backs, ledger rows, and the keys that come free, in one commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, literal_column, select, update

from robo.engine.ports import Fence, ItemEnd
from robo.errors import StoreConflict
from robo.model.audit import EventType
from robo.model.base import LIVE, ItemState, Outcome
from robo.model.ledger import LedgerRow
from robo.model.run import ItemKind, RunState, Taken
from robo.store import attempts, audit, fences, history, identity, journal, ledger, runs, sequels, writebacks
from robo.store.clock import Tx, now
from robo.store.tables import items
from robo.store.tables import runs as runs_table

Credit = Callable[[Fence, ItemEnd, Tx], Sequence[LedgerRow]]
"""What an outcome earns or costs, asked inside its transaction. Given by the accounting; no rows is a fine answer."""

_END: Final = (
    update(items)
    .where(items.c.id == bindparam("which"))
    .values(
        state=bindparam("to"),
        code=bindparam("with_code"),
        message=bindparam("with_message"),
        facts=bindparam("with_facts"),
        place=bindparam("with_place"),
        remedy=bindparam("with_remedy"),
        result=bindparam("with_result"),
        wish="",
        held_for="",
        behind=None,
        ended=bindparam("at"),
    )
)
_BEHIND: Final = (
    select(items, runs_table.c.again)
    .join(runs_table, runs_table.c.id == items.c.run)
    .where(items.c.behind == bindparam("owner"), items.c.state == literal_column("'held'"))
    .order_by(items.c.id)
    .with_for_update(of=items)
)


def end(tx: Tx, fence: Fence, ended: ItemEnd, credit: Credit | None = None) -> tuple[str, ...]:
    """The outcome of a running attempt. Returns the attempts it woke: items that were held behind this key.

    `StaleToken` when the attempt is somebody else's; RB616 for any outcome but `unknown` while an intent of the item
    is open (rule `cap`), unless `ended.journal` closes it as refused in this commit."""
    held, at = fences.hold(tx, fence), now(tx)
    if ended.journal is not None:
        journal.refused(tx, held, fence, ended.journal)
    if held.intent and ended.outcome is not Outcome.UNKNOWN:
        _refuse_open_intent(tx, held, ended.outcome)
    attempts.close(tx, fence.attempt, at, reason=ended.code or ended.outcome.value)
    history.add(tx, fence, ended.history)
    writebacks.add(tx, held, ended.changes, at)
    robot = fences.actor(held.worker)
    woken = conclude(tx, held, ended, at, actor=robot)
    if credit is not None:
        for row in credit(fence, ended, tx):
            ledger.add(tx, row, actor=robot, at=at)
    return woken


def abandon(tx: Tx, fence: Fence, ended: ItemEnd, summary: Mapping[str, Any]) -> bool:
    """An opening that failed ends, and cancels its run if none of its rows was taken. False: some were; the opening
    is queued again under a new token, since what is half opened may only be gone on with, or cancelled by a person."""
    held, at = fences.hold(tx, fence), now(tx)
    if runs.get(tx, held.run).position:
        attempts.postpone(tx, fence, 0.0, ended.code, costs=False)
        return False
    attempts.close(tx, fence.attempt, at, reason=ended.code)
    conclude(tx, held, ended, at, actor=fences.actor(held.worker))
    return runs.end(tx, held.run, summary=summary, state=RunState.CANCELLED)


def conclude(tx: Tx, item: Row[Any], ended: ItemEnd, at: datetime, *, actor: str, token: int = 0) -> tuple[str, ...]:
    """Write an outcome to an item the caller has locked (`token`: a new one), tell the audit, queue what follows,
    free its key. The attempts that were queued."""
    values: dict[str, Any] = {
        "which": item.id,
        "to": ended.outcome.value,
        "with_code": ended.code,
        "with_message": ended.message,
        "with_facts": ended.facts,
        "with_place": ended.place,
        "with_remedy": ended.remedy,
        "with_result": {**_kept(tx, item), "ours": ended.ours, "receipt": ended.receipt, "drift": list(ended.drift)},
        "at": at,
    }
    if ended.output:
        values["with_result"]["output"] = ended.output
    tx.execute(_END if not token else _END.values(token=token), values)
    if item.kind != ItemKind.OPEN:
        data = {"outcome": ended.outcome.value, "code": ended.code, "token": token or item.token, "kind": item.kind}
        kind = EventType.ITEM_ENDED
        audit.emit(tx, type=kind, region=item.region, actor=actor, obj=item.id, cause=item.run, data=data)
    following = sequels.follow(tx, item, ended, at, actor=actor)
    return () if ItemState(ended.outcome) in LIVE else (*following, *release(tx, item, at))


def _kept(tx: Tx, item: Row[Any]) -> Mapping[str, Any]:
    """What a sequel is about stays with it: somebody may have it done again."""
    if item.kind != ItemKind.SEQUEL:
        return {}
    found: Mapping[str, Any] = tx.execute(select(items.c.result).where(items.c.id == item.id)).scalar_one()
    return {attempts.ABOUT: found[attempts.ABOUT]}


def release(tx: Tx, owner: Any, at: datetime) -> tuple[str, ...]:
    """Rule `release`: judge again the items held behind this one's key, oldest first; attempts that were queued."""
    waiting = tx.execute(_BEHIND, {"owner": owner.id}).all()
    return tuple(attempt for item in waiting for attempt in _judge_again(tx, item, at))


def _judge_again(tx: Tx, item: Row[Any], at: datetime) -> tuple[str, ...]:
    """One held item: queued, behind the next owner, or skipped because the work is done. The attempts queued by it."""
    key = identity.Key(item.environment, item.process, item.region)
    past = identity.past(tx, key, [item.key], but=item.id).get(item.key)
    again = runs.again_of(item.again)
    verdict = identity.judge(past, digest=item.row_digest, again=again, at=at, dry=bool(item.dry))
    if verdict.taken is Taken.HELD:
        tx.execute(update(items).where(items.c.id == item.id).values(behind=verdict.owner))
        return ()
    if verdict.taken is not Taken.QUEUED:
        skipped = ItemEnd(outcome=Outcome.SKIPPED, code=verdict.taken.value)
        queued = conclude(tx, item, skipped, at, actor="robot")
        runs.close(tx, item.run)
        return queued
    runs.reopen(tx, item.run)
    data = {"doing": verdict.doing}
    kind = EventType.ITEM_RELEASED
    audit.emit(tx, type=kind, region=item.region, actor="robot", obj=item.id, cause=item.run, data=data)
    return (attempts.queue_again(tx, item, item.token + 1, at, doing=verdict.doing),)


def release_orphans(tx: Tx) -> tuple[str, ...]:
    """Items held behind one that is not live any more: nothing leaves one, and if something did, this frees it."""
    owner = items.alias("owner")
    gone = select(owner).where(
        owner.c.id.in_(select(items.c.behind).where(items.c.behind.is_not(None))),
        owner.c.state.not_in([state.value for state in LIVE]),
    )
    at = now(tx)
    return tuple(attempt for row in tx.execute(gone).all() for attempt in release(tx, row, at))


def _refuse_open_intent(tx: Tx, held: Row[Any], outcome: Outcome) -> None:
    """Rule `cap`: after the refusal of this commit, is an intent of the item still open?"""
    if tx.execute(fences.OPEN_INTENT_OF, {"of": held.id}).first() is None:
        return
    raise StoreConflict(
        "RB616",
        "an item whose effect may have happened cannot end %(outcome)s: only a verify or a person can tell",
        remedy="verify the effect, or end the item unknown",
        outcome=outcome.value,
    )
