"""A store that was put back to an older state: how it is noticed, what is held, and how a person ends it.

What was done in applications after the backup is forgotten by the store: it would be done a second time. So nothing
runs. It is noticed by a witness, which holds a larger checkpoint of this log or another history of it; by a checkpoint
that was kept elsewhere; and by the one that is kept beside the keys, which no copy of the database brings back.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from robo.engine.ports import Held
from robo.errors import InfrastructureError
from robo.model.audit import EventType
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import tree_root
from robo.proof.note import Note
from robo.services.settings import Settings
from robo.services.vaults import write_private
from robo.store import audit, checkpoints, holds, sequencer, witnesses
from robo.store.clock import Tx
from robo.store.engine import Store


@dataclass(frozen=True, slots=True)
class Lost:
    """What is known of the history that this store forgot: its log had `size` entries once. `by` says so; `proven`:
    with the log's own signature."""

    origin: str
    size: int
    by: str
    proven: bool


def is_restored(tx: Tx) -> bool:
    """Whether nothing may run because the store was put back."""
    return bool(holds.troubles(tx, holds.EVERY, holds.EVERY, holds.RESTORED))


def detect(tx: Tx, lost: Lost) -> bool:
    """Hold everything: this store forgot a part of its history. False when it is held for that already."""
    if is_restored(tx):
        return False
    at = sequencer.head(tx).size
    another = lost.proven and lost.size <= at
    holds.put_for(tx, _held(lost, at, another=another), process=holds.EVERY, region=holds.EVERY)
    data = {"origin": lost.origin, "size": lost.size, "at": at, "proven": lost.proven}
    kind = EventType.RESTORE_DETECTED
    audit.emit(tx, type=kind, region=holds.EVERY, actor=witnesses.ACTOR, obj=lost.origin, data=data)
    return True


def _held(lost: Lost, at: int, *, another: bool) -> Held:
    """`another`: as many entries, and not the same: nobody forgot anything, somebody wrote something else."""
    return Held(
        kind=holds.RESTORED,
        subject=lost.origin,
        code="RB656",
        message="two histories of this log were signed with its key: %(by)s has %(size)s entries that are not those of "
        "this store, which has %(at)s; the log was rewritten, or a copy of the store went on by itself"
        if another
        else "the store was put back to an older state: its log has %(at)s entries, and %(by)s has seen %(size)s of "
        "it; what was done in the applications since is forgotten here, and would be done again",
        facts={"at": at, "size": lost.size, "by": lost.by, "origin": lost.origin, "proven": lost.proven},
        place=lost.origin,
        remedy="keep this store, its secrets and the other checkpoint as evidence, and tell your auditor first; "
        "backups and exports tell which history is true. Only then: robo audit witness reconcile --why …"
        if another
        else "put the newest backup back; or look in the applications for what was done since, tell it of the items "
        "here, then: robo audit witness reconcile --why …",
    )


def is_ours(tx: Tx, checkpoint: Checkpoint) -> bool:
    """Whether the log begins with what that checkpoint says."""
    size = sequencer.head(tx).size
    return checkpoint.size <= size and tree_root(checkpoint.size, sequencer.node_of(tx)) == checkpoint.root


def refuse_restored(store: Store, settings: Settings) -> None:
    """Compare the store with the checkpoint that is kept beside the keys, and refuse what must not go on: RB656."""
    with store.read() as tx:
        holds.refuse_restored(tx)
        origin = sequencer.head(tx).origin or settings.audit.origin
        kept = _read(mark_of(settings, origin))
        if kept is None or kept.origin != origin or _has(tx, kept):
            return
    lost = Lost(origin, kept.size, str(mark_of(settings, origin)), proven=True)

    def held(tx: Tx) -> None:
        detect(tx, lost)

    store.transact(held)
    with store.read() as tx:
        holds.refuse_restored(tx)


def keep_mark(store: Store, settings: Settings) -> None:
    """Keep the newest checkpoint beside the keys. One that the store does not have stays: it is what is noticed next.

    `InfrastructureError` RB913 when it cannot be written."""
    with store.read() as tx:
        newest = checkpoints.newest(tx)
        if newest is None or is_restored(tx):
            return
        text = Note.parse(newest.note).text
        file = mark_of(settings, Checkpoint.parse(text).origin)
        kept = _read(file)
        if kept is not None and (str(kept) == text or not _has(tx, kept)):
            return
    write_private(file, newest.note.encode())


def mark_of(settings: Settings, origin: str) -> Path:
    """Where the newest checkpoint of a log is kept that this machine knows: in the folder of the keys, which a copy of
    the database does not bring back. A copy of the whole machine does: that is what witnesses are for."""
    return settings.keys / "sealed" / f"{sha256(origin.encode()).hexdigest()[:32]}.note"


def _has(tx: Tx, kept: Checkpoint) -> bool:
    """Whether the store has the checkpoint, or at least the entries that it is of. What is damaged is none that was put
    back: whoever verifies or seals tells of it."""
    newest = checkpoints.newest(tx)
    if newest is not None and newest.note.startswith(f"{kept}\n"):
        return True
    try:
        return is_ours(tx, kept)
    except InfrastructureError:
        return True


def _read(file: Path) -> Checkpoint | None:
    """The checkpoint of a file; None when there is none, or it is damaged: it only helps to notice."""
    try:
        return Checkpoint.parse(Note.parse(file.read_bytes()).text)
    except (OSError, InfrastructureError):
        return None
