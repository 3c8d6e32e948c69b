"""The arithmetic of hours: from rows of minutes to cells, from cells to the figures of a month.

A report, the closing of a month and whoever verifies an export call these functions, so that they cannot differ. Human
minutes, whole numbers. The formula is that of the design page "Hours saved":

    gross = sum of done x before
    net   = sum of done x (before - after), less triage, recovery, what was found wrong later, supervision, maintenance

Build and replication are a line of their own; what is from before robo stands apart and is never added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from operator import add, attrgetter
from typing import Any, Final, NamedTuple, Self, TypeVar

K = TypeVar("K")
PRODUCTION: Final = "production"
"""The environment that counts. Rows of others are rows, and no part of any figure."""
CREDIT, DEBIT, CORRECTION, TIME, OPENING = "credit", "debit", "correction", "time", "opening"
"""The kinds of rows."""
TRIAGE, RECOVERY, WRONG = "triage", "recovery", "wrong"
"""Why a debit: a person took up what was rejected, what failed, what the robot had got wrong."""
SUPERVISION, MAINTENANCE, BUILD, REPLICATION = "supervision", "maintenance", "build", "replication"
"""What logged time was for."""
REPEATED: Final = "repeated receipt"
"""Why a credit of 0 minutes: its receipt is another credit's."""
YEAR: Final = 1607 * 60
"""Minutes that one full-time agent works in a year: 1 607 h, the State's own rule."""


_LOOPBACK: Final = ("localhost", "127.", "[::1]", "::1")


class Cell(NamedTuple):
    """What rows are added up by: all that two rows must share to stand in one sum."""

    environment: str
    region: str
    process: str
    version: str
    month: str
    kind: str
    reason: str
    code: str
    provenance: str
    auditable: bool
    baseline: str
    host: str


class Sums(NamedTuple):
    """What a cell adds up: units, and minutes of one unit before and after, over its rows."""

    units: int = 0
    before: int = 0
    after: int = 0

    @property
    def net(self) -> int:
        return self.before - self.after


class Span(NamedTuple):
    """Minutes of one unit as they were measured: the median, and the range it lies in."""

    median: int
    low: int
    high: int


class Measures(NamedTuple):
    """What a baseline says of one unit, in minutes."""

    before: Span
    after: Span
    triage: Span = Span(0, 0, 0)
    recovery: Span = Span(0, 0, 0)
    wrong: Span = Span(0, 0, 0)


class Key(NamedTuple):
    """What a figure is of. `process` is "" for time that was logged for all of them."""

    region: str
    process: str
    month: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The minutes of one process in one region and one month, or of any sum of such.

    Every net minute is on one of three sides that are never added up in a report: `proven`; `unreconciled`, credits as
    proven but for the volume of the application they were done in; `unmeasured`. What costs is in minutes above 0."""

    units: int = 0
    """Credited, less those that a correction took back."""
    touched: int = 0
    """Items that a person took up: triage and recovery."""
    gross: int = 0
    proven: int = 0
    low: int = 0
    high: int = 0
    """The range of `proven`: by the lows, and by the highs, of all its baselines."""
    unreconciled: int = 0
    unmeasured: int = 0
    triage: int = 0
    recovery: int = 0
    wrong: int = 0
    corrected: int = 0
    """What corrections took back, less what they gave."""
    supervision: int = 0
    maintenance: int = 0
    investment: int = 0
    """Build and replication."""
    opening: int = 0
    opening_units: int = 0

    @property
    def net(self) -> int:
        """Of all sides: for the formula and for closings; a report shows the sides apart."""
        return self.proven + self.unreconciled + self.unmeasured

    def __add__(self, other: Self) -> Self:
        return type(self)(*map(add, _members(self), _members(other)))


_FIELDS: Final = tuple(each.name for each in fields(Figures))
_members: Final[Callable[[Figures], tuple[int, ...]]] = attrgetter(*_FIELDS)


def as_members(figures: Figures) -> dict[str, int]:
    """By name, as a closing and an export write them."""
    return dict(zip(_FIELDS, _members(figures), strict=True))


def is_here(host: str) -> bool:
    """Whether a host is no place where something real is done: none, or this machine. Nothing is proven there. Behind
    its `#` a row says which certificate the host showed."""
    name = host.rpartition("//")[2].partition("#")[0]
    return not name or name.startswith(_LOOPBACK) or name.partition(":")[0].endswith(".localhost")


def fold(rows: Iterable[tuple[Cell, Sums]]) -> dict[Cell, Sums]:
    """Rows, or cells, added up by their cell."""
    found: dict[Cell, Sums] = {}
    for cell, sums in rows:
        before = found.get(cell, Sums())
        found[cell] = Sums(before.units + sums.units, before.before + sums.before, before.after + sums.after)
    return found


def row(region: str, kind: str, said: Mapping[str, Any]) -> tuple[Cell, Sums]:
    """The cell and the minutes of an entry `ledger.KIND` of the log. Entries from before a member existed lack it."""
    cell = Cell(
        environment=said["environment"],
        region=region,
        process=said["process"],
        version=said.get("version", ""),
        month=said["month"],
        kind=kind,
        reason=said["reason"],
        code=said.get("code", ""),
        provenance=said["provenance"],
        auditable=said["auditable"],
        baseline=said["baseline"],
        host=said.get("host", ""),
    )
    return cell, Sums(said.get("units", 1), said["before"], said["after"])


def credited(cells: Iterable[tuple[Cell, Sums]]) -> dict[Key, int]:
    """Units that stand credited in production, by process, region and month: what a reconciliation is compared with."""
    found: dict[Key, int] = {}
    for cell, sums in cells:
        if cell.environment == PRODUCTION and cell.kind in {CREDIT, CORRECTION} and cell.reason != REPEATED:
            key = Key(cell.region, cell.process, cell.month)
            found[key] = found.get(key, 0) + sums.units
    return found


def reconciled(cells: Iterable[tuple[Cell, Sums]], volumes: Mapping[Key, int]) -> frozenset[Key]:
    """The months of a process whose credited units the application's own volume bears out. One that has more credits
    than its application had cases is not reconciled at all: nobody knows which of them are wrong."""
    counts = credited(cells)
    return frozenset(key for key, volume in volumes.items() if counts.get(key, 0) <= volume)


def figures(
    cells: Iterable[tuple[Cell, Sums]],
    measures: Callable[[str], Measures | None],
    borne_out: frozenset[Key],
) -> dict[Key, Figures]:
    """The figures by region, process and month. `measures`: what the baseline of that id says, None where nobody knows;
    `borne_out`: see `reconciled`."""
    found = figures_by(lambda cell: (cell.region, cell.process, cell.month), cells, measures, borne_out)
    return {Key(*key): each for key, each in found.items()}


def figures_by(
    by: Callable[[Cell], K],
    cells: Iterable[tuple[Cell, Sums]],
    measures: Callable[[str], Measures | None],
    borne_out: frozenset[Key],
) -> dict[K, Figures]:
    """The same figures added up by something else of a cell: its host, its process.

    What a cell adds is in proportion to its units and its minutes, so that it is asked once of all that are alike."""
    found: dict[K, list[int]] = {}
    known: dict[tuple[object, ...], Sequence[tuple[int, int, int, int]]] = {}
    for cell, (units, before, after) in cells:
        if cell.environment != PRODUCTION:
            continue
        stands = (cell.region, cell.process, cell.month) in borne_out
        alike = (cell.kind, cell.reason, cell.auditable, cell.baseline, stands)
        parts = known.get(alike)
        if parts is None:
            parts = known[alike] = _parts(cell, measures(cell.baseline), borne_out=stands)
        group = by(cell)
        into = found.get(group)
        if into is None:
            into = found[group] = [0] * len(_FIELDS)
        for place, of_units, of_before, of_after in parts:
            into[place] += of_units * units + of_before * before + of_after * after
    return {key: Figures(*into) for key, into in found.items()}


def _parts(cell: Cell, known: Measures | None, *, borne_out: bool) -> Sequence[tuple[int, int, int, int]]:
    """What a cell adds to each member of `Figures`, by its place: of each unit, each minute before, each after."""
    ones = (Sums(1, 0, 0), Sums(0, 1, 0), Sums(0, 0, 1))
    of_units, of_before, of_after = (_of(cell, one, known, borne_out=borne_out) for one in ones)
    return [
        (place, of_units.get(name, 0), of_before.get(name, 0), of_after.get(name, 0))
        for place, name in enumerate(_FIELDS)
        if name in of_units
    ]


def total(found: Iterable[Figures]) -> Figures:
    """All of them added up."""
    columns = zip(*map(_members, found), strict=True)
    return Figures(*map(sum, columns))


def full_time(minutes: int, months: int) -> Fraction:
    """Full-time agents that would work so many minutes in so many months; indicative, and never posts."""
    return Fraction(minutes * 12, YEAR * months) if months else Fraction(0)


def _of(cell: Cell, sums: Sums, known: Measures | None, *, borne_out: bool) -> Mapping[str, int]:
    """What one cell adds to the members of `Figures`."""
    if cell.kind == OPENING:
        return {"opening": sums.net, "opening_units": sums.units}
    if cell.kind == TIME and cell.reason in {BUILD, REPLICATION}:
        return {"investment": sums.after}
    if cell.kind == TIME:
        return {**_proven(-sums.after), _watching(cell.reason): sums.after}
    if cell.kind == CREDIT:
        return _credit(cell, sums, known, borne_out=borne_out)
    if cell.kind == CORRECTION:
        return _correction(cell, sums, known)
    return _debit(cell, sums, known)


def _watching(reason: str) -> str:
    return MAINTENANCE if reason == MAINTENANCE else SUPERVISION


def _credit(cell: Cell, sums: Sums, known: Measures | None, *, borne_out: bool) -> Mapping[str, int]:
    if cell.reason == REPEATED:
        return {}
    side = _side(cell, sums.net, _gain(sums, known), borne_out=borne_out)
    return {"units": sums.units, "gross": sums.before, **side}


def _debit(cell: Cell, sums: Sums, known: Measures | None) -> Mapping[str, int]:
    """What people spent counts at once, as logged time does: only what robots gave back waits for a volume. So nobody
    keeps a loss out of the proven figure by stating none, and a debit that is taken back gives what it took."""
    reason = cell.reason if cell.reason in {RECOVERY, WRONG} else TRIAGE
    side = _side(cell, -sums.after, _cost(sums, known, reason), borne_out=True)
    return {"touched": 0 if reason == WRONG else sums.units, **side, reason: sums.after}


def _correction(cell: Cell, sums: Sums, known: Measures | None) -> Mapping[str, int]:
    """What is taken back waits for no volume. A correction of a credit takes its units back, and with them all of their
    range; one of time has the reason of that time, and is as proven as that."""
    if cell.reason in {BUILD, REPLICATION}:
        return {"investment": sums.after}
    if cell.reason in {SUPERVISION, MAINTENANCE}:
        return {"corrected": -sums.net, **_proven(sums.net)}
    side = _side(cell, sums.net, _gain(sums, known), borne_out=True)
    return {"units": sums.units, "gross": sums.before, "corrected": -sums.net, **side}


def _gain(sums: Sums, known: Measures | None) -> tuple[int, int]:
    """What the units gain at least, and at most: their minutes, moved by how far the range of their baseline goes."""
    if known is None:
        return sums.net, sums.net
    before, after = known.before, known.after
    less = (before.median - before.low) + (after.high - after.median)
    more = (before.high - before.median) + (after.median - after.low)
    return sums.net - sums.units * less, sums.net + sums.units * more


def _cost(sums: Sums, known: Measures | None, reason: str) -> tuple[int, int]:
    """What a person took at most, and at least: the lowest net comes with the highest cost."""
    if known is None:
        return -sums.after, -sums.after
    span: Span = getattr(known, reason)
    return -sums.after - sums.units * (span.high - span.median), -sums.after + sums.units * (span.median - span.low)


def _side(cell: Cell, net: int, span: tuple[int, int], *, borne_out: bool) -> dict[str, int]:
    if not cell.auditable:
        return {"unmeasured": net}
    return {"proven": net, "low": span[0], "high": span[1]} if borne_out else {"unreconciled": net}


def _proven(net: int) -> dict[str, int]:
    """Logged time is what it is, and lowers what is proven: nothing says which credits it was spent on."""
    return {"proven": net, "low": net, "high": net}
