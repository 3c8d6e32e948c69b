"""Which baseline a run earns by, and how far it may be trusted there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from robo.definition.baseline import read_baseline
from robo.model.baseline import BaselineRecord, Verdict
from robo.model.run import Run
from robo.plan.measured import effects_digest
from robo.plan.model import Plan
from robo.proof.baselines import Standing, standing
from robo.store import baselines
from robo.store.clock import Tx
from robo.store.debits import EFFECTS
from robo.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The record that a run's credits carry, for as long as it works."""

    record: BaselineRecord
    effects: str
    """Of the definition that is run."""

    def is_proven(self, tx: Tx, zone: str) -> bool:
        """Whether a credit of today, in that calendar, may stand on it, by what was decided about it until now."""
        return baselines.is_proven(tx, self.record, self.effects, zone)


def applicable(store: Store, plan: Plan, file: Path) -> Applied | None:
    """The record that applies to a run of `plan` that begins now: the region's own one that stands; else its newest
    own one that nobody took back; else the one that ships with the process (`file`)."""
    effects = effects_digest(plan)
    shipped = ship(store, plan, file)
    with store.read() as tx:
        day = baselines.local_day(tx, plan.zone)
        known = baselines.records(tx, region=plan.region, process=plan.process)
        decided = baselines.verdicts(tx, known)
    record = chosen(known.values(), decided, effects, day, plan.counts.unit, shipped=shipped)
    return Applied(record=record, effects=effects) if record is not None else None


def bound(applied: Applied | None, run: Run) -> Applied | None:
    """What the rows of a run stand on: whoever verifies knows the effects only that its entry of the log says. That of
    an older robo says none, and what such a run still does is not proven."""
    return applied and replace(applied, effects=str(run.options.get(EFFECTS, "")))


def ship(store: Store, plan: Plan, file: Path) -> BaselineRecord | None:
    """What a process ships, kept as a record of the region the first time; None when it ships none."""
    shipped = read_baseline(file, plan.process, plan.region)
    if shipped is not None:
        store.transact(lambda tx: baselines.add(tx, shipped))
    return shipped


def chosen(
    known: Iterable[BaselineRecord],
    decided: Mapping[str, Sequence[Verdict]],
    effects: str,
    day: str,
    unit: str,
    *,
    shipped: BaselineRecord | None,
) -> BaselineRecord | None:
    """Of the records of a process in a region, in the order they were added, the one that counts on `day`: see
    `applicable`."""
    newest = None
    for record in reversed([each for each in known if each.unit == unit and not each.is_shipped]):
        found = standing(record.said, [each.said for each in decided[record.id]], effects, day)
        if found is Standing.VALID:
            return record
        if newest is None and found not in {Standing.WITHDRAWN, Standing.SUPERSEDED}:
            newest = record
    if newest is None and shipped is not None and shipped.unit == unit:
        newest = shipped
    return newest


def provenance(baseline: BaselineRecord) -> str:
    """Where the minutes come from, in the words of the record: source and date. Its `method` says how far to trust."""
    return ", ".join(baseline.said[key] for key in ("source", "last") if baseline.said.get(key))
