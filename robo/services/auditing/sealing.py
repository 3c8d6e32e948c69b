"""Sealing: what waits is ordered, and the log's key signs how far the log goes. One commit, or nothing.

A log signs no checkpoint that contradicts an earlier one, whatever happened to its tables: it would be the proof that
it was rewritten. Order is size, not time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from robo.errors import InfrastructureError, RoboError, UsageError
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import consistency_proof, verify_consistency
from robo.proof.note import Note, SigningKey
from robo.services.auditing.signing import Ring, open_ring, promote
from robo.services.secrets import Keep
from robo.services.sequencing import sequence_all
from robo.services.settings import AuditSettings
from robo.store import checkpoints, holds, sequencer
from robo.store.checkpoints import Kept
from robo.store.clock import Tx, now
from robo.store.engine import Store
from robo.store.ids import new_id

T = TypeVar("T")

LEEWAY: Final = timedelta(seconds=60)
"""How much a clock may go back without a remark."""
TRIES: Final = 3
"""How often a seal begins again because somebody else sealed, or changed the key, in between."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a log stands: its name, its newest checkpoint, and the verifier key it was handed over to last."""

    origin: str
    last: Kept | None
    key: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """The newest checkpoint of a log; `back`: by how much the clock is behind the one before it."""

    origin: str
    checkpoint: Kept
    back: timedelta = timedelta()


def seal(store: Store, keep: Keep, settings: AuditSettings) -> Sealed:
    """Order what waits and sign how far the log goes, even when nothing happened since.

    Errors, with nothing signed and the log as it was: RB645 (the settings name another log), RB642, RB643, RB644 (the
    key is damaged, gone, another one), RB646 (the log contradicts its newest checkpoint), RB632, RB633 (the head, a
    checkpoint or the tree is damaged), RB656 (the store was put back to an older state), and whatever the store or the
    secrets backend says."""
    sequence_all(store)
    return with_its_key(
        store,
        keep,
        settings,
        lambda _, ring: store.transact(partial(_seal, ring=ring), happened=lambda _: None),
    )


def with_its_key(store: Store, keep: Keep, settings: AuditSettings, work: Callable[[Standing, Ring], T | None]) -> T:
    """What `work` makes of the log and of the key that it has now. None: the key was changed in between, and all is
    looked at again. Errors are those of `named` and of the key; RB644 when this machine has another one."""
    for _ in range(TRIES):
        standing = named(store, settings)
        ring = _opened(keep, standing)
        if ring is not None and (done := work(standing, ring)) is not None:
            return done
    raise another_key(standing.origin)


def named(store: Store, settings: AuditSettings) -> Standing:
    """How the log stands, with a name: given now where it had none. RB645."""
    made = f"robo/{new_id()}"

    def call(tx: Tx) -> Standing:
        origin = checkpoints.call(tx, settings.origin, made)
        return Standing(origin, checkpoints.newest(tx), checkpoints.handed_to(tx, origin))

    standing = store.transact(call, happened=lambda _: None)
    refuse_other(standing.origin, settings)
    return standing


def refuse_other(origin: str, settings: AuditSettings) -> None:
    """RB645 when the settings name another log than the store holds."""
    if origin and settings.origin and settings.origin != origin:
        raise UsageError(
            "RB645",
            "the log of this store is called %(origin)s, and the settings say %(said)s",
            place="config/robo.yaml: audit: origin",
            remedy="write `audit: {origin: %(origin)s}` (a log that was sealed keeps its name), or name the store of "
            "the other log",
            origin=origin,
            said=settings.origin,
        )


def _opened(keep: Keep, standing: Standing) -> Ring | None:
    """The key that seals a log; None when it is not the one that this machine has. A change of it that was cut short
    behind its checkpoint is ended first. RB633 when the newest checkpoint was altered."""
    ring = open_ring(keep, standing.origin, make=standing.last is None)
    if ring.following is not None and standing.key == str(ring.following.verifier()):
        ring = promote(keep, ring)
    return ring if fits(ring, standing.last, standing.key) else None


def fits(ring: Ring, last: Kept | None, key: str) -> bool:
    """Whether the key of a ring is the one of a log that stands so: it signed the newest checkpoint, and the log was
    not handed over to another one (the key before that signed the checkpoint of the change, too)."""
    own = ring.key.verifier()
    if last is None:
        return True
    return key in {"", str(own)} and bool(Note.parse(last.note).signed_by([own]))


def another_key(origin: str) -> InfrastructureError:
    """This machine has other secrets than the one that sealed the log."""
    return InfrastructureError(
        "RB644",
        "the key of this machine is not the one that the log %(origin)s is sealed with",
        place=origin,
        remedy="give this machine the secrets of the machine that sealed it (again, after `robo audit rotate`): its "
        "secrets file and that file's key, or a backend that both share",
        origin=origin,
    )


def signed(tx: Tx, last: Kept | None, *keys: SigningKey) -> Kept:
    """Sign the head as it stands, with all of the keys, and keep that. The caller holds the lock of the head. RB646."""
    head = sequencer.head(tx)
    refuse_fork(tx, head, last)
    if last is not None and last.size == head.size:
        return checkpoints.silent(tx, last)
    text = str(Checkpoint(keys[0].name, head.size, head.root))
    return checkpoints.add(tx, head.size, str(Note(text, tuple(key.sign(text) for key in keys))))


def refuse_fork(tx: Tx, head: sequencer.Head, last: Kept | None) -> None:
    """RB646 when the log, as it is, does not begin with what its newest checkpoint sealed."""
    if last is None:
        return
    sealed = Checkpoint.parse(Note.parse(last.note).text)
    proof = consistency_proof(sealed.size, head.size, sequencer.node_of(tx)) if sealed.size <= head.size else []
    if not verify_consistency(sealed.size, head.size, proof, sealed.root, head.root):
        raise InfrastructureError(
            "RB646",
            "the log has %(size)s entries and does not hold the %(sealed)s that were sealed: it is not signed",
            place=sealed.origin,
            remedy="keep the store as it is, as evidence; verify the log, and restore the newest backup that verifies",
            size=head.size,
            sealed=sealed.size,
        )


def _seal(tx: Tx, ring: Ring) -> Sealed | None:
    """None when the ring is not, or no longer, the log's: look again."""
    holds.refuse_restored(tx)
    origin = ring.key.name
    held = sequencer.head(tx, lock=True)
    last = checkpoints.newest(tx)
    if held.origin != origin or not fits(ring, last, checkpoints.handed_to(tx, origin)):
        return None
    back = timedelta() if last is None else max(last.made - now(tx), timedelta())
    return Sealed(origin, signed(tx, last, ring.key), back if back > LEEWAY else timedelta())


def sealed_at_end(store: Store, keep: Keep, settings: AuditSettings) -> Sealed | InfrastructureError:
    """Seal what a run leaves. Where that cannot be, its work is done all the same and what is not sealed waits: RB647,
    returned to be told, with the remedy of what stood in the way."""
    try:
        return seal(store, keep, settings)
    except RoboError as trouble:
        return _unsealed(trouble)


def _unsealed(trouble: RoboError) -> InfrastructureError:
    return InfrastructureError(
        "RB647",
        "the audit log waits unsealed: %(why)s",
        place=trouble.place,
        remedy=trouble.remedy,
        **{**trouble.facts, "why": trouble.words},
    )
