"""The ledger of a region, given to those who verify it without us; and the books of a store, verified where they lie.

An export has the region's log, its rows, what was measured, stated and closed, and the figures that the region claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from robo.errors import RoboError
from robo.proof import baselines, hours
from robo.proof.again import second_look
from robo.proof.book import RECONCILED, Beside, Book
from robo.proof.differences import difference
from robo.proof.entry import Entry
from robo.proof.findings import Report
from robo.proof.hours import Cell, Key, Measures, Sums
from robo.proof.ledger import FIRST, LAST, LOG, Manifest, Proven, proven, write_beside, write_rows
from robo.proof.note import Note
from robo.proof.policy import Policy
from robo.services.auditing import exporting, verifying
from robo.services.auditing.verifying import Verified
from robo.services.secrets import Keep
from robo.services.settings import Settings
from robo.store import accounts_reading, audit_reading, checkpoints
from robo.store.clock import Tx
from robo.store.engine import Store

_STATED: Final = RECONCILED.partition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose ledger is exported, in which calendar, and the months whose figures are claimed ("": no limit). The rows
    and the log are always those of all months: without its beginning no figure is proven."""

    region: str
    zone: str
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: of which log, how many entries and rows. `unsealed`: why what is newer could not be sealed, and
    is not in it."""

    origin: str
    entries: int
    rows: int
    unsealed: RoboError | None = None


def export_ledger(store: Store, folder: Path, wanted: Wanted, seal: Callable[[], object], policy: Policy) -> Exported:
    """Write the ledger of a region into `folder`, which is new or empty, as `robo.proof.ledger` says. It is there
    whole, or not at all.

    Errors, with nothing written: as of `exporting.export`; RB665 when the log has no entry of the region."""
    exporting.refuse_full(folder)
    unsealed = exporting.sealed(store, seal)
    region = wanted.region
    with store.read() as tx, exporting.whole(folder) as beside:
        log = exporting.Wanted(region=region)
        entries, origin, size = exporting.write_log(tx, beside / LOG, log, policy)
        cells: dict[Cell, Sums] = {}
        rows = _written(tx, beside, region, size, cells)
        manifest = Manifest(region=region, zone=wanted.zone, origin=origin, first=wanted.first, last=wanted.last)
        _claim(tx, beside, manifest, size, cells)
    return Exported(origin, entries, rows, unsealed)


def verify_books(
    store: Store, keep: Keep, settings: Settings, zones: Mapping[str, str], policy: Policy | None = None
) -> tuple[Verified, list[Proven]]:
    """Verify the log of a store, and the books of its regions as they lie in it, in one look each. `zones`: the
    calendar of each region. Nothing is asked of the books of a store whose log does not verify.

    Errors as of `verifying.verify_store`."""
    found = verifying.verify_store(store, keep, settings, policy)
    if not found.report.whole:
        return found, []
    with store.read() as tx:
        origin = checkpoints.head_of(tx)[0]
        keys = (policy or verifying.trusted(tx, keep, settings, origin)).logs
        size = found.report.size
        return found, [
            books_of(tx, Manifest(region=region, zone=zones.get(region, ""), origin=origin), size, Policy(logs=keys))
            for region in audit_reading.regions(tx)
            if region in zones or next(iter(accounts_reading.Lines(tx, region, size)), None) is not None
        ]


def books_of(tx: Tx, manifest: Manifest, size: int, policy: Policy) -> Proven:
    """Verify the books of one region as they lie in a store, by its first `size` entries, which are known to be right;
    closings by the keys of the `policy`."""
    region = manifest.region
    if not manifest.zone:
        message = "the region %(row)s has rows, and no file here says its calendar"
        return Proven(manifest=manifest, log=Report(), difference=difference("RB050", message, row=region))
    lines = accounts_reading.Lines(tx, region, size)
    closings = accounts_reading.closed(tx, region, size)
    beside = Beside(
        rows=iter(lines),
        place="ledger",
        records=accounts_reading.records(tx, region, size),
        statements=accounts_reading.stated(tx, region, size),
        closings={month: (text, Note.parse(note)) for month, text, note in closings},
    )
    book, count = Book(region, manifest.zone, beside, policy.logs), 0
    for raw in accounts_reading.entries(tx, region, size):
        book.take(Entry.read(raw))
        count += 1
    book.end()
    late = second_look(book, accounts_reading.entries(tx, region, size))
    return proven(
        manifest, Report(size=size, regions={region: count}), book, late, book.figures(FIRST, LAST), book.difference
    )


def _written(tx: Tx, folder: Path, region: str, size: int, cells: dict[Cell, Sums]) -> int:
    """Write the rows and add them up; how many."""
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for kind, said, line in accounts_reading.Lines(tx, region, size).said():
            cell, sums = hours.row(region, kind, said)
            before = cells.get(cell, Sums())
            cells[cell] = Sums(before.units + sums.units, before.before + sums.before, before.after + sums.after)
            count += 1
            yield line

    write_rows(folder, lines())
    return count


def _claim(tx: Tx, folder: Path, manifest: Manifest, size: int, cells: Mapping[Cell, Sums]) -> None:
    region = manifest.region
    records = accounts_reading.records(tx, region, size)
    statements = accounts_reading.stated(tx, region, size)
    volumes = {
        Key(region, each["process"], each["period"]): each["said"]["volume"]
        for each in statements.values()
        if each["kind"] == _STATED
    }

    def measures(record: str) -> Measures | None:
        return baselines.measures(records[record]) if record in records else None

    first, last = manifest.first or FIRST, manifest.last or LAST
    asked = [(cell, sums) for cell, sums in cells.items() if first <= cell.month <= last]
    write_beside(
        folder,
        manifest,
        records=records,
        statements=statements.values(),
        closings=accounts_reading.closed(tx, region, size),
        figures=hours.figures(asked, measures, hours.reconciled(asked, volumes)),
    )
