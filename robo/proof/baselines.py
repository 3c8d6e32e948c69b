"""What a baseline says, and whether a credit may stand on it on a given day. Pure; whoever verifies calls the same.

A record is one JSON object that is never edited: `v process region unit method role first last procedure steps whole
effects source note observations` and, for each of `MEASURED`, what it says of one unit: `{median, low, high, n, days,
last}` in whole minutes. `observations` are `[what, day, seconds]`, without anybody's name; of a `timed` record all
figures are recomputed from them. `procedure` is what a person does by hand, `steps` its points that the record covers,
`whole` the minutes of all of it. What people decide about a record are verdicts beside it: `{kind, record, day, role}`.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from robo.proof.hours import Measures, Span

MEASURED: Final = ("before", "after", "triage", "recovery", "wrong")
"""What a record has minutes of: without the robot, with it, and for its rejections, its failures, its faults."""
ENOUGH: Final = 10
"""Observations of before, and of after, that a proven figure needs."""
DAYS: Final = 2
"""Days that they are spread over, at least."""
MONTHS: Final[Mapping[str, int]] = {"before": 12, "after": 6}
"""How long a measurement is good for, from its last day."""
TIMED: Final = "timed"
_QUARTILES: Final = 5
"""Observations from which on the range is that of the quartiles; of fewer it is all there are."""
_MINUTE: Final = 60


class Standing(StrEnum):
    """How far a baseline may be trusted on a day."""

    VALID = "valid"
    UNAPPROVED = "unapproved"
    """Nobody of the service approved it, or not yet; or the head of the service did not sign an after of 0."""
    EXPIRED = "expired"
    OTHER_DEFINITION = "other definition"
    """The effect steps, or what is filtered, changed since it was measured."""
    TOO_FEW = "too few"
    """Fewer than ten observations, or on fewer than two days."""
    NOT_TIMED = "not timed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class VerdictKind(StrEnum):
    """What a person decides about a record."""

    APPROVED = "approved"
    SIGNED = "signed"
    """By the head of the service: that nothing is left to do afterwards (an after of 0)."""
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Measured:
    """Minutes of one unit, how often and on how many days they were observed, and the last of these days."""

    span: Span
    n: int = 0
    days: int = 0
    last: str = ""


def measured(observations: Sequence[tuple[str, int]]) -> Measured:
    """Of `(day, seconds)`: the median, and the quartiles (of fewer than five: the least and the most), in whole
    minutes, halves up."""
    if not observations:
        return Measured(Span(0, 0, 0))
    seconds = sorted(each for _, each in observations)
    n, days = len(seconds), {day for day, _ in observations}
    if n < _QUARTILES:
        low, high = seconds[0], seconds[-1]
    else:
        low, high = seconds[(n - 1) // 4], seconds[-1 - (n - 1) // 4]
    double = seconds[(n - 1) // 2] + seconds[n // 2]
    median = (double + _MINUTE) // (2 * _MINUTE)
    span = Span(median, min(median, _minutes(low)), max(median, _minutes(high)))
    return Measured(span, n, len(days), max(days))


def figure(found: Measured) -> dict[str, Any]:
    """As a record has it."""
    return {**found.span._asdict(), "n": found.n, "days": found.days, "last": found.last}


def calculated(observations: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """What a timed record says by its observations, `[what, day, seconds]`: its first and last day, its figures, and
    the observations in their order."""
    days = sorted(str(day) for _, day, _ in observations)
    found = {what: _seen(observations, what) for what in MEASURED}
    return {
        "first": days[0] if days else "",
        "last": days[-1] if days else "",
        "observations": sorted(map(list, observations), key=lambda each: (each[1], MEASURED.index(each[0]))),
        **{what: figure(measured(seen)) for what, seen in found.items() if seen},
    }


def _seen(observations: Sequence[Sequence[Any]], what: str) -> list[tuple[str, int]]:
    return [(day, seconds) for kind, day, seconds in observations if kind == what]


def of(record: Mapping[str, Any], what: str) -> Measured:
    """What a record says of one of `MEASURED`."""
    said = record.get(what)
    if said is None:
        return Measured(Span(0, 0, 0))
    span = Span(said["median"], said.get("low", said["median"]), said.get("high", said["median"]))
    return Measured(span, said.get("n", 0), said.get("days", 0), said.get("last", ""))


def measures(record: Mapping[str, Any]) -> Measures:
    """What the arithmetic of hours needs of a record."""
    return Measures(*(of(record, what).span for what in MEASURED))


def misstated(record: Mapping[str, Any]) -> str | None:
    """The first of `MEASURED` whose figures are not those of the observations of a timed record; None: all are."""
    if record["method"] != TIMED:
        return None
    for what in MEASURED:
        if measured(_seen(record["observations"], what)) != of(record, what):
            return what
    return None


def standing(record: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]], effects: str, day: str) -> Standing:
    """How far a record may be trusted on `day`, by the verdicts on it up to then. `effects`: the digest of the effect
    steps and the filters of the definition that is run."""
    decided = {str(each["kind"]) for each in verdicts if each["day"] <= day}
    if VerdictKind.WITHDRAWN in decided:
        return Standing.WITHDRAWN
    if VerdictKind.SUPERSEDED in decided:
        return Standing.SUPERSEDED
    if record["method"] != TIMED:
        return Standing.NOT_TIMED
    both = [of(record, what) for what in MONTHS]
    if any(each.n < ENOUGH or each.days < DAYS for each in both):
        return Standing.TOO_FEW
    signed = VerdictKind.SIGNED in decided or of(record, "after").span.median > 0
    if VerdictKind.APPROVED not in decided or not signed:
        return Standing.UNAPPROVED
    if record["effects"] != effects:
        return Standing.OTHER_DEFINITION
    return Standing.VALID if day <= valid_to(record) else Standing.EXPIRED


def valid_to(record: Mapping[str, Any]) -> str:
    """The last day a record can be trusted on: twelve months after before, six after after was measured; "" when it
    was not measured."""
    lasts = [(of(record, what).last, months) for what, months in MONTHS.items()]
    return min(_later(last, months) for last, months in lasts) if all(last for last, _ in lasts) else ""


def _later(day: str, months: int) -> str:
    start = date.fromisoformat(day)
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1])).isoformat()


def _minutes(seconds: int) -> int:
    return (2 * seconds + _MINUTE) // (2 * _MINUTE)
