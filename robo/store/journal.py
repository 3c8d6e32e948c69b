"""The once journal (page "once protocol"): what is known of each effect, by its key, whoever asks.

Every write compares the fence (rule `fence`) and the row's state, n and looks as they were read (rule `number`) in
one transaction, and is one UPDATE that lands or does not. `done` never changes. Each change is an audit event.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, RowMapping, bindparam, literal_column, select, update

from robo.engine.ports import MARK, Fence, JournalRow, JournalState, OnceKey, Wished
from robo.errors import StaleToken, StoreConflict
from robo.model.audit import EventType
from robo.store import attempts, audit, fences, saying
from robo.store.aliases import alias
from robo.store.clock import Tx, now
from robo.store.codec import whole
from robo.store.columns import MICROSECOND
from robo.store.ids import new_id
from robo.store.races import lands
from robo.store.tables import items, journal

_IS_ONCE: Final = (
    (journal.c.environment == bindparam("b_environment"))
    & (journal.c.process == bindparam("b_process"))
    & (journal.c.region == bindparam("b_region"))
    & (journal.c.step == bindparam("b_step"))
    & journal.c.key.in_((bindparam("b_key"), bindparam("b_alias")))
    & (journal.c.doing == bindparam("b_doing"))
)
"""A key may be stored as what a purge calls it (`robo.store.aliases`): then the row is this key's all the same."""
_READ: Final = select(journal).where(_IS_ONCE)
_AS_SEEN: Final = _IS_ONCE & (journal.c.n == bindparam("b_n")) & (journal.c.looks == bindparam("b_looks"))
_CHANGE: Final = {
    # the state is part of the text: a bound one makes SQLite prepare the statement anew each time (partial index)
    state: update(journal).where(_AS_SEEN, journal.c.state == literal_column(f"'{state}'"))
    for state in JournalState
    if state is not JournalState.DONE
}


def read(tx: Tx, once: OnceKey) -> JournalRow:
    """The row of this key, or a `none` row with n = 0 that is not stored yet. `ripe_in` by the database clock."""
    row = tx.execute(_READ, _once(tx, once)).mappings().one_or_none()
    return JournalRow(once=once) if row is None else _row(once, row, now(tx))


def intent(
    tx: Tx,
    fence: Fence,
    seen: JournalRow,
    *,
    budget: float,
    settle: float,
    digest: str,
    outputs: Mapping[str, Any],
) -> JournalRow:
    """none|refused -> open, n + 1, `act_by` = database now + `budget` seconds. The right to act once, before it.

    A wish that came meanwhile is raised as `Wished` instead: nothing begins after it (rule `boundary`)."""
    held = fences.hold(tx, fence)
    if seen.state not in (JournalState.NONE, JournalState.REFUSED):
        raise _changed(seen)
    if (wish := attempts.wish(tx, fence)) is not None:
        raise Wished(wish)
    act_by = now(tx) + timedelta(seconds=budget)
    changes = {
        "state": JournalState.OPEN,
        "n": seen.n + 1,
        "item": fence.item,
        "token": fence.token,
        "digest": digest,
        "act_by": act_by,
        "settle": int(settle * 1_000_000),
        "outputs": outputs,
        "after_refusal": "",
        "words": "",
        "closed_by": "",
        "looks": 0,
    }
    event = {"step": seen.once.step, "n": seen.n + 1, "token": fence.token, "digest": digest}
    _write(tx, held, seen, changes, event=EventType.INTENT, data=event)
    return JournalRow(
        once=seen.once,
        state=JournalState.OPEN,
        n=seen.n + 1,
        ripe_in=budget + settle,
        item=fence.item,
        token=fence.token,
        digest=digest,
        act_by=act_by,
        outputs=outputs,
        sends=seen.sends,
    )


def note_refusal(tx: Tx, fence: Fence, seen: JournalRow, code: str, words: str) -> JournalRow:
    """The answer to an open intent was a refusal: kept on the row, until verify decides (rule `refusal`)."""
    held = fences.hold(tx, fence)
    _must_be_open(seen)
    event = {"step": seen.once.step, "n": seen.n, "code": code}
    changes = {"after_refusal": code, "words": whole(words)}
    _write(tx, held, seen, changes, event=EventType.REFUSAL_READ, data=event, payload={"words": words})
    return read(tx, seen.once)


def cannot_tell(tx: Tx, fence: Fence, seen: JournalRow, why: str) -> JournalRow:
    """Verify could not tell: looks + 1."""
    held = fences.hold(tx, fence)
    _must_be_open(seen)
    event = {"step": seen.once.step, "n": seen.n, "looks": seen.looks + 1}
    _write(tx, held, seen, {"looks": seen.looks + 1}, event=EventType.DOUBT, data=event, payload={"why": why})
    return read(tx, seen.once)


def absent(tx: Tx, fence: Fence, seen: JournalRow, why: str, *, witnessed: bool = False) -> JournalRow:
    """open -> none, n kept (rule 8). Refused before `act_by + settle` (rule `wait`), RB614, unless this same attempt
    opened it and its session saw that nothing left (`witnessed`)."""
    held = fences.hold(tx, fence)
    _must_be_open(seen)
    witnessed = witnessed and (seen.item, seen.token) == (fence.item, fence.token)
    if not witnessed:
        require_ripe(tx, seen.once)
    event = {"step": seen.once.step, "n": seen.n, "token": fence.token, "witnessed": witnessed}
    changes = {"state": JournalState.NONE, "token": fence.token, "after_refusal": "", "looks": 0}
    _write(tx, held, seen, changes, event=EventType.ABSENT, data=event, payload={"why": why})
    return read(tx, seen.once)


def refused(tx: Tx, held: Row[Any], fence: Fence, seen: JournalRow) -> None:
    """open -> refused, in the commit that rejects the item; the caller holds the fence. Ripe rows only."""
    _must_be_open(seen)
    require_ripe(tx, seen.once)
    event = {"step": seen.once.step, "n": seen.n, "code": seen.after_refusal, "token": fence.token}
    changes = {"state": JournalState.REFUSED, "token": fence.token, "closed_by": "verify"}
    _write(tx, held, seen, changes, event=EventType.REFUSED, data=event)


def done(
    tx: Tx,
    fence: Fence,
    seen: JournalRow,
    *,
    by: str,
    ours: bool,
    receipt: Mapping[str, Any],
    outputs: Mapping[str, Any],
    sends: int = 0,
) -> JournalRow:
    """-> done, for ever. From none or refused (found before any intent) it is never ours (rule `mark`)."""
    held = fences.hold(tx, fence)
    if seen.state is JournalState.DONE:
        raise _changed(seen)
    mine = ours and seen.state is JournalState.OPEN
    changes = {
        "state": JournalState.DONE,
        "token": fence.token,
        "closed_by": by,
        "ours": int(mine),
        "receipt": receipt,
        "outputs": outputs,
        "sends": seen.sends + sends,
    }
    if not seen.item:
        changes["item"] = fence.item
    event = {"step": seen.once.step, "n": seen.n, "by": by, "ours": mine, "token": fence.token}
    _write(tx, held, seen, changes, event=EventType.RECEIPT, data=event, payload={"receipt": _texts(receipt)})
    return JournalRow(
        once=seen.once,
        state=JournalState.DONE,
        n=seen.n,
        item=seen.item or fence.item,
        token=fence.token,
        digest=seen.digest,
        act_by=seen.act_by,
        after_refusal=seen.after_refusal,
        closed_by=by,
        ours=mine,
        receipt=receipt,
        outputs=outputs,
        sends=seen.sends + sends,
        looks=seen.looks,
    )


def require_ripe(tx: Tx, once: OnceKey) -> None:
    """Rule `wait`, by the database clock: nobody's "not there" counts before `act_by + settle`."""
    row = read(tx, once)
    if row.ripe_in > 0:
        raise StoreConflict(
            "RB614",
            "the effect of step %(step)s may still be on its way for %(seconds)s s: nobody can say it is not there",
            remedy="look again after that time",
            step=once.step,
            seconds=round(row.ripe_in, 1),
        )


def rows_of(tx: Tx, item: str) -> list[tuple[str, JournalRow]]:
    """(journal id, row) of every effect this item intended or closed, for people and their decisions."""
    found = tx.execute(select(journal).where(journal.c.item == item).order_by(journal.c.changed)).mappings().all()
    at = now(tx)
    return [(row["id"], _row(_key(row), row, at)) for row in found]


_IN_LOOPS: Final = (
    select(journal)
    .join(items, items.c.id == journal.c.item)
    .where(
        journal.c.key.like(literal_column(f"'%{MARK}%'")),
        items.c.environment == bindparam("b_environment"),
        items.c.process == bindparam("b_process"),
        items.c.region == bindparam("b_region"),
        items.c.key == bindparam("b_key"),
        journal.c.doing == bindparam("b_doing"),
    )
    .order_by(journal.c.changed)
)


def in_loops(tx: Tx, item: str) -> list[JournalRow]:
    """The rows of effects in loops that this item wrote, or an earlier one of its key, in the item's pass."""
    mine = tx.execute(select(items).where(items.c.id == item)).one()
    asked = {f"b_{name}": getattr(mine, name) for name in ("environment", "process", "region", "key", "doing")}
    found = tx.execute(_IN_LOOPS, asked).mappings().all()
    at = now(tx)
    return [_row(_key(row), row, at) for row in found]


def by_id(tx: Tx, journal_id: str) -> JournalRow | None:
    """The row with this id, locked until the commit."""
    row = tx.execute(select(journal).where(journal.c.id == journal_id).with_for_update()).mappings().one_or_none()
    return None if row is None else _row(_key(row), row, now(tx))


def _write(
    tx: Tx,
    held: Row[Any],
    seen: JournalRow,
    changes: Mapping[str, Any],
    *,
    event: EventType,
    data: Mapping[str, Any],
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Rule `number`: change the row as it was seen, or raise `StaleToken`; and the audit event."""
    values = {**changes, "changed": now(tx)}
    if not _lands(tx, seen, values):
        raise _changed(seen)
    robot = fences.actor(held.worker)
    apart = None if payload is None else saying.shortened(payload)
    audit.emit(tx, type=event, region=held.region, actor=robot, obj=held.id, cause=held.run, data=data, payload=apart)


def _lands(tx: Tx, seen: JournalRow, values: Mapping[str, Any]) -> bool:
    """A row that nobody has written yet is inserted; any other is changed if it is as it was seen, and has its key
    again if a purge had taken it: its dossier is live."""
    if seen.state is JournalState.NONE and not seen.n:
        return lands(tx, journal, {"id": new_id(), **_key_values(seen.once), **values})
    if seen.state is JournalState.DONE:
        return False
    compare = {**_once(tx, seen.once), "b_n": seen.n, "b_looks": seen.looks}
    return bool(tx.execute(_CHANGE[seen.state], {"key": seen.once.key, **values, **compare}).rowcount)


def close_by_person(tx: Tx, journal_id: str, seen: JournalRow, values: Mapping[str, Any]) -> bool:
    """The person's change of a row in doubt (rule `person`): compares its state and n; whether it landed."""
    same = (
        journal.c.id == journal_id,
        journal.c.state == seen.state,
        journal.c.n == seen.n,
    )
    return tx.execute(update(journal).where(*same).values(**values, changed=now(tx))).rowcount == 1


def _key_values(once: OnceKey) -> dict[str, Any]:
    return {
        "environment": once.environment,
        "process": once.process,
        "region": once.region,
        "step": once.step,
        "key": once.key,
        "doing": once.doing,
    }


def _once(tx: Tx, once: OnceKey) -> dict[str, Any]:
    also = alias(tx, once.environment, once.process, once.region, once.key)
    return {"b_alias": also, **{f"b_{name}": value for name, value in _key_values(once).items()}}


def _key(row: RowMapping) -> OnceKey:
    return OnceKey(row["environment"], row["process"], row["region"], row["step"], row["key"], row["doing"])


def _row(once: OnceKey, row: RowMapping, at: datetime) -> JournalRow:
    ripe = age = 0.0
    if row["state"] == JournalState.OPEN and row["act_by"] is not None:
        ripe = max(0.0, (row["act_by"] + row["settle"] * MICROSECOND - at).total_seconds())
        age = max(0.0, (at - row["act_by"]).total_seconds())
    return JournalRow(
        once=once,
        state=JournalState(row["state"]),
        n=row["n"],
        ripe_in=ripe,
        item=row["item"],
        token=row["token"],
        digest=row["digest"],
        act_by=row["act_by"],
        age=age,
        after_refusal=row["after_refusal"],
        closed_by=row["closed_by"],
        ours=bool(row["ours"]),
        receipt=row["receipt"],
        outputs=row["outputs"],
        sends=row["sends"],
        looks=row["looks"],
    )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """A receipt as the audit log commits to it: every value as text, one form for ever."""
    return {str(name): str(value) for name, value in values.items()}


def _must_be_open(seen: JournalRow) -> None:
    if seen.state is not JournalState.OPEN:
        raise _changed(seen)


def _changed(seen: JournalRow) -> StaleToken:
    return StaleToken(
        "RB613",
        "the journal of step %(step)s is no longer as it was read (%(state)s, intent %(n)s); nothing was written",
        remedy="none is needed: whoever changed it goes on",
        step=seen.once.step,
        state=seen.state.value,
        n=seen.n,
    )
