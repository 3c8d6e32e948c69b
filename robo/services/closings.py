"""Closing months: on day 10 the figures of a month that is over are frozen, signed by the log's key, and logged.

Nothing of a month can change behind its closing: rows and statements are refused there, and baselines are never
edited. So the figures of a closed month, calculated again at any time, are those that were signed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from robo.errors import InfrastructureError, RoboError, UsageError
from robo.model.statements import KeptClosing
from robo.proof import hours
from robo.proof.closings import DAY, Closing, following, last_due, note_text, unsupervised
from robo.proof.note import Note
from robo.services.auditing.sealing import fits, with_its_key
from robo.services.auditing.signing import Ring
from robo.services.secrets import Keep
from robo.services.sequencing import MANY, sequence_all
from robo.services.settings import AuditSettings
from robo.store import baselines, checkpoints, closings, holds, rollups, sequencer, statements
from robo.store.clock import Tx, now
from robo.store.engine import Store

_FIRST: Final = "Pacific/Kiritimati"
"""Where a day begins before it does anywhere else."""
ROBOT: Final = "robot"
"""Who closes what nobody closed by day 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A month of a region that is to be closed, in its calendar, and by whom."""

    region: str
    month: str
    zone: str
    actor: str


@dataclass(frozen=True, slots=True)
class Due:
    """What was closed because it was due, and why the rest could not be."""

    closed: tuple[KeptClosing, ...] = ()
    troubles: tuple[RoboError, ...] = ()


def close(store: Store, keep: Keep, settings: AuditSettings, wanted: Wanted) -> KeptClosing:
    """Close one month, in one commit: what waits is ordered, its figures are calculated, signed and kept.

    RB011 it is not over, or day 10 is not reached; RB012 closed already; RB013 nobody logged its supervision; RB014 an
    earlier month is open; RB015 it has no minutes; what sealing may say, too."""
    sequence_all(store)
    return with_its_key(
        store, keep, settings, lambda _, ring: store.transact(partial(_close, ring=ring, wanted=wanted))
    )


def close_due(
    store: Store,
    keep: Keep,
    settings: AuditSettings,
    zone_of: Callable[[str], str],
    *,
    region: str = "",
    actor: str = ROBOT,
) -> Due:
    """Close all months that are due, of one region or of all. `zone_of`: the calendar of a region, "" for one that is
    none of ours. Of a region with a month that cannot be closed, it and what follows stays open, and why is told."""
    sequence_all(store)
    with store.read() as tx:
        found = closings.open_with_rows(tx, last_due(today(tx, _FIRST)), region)
        zones = {name: zone_of(name) for name in {name for name, _ in found}}
        mine = [(name, month) for name, month in found if zones[name] and _is_due(tx, month, zones[name])]
    done: list[KeptClosing] = []
    troubles: dict[str, RoboError] = {}
    for name, month in mine:
        if name in troubles:
            continue
        try:
            wanted = Wanted(region=name, month=month, zone=zones[name], actor=actor)
            done.append(close(store, keep, settings, wanted))
        except RoboError as trouble:
            if trouble.code != "RB012":  # somebody else closed it meanwhile
                troubles[name] = trouble
    return Due(tuple(done), tuple(troubles.values()))


def _is_due(tx: Tx, month: str, zone: str) -> bool:
    return month <= last_due(today(tx, zone))


def today(tx: Tx, zone: str) -> date:
    """The day in a calendar, by the clock of the store."""
    return now(tx).astimezone(ZoneInfo(zone)).date()


def figures_of(tx: Tx, region: str, month: str) -> Closing:
    """The closing that a month would have now. What waits for its place in the log is not in it."""
    cells = rollups.cells(tx, region, month)
    known = baselines.records(tx, {cell.baseline for cell in cells if cell.baseline})
    volumes = {key: each.volume for key, each in statements.volumes(tx, region, month).items()}
    found = hours.figures(
        cells.items(),
        lambda record: known[record].measures if record in known else None,
        hours.reconciled(cells.items(), volumes),
    )
    return Closing(
        region=region,
        month=month,
        size=sequencer.head(tx).size,
        rows=closings.counts(tx, region, month),
        figures={key.process: each for key, each in found.items()},
    )


def _close(tx: Tx, ring: Ring, wanted: Wanted) -> KeptClosing | None:
    """None when the ring is not, or no longer, the log's: look again."""
    holds.refuse_restored(tx)
    closings.lock(tx, wanted.region)
    while sequencer.sequence(tx, MANY) == MANY:
        pass
    held, origin = sequencer.head(tx, lock=True), ring.key.name
    if held.origin != origin or not fits(ring, checkpoints.newest(tx), checkpoints.handed_to(tx, origin)):
        return None
    _refuse(tx, wanted)
    closing = figures_of(tx, wanted.region, wanted.month)
    text = note_text(origin, closing.text())
    kept = closings.add(tx, closing, str(Note(text, (ring.key.sign(text),))), actor=wanted.actor)
    sequencer.sequence(tx, MANY)
    return kept


def _refuse(tx: Tx, wanted: Wanted) -> None:
    """Raise why a month cannot be closed now."""
    region, month = wanted.region, wanted.month
    day, until = today(tx, wanted.zone), closings.closed_to(tx, region)
    if month <= until:
        raise UsageError(
            "RB012",
            "nothing is left to close: %(why)s",
            place=month,
            remedy="what was forgotten falls in the month that is open, and the report shows both",
            why=closings.frozen(region, month, until),
        )
    if until < (logged := closings.logged_to(tx, region)):
        raise InfrastructureError(
            "RB025",
            "the log says that %(month)s is closed in %(region)s, and the closing is not there: somebody removed it",
            place=logged,
            remedy="close nothing; robo ledger verify says what else differs; put the last copy that has it back",
            month=logged,
            region=region,
        )
    if month > last_due(day):
        raise UsageError(
            "RB011",
            "%(month)s cannot be closed before %(day)s",
            place=month,
            remedy="wait: until then supervision is logged, and volumes are stated; on that day it closes by itself",
            month=month,
            day=f"{following(month)}-{DAY:02}",
        )
    _refuse_open(tx, wanted)


def _refuse_open(tx: Tx, wanted: Wanted) -> None:
    """Raise what has to come before: an earlier month, its supervision; or that there is nothing."""
    region, month = wanted.region, wanted.month
    earlier = closings.open_with_rows(tx, month, region)
    if not earlier or earlier[-1][1] != month:
        raise UsageError(
            "RB015",
            "%(region)s has no minutes in %(month)s: there is nothing to close",
            place=month,
            remedy="robo ledger close --region %(region)s closes all that is due",
            region=region,
            month=month,
        )
    if earlier[0][1] != month:
        raise UsageError(
            "RB014",
            "%(earlier)s is not closed yet in %(region)s, and months are closed in their order",
            place=month,
            remedy="robo ledger close --region %(region)s --month %(earlier)s",
            earlier=earlier[0][1],
            region=region,
        )
    lacking = unsupervised(rollups.cells(tx, region, month))
    if lacking:
        raise UsageError(
            "RB013",
            "nobody logged the supervision of %(processes)s in %(month)s: it cannot be closed",
            place=month,
            remedy="robo ledger log-time --region %(region)s --month %(month)s --supervision 3h30; if there was none, "
            "0 is what you sign",
            processes=", ".join(sorted(lacking)),
            region=region,
            month=month,
        )
