"""The book of items: rows of a source become items, in chunks, once, whatever dies in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, RowMapping, Select, bindparam, func, insert, select, update

from robo.engine.faultpoints import reach
from robo.engine.ports import Fence
from robo.errors import StoreConflict, UsageError
from robo.model.audit import EventType
from robo.model.base import ItemState, Outcome
from robo.model.run import AttemptState, Item, ItemKind, NewItem, Opened, Run, RunState, Taken
from robo.store import audit, fences, identity, runs, sequels
from robo.store.clock import Tx, now
from robo.store.ids import new_id
from robo.store.tables import attempts, items, payloads, traces
from robo.store.tables import runs as runs_table

CHUNK: Final = 200
"""Rows of one commit."""


def begin(tx: Tx, fence: Fence) -> Run:
    """The opening attempt starts (or goes on): run `open` -> `opening`. Insert from `run.position` on."""
    held = fences.hold(tx, fence)
    runs.move(tx, held.run, RunState.OPENING, since=(RunState.OPEN,))
    return runs.get(tx, held.run)


def insert_chunk(tx: Tx, fence: Fence, rows: Sequence[NewItem], *, start: int) -> list[Opened]:
    """Insert up to `CHUNK` rows, the first being row `start` of the source, and move the run's position past them.

    Each row is judged by its key's past (page "language": the same key in a later run). Refused with RB617 when the
    position moved: somebody else inserted this chunk. Returns one verdict per row, in order."""
    held, at = fences.hold(tx, fence), now(tx)
    run = runs.get(tx, held.run)
    if run.position != start or len(rows) > CHUNK:
        raise StoreConflict(
            "RB617",
            "the rows from %(start)s on cannot be inserted: the run is at row %(position)s",
            remedy="read the run again and go on from its position",
            start=start,
            position=run.position,
        )
    key = identity.Key(run.environment, run.process, run.region)
    identity.lock(tx, key)
    verdicts = _judge_all(tx, run, key, rows, at)
    opened = _insert(tx, run, rows, verdicts, start=start, at=at, actor=fences.actor(held.worker))
    reach("chunk")
    missed = Counter(each.taken.value for each in opened if not each.item)
    values = {"position": start + len(rows), "not_taken": dict(Counter(run.not_taken) + missed)}
    tx.execute(update(runs_table).where(runs_table.c.id == run.id).values(**values))
    return opened


def opened(tx: Tx, fence: Fence) -> Run:
    """The opening is complete: its item is done and the run is `running`, in one commit."""
    held, at = fences.hold(tx, fence), now(tx)
    tx.execute(
        update(attempts).where(attempts.c.id == fence.attempt).values(state=AttemptState.ENDED, reason="done", ended=at)
    )
    tx.execute(update(items).where(items.c.id == fence.item).values(state=ItemState.DONE, ended=at))
    data = {"rows": runs.get(tx, held.run).position}
    runs.move(
        tx,
        held.run,
        RunState.RUNNING,
        since=(RunState.OPEN, RunState.OPENING),
        actor=fences.actor(held.worker),
        event=EventType.RUN_OPENED,
        data=data,
    )
    return runs.get(tx, held.run)


def _judge_all(tx: Tx, run: Run, key: identity.Key, rows: Sequence[NewItem], at: datetime) -> list[identity.Verdict]:
    """A verdict per row. Owners of held keys are locked and looked at again: one may just have ended."""
    keys = sorted({row.key for row in rows if row.key})
    known = identity.past(tx, key, keys) if keys else {}
    owners = sorted({past.owner for past in known.values() if past.owner})
    if owners and not run.dry_run:
        tx.execute(select(items.c.id).where(items.c.id.in_(owners)).order_by(items.c.id).with_for_update())
        known = identity.past(tx, key, keys)
    verdicts: list[identity.Verdict] = []
    mine: dict[str, str] = {}
    for row in rows:
        verdict = identity.judge(known.get(row.key), digest=row.digest, again=run.again, at=at, dry=run.dry_run)
        if row.trouble is not None and verdict.taken in (Taken.QUEUED, Taken.HELD):
            verdict = identity.Verdict(Taken.REJECTED, verdict.doing)
        elif verdict.taken is Taken.QUEUED and row.key in mine and not run.dry_run:
            raise _twice(row)
        elif verdict.taken is Taken.QUEUED:
            mine[row.key] = ""
        verdicts.append(verdict)
    return verdicts


def _insert(
    tx: Tx,
    run: Run,
    rows: Sequence[NewItem],
    verdicts: Sequence[identity.Verdict],
    *,
    start: int,
    at: datetime,
    actor: str,
) -> list[Opened]:
    """Write the taken rows: payloads, items, attempts and events, four statements however many they are."""
    bodies, made, queued, events, answers, following = [], [], [], [], [], []
    for n, (row, verdict) in enumerate(zip(rows, verdicts, strict=True)):
        about = _about(run, row, verdict)
        taken = verdict.taken in _STATES
        item, payload = new_id() if taken else "", new_id()
        attempt = new_id() if verdict.taken is Taken.QUEUED else ""
        answers.append(Opened(key=row.key, taken=verdict.taken, item=item, attempt=attempt))
        if not taken and about is None:
            continue
        values = _item_values(run, (item, payload), row, verdict, position=start + n, at=at)
        bodies.append({"id": payload, "kind": "row", "body": row.row})
        if about is not None:
            following.append((values, about))
        if not taken:
            continue
        made.append(values)
        if attempt:
            queued.append(_attempt_values(run.id, item, attempt, at))
        data = {"state": values["state"], "doing": verdict.doing, "code": values["code"]}
        who = {"key": row.key, "row": row.digest}
        events.append(audit.entry(tx, EventType.ITEM_OPENED, run.region, actor, item, run.id, data, who))
    for table, rows_of_it in ((payloads, bodies), (items, made), (attempts, queued)):
        if rows_of_it:
            tx.execute(insert(table), rows_of_it)
    audit.emit_all(tx, events)
    sequels.add(tx, following, at, actor=actor)
    return answers


def _about(run: Run, row: NewItem, verdict: identity.Verdict) -> dict[str, Any] | None:
    """What a sequel of this row is about: that it was refused, or not taken because its key is done. None: there is
    none."""
    if verdict.taken is Taken.ALREADY_DONE and sequels.wanted(run, Outcome.SKIPPED):
        return {"outcome": Outcome.SKIPPED.value, "code": verdict.taken.value, "message": "", "facts": {}}
    if verdict.taken is Taken.REJECTED and row.trouble is not None and sequels.wanted(run, Outcome.REJECTED):
        said = {"code": row.trouble.code, "message": row.trouble.message, "facts": row.trouble.facts}
        return {"outcome": Outcome.REJECTED.value, **said}
    return None


_STATES: Final = {
    Taken.QUEUED: ItemState.QUEUED,
    Taken.HELD: ItemState.HELD,
    Taken.REJECTED: ItemState.REJECTED,
}


def _item_values(
    run: Run, ids: tuple[str, str], row: NewItem, verdict: identity.Verdict, *, position: int, at: datetime
) -> dict[str, Any]:
    trouble, (item, payload) = row.trouble, ids
    return {
        "id": item,
        "run": run.id,
        "kind": ItemKind.ITEM,
        "environment": run.environment,
        "process": run.process,
        "region": run.region,
        "key": row.key,
        "dry": int(run.dry_run),
        "doing": verdict.doing,
        "position": position,
        "state": _STATES[verdict.taken].value if verdict.taken in _STATES else "",
        "token": 1 if verdict.taken is Taken.QUEUED else 0,
        "code": trouble.code if trouble else "",
        "message": trouble.message if trouble else "",
        "facts": trouble.facts if trouble else {},
        "place": row.place,
        "payload": payload,
        "row_digest": row.digest,
        "behind": verdict.owner or None,
        "opened": at,
        "ended": at if verdict.taken is Taken.REJECTED else None,
    }


def _attempt_values(run: str, item: str, attempt: str, at: datetime) -> dict[str, Any]:
    return {
        "id": attempt,
        "item": item,
        "run": run,
        "token": 1,
        "rank": 1,
        "state": AttemptState.QUEUED,
        "not_before": at,
        "queued": at,
    }


def get(tx: Tx, item: str) -> Item:
    """The item with this id. RB522 when there is none."""
    row = tx.execute(select(items).where(items.c.id == item)).mappings().one_or_none()
    if row is None:
        raise no_item(item)
    return _item(row)


def find(tx: Tx, name: str, run: str = "") -> Item:
    """The newest item of this key, of that run where its first or last letters are said; else the item of this id; else
    the newest whose key it was before a purge. RB522 when there is none."""
    newest = select(items).where(items.c.kind == ItemKind.ITEM).order_by(items.c.id.desc()).limit(1)
    if run:
        newest = newest.where(items.c.run.startswith(run, autoescape=True) | items.c.run.endswith(run, autoescape=True))
    row = (
        _first(tx, newest.where(items.c.key == name))
        or _first(tx, select(items).where(items.c.id == name))
        or _first(tx, newest.where(items.c.key.in_(identity.names_of(tx, name))))
    )
    if row is None:
        raise no_item(name)
    return _item(row)


def _first(tx: Tx, query: Select[Any]) -> RowMapping | None:
    return tx.execute(query).mappings().first()


def lock(tx: Tx, item: str) -> Row[Any]:
    """The item's row, locked until the commit (the first lock of every change). RB522 when there is none."""
    row = tx.execute(select(items).where(items.c.id == item).with_for_update()).one_or_none()
    if row is None:
        raise no_item(item)
    return row


def owners(tx: Tx, run: str, *, asking: bool) -> list[tuple[str, int]]:
    """The runs whose items hold items of this one behind their keys, with how many: those that wait for a person's
    answer (`asking`), or the others."""
    owner = items.alias("owner")
    waits = owner.c.state == ItemState.WAITING
    query = (
        select(owner.c.run, func.count())
        .select_from(items.join(owner, owner.c.id == items.c.behind))
        .where(items.c.run == run, items.c.state == ItemState.HELD, waits if asking else ~waits)
        .group_by(owner.c.run)
        .order_by(owner.c.run)
    )
    return [(row[0], int(row[1])) for row in tx.execute(query)]


def of_run(tx: Tx, run: str, *, states: Sequence[ItemState] = (), key: str = "", code: str = "") -> list[Item]:
    """Items of a run in the order of their source; its opening and finish left out."""
    query = select(items).where(items.c.run == run, items.c.kind == ItemKind.ITEM).order_by(items.c.position)
    if states:
        query = query.where(items.c.state.in_(states))
    if key:
        query = query.where(items.c.key == key)
    if code:
        query = query.where(items.c.code == code)
    return [_item(row) for row in tx.execute(query).mappings()]


def same_key(tx: Tx, item: str) -> list[str]:
    """The ids of all items of one key, whatever their run: this one among them."""
    mine = select(items).where(items.c.id == item).subquery()
    alike = [items.c[name] == mine.c[name] for name in ("environment", "process", "region", "key")]
    return list(tx.execute(select(items.c.id).where(*alike)).scalars())


def special(tx: Tx, run: str, kind: ItemKind) -> Item | None:
    """The opening or the finish of a run, None when there is none (yet)."""
    row = tx.execute(select(items).where(items.c.run == run, items.c.kind == kind)).mappings().one_or_none()
    return None if row is None else _item(row)


def listed(
    tx: Tx, *, states: Sequence[ItemState] = (), process: str = "", region: str = "", key: str = "", limit: int = 100
) -> list[Item]:
    """Items over all runs, newest first: what `robo items list` and the inbox show."""
    query = select(items).where(items.c.kind == ItemKind.ITEM).order_by(items.c.id.desc()).limit(limit)
    if states:
        query = query.where(items.c.state.in_(states))
    for column, value in ((items.c.process, process), (items.c.region, region), (items.c.key, key)):
        if value:
            query = query.where(column == value)
    return [_item(row) for row in tx.execute(query).mappings()]


def row_of(tx: Tx, item: str) -> Mapping[str, Any]:
    """The item's typed row, empty once it is purged."""
    query = select(payloads.c.body).join(items, items.c.payload == payloads.c.id).where(items.c.id == item)
    return tx.execute(query).scalar() or {}


def result_of(tx: Tx, item: str) -> Mapping[str, Any]:
    """How the item ended beyond its outcome: `ours`, `receipt`, `drift`."""
    return tx.execute(select(items.c.result).where(items.c.id == item)).scalar() or {}


def output_of(tx: Tx, run: str) -> Mapping[str, Any]:
    """What the `finish` of a run said is its result, or its only item where there is no `finish`; empty when nothing
    was said."""
    for kind in (ItemKind.FINISH, ItemKind.ITEM):
        query = select(items.c.result).where(items.c.run == run, items.c.kind == kind).limit(2)
        found = tx.execute(query).scalars().all()
        if len(found) == 1:
            return dict((found[0] or {}).get("output", {}))
    return {}


_TRIED: Final = (items.c.run == bindparam("of_run")) & (items.c.kind == ItemKind.ITEM) & (items.c.token > 0)
_ENDED: Final = (
    select(items.c.state, func.count())
    .where(_TRIED, items.c.state.in_(bindparam("states", expanding=True)))
    .group_by(items.c.state)
)
_NEWEST: Final = (
    select(items.c.state)
    .where(_TRIED, items.c.state.in_([outcome.value for outcome in Outcome]))
    .order_by(items.c.ended.desc(), items.c.id.desc())
    .limit(bindparam("most"))
)


def ended(tx: Tx, run: str, outcomes: Iterable[Outcome]) -> dict[ItemState, int]:
    """How many items of the run ended so, those refused at its opening left out. Each is there, 0 included."""
    states = [outcome.value for outcome in outcomes]
    found = {row[0]: int(row[1]) for row in tx.execute(_ENDED, {"of_run": run, "states": states})}
    return {ItemState(state): found.get(state, 0) for state in states}


def failed_in_a_row(tx: Tx, run: str, most: int) -> int:
    """How many of the items that ended last failed; no more than `most` are looked at."""
    newest = [row[0] for row in tx.execute(_NEWEST, {"of_run": run, "most": most})]
    return next((n for n, state in enumerate(newest) if state != Outcome.FAILED), len(newest))


def history(tx: Tx, item: str) -> list[dict[str, Any]]:
    """Every attempt of the item, oldest first, each with its step traces."""
    tries = tx.execute(select(attempts).where(attempts.c.item == item).order_by(attempts.c.token)).mappings().all()
    query = select(traces).join(attempts, attempts.c.id == traces.c.attempt).where(attempts.c.item == item)
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in tx.execute(query.order_by(traces.c.started, traces.c.seq)).mappings():
        seconds = timedelta(microseconds=row["micros"]).total_seconds()
        lines.setdefault(row["attempt"], []).append({**row, "seconds": seconds})
    return [{**each, "traces": lines.get(each["id"], [])} for each in tries]


def _item(row: RowMapping) -> Item:
    return Item(
        id=row["id"],
        run=row["run"],
        kind=ItemKind(row["kind"]),
        key=row["key"],
        doing=row["doing"],
        state=ItemState(row["state"]),
        token=row["token"],
        code=row["code"],
        message=row["message"],
        facts=row["facts"],
        place=row["place"],
        remedy=row["remedy"],
        behind=row["behind"] or "",
        position=row["position"],
        tries=row["tries"],
        wish=row["wish"],
        opened=row["opened"],
        ended=row["ended"],
        purged=row["purged"],
    )


def no_item(item: str) -> UsageError:
    return UsageError("RB522", "there is no item %(item)s", remedy="`robo items list` shows them", item=item)


def _twice(row: NewItem) -> StoreConflict:
    return StoreConflict(
        "RB618",
        "two rows of one chunk have the same key (%(place)s)",
        remedy="this is a fault of robo: keys that are twice in a source are rejected before they get here",
        place=row.place,
    )
