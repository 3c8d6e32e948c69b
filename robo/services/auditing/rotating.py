"""Changing the key of a log: the change is an entry, the checkpoint behind it is signed by both keys, and the earlier
private key is destroyed. Cut short anywhere, it is ended by whoever seals or changes next.
"""

from __future__ import annotations

from dataclasses import dataclass

from robo.model.audit import EventType
from robo.proof.handover import NEW, OLD
from robo.proof.note import VerifierKey
from robo.services.auditing.sealing import fits, seal, signed, with_its_key
from robo.services.auditing.signing import promote, with_following
from robo.services.secrets import Keep
from robo.services.settings import AuditSettings
from robo.store import audit, checkpoints, sequencer
from robo.store.checkpoints import Kept
from robo.store.clock import Tx
from robo.store.engine import Store
from robo.store.holds import EVERY


@dataclass(frozen=True, slots=True)
class Rotated:
    """The keys that auditors and witnesses have to know, and the checkpoint that both signed."""

    origin: str
    old: VerifierKey
    new: VerifierKey
    checkpoint: Kept


def rotate(store: Store, keep: Keep, settings: AuditSettings, *, actor: str) -> Rotated:
    """Hand the log over to a new key. What was before is sealed by the old one first. Of two that do so at once one
    comes after the other: both changes are made. Errors are those of `seal`."""
    seal(store, keep, settings)
    return with_its_key(store, keep, settings, lambda standing, _: _rotated(store, keep, standing.origin, actor=actor))


def _rotated(store: Store, keep: Keep, origin: str, *, actor: str) -> Rotated | None:
    """None when the ring is not, or no longer, the log's: look again."""
    ring = with_following(keep, origin)
    key, following = ring.key, ring.following
    if following is None:
        return None
    old, new = key.verifier(), following.verifier()

    def hand_over(tx: Tx) -> Kept | None:
        sequencer.head(tx, lock=True)
        last = checkpoints.newest(tx)
        if not fits(ring, last, checkpoints.handed_to(tx, origin)):
            return None
        said = {OLD: str(old), NEW: str(new)}
        audit.emit(tx, type=EventType.KEY_CHANGED, region=EVERY, actor=actor, obj=origin, data=said)
        while sequencer.sequence(tx):
            pass
        return signed(tx, last, key, following)

    def happened(tx: Tx) -> Kept | None:
        return checkpoints.newest(tx) if checkpoints.handed_to(tx, origin) == str(new) else None

    checkpoint = store.transact(hand_over, happened=happened)
    if checkpoint is None:
        return None
    promote(keep, ring)
    return Rotated(origin, old, new, checkpoint)
