"""What people decide (rules `person`, `boundary`, `shared`): compared with what they saw, else "look again"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select, update

from robo.engine.ports import ItemEnd, JournalRow, JournalState, Wish
from robo.errors import StoreConflict
from robo.model.audit import EventType
from robo.model.base import LIVE, ItemState, Outcome
from robo.model.review import Person, Reviewed, ReviewState
from robo.model.run import AttemptState, Decision, ItemKind, RunState
from robo.store import attempts, audit, debits, fences, identity, items, journal, outcomes, reviews, runs
from robo.store.clock import Tx, now
from robo.store.tables import attempts as attempts_table
from robo.store.tables import items as items_table
from robo.store.tables import runs as runs_table

_RETRIED: Final = (ItemState.FAILED, ItemState.REJECTED, ItemState.CANCELLED, ItemState.SKIPPED)
_DOUBTED: Final = (JournalState.OPEN, JournalState.NONE)
_CURRENT: Final = (AttemptState.QUEUED, AttemptState.RUNNING)


def there(tx: Tx, saw: Decision, *, actor: str, receipt: Mapping[str, Any]) -> str:
    """The person found the effect: the row is done, closed by a person, earning nothing; the item goes on with its
    next segment under a new token. The new attempt. What the steps before the effect left stays on the row."""
    item, row = _same(tx, saw, ItemState.UNKNOWN), _doubted(tx, saw)
    closed = {
        "state": JournalState.DONE,
        "closed_by": "person",
        "ours": 0,
        "receipt": dict(receipt),
        "outputs": {**row.outputs, row.once.step: dict(receipt)},
        "token": item.token + 1,
    }
    if not journal.close_by_person(tx, saw.journal, row, closed):
        raise _look_again()
    debits.recover(tx, item, actor=actor)
    data = {"step": row.once.step, "n": row.n}
    return _go_on(tx, item, actor, "there", data, payload={"receipt": dict(receipt)})


def not_there(tx: Tx, saw: Decision, *, actor: str) -> str:
    """The person looked and it is not there; only counts after `act_by + settle` (RB614). The item acts again."""
    item, row = _same(tx, saw, ItemState.UNKNOWN), _doubted(tx, saw)
    journal.require_ripe(tx, row.once)
    closed = {"state": JournalState.NONE, "closed_by": "person", "after_refusal": "", "looks": 0}
    if not journal.close_by_person(tx, saw.journal, row, closed | {"token": item.token + 1}):
        raise _look_again()
    debits.recover(tx, item, actor=actor)
    return _go_on(tx, item, actor, "not there", {"step": row.once.step, "n": row.n})


def verify_again(tx: Tx, saw: Decision, *, actor: str) -> str:
    """The robot is to look once more; the journal stays as it is."""
    return _go_on(tx, _same(tx, saw, ItemState.UNKNOWN), actor, "verify again", {})


def retry(tx: Tx, saw: Decision, *, actor: str) -> str:
    """Do an ended item again, finished segments not repeated. RB619 when its key is live elsewhere or done since."""
    seen = items.get(tx, saw.item)
    if seen.state not in _RETRIED or seen.kind not in (ItemKind.ITEM, ItemKind.SEQUEL):
        raise _look_again()
    if seen.purged is not None:
        raise _purged(seen.ended)
    run = runs.get(tx, seen.run)
    key = identity.Key(run.environment, run.process, run.region)
    identity.lock(tx, key)
    item = _same(tx, saw, seen.state)
    owns = seen.kind is ItemKind.ITEM
    past = identity.past(tx, key, [seen.key], but=seen.id).get(seen.key) if owns else None
    if past is not None and not run.dry_run and (past.owner or past.done > seen.doing):
        raise StoreConflict(
            "RB619",
            "another item has the key of this one: %(state)s",
            remedy="look at that item; `robo items list --key KEY` shows all of the key",
            state="it is live" if past.owner else "it was done since",
            other=past.owner,
        )
    if owns and not run.dry_run and seen.state is not ItemState.FAILED:
        reviews.forget(tx, key, seen.key, seen.doing)
    if seen.state is ItemState.FAILED:
        debits.recover(tx, item, actor=actor)
    return _go_on(tx, item, actor, "retry", {"from": seen.state.value}, code="", message="", facts={}, remedy="")


def answer(
    tx: Tx, saw: Decision, review: Reviewed, *, actor: str, choice: str, values: Mapping[str, Any], by: Person
) -> str:
    """A person's answer to the question the item waits for, given once: RB625 when somebody was first, RB626 when its
    time is over. The item goes on under a new token; the new attempt."""
    item, at = items.lock(tx, saw.item), now(tx)
    known = next((each for each in reviews.of_item(tx, saw.item) if each.id == review.id), None)
    if known is not None and known.n == review.n and known.state is ReviewState.ANSWERED:
        raise _answered(known)
    item = _same(tx, saw, ItemState.WAITING)
    if review.until is not None and review.until <= at:
        raise StoreConflict(
            "RB626",
            "the time to answer « %(title)s » was over at %(until)s",
            remedy="`robo run --resume %(run)s` does what the process says for that",
            title=review.question.title,
            until=f"{review.until:%Y-%m-%d %H:%M} UTC",
            run=item.run,
        )
    given = {"choice": choice, "answers": dict(values), "answered": at, "person": by.name, "capacity": by.role}
    if not reviews.close(tx, review.id, review.n, {"state": ReviewState.ANSWERED, **given}):
        raise _look_again()
    said = {"values": {name: str(value) for name, value in values.items()}, "person": by.name}
    data = {"step": review.step, "n": review.n, "choice": choice, "role": by.role}
    return _go_on(tx, item, actor, "answer", data, payload=said, code="", message="", facts={})


def cancel(tx: Tx, saw: Decision, *, actor: str) -> bool:
    """Cancel a live item now when no intent is open and nobody works on it (True); else it is a wish, read by its
    worker at the next commit (False). An `unknown` item with an open intent must be decided first: RB616."""
    item = _same(tx, saw, saw.state)
    if ItemState(item.state) not in LIVE:
        raise _look_again()
    return _cancel(tx, item, actor, asked=True)[0]


def cancel_run(tx: Tx, run: str, *, actor: str) -> tuple[int, int, tuple[str, ...]]:
    """Cancel every item of a run: (cancelled now, only wished, attempts woken behind freed keys)."""
    tx.execute(update(runs_table).where(runs_table.c.id == run).values(wish=Wish.CANCEL))
    state = runs.get(tx, run).state
    live = (ItemState.QUEUED, ItemState.RUNNING, ItemState.WAITING, ItemState.HELD)
    query = select(items_table).where(items_table.c.run == run, items_table.c.state.in_(live)).order_by("id")
    now_, wished = 0, 0
    woken: tuple[str, ...] = ()
    for item in tx.execute(query.with_for_update()).all():
        done, freed = _cancel(tx, item, actor, asked=False)
        now_, wished, woken = now_ + done, wished + (not done), woken + freed
    if not wished and state is not RunState.ENDED:
        runs.end(tx, run, summary={}, state=RunState.CANCELLED, actor=actor)
    return now_, wished, woken


def _cancel(tx: Tx, item: Row[Any], actor: str, *, asked: bool) -> tuple[bool, tuple[str, ...]]:
    """Rule `boundary` on an item the caller has locked. `asked`: by itself, so that a person does it; of a run that is
    ended only those cost that were begun."""
    intent = tx.execute(fences.OPEN_INTENT_OF, {"of": item.id}).first()
    if intent and item.state == ItemState.UNKNOWN:
        raise StoreConflict(
            "RB616",
            "an item whose effect may have happened cannot end %(outcome)s: only a verify or a person can tell",
            remedy="verify the effect, or end the item unknown",
            outcome=Outcome.CANCELLED.value,
        )
    if intent or item.state == ItemState.RUNNING:
        tx.execute(update(items_table).where(items_table.c.id == item.id).values(wish=Wish.CANCEL))
        _decided(tx, item, actor, "wish to cancel", {})
        return False, ()
    at = now(tx)
    _stale_current(tx, item.id)
    _decided(tx, item, actor, "cancel", {"from": item.state})
    if asked or debits.was_begun(tx, item.id):
        debits.triage(tx, item, actor=actor, code="cancelled")
    ended = ItemEnd(outcome=Outcome.CANCELLED, code="cancelled")
    return True, outcomes.conclude(tx, item, ended, at, actor=actor, token=item.token + 1)


def _same(tx: Tx, saw: Decision, state: ItemState) -> Row[Any]:
    """The item, locked, if it is as the person saw it."""
    item = items.lock(tx, saw.item)
    if (item.state, item.token) != (saw.state, saw.token) or saw.state is not state:
        raise _look_again()
    return item


def _doubted(tx: Tx, saw: Decision) -> JournalRow:
    """The row the person looked for: open, or, when its intents were all found absent, none."""
    row = journal.by_id(tx, saw.journal)
    if row is None or row.state not in _DOUBTED or row.n != saw.n or row.item != saw.item:
        raise _look_again()
    return row


def _go_on(
    tx: Tx,
    item: Row[Any],
    actor: str,
    decision: str,
    data: Mapping[str, Any],
    *,
    payload: Mapping[str, Any] | None = None,
    **values: Any,
) -> str:
    """A new token and a new attempt with tries of its own; the run is open again."""
    _stale_current(tx, item.id)
    _decided(tx, item, actor, decision, data, payload=payload)
    runs.reopen(tx, item.run)
    fresh = {"tries": 0, "crashes": 0, "wish": "", **values}
    return attempts.queue_again(tx, item, item.token + 1, now(tx), **fresh)


def _stale_current(tx: Tx, item: str) -> None:
    """No attempt of an older token may be claimed or write any more."""
    current = (attempts_table.c.item == item, attempts_table.c.state.in_(_CURRENT))
    tx.execute(update(attempts_table).where(*current).values(state=AttemptState.STALE, ended=now(tx)))


def _decided(
    tx: Tx,
    item: Row[Any],
    actor: str,
    decision: str,
    data: Mapping[str, Any],
    *,
    payload: Mapping[str, Any] | None = None,
) -> None:
    whole = {"decision": decision, "token": item.token, **data}
    kind, run = EventType.DECISION, item.run
    audit.emit(tx, type=kind, region=item.region, actor=actor, obj=item.id, cause=run, data=whole, payload=payload)


def _answered(known: Reviewed) -> StoreConflict:
    return StoreConflict(
        "RB625",
        "it is answered already: %(choice)s, by %(person)s at %(when)s; nothing was changed",
        remedy="only one answer counts; `robo items show KEY` shows it",
        choice=known.question.choices.get(known.choice, known.choice),
        person=known.person,
        when=f"{known.answered:%Y-%m-%d %H:%M} UTC",
    )


def _purged(ended: datetime | None) -> StoreConflict:
    return StoreConflict(
        "RB673",
        "what the item was made of is purged: it ended on %(ended)s",
        remedy="give its row to a new run: what was done for its key stays done",
        ended=f"{ended:%Y-%m-%d}",
    )


def _look_again() -> StoreConflict:
    return StoreConflict(
        "RB620",
        "it changed since you looked; nothing was done",
        remedy="look at the item again, then decide",
    )
