"""From what a study says to a record of a region: checked whole before anything is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from robo.errors import RoboError, UsageError
from robo.model.baseline import ROLE, VERSION, BaselineRecord
from robo.plan.measured import effects_digest
from robo.plan.model import Plan
from robo.proof.baselines import DAYS, ENOUGH, MEASURED, MONTHS, TIMED, calculated, of
from robo.services.baselines import refusals
from robo.services.baselines.scene import procedure
from robo.store import baselines
from robo.store.clock import Tx

MOST: Final = 8 * 60
"""Minutes of one unit; more is no unit, or no work."""
LONGEST: Final = 92
"""Days of one study, for each thing that is observed: one more observation does not renew those of last year."""
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A record that is kept, and what a person should know about it."""

    record: BaselineRecord
    is_new: bool
    notes: tuple[RoboError, ...]


def add(tx: Tx, said: Mapping[str, Any], plan: Plan, *, actor: str, place: str = "") -> Added:
    """Keep what a study says as a record of the plan's region. `place`: where it was read, for errors.

    RB033 absurd minutes, RB035 a day of the future, RB036 no role, RB037 another unit or no such point, RB041 another
    definition, RB045 nothing observed, RB047 observed over too long a time."""
    record = BaselineRecord.of(_whole(said, plan, place), actor)
    _check(record.said, plan, baselines.local_day(tx, plan.zone), place)
    return Added(record=record, is_new=baselines.add(tx, record), notes=tuple(_notes(record)))


def timed(
    *, process: str, region: str, unit: str, role: str, effects: str, observations: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """What a study says that is nothing but observations, `[what, day, seconds]`."""
    return {
        "v": VERSION,
        "process": process,
        "region": region,
        "unit": unit,
        "role": role,
        "effects": effects,
        "method": TIMED,
        "source": "",
        "note": "",
        "procedure": process,
        "steps": [],
        "whole": 0,
        **calculated(observations),
    }


def _whole(said: Mapping[str, Any], plan: Plan, place: str) -> dict[str, Any]:
    """What it says, with what only the plan knows."""
    effects = effects_digest(plan)
    if said["effects"] not in {"", effects}:
        raise refusals.other_definition(place)
    points = list(range(1, len(procedure(plan).sentences) + 1))
    return {**said, "effects": effects, "steps": said["steps"] or points}


def _check(said: Mapping[str, Any], plan: Plan, today: str, place: str) -> None:
    if said["unit"] != plan.counts.unit:
        raise refusals.other_unit(place, said["unit"], plan.counts.unit)
    check_role(said["role"], place)
    last = len(procedure(plan).sentences)
    for point in said["steps"]:
        if not 1 <= point <= last:
            raise refusals.no_such_point(place, point, last)
    for what in MEASURED:
        high = of(said, what).span.high
        if high > MOST:
            raise refusals.absurd(place, what, high, MOST)
    for what, day, seconds in said["observations"]:
        check_observation(what, day, seconds, today, place)
    check_span(said["observations"], place)
    if said["method"] == TIMED and not all(of(said, what).n for what in MONTHS):
        raise refusals.nothing_observed(place)


def check_role(role: str, place: str = "--role") -> None:
    """A role is said as one: RB036. A name begins with a capital letter, and is none."""
    if not ROLE.fullmatch(role):
        raise refusals.no_role(place, role)


def check_observation(what: str, day: str, seconds: int, today: str, place: str) -> None:
    """One observation by itself: RB033, RB035."""
    if not 0 <= seconds <= MOST * _MINUTE:
        raise refusals.absurd(place, f"{what}, {day}", seconds // _MINUTE, MOST)
    if day > today:
        raise refusals.day_not_possible(place, day, today)


def check_span(observations: Sequence[Sequence[Any]], place: str, today: str = "") -> None:
    """What is one measurement was made in one time: RB047. `today`: of one that goes on."""
    for what in MEASURED:
        days = sorted([day for kind, day, _ in observations if kind == what])
        if not days:
            continue
        first, last = days[0], max(days[-1], today)
        if date.fromisoformat(last) - date.fromisoformat(first) > timedelta(days=LONGEST):
            raise refusals.too_long(place, what, first, last, LONGEST)


def _notes(record: BaselineRecord) -> Iterator[RoboError]:
    if record.before < record.after:
        yield UsageError(
            "RB039",
            "with the robot a unit takes longer than by hand: %(before)s minutes before, %(after)s after",
            place=record.id,
            remedy="it is kept as it is: an honest loss, and each unit lowers the total",
            before=record.before,
            after=record.after,
        )
    if record.method == TIMED and any(
        of(record.said, what).n < ENOUGH or of(record.said, what).days < DAYS for what in MONTHS
    ):
        yield UsageError(
            "RB046",
            "fewer than %(enough)s observations of before and of after, on %(days)s days: this proves nothing yet",
            place=record.id,
            remedy="go on observing (`robo baseline time`), then add the study again: the longer one takes its place",
            enough=ENOUGH,
            days=DAYS,
        )
