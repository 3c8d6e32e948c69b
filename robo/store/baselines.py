"""What is known of human minutes: records and the verdicts on them. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, insert, select

from robo.model.audit import EventType
from robo.model.baseline import BaselineRecord, Verdict
from robo.proof.baselines import TIMED, Standing, VerdictKind, of, standing
from robo.store import audit
from robo.store.accounts_tables import baseline_verdicts, baselines
from robo.store.clock import Tx, now
from robo.store.closings import closed_to, lock
from robo.store.ids import new_id
from robo.store.races import lands

_EVENTS: Final = {
    VerdictKind.APPROVED: EventType.BASELINE_APPROVED,
    VerdictKind.SIGNED: EventType.BASELINE_SIGNED,
    VerdictKind.SUPERSEDED: EventType.BASELINE_SUPERSEDED,
    VerdictKind.WITHDRAWN: EventType.BASELINE_WITHDRAWN,
}
_MEDIANS: Final = ("before", "after", "triage", "recovery", "wrong")
_KINDS_OF: Final = select(baseline_verdicts.c.kind, baseline_verdicts.c.day).where(
    baseline_verdicts.c.baseline == bindparam("b_record")
)


def add(tx: Tx, record: BaselineRecord) -> bool:
    """Keep a record; its `author` is whose event it is. False when it is there already."""
    values = {
        "id": record.id,
        "process": record.process,
        "region": record.region,
        "unit": record.unit,
        "detail": record.detail,
        "author": record.author,
        "added": now(tx),
    }
    if not lands(tx, baselines, values):
        return False
    data = {
        "process": record.process,
        "unit": record.unit,
        **{what: of(record.said, what).span.median for what in _MEDIANS},
        "method": record.method,
        "n": of(record.said, "before").n,
        "digest": record.digest,
    }
    audit.emit(tx, type=EventType.BASELINE_ADDED, region=record.region, actor=record.author, obj=record.id, data=data)
    return True


def records(
    tx: Tx, ids: Collection[str] | None = None, *, region: str = "", process: str = ""
) -> dict[str, BaselineRecord]:
    """Records by id, in the order they were added: those of `ids`, of a region, of a process; all without any."""
    query = select(baselines).order_by(baselines.c.added, baselines.c.id)
    if ids is not None:
        query = query.where(baselines.c.id.in_(ids))
    if region:
        query = query.where(baselines.c.region == region)
    if process:
        query = query.where(baselines.c.process == process)
    return {row.id: BaselineRecord(id=row.id, detail=row.detail, author=row.author) for row in tx.execute(query)}


def alone(tx: Tx, region: str) -> None:
    """Nobody else decides about a record of this region until this transaction ends, and nobody writes minutes there:
    what stands beside is looked at before each decision, and a row never follows in the log on a verdict that it did
    not know."""
    lock(tx, region)
    tx.execute(select(baselines.c.id).where(baselines.c.region == region).order_by(baselines.c.id).with_for_update())


def verdicts(tx: Tx, ids: Collection[str]) -> Mapping[str, Sequence[Verdict]]:
    """What was decided about each of these records, in the order it was; a record without a verdict has none."""
    found: dict[str, list[Verdict]] = {each: [] for each in ids}
    query = select(baseline_verdicts).where(baseline_verdicts.c.baseline.in_(ids))
    for row in tx.execute(query.order_by(baseline_verdicts.c.at, baseline_verdicts.c.id)):
        found[row.baseline].append(
            Verdict(
                kind=VerdictKind(row.kind),
                record=row.baseline,
                day=row.day,
                role=row.role,
                successor=row.successor,
                actor=row.actor,
            )
        )
    return found


def decided(tx: Tx, record: str) -> Sequence[Mapping[str, str]]:
    """The verdicts on one record, for `robo.proof.baselines.standing`: what each credit asks."""
    return [{"kind": row.kind, "day": row.day} for row in tx.execute(_KINDS_OF, {"b_record": record})]


def is_proven(tx: Tx, record: BaselineRecord, effects: str, zone: str) -> bool:
    """Whether a credit of today, in that calendar, may stand on a record, by what was decided about it until now.
    `effects`: of the definition that is run."""
    if record.method != TIMED:
        return False
    closed_to(tx, record.region)  # nobody decides about it any more before what stands on it is written
    return standing(record.said, decided(tx, record.id), effects, local_day(tx, zone)) is Standing.VALID


def local_day(tx: Tx, zone: str) -> str:
    """Today in a calendar, ISO, by the clock of the store."""
    return now(tx).astimezone(ZoneInfo(zone)).date().isoformat()


def decide(tx: Tx, record: BaselineRecord, verdict: Verdict) -> None:
    """Keep a verdict on `record` and log it."""
    values = {
        "id": new_id(),
        "baseline": verdict.record,
        "kind": verdict.kind.value,
        "day": verdict.day,
        "role": verdict.role,
        "successor": verdict.successor,
        "actor": verdict.actor,
        "at": now(tx),
    }
    tx.execute(insert(baseline_verdicts), values)
    data = {"process": record.process, "day": verdict.day, "role": verdict.role}
    if verdict.successor:
        data["successor"] = verdict.successor
    audit.emit(tx, type=_EVENTS[verdict.kind], region=record.region, actor=verdict.actor, obj=verdict.record, data=data)
