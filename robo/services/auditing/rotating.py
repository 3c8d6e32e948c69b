"""Changing the key of a log: the change is an entry, the checkpoint behind it is signed by both keys, and the earlier
private key is destroyed. Cut short anywhere, it is ended by whoever seals or changes next.
"""

from __future__ import annotations

from dataclasses import dataclass

from robo.model.audit import EventType
from robo.proof.handover import NEW, OLD
from robo.proof.note import VerifierKey
from robo.services.auditing.sealing import another_key, fits, named, opened, seal, signed
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
    """Hand the log over to a new key. What was before is sealed by the old one first. Errors are those of `seal`."""
    seal(store, keep, settings)
    standing = named(store, settings)
    opened(keep, standing)
    ring = with_following(keep, standing.origin)
    key, following = ring.key, ring.following
    if following is None or not fits(ring, standing.last, standing.key):
        raise another_key(standing.origin)
    old, new = key.verifier(), following.verifier()

    def hand_over(tx: Tx) -> Kept:
        sequencer.head(tx, lock=True)
        last = checkpoints.newest(tx)
        if not fits(ring, last, checkpoints.handed_to(tx, standing.origin)):
            raise another_key(standing.origin)
        said = {OLD: str(old), NEW: str(new)}
        audit.emit(tx, type=EventType.KEY_CHANGED, region=EVERY, actor=actor, obj=standing.origin, data=said)
        while sequencer.sequence(tx):
            pass
        return signed(tx, last, key, following)

    def happened(tx: Tx) -> Kept | None:
        return checkpoints.newest(tx) if checkpoints.handed_to(tx, standing.origin) == str(new) else None

    checkpoint = store.transact(hand_over, happened=happened)
    promote(keep, ring)
    return Rotated(standing.origin, old, new, checkpoint)
