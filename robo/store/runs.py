"""The book of runs: created with their opening, ended when every item is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, func, insert, select, update

from robo.engine.faultpoints import reach
from robo.errors import UsageError
from robo.model.audit import EventType
from robo.model.base import ItemState
from robo.model.run import AttemptState, ItemKind, NewRun, Run, RunState
from robo.store import audit, changes
from robo.store.clock import Tx, now
from robo.store.ids import new_id
from robo.store.tables import attempts, items, runs

RANK: Final = {ItemKind.OPEN: 0, ItemKind.ITEM: 1, ItemKind.SEQUEL: 1, ItemKind.FINISH: 2}
BUSY: Final = (ItemState.QUEUED, ItemState.RUNNING)


def refuse_purged(run: Run) -> None:
    """Raise RB674 when what the run was given is gone."""
    if run.purged is not None:
        raise UsageError(
            "RB674",
            "what the run was given is purged: it ended on %(ended)s",
            place=run.id,
            remedy="start a new one: robo run %(process)s --region %(region)s",
            ended=f"{run.ended or run.purged:%Y-%m-%d}",
            process=run.process,
            region=run.region,
        )


def create(tx: Tx, new: NewRun, *, actor: str, cause: str = "") -> tuple[str, str]:
    """A run, its opening item and attempt, and the audit event: one commit. (run id, attempt id to announce)."""
    run, at = new_id(), now(tx)
    changed = changes.since_the_last_run(tx, new, actor=actor, cause=run)
    tx.execute(insert(runs), _row(run, new, actor, at))
    reach("open")
    attempt = add_special(tx, run, new, ItemKind.OPEN, at)
    data = {
        "process": new.process,
        "version": new.version,
        "environment": new.environment,
        "digest": new.digest,
        "effects": new.effects,
        "dry_run": new.dry_run,
    }
    created = audit.entry(tx, EventType.RUN_CREATED, new.region, actor, run, cause, data)
    audit.emit_all(tx, [created, *changed])
    return run, attempt


def _row(run: str, new: NewRun, actor: str, at: datetime) -> dict[str, Any]:
    return {
        "id": run,
        "process": new.process,
        "region": new.region,
        "environment": new.environment,
        "version": new.version,
        "digest": new.digest,
        "inputs": new.inputs,
        "options": new.options,
        "dry": int(new.dry_run),
        "retries": new.retries,
        "again": "" if new.again is None else str(int(new.again.total_seconds())),
        "state": RunState.OPEN,
        "actor": actor,
        "created": at,
    }


def add_special(tx: Tx, run: str, of: NewRun | Run, kind: ItemKind, at: datetime) -> str:
    """The opening or the finish of a run, as an item with its first attempt; the attempt's id."""
    item, attempt = new_id(), new_id()
    tx.execute(
        insert(items),
        {
            "id": item,
            "run": run,
            "kind": kind,
            "environment": of.environment,
            "process": of.process,
            "region": of.region,
            "key": kind.value,
            "dry": int(of.dry_run),
            "state": ItemState.QUEUED,
            "token": 1,
            "opened": at,
        },
    )
    tx.execute(
        insert(attempts),
        {
            "id": attempt,
            "item": item,
            "run": run,
            "token": 1,
            "rank": RANK[kind],
            "state": AttemptState.QUEUED,
            "not_before": at,
            "queued": at,
        },
    )
    return attempt


def get(tx: Tx, run: str) -> Run:
    """The run with this id. RB520 when there is none."""
    row = tx.execute(select(runs).where(runs.c.id == run)).mappings().one_or_none()
    if row is None:
        raise _no_run(run)
    return _run(row)


def find(tx: Tx, start: str) -> Run:
    """The one run whose id starts or ends with what a person typed. RB520 none, RB521 several."""
    like = start.lower().replace("%", "").replace("_", "")
    matches = runs.c.id.like(f"{like}%") | runs.c.id.like(f"%{like}")
    found = tx.execute(select(runs).where(matches).limit(2)).mappings().all() if like else []
    if not found:
        raise _no_run(start)
    if len(found) > 1:
        raise UsageError("RB521", "several runs begin or end with %(run)s", remedy="give more of its id", run=start)
    return _run(found[0])


def latest(
    tx: Tx, *, process: str = "", region: str = "", states: Sequence[RunState] = (), limit: int = 50
) -> list[Run]:
    """Runs, newest first."""
    query = select(runs).order_by(runs.c.id.desc()).limit(limit)
    if process:
        query = query.where(runs.c.process == process)
    if region:
        query = query.where(runs.c.region == region)
    if states:
        query = query.where(runs.c.state.in_(states))
    return [_run(row) for row in tx.execute(query).mappings()]


def move(
    tx: Tx,
    run: str,
    to: RunState,
    *,
    since: Sequence[RunState],
    actor: str = "robot",
    event: EventType | None = None,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> bool:
    """Compare-and-set of a run's state; False when it was in none of `since`. An audit event goes with it."""
    changed = tx.execute(
        update(runs)
        .where(runs.c.id == run, runs.c.state.in_(since))
        .values(state=to, reason=reason)
        .returning(runs.c.region)
    ).one_or_none()
    if changed is None:
        return False
    if event is not None:
        audit.emit(tx, type=event, region=changed.region, actor=actor, obj=run, data=data)
    return True


def wait(tx: Tx, run: str, reason: str) -> bool:
    """The run waits for a person's yes (limits, stop_after): nothing of it is claimed meanwhile."""
    return move(tx, run, RunState.WAITING, since=(RunState.RUNNING,), event=EventType.RUN_WAITING, reason=reason)


def allow(tx: Tx, run: str, *, actor: str) -> bool:
    """A person's yes to a waiting run."""
    return move(tx, run, RunState.RUNNING, since=(RunState.WAITING,), actor=actor, event=EventType.RUN_ALLOWED)


def resume(tx: Tx, run: str, *, actor: str) -> None:
    """Somebody goes on with a run, whatever became of it since."""
    region = get(tx, run).region
    audit.emit(tx, type=EventType.RUN_RESUMED, region=region, actor=actor, obj=run)


def note_source(tx: Tx, run: str, digest: str, left_out: int) -> None:
    """What the opening read: a digest of all rows (a resumed opening compares it) and how many `only_if` left out."""
    options = {**get(tx, run).options, "source_digest": digest, "left_out": left_out}
    tx.execute(update(runs).where(runs.c.id == run).values(options=options))


def counts(tx: Tx, run: str) -> dict[ItemState, int]:
    """Items of the run by state, its opening and finish left out. Every state is there, 0 included."""
    rows = tx.execute(
        select(items.c.state, func.count()).where(items.c.run == run, items.c.kind == ItemKind.ITEM).group_by("state")
    ).all()
    found = {ItemState(row[0]): int(row[1]) for row in rows}
    return {state: found.get(state, 0) for state in ItemState}


def at_rest(tx: Tx, run: str, *, all_: bool = False) -> bool:
    """Every item is terminal, unknown, waiting or held: nothing more will happen without somebody. `all_`: its finish
    too, which is queued when everything else rests."""
    busy = select(items.c.id).where(items.c.run == run, items.c.state.in_(BUSY))
    if not all_:
        busy = busy.where(items.c.kind != ItemKind.FINISH)
    return tx.execute(busy.limit(1)).first() is None


def add_finish(tx: Tx, run: str) -> str:
    """Queue the `finish` of a run at rest, once; its attempt, or "" when it is not time or already there."""
    known = get(tx, run)
    there = select(items.c.id).where(items.c.run == run, items.c.kind == ItemKind.FINISH)
    if known.state is not RunState.RUNNING or not at_rest(tx, run) or tx.execute(there).first():
        return ""
    return add_special(tx, run, known, ItemKind.FINISH, now(tx))


def end(
    tx: Tx, run: str, *, summary: Mapping[str, Any], state: RunState = RunState.ENDED, actor: str = "robot"
) -> bool:
    """Close the run with its summary (kept for people) and its counts (in the audit event). False: it was closed."""
    changed = tx.execute(
        update(runs)
        .where(runs.c.id == run, runs.c.state.not_in((RunState.ENDED, RunState.CANCELLED)))
        .values(state=state, summary=summary, ended=now(tx))
        .returning(runs.c.region)
    ).one_or_none()
    if changed is None:
        return False
    data = {state.value: number for state, number in counts(tx, run).items() if number}
    kind = EventType.RUN_CANCELLED if state is RunState.CANCELLED else EventType.RUN_ENDED
    audit.emit(tx, type=kind, region=changed.region, actor=actor, obj=run, data={"items": data})
    return True


def close(tx: Tx, run: str) -> bool:
    """End the run if nothing of it is left: every item is terminal or unknown, and so is its finish, if it has one."""
    known = get(tx, run)
    left = (ItemState.QUEUED, ItemState.RUNNING, ItemState.HELD, ItemState.WAITING)
    live = select(items.c.id).where(items.c.run == run, items.c.state.in_(left))
    if known.state is not RunState.RUNNING or tx.execute(live.limit(1)).first():
        return False
    finish = select(items.c.id).where(items.c.run == run, items.c.kind == ItemKind.FINISH)
    if known.options.get("finish") and tx.execute(finish).first() is None:
        return False
    return end(tx, run, summary={state.value: number for state, number in counts(tx, run).items() if number})


def close_all(tx: Tx) -> None:
    """End the runs of which nothing is left and that nobody ended: their worker was killed just before."""
    mine = items.c.run == runs.c.id
    left = select(items.c.id).where(mine, items.c.state.in_((*BUSY, ItemState.HELD, ItemState.WAITING)))
    for row in tx.execute(select(runs.c.id).where(runs.c.state == RunState.RUNNING, ~left.exists())).all():
        close(tx, row.id)


def reopen(tx: Tx, run: str) -> None:
    """An item of an ended run is to be worked on again (a person's retry, a key that came free)."""
    tx.execute(update(runs).where(runs.c.id == run, runs.c.state == RunState.ENDED).values(state=RunState.RUNNING))


def again_of(stored: str) -> timedelta | None:
    """`again` as it is stored: "" never, else whole seconds."""
    return None if stored == "" else timedelta(seconds=int(stored))


def _run(row: RowMapping) -> Run:
    return Run(
        id=row["id"],
        process=row["process"],
        region=row["region"],
        environment=row["environment"],
        version=row["version"],
        digest=row["digest"],
        inputs=row["inputs"],
        options=row["options"],
        dry_run=bool(row["dry"]),
        retries=row["retries"],
        again=again_of(row["again"]),
        state=RunState(row["state"]),
        wish=row["wish"],
        reason=row["reason"],
        position=row["position"],
        not_taken=row["not_taken"],
        summary=row["summary"],
        actor=row["actor"],
        created=row["created"],
        ended=row["ended"],
        purged=row["purged"],
    )


def _no_run(run: str) -> UsageError:
    return UsageError("RB520", "there is no run %(run)s", remedy="`robo runs list` shows them", run=run)
