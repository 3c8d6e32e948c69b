"""Is this log whole, unaltered, signed and seen by others? Answered offline, from an export, a policy and nothing else.

The first entry that is wrong is named, with what is wrong. Order is `seq`: a clock that went back is only remarked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hmac import compare_digest
from typing import Any, Final

from robo.errors import InfrastructureError
from robo.proof.checkpoint import Checkpoint, LogProof
from robo.proof.entry import RegionHead, commitment, read_entry
from robo.proof.handover import Keys, not_handed_over
from robo.proof.merkle import EMPTY, Frontier, leaf_hash
from robo.proof.note import Note, read_at
from robo.proof.policy import Policy, Verdict, countersigned, judge

PURGED: Final = "retention.purged"
"""The type of the event that says which payloads were destroyed: those before it whose `key` is its `data.key`."""
CLOCK: Final = 60_000_000
"""Microseconds that the times of a region may go back without a remark."""


class Flaw(StrEnum):
    """What is wrong."""

    SIGNATURE = "signature"
    KEY = "key"
    QUORUM = "quorum"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    ENTRY = "entry"
    LEAF = "leaf"
    ORDER = "order"
    CHAIN = "chain"
    ROOT = "root"
    UNSEALED = "unsealed"
    PAYLOAD = "payload"
    MISSING = "missing"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what, in which entry (None: in none in particular), and the error a person is told."""

    flaw: Flaw
    seq: int | None
    error: InfrastructureError


@dataclass(frozen=True, slots=True)
class Log:
    """A log to be verified. `checkpoints`: its notes, the newest last. `leaves`: the hashes it was exported with.
    `payloads`: (salt, canonical bytes) of an event by its id, None where they are gone; None itself: not looked at."""

    entries: Iterable[bytes]
    checkpoints: Sequence[Note]
    leaves: Iterable[bytes] | None = None
    payloads: Callable[[str], tuple[bytes, bytes] | None] | None = None


@dataclass(slots=True)
class Report:
    """What was found. `sealed` and `witnessed` say up to which size a key of the log and the quorum stand for it,
    `regions` how many entries each has, `present` and `purged` what became of payloads."""

    size: int = 0
    root: bytes = EMPTY
    sealed: int = 0
    witnessed: int = 0
    verdict: Verdict | None = None
    regions: dict[str, int] = field(default_factory=dict)
    present: int = 0
    purged: int = 0
    findings: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


def verify_log(origin: str, log: Log, policy: Policy, now: int | None = None) -> Report:
    """Verify all of the log called `origin`. Nothing that is wrong with it is raised: it is in the report, in the order
    it was met. `now` is in seconds since 1970, None where the age of cosignatures does not matter."""
    report, policy = Report(), policy.of(origin)
    heads = _signed(log.checkpoints, policy, report, now)
    if log.checkpoints:
        report.verdict = judge(policy, log.checkpoints[-1], now)
    walk = _Walk(log, report, Keys(policy.logs))
    try:
        for head, note in heads:
            walk.to(head, note)
        walk.to_the_end(sealed=bool(heads))
        if walk.keys.later:
            report.remarks.append(Finding(Flaw.KEY, None, not_handed_over()))
    except InfrastructureError as wrong:
        report.findings.append(Finding(walk.stage, walk.seq, wrong))
    report.size, report.root = walk.frontier.size, walk.frontier.root()
    report.regions = {region: head.rseq for region, head in walk.regions.items()}
    return report


def verify_region(origin: str, region: str, entries: Iterable[bytes], proof: LogProof, policy: Policy) -> int:
    """For an auditor who may see one region only: how many entries it has in the log `origin`, when they are all there,
    from its first to the one that `proof` is of, and the quorum has seen them. `InfrastructureError` RB630 to RB634
    tells what is wrong first."""
    head, last = RegionHead(), -1
    for raw in entries:
        entry = read_at(f"{region}: entry {head.rseq}", read_entry, raw)
        if entry["region"] != region:
            raise _broken("RB634", "the entry belongs to the region %(region)s", entry["seq"], region=entry["region"])
        if entry["seq"] <= last:
            raise _misplaced(last + 1, entry["seq"])
        head, last = _next(entry, head, leaf_hash(raw)), entry["seq"]
    policy = policy.of(origin)
    proof.verify(head.leaf, policy.logs)
    if proof.index != last:
        raise _misplaced(proof.index, last)
    _, by = countersigned(policy, proof.note)
    if not policy.is_met(by):
        raise _unseen()
    return head.rseq


def _signed(notes: Sequence[Note], policy: Policy, report: Report, now: int | None) -> list[tuple[Checkpoint, Note]]:
    """The checkpoints whose signatures are right, by size; what is wrong with the others goes into the report."""
    heads: list[tuple[Checkpoint, Note]] = []
    seen = False
    for number, note in enumerate(notes, 1):
        try:
            head, by = countersigned(policy, note, now)
        except InfrastructureError as wrong:
            wrong.place = wrong.place or f"checkpoint {number}"
            report.findings.append(Finding(Flaw.SIGNATURE, None, wrong))
            continue
        heads.append((head, note))
        report.sealed = max(report.sealed, head.size)
        if policy.is_met(by):
            report.witnessed, seen = max(report.witnessed, head.size), True
    if not notes:
        error = _broken("RB634", "there is no checkpoint: nobody stands for these entries")
        report.findings.append(Finding(Flaw.SIGNATURE, None, error))
    elif heads and not seen:
        report.findings.append(Finding(Flaw.QUORUM, None, _unseen()))
    return sorted(heads, key=lambda each: each[0].size)


class _Walk:
    """One pass over the entries. It raises at the first that is wrong: `stage` and `seq` then say what and where."""

    def __init__(self, log: Log, report: Report, keys: Keys) -> None:
        self.entries = iter(log.entries)
        self.leaves = None if log.leaves is None else iter(log.leaves)
        self.payloads = log.payloads
        self.report = report
        self.keys = keys
        self.frontier = Frontier()
        self.regions: dict[str, RegionHead] = {}
        self.times: dict[str, int] = {}
        self.absent: dict[str | None, list[int]] = {}
        self.stage, self.seq = Flaw.UNREADABLE, 0

    def to(self, head: Checkpoint, note: Note) -> None:
        """Go on to the size of a checkpoint: there must be as many entries, their root must be the sealed one, and the
        key that the log has there must have signed."""
        first, last = self.frontier.size, max(head.size - 1, 0)
        while self.frontier.size < head.size:
            if not self.step():
                self.stage = Flaw.TRUNCATED
                raise _broken(
                    "RB634", "%(sealed)s entries were sealed, the others are gone", self.seq, sealed=head.size
                )
        self.stage, self.seq = Flaw.ROOT, min(first, last)
        if self.frontier.root() != head.root:
            raise _broken(
                "RB634", "this entry, or one behind it up to %(last)s, is not what was sealed", self.seq, last=last
            )
        self.stage, self.seq = Flaw.KEY, last
        self.keys.checkpoint(head, note)

    def to_the_end(self, *, sealed: bool) -> None:
        """Behind the newest checkpoint there must be nothing more; payloads that are gone must have been purged."""
        while self.step():
            if sealed:
                self.stage = Flaw.UNSEALED
                raise _broken("RB634", "no checkpoint seals this entry and those behind it", self.seq)
        gone = sorted(seq for numbers in self.absent.values() for seq in numbers)
        if gone:
            self.stage, self.seq = Flaw.MISSING, gone[0]
            raise _broken("RB634", "%(count)s payload(s) are gone though no purge says so", gone[0], count=len(gone))

    def step(self) -> bool:
        """Take the next entry; False when there is none."""
        self.stage, self.seq = Flaw.UNREADABLE, self.frontier.size
        if (raw := next(self.entries, None)) is None:
            return False
        self.stage = Flaw.ENTRY
        entry = read_at(f"entry {self.seq}", read_entry, raw)
        self.stage = Flaw.ORDER
        if entry["seq"] != self.seq:
            raise _misplaced(self.seq, entry["seq"])
        self.stage = Flaw.LEAF
        leaf = leaf_hash(raw)
        if self.leaves is not None and next(self.leaves, b"") != leaf:
            raise _broken("RB634", "the entry was altered: its hash is not the one in the tree", self.seq)
        self.stage = Flaw.CHAIN
        region = entry["region"]
        self.regions[region] = _next(entry, self.regions.get(region) or RegionHead(), leaf)
        self.frontier.append(leaf)
        self.stage = Flaw.KEY
        self.keys.entry(entry)
        self.clock(region, entry["ts"])
        if self.payloads is not None:
            self.payload(entry, self.payloads)
        return True

    def clock(self, region: str, when: int) -> None:
        """A time that goes back is remarked once: the entries behind it are compared with it."""
        back = self.times.get(region, when) - when
        if back > CLOCK:
            message = "the clock of the region went back by %(seconds)s s"
            error = _broken("RB634", message, self.seq, seconds=back // 1_000_000)
            self.report.remarks.append(Finding(Flaw.CLOCK, self.seq, error))
        if not 0 < back <= CLOCK:
            self.times[region] = when

    def payload(self, entry: dict[str, Any], kept: Callable[[str], tuple[bytes, bytes] | None]) -> None:
        """Present and right, or purged, or missing until a purge of its key says so."""
        if entry["type"] == PURGED and isinstance(entry["data"].get("key"), str):
            self.report.purged += len(self.absent.pop(entry["data"]["key"], ()))
        if entry["pc"] is None:
            return
        payload = kept(entry["id"])
        if payload is None:
            self.absent.setdefault(entry["key"], []).append(self.seq)
        elif compare_digest(commitment(*payload), entry["pc"]):
            self.report.present += 1
        else:
            error = _broken("RB634", "the payload was altered: it is not the one that the entry commits to", self.seq)
            self.report.findings.append(Finding(Flaw.PAYLOAD, self.seq, error))


def _next(entry: dict[str, Any], head: RegionHead, leaf: bytes) -> RegionHead:
    """The head of a region behind this entry, which must follow the head before it."""
    region, number = entry["region"], entry["rseq"]
    if number != head.rseq:
        message = "the region %(region)s has a gap: number %(missing)s is missing, this is %(number)s"
        raise _broken("RB634", message, entry["seq"], region=region, missing=head.rseq, number=number)
    if entry["prev"] != head.leaf.hex():
        message = "the entry of %(region)s before this one was another when this one was written"
        raise _broken("RB634", message, entry["seq"], region=region)
    return RegionHead(number + 1, leaf)


def _misplaced(seq: int, other: int) -> InfrastructureError:
    return _broken("RB634", "entry %(other)s stands in its place", seq, other=other)


def _unseen() -> InfrastructureError:
    return _broken("RB634", "no checkpoint is countersigned by as many witnesses as the policy asks for")


def _broken(code: str, message: str, seq: int | None = None, **facts: Any) -> InfrastructureError:
    return InfrastructureError(
        code,
        message,
        place="" if seq is None else f"entry {seq}",
        remedy="keep this copy as evidence; compare it with an earlier export and with what the witnesses hold",
        **facts,
    )
