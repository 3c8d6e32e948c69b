"""Is this log whole, unaltered, signed and seen by others? Answered offline, from an export, a policy and nothing else.

The first entry that is wrong is named, with what is wrong. Order is `seq`: a clock that went back is only remarked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from robo.errors import InfrastructureError
from robo.proof.checkpoint import Checkpoint, LogProof
from robo.proof.doubles import Doubles
from robo.proof.entry import Entry, RegionHead
from robo.proof.findings import Finding, Flaw, Report, broken
from robo.proof.handover import CHANGED, Keys, not_handed_over
from robo.proof.merkle import Frontier, leaf_hash
from robo.proof.note import Note
from robo.proof.payloads import Payload, Payloads
from robo.proof.policy import Policy, countersigned, judge

_Heads = dict[tuple[Checkpoint, frozenset[tuple[str, bytes]]], Note]
"""One note of each checkpoint and of each set of the log's keys that signed it."""
_FIRST: Final = RegionHead()
_UNREADABLE, _ENTRY, _LEAF, _CHAIN = Flaw.UNREADABLE, Flaw.ENTRY, Flaw.LEAF, Flaw.CHAIN
CLOCK: Final = 60_000_000
"""Microseconds that the times of a region may go back without a remark."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log to be verified. `entries` can be gone through twice; `checkpoints` are its notes, the newest last.
    What it keeps beside them is compared where it is given: `leaves` in order, `nodes` by (tile level ≥ 1, index),
    `payloads` in the order of their entries. `beside` looks at each right entry, and raises where what it has differs.
    `grows`: it is being written, so what no checkpoint seals yet waits for one, and the keys in `purging` are as good
    as purged, each with how many payloads: their event waits for its place."""

    entries: Iterable[bytes]
    checkpoints: Iterable[Note]
    leaves: Iterable[bytes] | None = None
    nodes: Callable[[int, int], bytes | None] | None = None
    payloads: Iterable[Payload] | None = None
    beside: Callable[[Entry], None] | None = None
    grows: bool = False
    purging: Iterable[tuple[str, object]] = ()


def verify_log(origin: str, log: Log, policy: Policy, now: int | None = None) -> Report:
    """Verify all of the log called `origin`. Nothing that is wrong with it is raised: it is in the report, in the order
    it was met. `now` is in seconds since 1970, None where the age of cosignatures does not matter."""
    report, policy = Report(), policy.of(origin)
    heads = _signed(log, policy, report, now)
    walk = _Walk(log, report, Keys(policy.logs))
    try:
        for head, note in heads:
            walk.to(head, note)
        walk.to_the_end(sealed=bool(heads) and report.verdict is not None and not log.grows)
        if walk.keys.later:
            report.remarks.append(Finding(Flaw.KEY, None, not_handed_over()))
    except InfrastructureError as wrong:
        wrong.place = wrong.place or f"entry {walk.seq}"
        wrong.__traceback__ = None  # it would keep all that was read
        report.findings.append(Finding(walk.stage, walk.seq, wrong))
    report.size, report.root = walk.frontier.size, walk.frontier.root()
    report.regions = {region: head.rseq for region, head in walk.regions.items()}
    return report


def verify_region(  # noqa: PLR0917 - what is verified, by what, when
    origin: str,
    region: str,
    entries: Iterable[bytes],
    proof: LogProof,
    policy: Policy,
    now: int | None = None,
    payloads: Iterable[Payload] | None = None,
    *,
    beside: Callable[[Entry], None] | None = None,
) -> Report:
    """For an auditor who may see one region only: the entries it has in the log `origin`, when they are all there, from
    its first to the one that `proof` is of, and the quorum has seen them. `region` empty: that of the first entry;
    `beside` looks at each entry that follows from the one before it.
    RB630 to RB634, RB648 or RB649 tells what is wrong first."""
    head, last, report = RegionHead(), -1, Report()
    apart, keys = Payloads(payloads, report), Keys(policy.of(origin).logs)
    for raw in entries:
        try:
            entry = Entry.read(raw)
        except InfrastructureError as wrong:
            wrong.place = wrong.place or f"{region}: entry {head.rseq}"
            raise
        region = region or entry.region
        if entry.region != region:
            raise broken("RB634", "the entry belongs to the region %(region)s", entry.seq, region=entry.region)
        if entry.seq <= last:
            raise _misplaced(last + 1, entry.seq)
        head, last = _next(entry, head, leaf_hash(raw)), entry.seq
        report.witnessed_ts = report.sealed_ts = entry.ts
        keys.entry(entry)
        apart.take(entry)
        if beside is not None:
            beside(entry)
    seen = _standing(origin, head.leaf, last, proof, policy, now)
    apart.end(())
    for finding in report.findings[:1]:
        raise finding.error
    sealed = Checkpoint.parse(proof.note.text)
    if not keys.proof(sealed, proof.note):
        report.remarks.append(Finding(Flaw.KEY, None, not_handed_over()))
    report.by, report.regions = seen, {region: head.rseq}
    report.size = report.sealed = report.witnessed = sealed.size
    return report


def verify_entry(
    origin: str, raw: bytes, proof: LogProof, policy: Policy, now: int | None = None
) -> tuple[Entry, Mapping[str, int]]:
    """One entry that stands in the log `origin` where it says, as the quorum has seen; and who that was, when (seconds
    since 1970). RB630 to RB634, RB648 or RB649 tells what is wrong first."""
    entry = Entry.read(raw)
    return entry, _standing(origin, leaf_hash(raw), entry.seq, proof, policy, now)


def _standing(  # noqa: PLR0917 - the same
    origin: str, leaf: bytes, seq: int, proof: LogProof, policy: Policy, now: int | None
) -> Mapping[str, int]:
    """Who has seen that this leaf stands at `seq`; they are the quorum."""
    policy = policy.of(origin)
    proof.verify(leaf, policy.logs)
    if proof.index != seq:
        raise _misplaced(proof.index, seq)
    _, by = countersigned(policy, proof.note, now)
    if not policy.is_met(by):
        raise _unseen()
    return by


def _signed(log: Log, policy: Policy, report: Report, now: int | None) -> list[tuple[Checkpoint, Note]]:
    """The checkpoints whose signatures are right, by size, one of those that say the same; what is wrong with the
    others is reported."""
    heads: _Heads = {}
    number, seen, note = 0, False, None
    try:
        for number, note in enumerate(log.checkpoints, 1):
            seen |= _stands(note, number, policy, report, now, heads)
    except InfrastructureError as wrong:
        report.findings.append(Finding(Flaw.SIGNATURE, None, wrong))
        return _by_size(heads)
    if note is not None:
        report.verdict = judge(policy, note, now)
    elif not log.grows:
        error = broken("RB634", "there is no checkpoint: nobody stands for these entries")
        report.findings.append(Finding(Flaw.SIGNATURE, None, error))
    if heads and not seen:
        report.findings.append(Finding(Flaw.QUORUM, None, _unseen()))
    return _by_size(heads)


def _by_size(heads: _Heads) -> list[tuple[Checkpoint, Note]]:
    return sorted(((head, note) for (head, _), note in heads.items()), key=lambda each: each[0].size)


def _stands(  # noqa: PLR0917 - what the loop over checkpoints knows
    note: Note, number: int, policy: Policy, report: Report, now: int | None, heads: _Heads
) -> bool:
    """Take one checkpoint among the heads when its signatures are right; whether the quorum has seen it."""
    try:
        head, by = countersigned(policy, note, now)
    except InfrastructureError as wrong:
        wrong.place = wrong.place or f"checkpoint {number}"
        report.findings.append(Finding(Flaw.SIGNATURE, None, wrong))
        return False
    known = {(key.name, key.key_id) for key in policy.logs}
    heads.setdefault((head, frozenset((each.name, each.key_id) for each in note.signatures) & known), note)
    report.sealed = max(report.sealed, head.size)
    if not policy.is_met(by):
        return False
    if head.size >= report.witnessed:
        report.witnessed, report.by = head.size, by
    return True


class _Walk:
    """One pass over the entries. It raises at the first that is wrong: `stage` and `seq` then say what and where."""

    def __init__(self, log: Log, report: Report, keys: Keys) -> None:
        self.log = log
        self.keys = keys
        self.entries = iter(log.entries)
        self.leaves = None if log.leaves is None else iter(log.leaves)
        self.payloads = Payloads(log.payloads, report)
        self.report = report
        self.frontier = Frontier()
        self.regions: dict[str, RegionHead] = {}
        self.times: dict[str, int] = {}
        self.ids = Doubles()
        self.ts: int | None = None
        self.stage, self.seq = Flaw.UNREADABLE, 0

    def to(self, head: Checkpoint, note: Note) -> None:
        """Go on to the size of a checkpoint: there must be as many entries, their root must be the sealed one, and the
        key that the log has there must have signed."""
        first, last = self.frontier.size, max(head.size - 1, 0)
        self.go(head.size - first)
        if self.frontier.size < head.size:
            self.stage = Flaw.TRUNCATED
            message = "%(sealed)s entries were sealed, and there are %(left)s before the first that is missing"
            raise broken("RB634", message, self.seq, sealed=head.size, left=self.seq)
        self.stage, self.seq = Flaw.ROOT, min(first, last)
        if self.frontier.root() != head.root:
            raise broken(
                "RB634", "this entry, or one behind it up to %(last)s, is not what was sealed", self.seq, last=last
            )
        self.stage, self.seq = Flaw.KEY, last
        self.keys.checkpoint(head, note)
        if head.size == self.report.sealed:
            self.report.sealed_ts = self.ts
        if head.size == self.report.witnessed:
            self.report.witnessed_ts = self.ts

    def to_the_end(self, *, sealed: bool) -> None:
        """Behind the newest checkpoint there must be nothing more; payloads that are gone must have been purged."""
        if self.go(1 if sealed else None) and sealed:
            self.stage, self.seq = Flaw.UNSEALED, self.seq - 1
            raise broken("RB634", "no checkpoint seals this entry and those behind it", self.seq)
        self.report.through = True
        self.stage = Flaw.LEAF
        if self.leaves is not None and next(self.leaves, None) is not None:
            raise broken("RB634", "the tree has a leaf here that is of no entry: the entry is gone", self.seq)
        if double := _double(self.ids, self.log.entries):
            self.stage, (self.seq, first, name) = Flaw.TWICE, double
            raise broken("RB634", "it has the id of entry %(first)s: %(id)s", self.seq, first=first, id=name)
        self.payloads.end(self.log.purging)

    def go(self, most: int | None = None) -> bool:
        """Take the next entries, as many as there are but not more than `most`; whether there were any."""
        frontier, regions, first = self.frontier, self.regions, self.frontier.size
        self.stage, self.seq = _UNREADABLE, first
        for seq, raw in enumerate(islice(self.entries, most), first):
            self.stage = _ENTRY
            entry = Entry.read(raw)
            if entry.seq != seq:
                self.stage = Flaw.ORDER
                raise _misplaced(seq, entry.seq)
            self.stage = _LEAF
            leaf = leaf_hash(raw)
            if self.leaves is not None and next(self.leaves, b"") != leaf:
                raise broken("RB634", "the entry was altered: its hash is not the one in the tree", seq)
            self.stage = _CHAIN
            regions[entry.region] = _next(entry, regions.get(entry.region, _FIRST), leaf)
            for node in frontier.append(leaf):
                self.stage = Flaw.NODE
                self.node(*node)
            if entry.type == CHANGED:
                self.stage = Flaw.KEY
                self.keys.entry(entry)
            if self.log.beside is not None:
                self.stage = Flaw.STORE
                self.log.beside(entry)
            self.ids.add(entry.id)
            self.clock(entry.region, entry.ts)
            self.payloads.take(entry)
            self.stage, self.seq = _UNREADABLE, seq + 1
        return self.seq > first

    def node(self, level: int, index: int, node: bytes) -> None:
        """A node that the entries so far complete is the one that is kept."""
        if self.log.nodes is not None and self.log.nodes(level, index) != node:
            message = "node %(index)s of level %(level)s, over the entries up to this, was altered or is gone"
            raise broken("RB634", message, self.seq, level=level, index=index)

    def clock(self, region: str, when: int) -> None:
        """A time that goes back is remarked once: the entries behind it are compared with it."""
        self.ts = when
        back = self.times.get(region, when) - when
        if back > CLOCK:
            message = "the clock of the region went back by %(seconds)s s"
            error = broken("RB634", message, self.seq, seconds=back // 1_000_000)
            self.report.remarks.append(Finding(Flaw.CLOCK, self.seq, error))
        if not 0 < back <= CLOCK:
            self.times[region] = when


def _double(ids: Doubles, entries: Iterable[bytes]) -> tuple[int, int, str] | None:
    """The first entry that has the id of one before it, that one, and the id."""
    alike = ids.alike()
    first: dict[str, int] = {}
    for seq, raw in enumerate(entries if alike else ()):
        name = Entry.read(raw).id
        if hash(name) in alike and first.setdefault(name, seq) != seq:
            return seq, first[name], name
    return None


def _next(entry: Entry, head: RegionHead, leaf: bytes) -> RegionHead:
    """The head of a region behind this entry, which must follow the head before it."""
    if entry.rseq != head.rseq:
        message = "the region %(region)s has a gap: number %(missing)s is missing, this is %(number)s"
        raise broken("RB634", message, entry.seq, region=entry.region, missing=head.rseq, number=entry.rseq)
    if entry.prev != head.leaf.hex():
        message = "the entry of %(region)s before this one was another when this one was written"
        raise broken("RB634", message, entry.seq, region=entry.region)
    return RegionHead(entry.rseq + 1, leaf)


def _misplaced(seq: int, other: int) -> InfrastructureError:
    return broken("RB634", "entry %(other)s stands in its place", seq, other=other)


def _unseen() -> InfrastructureError:
    return InfrastructureError(
        "RB649",
        "no checkpoint is countersigned by as many witnesses as the policy asks for",
        remedy="ask for an export from after the witnesses have countersigned; of one's own log: robo audit witness "
        "ask",
    )
