"""Some items of a month with their evidence, for a test of existence: does the application have what was credited?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robo.errors import UsageError
from robo.proof.closings import Closing
from robo.proof.sampling import drawn
from robo.store import audit_search, closings, history, samples
from robo.store.clock import Tx
from robo.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """A credit that was drawn. `entry`: its number in the log, None while it waits for its place. `evidence`: files
    that are there, below the folder of evidence. `taken_back`: a later correction names it."""

    row: Mapping[str, Any]
    entry: int | None
    evidence: Sequence[str]
    taken_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was drawn, in the order in which it was, and of how many credits. `chosen`: somebody named the seed."""

    region: str
    month: str
    seed: str
    chosen: bool
    credits: int
    rows: Sequence[Sampled]


def seed_of(tx: Tx, region: str, month: str) -> str:
    """What nobody chose: the digest of a month's closing. RB080 when it is not closed."""
    for kept in closings.closed(tx, region):
        if kept.month == month:
            return Closing.parse(kept.figures.encode()).digest
    raise UsageError(
        "RB080",
        "%(month)s is not closed in %(region)s: what is drawn of it now could be drawn again until it pleases",
        place=month,
        remedy="close it first (robo ledger close --region %(region)s --month %(month)s); to look around, name a seed "
        "with --seed, which is told with the sample",
        month=month,
        region=region,
    )


def sample(store: Store, evidence: Path, region: str, month: str, *, count: int, seed: str = "") -> Sample:
    """`count` of the credits of a region's month, drawn by `seed`, else by the digest of its closing (RB080). RB081
    when the month has none."""
    with store.read() as tx:
        known = samples.credits_of(tx, region, month)
        if not known:
            raise UsageError(
                "RB081",
                "nothing was credited in %(region)s in %(month)s: there is nothing to draw from",
                place=month,
                remedy="robo ledger show --region %(region)s lists what there is, with its months",
                month=month,
                region=region,
            )
        by = seed or seed_of(tx, region, month)
        ids = drawn(by, known, count)
        rows, back = samples.rows(tx, ids), samples.taken_back(tx, ids)
        entries = audit_search.rows_of_minutes(tx, [row["item"] or row["id"] for row in rows.values()])
        found = [
            Sampled(
                row=rows[each],
                entry=entries.get(each),
                evidence=_there(tx, evidence, rows[each]["item"] or ""),
                taken_back=each in back,
            )
            for each in ids
        ]
    return Sample(region=region, month=month, seed=by, chosen=bool(seed), credits=len(known), rows=found)


def _there(tx: Tx, folder: Path, item: str) -> tuple[str, ...]:
    """The files of an item that a purge left."""
    named = (str(each["file"]) for each in history.evidence_of(tx, item)) if item else ()
    return tuple(name for name in named if (folder / name).is_file())
