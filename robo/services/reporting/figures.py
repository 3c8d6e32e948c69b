"""From the cells of the book of minutes to a report. Pure: the same books give the same report, whoever has them.

The ledger's rows are never read here, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from robo.errors import UsageError
from robo.model.statements import Reconciled
from robo.proof import baselines
from robo.proof.baselines import Standing, VerdictKind
from robo.proof.closings import last_due, quarter_of, unsupervised
from robo.proof.hours import (
    CREDIT,
    DEBIT,
    OPENING,
    PRODUCTION,
    REPEATED,
    TIME,
    Cell,
    Figures,
    Key,
    Measures,
    Sums,
    credited,
    figures,
    figures_by,
    reconciled,
    total,
)
from robo.services.reporting import calendar
from robo.services.reporting.books import Books, Here
from robo.services.reporting.model import (
    Asked,
    Bar,
    Closed,
    Method,
    Monthly,
    Open,
    Problem,
    Report,
    Risk,
    Square,
    ToMeasure,
    Volume,
)

K = TypeVar("K")
STOPPED: Final = 60
"""Days without a unit after which a robot counts as stopped."""
_Cells = Sequence[tuple[Cell, Sums]]


def report_of(books: Books, asked: Asked) -> Report:
    """The report of what is asked for. Raises `UsageError` RB066 when the months are the wrong way round."""
    return _Count(books, _bounded(books, asked)).report()


def _bounded(books: Books, asked: Asked) -> Asked:
    """With its first and last month: where none is said, the first that has minutes, and the one it is made in."""
    known = [each.month for each in books.cells if each.environment == PRODUCTION and each.kind != OPENING]
    this = calendar.month_of(asked.made.astimezone(ZoneInfo(asked.zone)).date())
    first = asked.first or min(known, default=asked.last or this)
    last = asked.last or max(this, first)
    if last < first:
        raise UsageError(
            "RB066",
            "%(first)s is after %(last)s",
            place="--from",
            remedy="the first month, then the last: --from %(last)s --to %(first)s",
            first=first,
            last=last,
        )
    return replace(asked, first=first, last=last)


class _Count:
    """One report in the making: what of the books is asked for, added up once each way."""

    def __init__(self, books: Books, asked: Asked) -> None:
        self.books, self.asked = books, asked
        self.taken, self.inside, self.opening, self.credits = self.of_it()
        known = {name: baselines.measures(said) for name, said in books.records.items()}
        self.measures: Callable[[str], Measures | None] = known.get
        self.day: date = asked.made.astimezone(ZoneInfo(asked.zone)).date()

    def of_it(self) -> tuple[_Cells, _Cells, _Cells, _Cells]:
        """The cells that are asked for, of all months; of them those of its months, of before robo, of credits."""
        taken, inside, opening, credits_ = [], [], [], []
        first, last, takes = self.asked.first, self.asked.last, self.asked.takes
        for each in self.books.cells.items():
            cell = each[0]
            if cell.environment == PRODUCTION and takes(cell.region, cell.process):
                taken.append(each)
                if cell.kind == OPENING:
                    opening.append(each)
                elif first <= cell.month <= last:
                    inside.append(each)
                    if cell.kind == CREDIT:
                        credits_.append(each)
        return taken, inside, opening, credits_

    def report(self) -> Report:
        return Report(
            asked=self.asked,
            total=total([*self.cube.values(), *self.before.values()]),
            cube=self.whole,
            seals=self.books.seals,
            bars=self.bars(),
            squares=self.squares(),
            months=self.months(),
            volumes=self.volumes(),
            problems=self.problems(),
            risks=self.risks(),
            methods=self.methods(),
            closings=self.closings(),
            corrections=self.corrections(),
            to_measure=self.to_measure(),
            left_out=self.books.left_out,
            regions=self.books.regions,
            unattributed=self.unattributed(),
        )

    # ---- sums ----------------------------------------------------------------------------------------------
    @cached_property
    def borne_out(self) -> frozenset[Key]:
        volumes = {key: each.volume for key, each in self.books.volumes.items()}
        return reconciled(self.taken, volumes)

    @cached_property
    def cube(self) -> Mapping[Key, Figures]:
        """By region, process and month, without what was before robo."""
        return figures(self.inside, self.measures, self.borne_out)

    @cached_property
    def before(self) -> Mapping[Key, Figures]:
        return figures(self.opening, self.measures, self.borne_out)

    @cached_property
    def whole(self) -> Mapping[Key, Figures]:
        """With what was before robo."""
        return {**self.cube, **{key: self.cube.get(key, Figures()) + each for key, each in self.before.items()}}

    @cached_property
    def gains(self) -> Mapping[tuple[str, str], Figures]:
        """What credits alone add up to, by process and host."""
        return figures_by(
            lambda cell: (cell.process, cell.host.partition("#")[0]), self.credits, self.measures, self.borne_out
        )

    @cached_property
    def by_here(self) -> Mapping[Here, Figures]:
        return _grouped((Here(key.region, key.process), each) for key, each in self.cube.items())

    # ---- what is drawn -------------------------------------------------------------------------------------
    def bars(self) -> list[Bar]:
        gains = _grouped((process, each) for (process, _), each in self.gains.items())
        found: dict[str, dict[str, Figures]] = {}
        for here, each in self.by_here.items():
            found.setdefault(here.process, {})[here.region] = each
        bars = [
            Bar(
                process=process,
                title=self.books.titles.get(process, process),
                figures=total(regions.values()),
                gains=gains.get(process, Figures()),
                regions=sum(each.units > 0 for each in regions.values()),
            )
            for process, regions in found.items()
        ]
        return sorted(bars, key=lambda bar: (not bar.process, *_weight(bar.figures), bar.process))

    def squares(self) -> list[Square]:
        versions: dict[Here, tuple[str, tuple[int, ...], str]] = {}
        for cell, _ in self.credits:
            here = Here(cell.region, cell.process)
            latest = (cell.month, _numbers(cell.version), cell.version)
            versions[here] = max(versions.get(here, latest), latest)
        return [
            Square(
                region=here.region,
                process=here.process,
                version=versions[here][2] if here in versions else "",
                last=self.books.lasts.get(here),
                figures=each,
                stopped=self.is_stopped(self.books.lasts.get(here)),
            )
            for here, each in sorted(self.by_here.items())
        ]

    def is_stopped(self, last: datetime | None) -> bool:
        until = min(self.day, calendar.last_day(self.asked.last))
        return last is not None and (until - last.astimezone(ZoneInfo(self.asked.zone)).date()).days > STOPPED

    def months(self) -> list[Monthly]:
        found = _grouped((key.month, each) for key, each in self.cube.items())
        months, cumulated = [], Figures()
        for month in calendar.months(self.asked.first, self.asked.last):
            of_month = found.get(month, Figures())
            cumulated += of_month
            months.append(Monthly(month=month, figures=of_month, cumulated=cumulated))
        return months

    def volumes(self) -> list[Volume]:
        """Of each month of a process with credits, or with a volume."""
        said, counts = self.books.volumes, credited(self.inside)
        stated = {
            key
            for key in said
            if self.asked.takes(key.region, key.process) and self.asked.first <= key.month <= self.asked.last
        }
        return [
            Volume(
                region=key.region,
                process=key.process,
                month=key.month,
                credited=counts.get(key, 0),
                **_stated(said.get(key)),
            )
            for key in sorted(stated | counts.keys())
        ]

    def problems(self) -> list[Problem]:
        found: dict[tuple[str, str, str], tuple[int, int]] = {}
        for cell, sums in self.inside:
            if cell.kind == DEBIT:
                which = (cell.process, cell.code, cell.reason)
                count, minutes = found.get(which, (0, 0))
                found[which] = (count + sums.units, minutes + sums.after)
        problems = [
            Problem(process=process, code=code, reason=reason, count=count, minutes=minutes)
            for (process, code, reason), (count, minutes) in found.items()
        ]
        return sorted(problems, key=lambda each: (-each.count, each.process, each.code, each.reason))

    def risks(self) -> list[Risk]:
        by_host = _grouped((host, each) for (_, host), each in self.gains.items())
        risks = [
            Risk(host=host, processes=sorted(process for process, of in self.gains if of == host), figures=each)
            for host, each in by_host.items()
            if host
        ]
        return sorted(risks, key=lambda each: (-each.figures.net, each.host))

    # ---- how it is known -----------------------------------------------------------------------------------
    def methods(self) -> list[Method]:
        units: dict[str, int] = {}
        for cell, sums in self.credits:
            units[cell.baseline] = units.get(cell.baseline, 0) + sums.units
        found = [
            self.method(name, said, units.get(name, 0))
            for name, said in self.books.records.items()
            if self.asked.takes(said["region"], said["process"])
        ]
        return sorted(found, key=lambda each: (-each.units, each.process, each.region, each.id))

    def method(self, name: str, said: Mapping[str, Any], units: int) -> Method:
        approved = [each["day"] for each in self.books.verdicts.get(name, ()) if each["kind"] == VerdictKind.APPROVED]
        return Method(
            id=name,
            region=said["region"],
            process=said["process"],
            unit=said["unit"],
            measures=baselines.measures(said),
            method=said["method"],
            n_before=baselines.of(said, "before").n,
            n_after=baselines.of(said, "after").n,
            first=said.get("first", ""),
            last=said.get("last", ""),
            role=said.get("role", ""),
            approved=min(approved, default=""),
            valid_to=baselines.valid_to(said),
            standing=self.standing(name),
            note=said.get("note", ""),
            units=units,
        )

    def standing(self, name: str) -> Standing:
        """Of a baseline, on the day of the report."""
        said = self.books.records[name]
        effects = self.books.effects.get(Here(said["region"], said["process"]), said.get("effects", ""))
        return baselines.standing(said, self.books.verdicts.get(name, ()), effects, self.day.isoformat())

    def to_measure(self) -> list[ToMeasure]:
        found: dict[Here, dict[str, Sums]] = {}
        for cell, sums in self.credits:
            if not cell.auditable and cell.reason != REPEATED:
                known = found.setdefault(Here(cell.region, cell.process), {})
                known[cell.baseline] = Sums(*map(sum, zip(known.get(cell.baseline, Sums()), sums, strict=True)))
        listed = [self.one_to_measure(here, known) for here, known in found.items()]
        return sorted(listed, key=lambda each: (-each.minutes, -each.units, each.region, each.process))

    def one_to_measure(self, here: Here, known: Mapping[str, Sums]) -> ToMeasure:
        most = max(known, key=lambda name: (known[name].units, name))
        said = self.books.records.get(most)
        return ToMeasure(
            region=here.region,
            process=here.process,
            unit=said["unit"] if said else "",
            minutes=sum(each.net for each in known.values()),
            units=sum(each.units for each in known.values()),
            standing=self.standing(most) if said else None,
        )

    # ---- what is closed ------------------------------------------------------------------------------------
    def closings(self) -> list[Closed]:
        """Each month of each region that is over and has minutes: all that a closing is of, from before robo too."""
        first, last, over = self.asked.first, self.asked.last, calendar.month_of(self.day)
        by_month = _grouped(
            ((key.region, key.month), each)
            for key, each in self.whole.items()
            if first <= key.month <= last and key.month < over
        )
        return [self.closed(region, month, each) for (region, month), each in sorted(by_month.items())]

    def closed(self, region: str, month: str, found: Figures) -> Closed:
        """A closing is of all processes: in a report of some there is nothing to compare it with."""
        frozen = self.books.closings.get((region, month))
        return Closed(
            region=region,
            month=month,
            closed=frozen.at if frozen else None,
            why=None if frozen else self.why_open(region, month),
            attested=(region, quarter_of(month)) in self.books.attested,
            figures=found,
            frozen=frozen.figures if frozen and not self.asked.processes else None,
        )

    def why_open(self, region: str, month: str) -> Open:
        if month > last_due(self.day):
            return Open.NOT_DUE
        return Open.NO_SUPERVISION if unsupervised(self.by_month.get((region, month), ())) else Open.DUE

    @cached_property
    def by_month(self) -> Mapping[tuple[str, str], list[Cell]]:
        """Of all processes, whichever are asked for."""
        found: dict[tuple[str, str], list[Cell]] = {}
        for cell in self.books.cells:
            found.setdefault((cell.region, cell.month), []).append(cell)
        return found

    def corrections(self) -> list[Any]:
        return [
            each
            for each in self.books.corrections
            if self.asked.takes(each.region, each.process)
            if each.of_month <= self.asked.last and each.in_month >= self.asked.first
        ]

    def unattributed(self) -> int:
        """What was logged for all processes, in a report of some of them."""
        regions = replace(self.asked, processes=())
        return sum(
            sums.after
            for cell, sums in self.books.cells.items()
            if self.asked.processes and not cell.process and cell.kind == TIME and cell.environment == PRODUCTION
            if regions.takes(cell.region, "") and self.asked.first <= cell.month <= self.asked.last
        )


def _grouped(found: Iterable[tuple[K, Figures]]) -> dict[K, Figures]:
    """Added up by their keys."""
    groups: dict[K, list[Figures]] = {}
    for key, each in found:
        groups.setdefault(key, []).append(each)
    return {key: total(each) for key, each in groups.items()}


def _weight(each: Figures) -> tuple[int, int]:
    """What sorts: the most proven first, then the most there is."""
    return -each.proven, -each.net


def _numbers(version: str) -> tuple[int, ...]:
    """A version as it sorts."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _stated(said: Reconciled | None) -> dict[str, Any]:
    names = ("volume", "source", "received", "stock", "delay_days")
    return {} if said is None else {name: getattr(said, name) for name in names}
