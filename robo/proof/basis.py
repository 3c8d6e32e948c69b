"""What a row of minutes stands on: the run that did it, how its item ended, and what was measured and approved before.

All of it is read from the log, in its order: what is said later helps no earlier row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from robo.proof.baselines import MEASURED, TIMED, Standing, measures, misstated, of, standing, valid_to
from robo.proof.canonical import canonical
from robo.proof.days import COMMIT, Days
from robo.proof.differences import difference
from robo.proof.doubles import Doubles
from robo.proof.entry import Entry
from robo.proof.hours import PRODUCTION, REPEATED, TRIAGE, Measures, is_here

ADDED, RUN, ENDED, RECEIPT = "baseline.added", "run.created", "item.ended", "once.receipt"
APPROVED, SIGNED = "baseline.approved", "baseline.signed"
VERDICTS: Final = (APPROVED, SIGNED, "baseline.superseded", "baseline.withdrawn")
"""The types of entries that are read here."""
_OF_OTHERS: Final = frozenset({APPROVED, SIGNED})
"""What nobody decides about a record of his own."""
_RECENT: Final = 1 << 16
"""Items whose end is remembered: a credit stands right behind the end of its item, in the same commit."""
_ROBOT: Final = "robot"
"""What the actor of an entry begins with, where nobody decided."""
_DONE, _REJECTED, _ITEM, _OURS = '"outcome":"done"', '"outcome":"rejected"', '"kind":"item"', '"ours":true'
"""What is in the canonical text of an entry that says so; in a text of it these marks would be written otherwise."""


@dataclass(slots=True)
class Known:
    """A record that was added, what it measures, who added it, and what was decided about it so far."""

    record: Mapping[str, Any]
    measures: Measures
    author: str
    bound: bool = True
    """The log says its digest. Records of older logs are bound by their medians alone, and prove nothing."""
    proved: bool = False
    """A credit that is called proven stands on it."""
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    stands: dict[tuple[str, str], Standing] = field(default_factory=dict)
    """By effects and day; forgotten with each verdict."""

    def standing(self, effects: str, day: str) -> Standing:
        found = self.stands.get((effects, day)) if self.bound else Standing.UNAPPROVED
        if found is None:
            found = self.stands[effects, day] = standing(self.record, self.verdicts, effects, day)
        return found

    def is_twin(self, other: Known) -> bool:
        """Whether it is of another process or unit, and of the same procedure or effects."""
        one, two = self.record, other.record
        same = (one["process"], one["unit"]) == (two["process"], two["unit"])
        return not same and any(one[name] and one[name] == two[name] for name in ("procedure", "effects"))

    def is_approved(self, day: str) -> bool:
        """Whether it is approved and not over on that day, for whatever definition."""
        over = any(each["kind"] in {"withdrawn", "superseded"} and each["day"] <= day for each in self.verdicts)
        approved = any(each["kind"] == "approved" for each in self.verdicts)
        return approved and not over and (self.record["method"] != TIMED or valid_to(self.record) >= day)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run was created as."""

    process: str
    version: str
    environment: str
    effects: str
    practice: bool
    """It was a dry run."""


class Basis:
    """What is known at a place of the log. Each look raises at the first thing that cannot be: RB054 to RB058.

    `records`: those that lie beside the log, by id."""

    def __init__(self, region: str, days: Days, records: Mapping[str, Mapping[str, Any]]) -> None:
        self.region = region
        self.days = days
        self.records = records
        self.known: dict[str, Known] = {}
        self.runs: dict[str, Run] = {}
        self.effects: dict[tuple[str, str], str] = {}
        self.units, self.receipts = Doubles(), Doubles()
        self.ended: dict[str, str | None] = {}
        """Items that were done of late, with the receipt that earned."""
        self.confirmed: dict[tuple[str, str], int] = {}
        """Effects of a process in an environment that the robot had confirmed, less the items that earned by them."""
        self.owed: dict[str, tuple[int, int]] = {}
        """Items that a robot rejected, with entry and time, until their debit comes. Older robots wrote none where
        nobody had measured: their runs say no effects."""

    # ---- what is said about records, runs and items ---------------------------------------------------------------
    def added(self, entry: Entry) -> None:
        """A record is the one that was logged, and says what was observed. RB056."""
        said, name, record = entry.said, entry.obj, self.records.get(entry.obj)
        if record is None or name in self.known:
            message = "the record %(row)s is missing" if record is None else "the record %(row)s was added twice"
            raise difference("RB056", message, seq=entry.seq, row=name)
        digest = sha256(canonical(record)).hexdigest()
        if said.get("digest", digest) != digest:
            message = "the record %(row)s was changed: its digest is %(says)s, and the log says %(should)s"
            raise difference("RB056", message, seq=entry.seq, row=name, says=digest, should=said["digest"])
        if record["region"] != self.region:
            message = "the record %(row)s is of the region %(says)s, in the log of %(should)s"
            raise difference("RB056", message, seq=entry.seq, row=name, says=record["region"], should=self.region)
        found = measures(record)
        for what, says, should in _differing(record, found, said):
            message = "the record %(row)s says %(says)s for %(what)s, and the log %(should)s"
            raise difference("RB056", message, seq=entry.seq, row=name, what=what, says=says, should=should)
        bound = "digest" in said
        if bound and (false := misstated(record)) is not None:
            message = "the record %(row)s says other minutes for %(what)s than its observations give"
            raise difference("RB056", message, seq=entry.seq, row=name, what=false)
        self.known[name] = Known(record, found, entry.actor, bound)

    def decided(self, entry: Entry) -> None:
        """A verdict is about a record that was there, counts from no earlier day, and is not its author's. RB058."""
        said = entry.said
        known = self.known.get(entry.obj)
        if known is None:
            message = "a verdict is about the record %(row)s, which was not added before"
            raise difference("RB058", message, seq=entry.seq, row=entry.obj)
        if said["day"] < (given := self.days.of(entry.ts - COMMIT)):
            message = "the verdict on %(row)s counts from %(says)s, and was given on %(should)s"
            raise difference("RB058", message, seq=entry.seq, row=entry.obj, says=said["day"], should=given)
        if entry.type in _OF_OTHERS and entry.actor == known.author:
            message = "the record %(row)s was approved by %(says)s, who added it"
            raise difference("RB058", message, seq=entry.seq, row=entry.obj, says=entry.actor)
        if entry.type == APPROVED:
            self._within_whole(entry, known, said["day"])
        verdict = {"kind": entry.type.partition(".")[2], "record": entry.obj, "day": said["day"], "role": said["role"]}
        known.verdicts.append(verdict | ({"successor": said["successor"]} if said.get("successor") else {}))
        known.stands.clear()

    def _within_whole(self, entry: Entry, known: Known, day: str) -> None:
        """Two processes that do parts of one procedure earn no more than a person needed for all of it. They are known
        by what they call it, and by their effects. RB058."""
        twins = {name: each for name, each in self.known.items() if each.is_twin(known) and each.is_approved(day)}
        if twins:
            records = [known.record, *(each.record for each in twins.values())]
            takes = [of(each, "before").span.median for each in records]
            whole = min(each["whole"] or own for each, own in zip(records, takes, strict=True))
            if sum(takes) > whole:
                message = "the record %(row)s and %(others)s say %(says)s minutes for parts of what takes %(should)s"
                facts: dict[str, Any] = {"others": ", ".join(twins), "says": sum(takes), "should": whole}
                raise difference("RB058", message, seq=entry.seq, row=entry.obj, **facts)

    def run(self, entry: Entry) -> None:
        """A run begins, of a definition that is told by the digest of its effects."""
        said = entry.said
        run = Run(
            said["process"], said["version"], said["environment"], said.get("effects", ""), said.get("dry_run", False)
        )
        self.runs[entry.obj] = run
        if run.environment == PRODUCTION and not run.practice:
            self.effects[self.region, run.process] = run.effects

    def end(self, entry: Entry) -> None:
        """An item ends. One that a robot rejects costs, in the same commit."""
        self.ended.pop(entry.obj, None)
        if _REJECTED in entry.data and _ITEM in entry.data and entry.actor.startswith(_ROBOT):
            run = self.runs.get(entry.cause)
            if run is not None and run.effects and not run.practice:
                self.owed[entry.obj] = entry.seq, entry.ts
        if _DONE in entry.data:
            self.ended[entry.obj] = None
            if len(self.ended) > _RECENT:
                del self.ended[next(iter(self.ended))]

    def owing(self, until: int) -> tuple[str, int] | None:
        """The first item, with its entry, that was rejected before that time and never cost. What is newer may be cut
        off from its debit: a log ends between any two entries."""
        late = [(seq, item) for item, (seq, ts) in self.owed.items() if ts + COMMIT < until]
        return min(late)[::-1] if late else None

    def receipt(self, entry: Entry) -> None:
        """The robot has an effect of its own confirmed."""
        if _OURS in entry.data and (run := self.runs.get(entry.cause)) is not None:
            place = run.process, run.environment
            self.confirmed[place] = self.confirmed.get(place, 0) + 1

    # ---- what a row may say by it ---------------------------------------------------------------------------------
    def credit(self, entry: Entry, said: Mapping[str, Any]) -> None:
        """A credit is of an item that was done, confirmed to the robot, in a run like it, with the minutes measured."""
        self._of_its_run(entry, said)
        if entry.obj not in self.ended:
            message = "the credit %(row)s is of an item that did not end done there"
            raise difference("RB054", message, seq=entry.seq, row=said["ledger"])
        self.units.add((said["environment"], said["unit"], said["unit_hash"]))
        if said["reason"] == REPEATED:
            _require(entry, said, "before", 0)
            _require(entry, said, "after", 0)
            _require(entry, said, "auditable", should=False)
            return
        _require(entry, said, "reason", "")
        self._earns(entry, said)
        known = self._measured(entry, said)
        _require(entry, said, "before", known.measures.before.median if known else 0)
        _require(entry, said, "after", known.measures.after.median if known else 0)
        if said["auditable"]:
            self._proven(entry, said, known)

    def debit(self, entry: Entry, said: Mapping[str, Any]) -> None:
        """A debit costs what was measured, and stands on the side of its credits: it cannot be put aside."""
        run = self._of_its_run(entry, said)
        known = self._measured(entry, said)
        _require(entry, said, "before", 0)
        if said["reason"] not in {"triage", "recovery", "wrong"}:
            message = "the debit %(row)s is for %(says)s, which is no reason"
            raise difference("RB055", message, seq=entry.seq, row=said["ledger"], says=said["reason"])
        if said["reason"] == TRIAGE:
            self.owed.pop(entry.obj, None)
        _require(entry, said, "after", getattr(known.measures, said["reason"]).median if known else 0)
        counts = known is not None and (known.proved or not is_here(said.get("host", "")))
        if not said["auditable"] and known and counts and said["environment"] == PRODUCTION:
            days = {self.days.of(entry.ts), self.days.of(entry.ts - COMMIT)}
            if all(known.standing(run.effects, day) is Standing.VALID for day in days):
                message = "the debit %(row)s is not among the proven minutes, where its credits are"
                raise difference("RB057", message, seq=entry.seq, row=said["ledger"])

    def _of_its_run(self, entry: Entry, said: Mapping[str, Any]) -> Run:
        run = self.runs.get(entry.cause)
        if run is None or run.practice:
            message = "the row %(row)s is of the run %(says)s, which the log does not have, or which was a dry run"
            raise difference("RB054", message, seq=entry.seq, row=said["ledger"], says=entry.cause)
        for member, should in (("environment", run.environment), ("process", run.process), ("version", run.version)):
            if said.get(member, should) != should:
                message = "the row %(row)s says %(member)s %(says)s, and its run %(should)s"
                facts = {"member": member, "says": said[member], "should": should}
                raise difference("RB054", message, seq=entry.seq, row=said["ledger"], **facts)
        return run

    def _earns(self, entry: Entry, said: Mapping[str, Any]) -> None:
        """The first credit of an item uses up a confirmed effect; a receipt is the item's that had it first."""
        before, place = self.ended[entry.obj], (said["process"], said["environment"])
        if before is None:
            left = self.confirmed.get(place, 0)
            if not left:
                message = "the credit %(row)s is of an item whose effect the robot never had confirmed"
                raise difference("RB054", message, seq=entry.seq, row=said["ledger"])
            self.confirmed[place] = left - 1
        if before != said["receipt"]:
            self.ended[entry.obj] = said["receipt"]
            if said["receipt"]:
                self.receipts.add((*place, said["receipt"]))

    def _measured(self, entry: Entry, said: Mapping[str, Any]) -> Known | None:
        """The record that a row names, added before it, of its process and unit. RB055."""
        _require(entry, said, "units", 1)
        if not said["baseline"]:
            _require(entry, said, "auditable", should=False)
            return None
        known = self.known.get(said["baseline"])
        if known is None:
            message = "the row %(row)s stands on the record %(says)s, which was not added before"
            raise difference("RB055", message, seq=entry.seq, row=said["ledger"], says=said["baseline"])
        _require(entry, said, "process", known.record["process"])
        _require(entry, said, "unit", f"{known.record['process']}/{known.record['unit']}")
        _require(entry, said, "provenance", known.record["method"])
        return known

    def _proven(self, entry: Entry, said: Mapping[str, Any], known: Known | None) -> None:
        """Minutes that are called proven are of production, and their record stands on that day. RB057."""
        host, row = said.get("host", ""), said["ledger"]
        if said["environment"] != PRODUCTION or is_here(host):
            message = "the row %(row)s is called proven, and was done at %(says)s (%(environment)s)"
            facts = {"says": host, "environment": said["environment"]}
            raise difference("RB057", message, seq=entry.seq, row=row, **facts)
        effects = self.runs[entry.cause].effects
        day = self.days.of(entry.ts)
        found = known.standing(effects, day) if known else Standing.UNAPPROVED
        if known and found is not Standing.VALID and (began := self.days.of(entry.ts - COMMIT)) != day:
            found = known.standing(effects, began)
        if found is not Standing.VALID:
            message = "the row %(row)s is called proven, and on %(day)s its record %(record)s is: %(why)s"
            facts = {"day": day, "record": said["baseline"], "says": Standing.VALID.value, "should": found.value}
            raise difference("RB057", message, seq=entry.seq, row=row, why=found.value, **facts)
        if known:
            known.proved = True


def _require(entry: Entry, said: Mapping[str, Any], member: str, should: object) -> None:
    """A member of a row is what it must be; one that older entries lack is. RB055."""
    if (says := said.get(member, should)) != should:
        message = "the row %(row)s says %(member)s %(says)s instead of %(should)s"
        raise difference("RB055", message, seq=entry.seq, row=said["ledger"], member=member, says=says, should=should)


def _differing(record: Mapping[str, Any], found: Measures, said: Mapping[str, Any]) -> list[tuple[str, object, object]]:
    """The members of the entry of a record that are not those of the record: what, the record's, the entry's."""
    own = {what: getattr(found, what).median for what in MEASURED}
    own |= {name: record[name] for name in ("process", "unit", "method")}
    return [(what, own[what], said[what]) for what in own if what in said and said[what] != own[what]]
