"""Credits of a closed month that are looked for again: which, and what follows from what was seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from robo.errors import UsageError
from robo.model.ledger import LedgerKind
from robo.proof.closings import following
from robo.proof.hours import REPEATED
from robo.proof.sampling import drawn, share_of
from robo.services.sampling import seed_of
from robo.store import ledger, samples
from robo.store.clock import Tx
from robo.store.samples import Rechecked

REST: Final = timedelta(days=30)
"""How long after its end a month is looked for again."""
_NOT_FOUND: Final = "not found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The credits of a process in a month that are looked for: `rows` of the book, of `credits` in all."""

    region: str
    process: str
    month: str
    seed: str
    credits: int
    rows: Sequence[Mapping[str, Any]]


def due(tx: Tx, region: str, today: date) -> list[tuple[str, str]]:
    """(process, month) of a region whose month is closed, over for 30 days, and was not looked for again."""
    return samples.closed_before(tx, region, _last(today))


def draw(tx: Tx, region: str, process: str, month: str, *, share: int, today: date) -> Draw:
    """`share` in a hundred of the credits, at least one. RB080 when the month is not closed, RB081 when it has none,
    RB082 when it is not over for 30 days."""
    if month > _last(today):
        raise UsageError(
            "RB082",
            "%(month)s is looked for again from %(day)s on: what is undone later would not be seen yet",
            place=month,
            remedy="wait; without --month all that is due is looked for",
            month=month,
            day=str(date.fromisoformat(f"{following(month)}-01") + REST),
        )
    seed = seed_of(tx, region, month)
    known = samples.credits_of(tx, region, month, process)
    if not known:
        raise UsageError(
            "RB081",
            "nothing was credited in %(region)s in %(month)s: there is nothing to draw from",
            place=month,
            remedy="robo ledger show --region %(region)s lists what there is, with its months",
            month=month,
            region=region,
        )
    ids = drawn(seed, known, share_of(len(known), share))
    rows = samples.rows(tx, ids)
    same = {"region": region, "process": process, "month": month}
    return Draw(**same, seed=seed, credits=len(known), rows=[rows[each] for each in ids])


def back_before(tx: Tx, found: Draw) -> set[str]:
    """Of the rows that were drawn, those that a correction named before."""
    return samples.taken_back(tx, [row["id"] for row in found.rows])


def take_back(tx: Tx, run: str, item: str, *, zone: str, actor: str, why: str) -> list[str]:
    """An item is not there: all its credits are taken back that still stand. The ids of the corrections."""
    rows = [row for row in ledger.of_item(tx, run, item) if row["kind"] == LedgerKind.CREDIT.value]
    standing = [row for row in rows if row["reason"] != REPEATED and ledger.taken_back(tx, row["id"]) is None]
    return [ledger.take_back(tx, row, _NOT_FOUND, zone=zone, actor=actor, why=why) for row in standing]


def said(found: Draw, seen: Mapping[str, bool | None], before: set[str]) -> Rechecked:
    """What came of it: by item, whether it is there; what was taken back before is not."""
    there = [False if row["id"] in before else seen.get(row["item"] or "") for row in found.rows]
    return Rechecked(
        region=found.region,
        process=found.process,
        month=found.month,
        seed=found.seed,
        credits=found.credits,
        drawn=len(there),
        found=there.count(True),
        absent=there.count(False),
        unseen=there.count(None),
    )


def _last(today: date) -> str:
    """The last month that was over 30 days before today."""
    first = (today - REST).replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"
