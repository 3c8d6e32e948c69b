"""Logs and witnesses of a test: keys made of a name, checkpoints sealed without waiting for a minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, update

from robo.model.audit import EventType
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import Frontier, consistency_proof, leaf_hash, node_hash
from robo.proof.note import COSIGNATURE, Note, SigningKey
from robo.proof.policy import Policy
from robo.proof.witness import Request
from robo.store import audit, clock, sequencer
from robo.store.audit_tables import audit_checkpoint, audit_head
from robo.store.engine import Store
from robo.store.ids import new_id


def key(name: str) -> SigningKey:
    """The same key for the same name, every time."""
    return SigningKey(name, Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest()))


@dataclass
class Tree:
    """A log without a store. `salt` makes another history of it, from `fork` on."""

    name: str
    size: int = 0
    salt: str = ""
    fork: int = 0
    leaves: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.grow(self.size)

    def grow(self, size: int) -> Tree:
        for at in range(len(self.leaves), size):
            self.leaves.append(leaf_hash(f"{self.salt if at >= self.fork else ''}{at}".encode()))
        return self

    def note(self, size: int, by: Sequence[SigningKey] = ()) -> Note:
        frontier = Frontier()
        for leaf in self.leaves[:size]:
            frontier.append(leaf)
        text = str(Checkpoint(self.name, size, frontier.root()))
        return Note(text, tuple(signer.sign(text) for signer in by or [key(self.name)]))

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        def node(level: int, index: int) -> bytes:
            hashes = self.leaves[index << level : (index + 1) << level]
            while len(hashes) > 1:
                hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
            return hashes[0]

        return tuple(consistency_proof(old, new, node))

    def request(self, old: int, new: int) -> bytes:
        return bytes(Request(old, self.proof(old, new), self.note(new)))


def policy(logs: Sequence[str] = (), witnesses: Sequence[str] = (), least: int = 1, **urls: str) -> Policy:
    """A policy over these logs and witnesses, whose keys are those of their names."""
    known = {name: key(name).verifier(COSIGNATURE) for name in witnesses}
    groups = {"others": (least, tuple(witnesses))} if witnesses else {}
    return Policy(tuple(key(name).verifier() for name in logs), known, groups, "others" if witnesses else "none", urls)


def happen(store: Store, count: int, region: str = "r") -> None:
    """So many events happen, and have their place in the log."""
    with store.write() as tx:
        for _ in range(count):
            audit.emit(tx, type=EventType.RUN_OPENED, region=region, actor="robot", obj=new_id(), data={"rows": 1})
        sequencer.sequence(tx)


def seal(store: Store, origin: str) -> Checkpoint:
    """A checkpoint of all that is in the log, under this name."""
    with store.write() as tx:
        while sequencer.sequence(tx):
            pass
        head = sequencer.head(tx, lock=True)
        checkpoint = Checkpoint(origin, head.size, head.root)
        note = Note(str(checkpoint), (key(origin).sign(str(checkpoint)),))
        tx.execute(insert(audit_checkpoint).values(id=new_id(), size=head.size, made=clock.now(tx), note=str(note)))
        tx.execute(update(audit_head).values(origin=origin, sealed=head.size))
    return checkpoint
