"""Baselines of a project: studied, added, decided about, shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robo.errors import RoboError

if TYPE_CHECKING:
    from robo.app import App
    from robo.model.baseline import BaselineRecord, Verdict
    from robo.plan.model import Plan
    from robo.proof.baselines import Standing
    from robo.sdk.runner import Row
    from robo.services.baselines.adding import Added
    from robo.services.baselines.deciding import Decider
    from robo.services.baselines.stopwatch import Server
    from robo.services.baselines.study import Study
    from robo.store.clock import Tx

Say = Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A record, what was decided about it, and how it stands today for the process as it is."""

    record: BaselineRecord
    verdicts: Sequence[Verdict]
    standing: Standing
    applies: bool
    """Whether a run of today earns by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """A process in a region as it is now. Where its definition cannot be read nothing stands on it."""

    unit: str = ""
    effects: str = "-"
    zone: str = "UTC"
    shipped: BaselineRecord | None = None


def shown(robo: App, *, region: str = "", process: str = "") -> list[Shown]:
    """The records of the store and those that processes ship, by process and region, the newest last."""
    from robo.proof.baselines import standing
    from robo.services.baselines import chosen
    from robo.store import baselines

    places = dict(_places(robo, region, process))
    found = []
    with robo.store.read() as tx:
        known = baselines.records(tx, region=region, process=process)
        decided = baselines.verdicts(tx, known)
        for record in sorted(known.values(), key=lambda each: (each.process, each.region)):
            here = places.get((record.process, record.region), _Here())
            day = baselines.local_day(tx, here.zone)
            mine = [each for each in known.values() if (each.process, each.region) == (record.process, record.region)]
            applied = chosen(mine, decided, here.effects, day, here.unit, shipped=here.shipped)
            verdicts = decided[record.id]
            stands = standing(record.said, [each.said for each in verdicts], here.effects, day)
            applies = applied is not None and applied.id == record.id
            found.append(Shown(record=record, verdicts=verdicts, standing=stands, applies=applies))
    return found


def _places(robo: App, region: str, process: str) -> Iterator[tuple[tuple[str, str], _Here]]:
    """What there is now; what ships with it is kept as a record the first time."""
    from robo.plan.measured import effects_digest
    from robo.services.baselines import ship

    for where in [region] if region else robo.region_ids():
        for name in [process] if process else robo.process_ids():
            try:
                plan = robo.plan(name, where)
            except RoboError:
                continue
            shipped = ship(robo.store, plan, robo.settings.processes / name / "baseline.yaml")
            here = _Here(unit=plan.counts.unit, effects=effects_digest(plan), zone=plan.zone, shipped=shipped)
            yield (name, where), here


def one(robo: App, said: str) -> Shown:
    """The record whose id begins so, and how it stands: RB038."""
    record = find(robo, said)
    return next(each for each in shown(robo, region=record.region, process=record.process) if each.record == record)


def find(robo: App, said: str) -> BaselineRecord:
    """The record whose id begins so: RB038."""
    from robo.services.baselines.deciding import found

    with robo.store.read() as tx:
        return found(tx, said)


# ---- added -------------------------------------------------------------------------------------------------


def add_file(robo: App, file: Path, region: str, actor: str) -> Added:
    """Make a record of a study file. RB030-RB046, or every problem of its text."""
    from robo.definition.baseline import read_study

    said = read_study(file, "", region)
    return _add(robo, said, robo.plan(said["process"], region), actor, str(file))


def add_sheet(robo: App, file: Path, role: str, actor: str) -> Added:
    """Make a record of a filled time-study sheet, whole or not at all. RB030-RB046."""
    from robo.services.baselines.adding import check_role, timed
    from robo.services.reporting.study_reading import read
    from robo.store import baselines

    def today(region: str) -> str:
        with robo.store.read() as tx:
            return baselines.local_day(tx, robo.region(region).zone)

    check_role(role)
    filled = read(file, lambda sheet: _rows(robo, file.absolute(), sheet), today)
    said = timed(
        process=filled.process,
        region=filled.region,
        unit=filled.unit,
        role=role,
        effects=filled.effects,
        observations=filled.observations,
    )
    return _add(robo, said, robo.plan(filled.process, filled.region), actor, str(file))


def _add(robo: App, said: Mapping[str, Any], plan: Plan, actor: str, place: str) -> Added:
    from robo.services.baselines.adding import add

    return robo.store.transact(lambda tx: add(tx, said, plan, actor=actor, place=place))


async def _rows(robo: App, file: Path, sheet: str) -> AsyncIterator[Row]:
    """The rows of a sheet, read where a stranger's file is always read: in the limited box of the files runner."""
    import tempfile

    from robo.sdk.grammar import parse_params
    from robo.sdk.runner import Call, Context
    from robo.services.guests import installed_actions, new_runner

    runner, spec = new_runner("files"), installed_actions()["files.rows"]
    params = parse_params(spec, {"file": str(file), "sheet": sheet, "header": 1})
    await runner.start(robo.settings.for_runners().get("files", {}), headed=False, slots=1)
    with tempfile.TemporaryDirectory(prefix="robo-") as folder:
        context = Context(
            region="",
            environment="test",
            date_format="%d/%m/%Y",
            zone="UTC",
            folder=Path(folder),
            hosts=(),
            secret=_no_secret,
            settings={},
        )
        try:
            session = await runner.open(context)
            call = Call(step="import", action=spec.name, params=params, effect=spec.effect, timeout=spec.timeout)
            async for row in session.rows(call):
                yield row
        finally:
            await runner.stop()


async def _no_secret(name: str) -> Any:
    raise AssertionError(f"a sheet needs no secret: {name}")


# ---- studied -----------------------------------------------------------------------------------------------


@contextmanager
def stopwatch(robo: App, plan: Plan, role: str, say: Say, language: str) -> Iterator[tuple[Server, Study]]:
    """The page of a time study, and its study, which is nobody else's meanwhile. RB036, RB041, RB044, RB047."""
    from robo.services.baselines.adding import check_role
    from robo.services.baselines.scene import Scene
    from robo.services.baselines.stopwatch import Server, Watch
    from robo.services.baselines.stopwatch_page import page
    from robo.services.baselines.study import Study, alone
    from robo.store import baselines

    check_role(role)
    file = robo.settings.state / "studies" / f"{plan.process}-{plan.region}.yaml"
    scene = Scene.of(plan, language, say)

    def today() -> str:
        with robo.store.read() as tx:
            return baselines.local_day(tx, plan.zone)

    with alone(file):
        study = Study.begun(file, plan, role, today())
        watch = Watch(study=study, today=today, clock=lambda: _clock(plan.zone))
        with Server(watch, lambda each: page(each, scene, say)) as server:
            yield server, study


def _clock(zone: str) -> str:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return f"{datetime.now(ZoneInfo(zone)):%H:%M}"


def sheet(plan: Plan, file: Path, say: Say, language: str) -> None:
    """Write the time-study sheet of a process in a region. An OSError passes through."""
    from robo.services.baselines.scene import Scene
    from robo.services.reporting.study import write

    write(file, Scene.of(plan, language, say), say)


# ---- decided -----------------------------------------------------------------------------------------------


def decide(
    robo: App, record: BaselineRecord, actor: str, role: str, what: Callable[[Tx, BaselineRecord, Decider], Verdict]
) -> Verdict:
    """Carry out what somebody decided about a record, in one commit."""
    from robo.services.baselines.deciding import Decider

    by = Decider(actor=actor, role=role, zone=robo.region(record.region).zone)
    return robo.store.transact(lambda tx: what(tx, record, by))
