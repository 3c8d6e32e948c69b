"""What people write into the book of minutes: time, corrections, what the robot got wrong, what was before robo."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from robo.errors import UsageError
from robo.model.base import Environment
from robo.model.ledger import LedgerKind, LedgerRow
from robo.model.opening import Opening
from robo.model.run import Item
from robo.model.statements import Attested
from robo.proof import hours
from robo.proof.closings import Closing, attested, following, quarter_of
from robo.store import closings, debits, items, ledger, statements
from robo.store.clock import Tx, now

KINDS: Final = (hours.SUPERVISION, hours.MAINTENANCE, hours.BUILD, hours.REPLICATION)
"""What logged time is for."""
REASONS: Final[Mapping[str, str]] = {"not-found": "not found", "wrong": "wrong", "slip": "slip"}
"""Why a row is taken back: it is not in the application, the robot got it wrong, a slip of the pen."""
MOST: Final = 2_000 * 60
"""Minutes that one row of logged time may have: more than a year of one person is a slip."""
TIME_UNIT: Final = "minutes"
_WRITTEN: Final = re.compile(r"(?:(?P<hours>\d{1,5}) ?h ?(?P<rest>[0-5]\d)?|(?P<minutes>\d{1,7}) ?(?:min)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Whose book is written in: the region with its calendar, a process ("": all), a month ("": the open one)."""

    region: str
    zone: str
    process: str = ""
    month: str = ""


def minutes_of(text: str, place: str) -> int:
    """Whole minutes of `3h30`, `20h`, `90`, `90 min`. RB019 for anything else, and for more than `MOST`."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if found is not None:
        minutes = int(found["minutes"] or 0) + int(found["hours"] or 0) * 60 + int(found["rest"] or 0)
        if minutes <= MOST:
            return minutes
    raise UsageError(
        "RB019",
        "%(got)s is no time that a month can have",
        place=place,
        remedy="write 3h30, 20h, or minutes: 90; at most 2000h; what was logged too much is taken back: robo ledger "
        "correct",
        got=text,
    )


def log_time(tx: Tx, where: Where, spent: Mapping[str, int], *, actor: str) -> list[str]:
    """Log minutes by what they were for (`KINDS`; 0 says that there were none, and is signed like any); the ids of the
    rows. RB010, RB018 when the month is closed, or did not begin."""
    return [ledger.add(tx, _time(where, kind, minutes), actor=actor) for kind, minutes in spent.items()]


def correct(
    tx: Tx,
    start: str,
    reason: str,
    *,
    zone_of: Callable[[str], str],
    actor: str,
    why: str,
    minutes: int | None = None,
) -> tuple[Mapping[str, Any], str]:
    """Take back the row whose id begins or ends so: that row, and the id of the new one. RB020, RB021. `zone_of`: the
    calendar of a region."""
    row = ledger.find(tx, start)
    zone = zone_of(row["region"])
    return row, ledger.take_back(tx, row, REASONS[reason], zone=zone, actor=actor, why=why, minutes=minutes)


def flag(tx: Tx, item: Item, *, zone: str, actor: str, why: str, undone: bool) -> tuple[str, list[str]]:
    """A service says that the robot got an item wrong: the debit's id, and those of the credits that were taken back
    (`undone`: the work had to be done again). RB022 said before, RB023 the book knows nothing of it."""
    held = items.lock(tx, item.id)
    known = ledger.of_item(tx, item.run, item.id)
    said = [row for row in known if row["kind"] == LedgerKind.DEBIT and row["reason"] == hours.WRONG]
    if any(ledger.taken_back(tx, row["id"]) is None for row in said):
        raise UsageError(
            "RB022",
            "it was said before that the robot got %(key)s wrong: it costs once",
            place=item.id,
            remedy="robo ledger show --item %(key)s shows it; take it back with robo ledger correct if it was a slip",
            key=item.key,
        )
    debit = debits.wrong(tx, held, actor=actor, why=why)
    if not debit:
        raise UsageError(
            "RB023",
            "the book of minutes knows nothing of %(key)s: it was a dry run, or is no item that is counted",
            place=item.id,
            remedy="robo items show %(key)s",
            key=item.key,
        )
    standing = [row for row in known if _stands(tx, row)] if undone else []
    return debit, [ledger.take_back(tx, row, hours.WRONG, zone=zone, actor=actor, why=why) for row in standing]


def declare(tx: Tx, opening: Opening, where: Where, *, actor: str) -> list[str]:
    """Write what was before robo, one row a process; the ids. RB024 when that of a process stands already."""
    closings.lock(tx, opening.region)  # of two who declare at once the second one is told
    standing = {row["process"] for row in ledger.openings(tx, opening.region)}
    again = sorted(standing & {each.process for each in opening.processes})
    if again:
        raise UsageError(
            "RB024",
            "what was before robo is declared already in %(region)s: %(processes)s",
            place=opening.region,
            remedy="robo ledger show --kind opening shows it; take it back with robo ledger correct, then declare it "
            "anew",
            region=opening.region,
            processes=", ".join(again),
        )
    rows = [
        LedgerRow(
            kind=LedgerKind.OPENING,
            environment=Environment.PRODUCTION,
            region=opening.region,
            process=each.process,
            version="",
            unit=f"{each.process}/{each.unit}",
            unit_hash="",
            minutes_before=each.minutes,
            minutes_after=0,
            provenance="declared",
            units=each.units,
            zone=where.zone,
        )
        for each in opening.processes
    ]
    why = " · ".join(filter(None, (opening.source, opening.note)))
    return [ledger.add(tx, row, actor=actor, why=why) for row in rows]


def to_attest(tx: Tx, region: str, quarter: str) -> list[Closing]:
    """The closed months of a quarter, for who attests them. RB017 when it is not over, one that has minutes is open,
    or none is closed."""
    found = [Closing.parse(each.figures.encode()) for each in closings.closed(tx, region)]
    mine = [each for each in found if quarter_of(each.month) == quarter]
    last = quarter_months(quarter)[-1]
    left = [month for _, month in closings.open_with_rows(tx, last, region) if quarter_of(month) == quarter]
    if left or not mine or last >= f"{now(tx):%Y-%m}":
        raise UsageError(
            "RB017",
            "%(quarter)s cannot be attested in %(region)s: not all of it is over and closed (%(months)s)",
            place=quarter,
            remedy="what is attested must not change any more: close its months first, robo ledger close",
            quarter=quarter,
            region=region,
            months=", ".join(left or [last]),
        )
    return mine


def attest(tx: Tx, region: str, quarter: str, role: str, *, actor: str) -> Attested:
    """The head of a service attests the closed figures of a quarter. RB017."""
    found = to_attest(tx, region, quarter)
    months = tuple(each.month for each in found)
    said = Attested(region=region, quarter=quarter, role=role, months=months, digest=attested(found))
    statements.attest(tx, said, actor=actor)
    return said


def quarter_months(quarter: str) -> Sequence[str]:
    """The three months of 2026-Q4."""
    year, number = quarter.split("-Q")
    first = f"{year}-{int(number) * 3 - 2:02}"
    return first, following(first), following(following(first))


def _stands(tx: Tx, row: Mapping[str, Any]) -> bool:
    """Whether a row is a credit that nobody took back."""
    is_credit = row["kind"] == LedgerKind.CREDIT and row["reason"] != hours.REPEATED
    return is_credit and ledger.taken_back(tx, row["id"]) is None


def _time(where: Where, kind: str, minutes: int) -> LedgerRow:
    return LedgerRow(
        kind=LedgerKind.TIME,
        environment=Environment.PRODUCTION,
        region=where.region,
        process=where.process,
        version="",
        unit=TIME_UNIT,
        unit_hash="",
        minutes_before=0,
        minutes_after=minutes,
        reason=kind,
        zone=where.zone,
        month=where.month,
    )
