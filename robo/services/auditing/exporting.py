"""Exporting the audit log for those who verify it elsewhere: whole, one region, or the entries of one item.

What waits is ordered and sealed first. A folder is there whole, or not at all.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from robo.errors import InfrastructureError, RoboError, UsageError
from robo.proof.checkpoint import Checkpoint, LogProof
from robo.proof.entry import read_entry
from robo.proof.export import write_entries, write_export, write_region
from robo.proof.merkle import inclusion_proof
from robo.proof.note import Note
from robo.proof.policy import Policy, countersigned
from robo.services.auditing.looking import note
from robo.store import audit_search, checkpoints, sequencer
from robo.store.clock import Tx
from robo.store.engine import Store

PERSONAL: Final = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to export: everything, one `region`, or what is about `proof` (an item's key or id, an event's id); with
    payloads, which are personal data, only where that is said."""

    region: str = ""
    proof: str = ""
    payloads: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: of which log, how many entries, from a checkpoint of so many. `unsealed`: why what is newer
    could not be sealed, and is not in it."""

    origin: str
    entries: int
    size: int
    unsealed: RoboError | None = None


def export(
    store: Store, folder: Path, wanted: Wanted, seal: Callable[[], object], policy: Policy, *, actor: str
) -> Exported:
    """Write an export into `folder`, which is new or empty. Single entries and regions are proven by the newest
    checkpoint that the policy's quorum has seen, else by the newest. With payloads come the entries that say which of
    them were purged: without, they would be missed.

    Errors, with nothing written: `UsageError` RB664 (the folder is not empty), RB665 (nothing is called so); RB666
    (the log was never sealed, and cannot be), and whatever the store says. An OSError of the folder passes through."""
    refuse_full(folder)
    if wanted.payloads:
        _note(store, wanted, actor)
    unsealed = sealed(store, seal)
    with store.read() as tx, whole(folder) as beside:
        written, origin, size = write_log(tx, beside, wanted, policy)
    return Exported(origin, written, size, unsealed)


def refuse_full(folder: Path) -> None:
    """An export is a folder of its own: RB664 when there is something in it."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            "RB664",
            "%(folder)s is not empty: an export is a folder of its own",
            place=str(folder),
            remedy="name a folder that is not there yet",
            folder=str(folder),
        )


def _note(store: Store, wanted: Wanted, actor: str) -> None:
    def write(tx: Tx) -> None:
        counts = audit_search.payloads_by_region(tx, wanted.region)
        note(tx, counts, by="export", actor=actor)

    store.transact(write)


def sealed(store: Store, seal: Callable[[], object]) -> RoboError | None:
    """Seal what there is. Where that cannot be, what was sealed before is exported, and why is told. RB666."""
    try:
        seal()
    except RoboError as trouble:
        with store.read() as tx:
            if checkpoints.newest(tx) is not None:
                return trouble
        raise InfrastructureError(
            "RB666",
            "the log was never sealed, and cannot be now: %(why)s",
            place=trouble.place,
            remedy=trouble.remedy,
            **{**trouble.facts, "why": trouble.words},
        ) from trouble
    return None


def write_log(tx: Tx, folder: Path, wanted: Wanted, policy: Policy) -> tuple[int, str, int]:
    """Write what is wanted; how many entries, of which log, from a checkpoint of which size. RB665."""
    if not wanted.region and not wanted.proof:
        newest = _newest(tx)
        head = Checkpoint.parse(newest.text)
        payloads = audit_search.payloads(tx, below=head.size) if wanted.payloads else None
        write_export(folder, sequencer.entries(tx, 0, head.size), _notes(tx), payloads)
        return head.size, head.origin, head.size
    if wanted.proof:
        return _written_entries(tx, folder, wanted, policy)
    newest_size = Checkpoint.parse(_newest(tx).text).size
    answered = audit_search.purges(tx, newest_size, region=wanted.region) if wanted.payloads else []
    seen = _seen(tx, policy, answered[-1][0] + 1 if answered else 0)
    head = Checkpoint.parse(seen.text)
    last = audit_search.last_of_region(tx, wanted.region, head.size)
    if last is None:
        raise _unknown(wanted.region)
    payloads = audit_search.payloads(tx, below=head.size, region=wanted.region) if wanted.payloads else None
    proof = _proof(tx, last[0], head, seen)
    write_region(folder, audit_search.of_region(tx, wanted.region, head.size), proof, payloads)
    return last[1] + 1, head.origin, head.size


def _written_entries(tx: Tx, folder: Path, wanted: Wanted, policy: Policy) -> tuple[int, str, int]:
    newest = Checkpoint.parse(_newest(tx).text)
    found = audit_search.of_object(tx, wanted.proof, newest.size)
    if not found:
        raise _unknown(wanted.proof)
    if wanted.payloads:
        periods = {read_entry(raw)["key"] for _, raw in found}
        found = sorted({*found, *audit_search.purges(tx, newest.size, periods=periods - {None})})
    seen = _seen(tx, policy, found[-1][0] + 1)
    head = Checkpoint.parse(seen.text)
    events = [read_entry(raw)["id"] for _, raw in found]
    payloads = audit_search.payloads(tx, below=head.size, events=events) if wanted.payloads else None
    write_entries(folder, ((raw, _proof(tx, seq, head, seen)) for seq, raw in found), payloads)
    return len(found), head.origin, head.size


def _proof(tx: Tx, seq: int, head: Checkpoint, seen: Note) -> LogProof:
    return LogProof(seq, tuple(inclusion_proof(seq, head.size, sequencer.node_of(tx))), seen)


def _notes(tx: Tx) -> Iterator[Note]:
    return map(Note.parse, checkpoints.notes(tx))


def _newest(tx: Tx) -> Note:
    newest = checkpoints.newest(tx)
    assert newest is not None  # noqa: S101 - it was sealed before
    return Note.parse(newest.note)


def _seen(tx: Tx, policy: Policy, least: int) -> Note:
    """The newest checkpoint of at least that size that the quorum has seen, else the newest."""
    best = _newest(tx)
    origin = Checkpoint.parse(best.text).origin
    policy = policy.of(origin)
    met = None
    for each in _notes(tx) if policy.logs else ():
        if Checkpoint.parse(each.text).size >= least and policy.is_met(countersigned(policy, each)[1]):
            met = each
    return met or best


def _unknown(name: str) -> UsageError:
    return UsageError(
        "RB665",
        "the log has no entry of %(name)s",
        remedy="robo audit show finds the ids of events; an item has its key or its id, a region its short name",
        name=name,
    )


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A folder beside, which takes its place when all is written, and goes when something is not."""
    beside = folder.parent / f".{folder.name}.{os.getpid()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside.mkdir(mode=PERSONAL)
    try:
        yield beside
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
