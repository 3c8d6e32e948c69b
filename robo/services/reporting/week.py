"""The week in a few lines, for a mail: what was done, what it gave back, what waits, what expires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from robo.proof.hours import CREDIT, DEBIT, Sums
from robo.services.reporting.books import Here
from robo.services.reporting.model import Closed, Method, Report
from robo.services.reporting.texts import Texts, capital
from robo.store import ledger_reading
from robo.store.engine import Store

DAYS: Final = 7
SOON: Final = timedelta(days=30)
"""Before a baseline is too old, somebody should measure again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """What one process did in one region. `given`: minutes of its credits, `timed` those with a baseline that stands;
    both before anything is reconciled. `taken`: what people took up, `spent` their minutes on it."""

    here: Here
    units: int
    given: int
    timed: int
    taken: int
    spent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    since: datetime
    until: datetime
    done: Sequence[Did]
    waiting: Mapping[tuple[str, str, str], int]
    """Items by region, process and state."""
    expiring: Sequence[Method]
    """Baselines in use that expire within a month, the first first."""
    open: Sequence[Closed]
    """Months that are over and not closed."""


def week(store: Store, report: Report) -> Week:
    """The seven days before a report was made, of what it is of."""
    asked = report.asked
    until, since = asked.made, asked.made - timedelta(days=DAYS)
    heres = {Here(each.region, each.process) for each in report.squares if each.process}
    with store.read() as tx:
        sums = {region: ledger_reading.since(tx, region, since) for region in {here.region for here in heres}}
        waiting = {key: n for key, n in ledger_reading.waiting(tx).items() if asked.takes(key[0], key[1])}
    done = [_did(here, sums[here.region]) for here in heres]
    return Week(
        since=since,
        until=until,
        done=sorted((each for each in done if each.units or each.taken), key=lambda each: (-each.given, each.here)),
        waiting=waiting,
        expiring=_expiring(report, until.astimezone(ZoneInfo(asked.zone)).date()),
        open=[each for each in report.closings if each.closed is None],
    )


def _did(here: Here, sums: Mapping[tuple[str, str, bool], Sums]) -> Did:
    given = [sums.get((here.process, CREDIT, timed), Sums()) for timed in (True, False)]
    taken = [sums.get((here.process, DEBIT, timed), Sums()) for timed in (True, False)]
    return Did(
        here=here,
        units=sum(each.units for each in given),
        given=sum(each.net for each in given),
        timed=given[0].net,
        taken=sum(each.units for each in taken),
        spent=sum(each.after for each in taken),
    )


def _expiring(report: Report, day: date) -> list[Method]:
    soon, today = (day + SOON).isoformat(), day.isoformat()
    found = [each for each in report.methods if each.units and today <= each.valid_to <= soon]
    return sorted(found, key=lambda each: (each.valid_to, each.process, each.region))


def as_json(found: Week) -> dict[str, Any]:
    """As `robo.report-week/1`; all minutes are whole numbers."""
    return {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "done": [{**each.here._asdict(), **_members(each)} for each in found.done],
        "waiting": [
            {"region": region, "process": process, "state": state, "items": count}
            for (region, process, state), count in sorted(found.waiting.items())
        ],
        "expiring": [
            {"baseline": each.id, "region": each.region, "process": each.process, "on": each.valid_to}
            for each in found.expiring
        ],
        "open": [
            {"region": each.region, "month": each.month, "why": each.why and each.why.value} for each in found.open
        ],
    }


def _members(did: Did) -> dict[str, int]:
    return {name: getattr(did, name) for name in ("units", "given", "timed", "taken", "spent")}


def as_text(found: Week, report: Report, texts: Texts) -> list[str]:
    """The lines of the mail."""
    say, zone = texts.say, report.asked.zone
    titles = {bar.process: bar.title for bar in report.bars}
    lines = [
        say(
            "The robots from %(since)s to %(until)s",
            since=texts.moment(found.since, zone),
            until=texts.moment(found.until, zone),
        ),
        "",
        _done(found.done, texts),
    ]
    for did in found.done:
        process = texts.process(did.here.process, titles.get(did.here.process, ""))
        name = f"{process}, {texts.region(report, did.here.region)}"
        units = texts.number(did.units)
        lines.append(say("- %(name)s: %(units)s done, %(hours)s", name=name, units=units, hours=texts.exact(did.given)))
    lines += ["", *_waits(found, texts), *_expires(found, report, texts), *_to_close(found, report, texts)]
    return lines


def _done(done: Sequence[Did], texts: Texts) -> str:
    if not done:
        return texts.say("Nothing was done.")
    return texts.say(
        "Done: %(units)s; given back: %(given)s, of which timed %(timed)s. Taken up by people: %(taken)s, %(spent)s.",
        units=texts.number(sum(each.units for each in done)),
        given=texts.exact(sum(each.given for each in done)),
        timed=texts.exact(sum(each.timed for each in done)),
        taken=texts.number(sum(each.taken for each in done)),
        spent=texts.exact(sum(each.spent for each in done)),
    )


def _waits(found: Week, texts: Texts) -> list[str]:
    counts: dict[str, int] = {}
    for (_, _, state), count in found.waiting.items():
        counts[state] = counts.get(state, 0) + count
    if not counts:
        return [texts.say("Nothing waits.")]
    return [
        texts.say(
            "Waiting: %(waiting)s for an answer, %(unknown)s whose fate nobody knows, %(held)s held: robo items list",
            **{state: texts.number(counts.get(state, 0)) for state in ("waiting", "unknown", "held")},
        )
    ]


def _expires(found: Week, report: Report, texts: Texts) -> list[str]:
    return [
        texts.say(
            "The baseline of %(process)s, %(region)s, expires on %(day)s: robo baseline time %(process)s",
            process=each.process,
            region=texts.region(report, each.region),
            day=texts.day(each.valid_to),
        )
        for each in found.expiring
    ]


def _to_close(found: Week, report: Report, texts: Texts) -> list[str]:
    return [
        texts.say(
            "%(month)s is not closed in %(region)s: %(why)s",
            month=capital(texts.month(each.month)),
            region=texts.region(report, each.region),
            why=texts.open(each.why) if each.why else "",
        )
        for each in found.open
    ]
