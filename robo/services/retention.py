"""How long what tells of a person is kept, and the purge that ends it.

Order of a purge, so that it may be killed anywhere and the log verifies at every commit: what waits is put in order; an
entry says which payloads go, and is sealed; they go, in small commits; their key is destroyed, which ends every copy of
them in backups; then what items and runs kept in clear, and the files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from robo.errors import InfrastructureError, RoboError, UsageError
from robo.model.audit import Kept
from robo.model.retention import Retention
from robo.services import leftovers
from robo.services.sequencing import sequence_all
from robo.store import clearing, people, purging, upkeep
from robo.store.clock import Tx
from robo.store.engine import Store
from robo.store.purging import Period

T = TypeVar("T")

STD: Final = Kept.STD.value
CONTROL: Final = Kept.CONTROL.value
UNITS: Final = "units"
"""The class of keyed hashes: of no payload, so it is none of `Kept`."""
LARGE: Final = 50_000_000
"""Bytes of a store that is not written anew while a robo works: who writes would wait for more than a second or two."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How many go in one commit: payloads, items with all that hangs from them, files (deleted before their rows)."""

    payloads: int = 2_000
    items: int = 500
    files: int = 200


class Keys(Protocol):
    """Where the keys of periods are, for good or not."""

    def destroy_until(self, region: str, kept: str, month: str) -> bool:
        """Destroy the keys of a region and class up to this month; whether there were any. Durable when it returns."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders with files that tell of persons."""

    evidence: Path
    reports: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How long each region keeps each class: the project's say, which a region may only shorten."""

    project: Retention
    regions: Mapping[str, Retention] = field(default_factory=dict)

    def of(self, region: str) -> Retention:
        return self.regions.get(region, self.project)


@dataclass(slots=True, kw_only=True)
class Purged:
    """What went, or with `dry` would go. `items`, `files` and the rest by region; `troubles`: what could not go."""

    dry: bool
    until: Mapping[str, str]
    """The newest month that goes, by region, of the class `std`."""
    periods: list[Period] = field(default_factory=list)
    destroyed: int = 0
    """Keys of regions and classes that were moved on."""
    items: dict[str, int] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    size: int = 0
    """Bytes of those files."""
    units: dict[str, int] = field(default_factory=dict)
    people: int = 0
    """Accounts whose pseudonyms nobody knows any more."""
    leftovers: int = 0
    """Reports of errors, and folders, that are gone."""
    copies: int = 0
    """Copies of the store that nobody can read any more."""
    rebuilt: bool = True
    """No piece of what was deleted is left in the store's file. False: it was too busy for that."""
    troubles: list[RoboError] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """There was nothing to do."""
        counted = (self.items, self.files, self.units)
        return not (self.periods or self.people or self.leftovers or any(any(each.values()) for each in counted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """One purge of a store. `until`: no month behind it goes (`2026-11`), "" for all that is over; `seal` has a
    checkpoint made of all that is in order; `busy`: whether a robot works; `told` hears how far it is."""

    store: Store
    keys: Keys
    rules: Rules
    places: Places
    seal: Callable[[], None]
    busy: Callable[[], bool] = lambda: False
    until: str = ""
    batch: Batch = Batch()
    told: Callable[[str, Mapping[str, Any]], None] = lambda _what, _facts: None

    def look(self) -> Purged:
        """What would go. Nothing is changed: not a row, not a file, no key."""
        with self.store.read() as tx:
            at, found = self._begun(tx, dry=True)
            for region in found.until:
                before = self._before(region, at)
                found.items[region] = clearing.count(tx, region, before)
                pictures = clearing.pictures(tx, region, before)
                found.files[region] = len(pictures)
                found.size += sum(each.size for each in pictures)
        return found

    def do(self) -> Purged:
        """Purge. What cannot go is among the `troubles`, and the rest goes all the same."""
        sequence_all(self.store)
        with self.store.read() as tx:
            at, found = self._begun(tx, dry=False)
        self._announced(found.periods)
        for period in found.periods:
            self._emptied(period)
        found.destroyed = self._destroyed(found.periods, found.troubles)
        for region in found.until:
            self._region(region, at, found)
        cut = self._before("", at)
        found.people = self._politely(partial(people.forget, before=self._before("", at, CONTROL)))
        found.leftovers = leftovers.clear(self.store, self.places.evidence, self.places.reports, cut, found.troubles)
        sequence_all(self.store)
        found.rebuilt = self._rebuilt(found)
        return found

    def _rebuilt(self, found: Purged) -> bool:
        """Pages keep pieces of what was deleted until the file is written anew. Robots would wait for a large one; and
        where it cannot be (the disk is full, somebody writes on and on), what is deleted is deleted all the same."""
        if found.nothing and not upkeep.has_gaps(self.store):
            return True
        if self.busy() and upkeep.size(self.store) > LARGE:
            return False
        try:
            upkeep.rebuild(self.store)
            return upkeep.settle(self.store)
        except InfrastructureError as trouble:
            found.troubles.append(trouble)
            return False

    def _begun(self, tx: Tx, *, dry: bool) -> tuple[datetime, Purged]:
        """The periods that are over, with payloads or with a key that still is one; and how far each region goes."""
        at, known = self.store.now(tx), purging.periods(tx)
        regions = {*clearing.regions(tx), *self.rules.regions, *(each.region for each in known)}
        due = [each for each in known if each.month <= self._last(each.region, each.kept, at)]
        return at, Purged(dry=dry, until={name: self._last(name, STD, at) for name in sorted(regions)}, periods=due)

    def _last(self, region: str, kept: str, at: datetime) -> str:
        """The newest month of this class that goes."""
        over = purging.last_over(at, self.rules.of(region).months(kept))
        return min(over, self.until) if self.until else over

    def _before(self, region: str, at: datetime, kept: str = STD) -> datetime:
        """What ended before this goes."""
        return purging.ends(self._last(region, kept, at))

    def _announced(self, periods: Sequence[Period]) -> None:
        """All entries first, ordered and sealed: from then on whatever is gone is answered for."""
        for period in periods:
            policy = f"{period.kept.value} {self.rules.of(period.region).months(period.kept)}"
            self.store.transact(partial(purging.announce, period=period, policy=policy))
        if periods:
            sequence_all(self.store)
            self.seal()

    def _emptied(self, period: Period) -> None:
        self.told("payloads", {"period": period.key, "count": period.payloads})
        most = self.batch.payloads
        while self._politely(partial(purging.take, period=period, limit=most)) == most:
            continue

    def _destroyed(self, periods: Sequence[Period], troubles: list[RoboError]) -> int:
        """The keys go last: what is announced and deleted needs them no more, and a backup is unreadable with that."""
        newest: dict[tuple[str, Kept], str] = {}
        for period in periods:
            newest[period.region, period.kept] = max(period.month, newest.get((period.region, period.kept), ""))
        count = 0
        for (region, kept), month in sorted(newest.items()):
            try:
                count += self.keys.destroy_until(region, kept.value, month)
            except InfrastructureError as trouble:
                troubles.append(trouble)
                continue
            self.store.transact(partial(purging.destroyed, region=region, kept=kept, month=month))
        return count

    def _region(self, region: str, at: datetime, found: Purged) -> None:
        before = self._before(region, at)
        rule = self.rules.of(region)
        for name in ("items", "runs", "files"):
            getattr(found, name)[region] = 0
        last = ""
        while True:
            work = partial(
                clearing.clear, region=region, before=before, limit=self.batch.items, policy=f"std {rule.std}"
            )
            done = self._politely(partial(work, after=last))
            if not done.items:
                break
            last = done.last
            found.items[region] += done.items
            found.runs[region] += done.runs
            self.told("items", {"region": region, "count": found.items[region]})
        self._pictures(region, before, found)
        older = self._before(region, at, UNITS)
        forgotten = self._politely(partial(clearing.forget_units, region=region, before=older))
        for name, count in forgotten.items():
            found.units[name] = found.units.get(name, 0) + count

    def _pictures(self, region: str, before: datetime, found: Purged) -> None:
        """Files first, then their rows: a file whose row is there is one that the next purge still deletes."""
        for batch in self._batches(region, before):
            gone = leftovers.delete(self.places.evidence, batch, found.troubles)
            self._politely(partial(clearing.without, gone=[each.id for each in gone]))
            found.files[region] += len(gone)
            found.size += sum(each.size for each in gone)

    def _batches(self, region: str, before: datetime) -> Iterator[list[clearing.Picture]]:
        last = ""
        while True:
            with self.store.read() as tx:
                batch = clearing.pictures(tx, region, before, after=last, limit=self.batch.files)
            if not batch:
                return
            yield batch
            last = batch[-1].id

    def _politely(self, work: Callable[[Tx], T]) -> T:
        """One commit. Where one writes at a time, the others have as long afterwards as it took."""
        began = time.monotonic()
        done = self.store.transact(work)
        if self.store.is_sqlite:
            time.sleep(time.monotonic() - began)
        return done


def rules_of(project: Retention, regions: Mapping[str, tuple[Mapping[str, int], str]]) -> Rules:
    """The rules of a project and its regions, each given by what its file says and that file's name.

    `UsageError` RB670 for a region that would keep something longer than the project."""
    found = {}
    for region, (said, file) in regions.items():
        for name, months in said.items():
            longest = getattr(project, name)
            if months > longest:
                raise UsageError(
                    "RB670",
                    "%(region)s would keep %(name)s for %(months)s months, the project %(longest)s: a region may only "
                    "shorten",
                    place=file,
                    remedy="take it out of the file of the region, or give it at most %(longest)s",
                    region=region,
                    name=name,
                    months=months,
                    longest=longest,
                )
        found[region] = replace(project, **said)
    return Rules(project=project, regions=found)


def checked_until(until: str, at: datetime, rules: Rules) -> str:
    """`until` as it was given, when it is a month that is over everywhere. RB671 otherwise."""
    try:
        month = f"{datetime.strptime(until, '%Y-%m').replace(tzinfo=UTC):%Y-%m}"
    except ValueError:
        month = ""
    latest = max(purging.last_over(at, rule.std) for rule in (rules.project, *rules.regions.values()))
    if not month or month > latest:
        raise UsageError(
            "RB671",
            "nothing may be purged up to %(until)s yet: the newest month that is over is %(latest)s",
            place="--until",
            remedy="give a month like %(latest)s, or an earlier one; to keep less long, shorten `retention` in "
            "config/robo.yaml",
            until=until,
            latest=latest,
        )
    return month
