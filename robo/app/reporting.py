"""Reports of hours of a project: its store, and what its files know of processes and regions."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from robo.errors import DefinitionError, InfrastructureError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from robo.app import App
    from robo.proof.hours import Cell
    from robo.services.reporting.books import Books, Here
    from robo.services.reporting.model import Asked, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asks for; empty: all there is."""

    regions: Sequence[str] = ()
    processes: Sequence[str] = ()
    first: str = ""
    last: str = ""


def hours(robo: App, wanted: Wanted) -> Report:
    """The report of the project's store, of all that is ordered by now. Raises `UsageError` RB940 and RB941 for a
    process or a region that neither the files nor the book of minutes know, RB066 for months the wrong way round;
    `InfrastructureError` RB069 where a closed month is not what it was."""
    from robo.services.reporting.figures import report_of
    from robo.services.reporting.reading import books
    from robo.services.sequencing import sequence_all

    sequence_all(robo.store)
    with _no_rounds():
        found = books(robo.store, robo.keep, robo.settings.audit)
        _refuse_unknown(robo, wanted, found.cells)
        report = report_of(_named(robo, found), asked(robo, wanted))
    _refuse_altered(report)
    return report


def _refuse_altered(report: Report) -> None:
    """RB069: a closed month has other figures now. Nothing lawful changes them, so no figure is worth printing."""
    for each in report.closings:
        if each.frozen is not None and each.frozen != each.figures:
            raise InfrastructureError(
                "RB069",
                "%(month)s was closed in %(region)s with %(closed)s minutes proven, and the book of minutes gives "
                "%(found)s now: it was altered behind robo",
                place=f"{each.region}/{each.month}",
                remedy="believe the signed closing, not this store: robo ledger verify and robo db check name what "
                "differs; put the last good copy back",
                month=each.month,
                region=each.region,
                closed=each.frozen.proven,
                found=each.figures.proven,
            )


@contextmanager
def _no_rounds() -> Iterator[None]:
    """Without the garbage collector's rounds: it would go through a hundred thousand cells again and again, none of
    which is garbage. Half of the time of a report over ten million rows."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def national(folder: Path, policy: Path, wanted: Wanted, robo: App | None = None) -> Report:
    """The report of the exports in a folder, each verified by the policy first, without any store. `robo`: the project
    that one stands in, for the names it knows. Raises `UsageError` RB068 when the folder holds no export."""
    from datetime import UTC, datetime

    from robo.proof.ledger import MANIFEST
    from robo.proof.national import national as verify
    from robo.services.reporting.figures import report_of
    from robo.services.reporting.model import Asked
    from robo.services.reporting.national import books_of
    from robo.services.witnessing.trust import policy_at

    trusted, made = policy_at(policy), datetime.now(UTC)
    exports = sorted(each.parent for each in folder.glob(f"*/{MANIFEST}"))
    if not exports:
        raise UsageError(
            "RB068",
            "%(folder)s holds no export of a ledger",
            place=str(folder),
            remedy="name the folder in which the exports of the regions lie, each in a folder of its own: "
            "robo ledger export",
            folder=str(folder),
        )
    found = books_of(verify(exports, trusted, int(made.timestamp())))
    found = found if robo is None else _named(robo, found)
    return report_of(
        found,
        Asked(
            regions=tuple(wanted.regions),
            processes=tuple(wanted.processes),
            first=wanted.first,
            last=wanted.last,
            made=made,
        ),
    )


def asked(robo: App, wanted: Wanted) -> Asked:
    """What is asked for, now, in the calendar of the region it is of; of several, in that of Paris."""
    from robo.services.reporting.model import Asked

    regions = list(wanted.regions) or robo.region_ids()
    with robo.store.read() as tx:
        made = robo.store.now(tx)
    zone = {"zone": robo.region(regions[0]).zone} if len(regions) == 1 and regions[0] in robo.region_ids() else {}
    return Asked(
        regions=tuple(wanted.regions),
        processes=tuple(wanted.processes),
        first=wanted.first,
        last=wanted.last,
        made=made,
        **zone,
    )


def _refuse_unknown(robo: App, wanted: Wanted, cells: Iterable[Cell]) -> None:
    known = list(cells)
    for region in wanted.regions:
        if region not in {cell.region for cell in known}:
            robo.region_file(region)
    for process in wanted.processes:
        if process not in {cell.process for cell in known}:
            robo.process_file(process)


def _named(robo: App, found: Books) -> Books:
    """With the names that the project's files give, and the digests of what they run now: a file that is gone or wrong
    gives none."""
    processes = {cell.process for cell in found.cells} & set(robo.process_ids())
    regions = {cell.region for cell in found.cells} & set(robo.region_ids())
    titles, names = {}, {}
    for process in processes:
        with suppress(DefinitionError):
            titles[process] = robo.process(process).title
    for region in regions:
        with suppress(DefinitionError):
            names[region] = robo.region(region).title
    effects = found.effects or _effects(robo, found)  # an export says what ran in its region
    return replace(found, titles=titles, regions=names, effects=effects)


def _effects(robo: App, found: Books) -> dict[Here, str]:
    """Only of what was timed: no other baseline can be of another definition."""
    from robo.plan.measured import effects_digest
    from robo.proof.baselines import TIMED
    from robo.services.reporting.books import Here

    timed = {Here(each["region"], each["process"]) for each in found.records.values() if each["method"] == TIMED}
    effects = {}
    for here in timed:
        with suppress(DefinitionError, UsageError):
            effects[here] = effects_digest(robo.plan(here.process, here.region))
    return effects


@contextmanager
def rows(robo: App, report: Report) -> Iterator[Iterator[Mapping[str, Any]]]:
    """The rows of the book behind a report, one after the other."""
    from robo.store import ledger_reading

    wanted = report.asked
    with robo.store.read() as tx:
        yield ledger_reading.rows(tx, wanted.first, wanted.last, regions=wanted.regions, processes=wanted.processes)
