"""The witness of a trial: a region's store of its own, that countersigned a log once and is asked again, and again."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, update

from robo.errors import RoboError
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import consistency_proof
from robo.proof.note import Note, SigningKey
from robo.proof.witness import Request
from robo.services.witnessing.deciding import Witness
from robo.store import sequencer
from robo.store.audit_tables import audit_refused, audit_seen
from robo.store.engine import Store, open_store, upgrade
from tests.faults.audit import books


@dataclass(frozen=True, slots=True)
class Neighbour:
    """`seen`: what it countersigned. It knows no more of the log at each trial, whatever it signed in the last one."""

    witness: Witness
    seen: Checkpoint

    def refuses(self, log: Store) -> bool:
        """Whether whoever holds the log and its key gets no countersignature of what it holds now, however it asks:
        from the size that was witnessed, from its own, from nothing."""
        with log.read() as tx:
            head = sequencer.head(tx)
            text = str(Checkpoint(books.ORIGIN, head.size, head.root))
            node = sequencer.node_of(tx)
            for old in {self.seen.size, head.size, 0}:
                try:
                    proof = tuple(consistency_proof(old, head.size, node))
                except RoboError:
                    proof = ()
                body = bytes(Request(old, proof, Note(text, (books.KEY.sign(text),))))
                if self._ask(body) == HTTPStatus.OK:
                    return False
        return True

    def evidence(self) -> int:
        """Refusals that are kept with what the log signed."""
        with self.witness.store.read() as tx:
            return int(tx.execute(select(func.count()).select_from(audit_refused)).scalar_one())

    def _ask(self, body: bytes) -> int:
        with self.witness.store.write() as tx:
            tx.execute(update(audit_seen).values(size=self.seen.size, root=self.seen.root))
        return self.witness.add_checkpoint(body).status


def neighbour(folder: Path, log: str) -> Neighbour:
    """A witness that has just countersigned the log at the address `log` as it is."""
    store = open_store(f"sqlite:///{folder}/neighbour.db", periods=books.Known())
    upgrade(store)
    key = SigningKey("robo.example/neighbour", Ed25519PrivateKey.generate())
    witness = Witness(store, key, lambda: books.POLICY)
    asking = books.opened(log)
    with asking.read() as tx:
        head = sequencer.head(tx)
        proof = tuple(consistency_proof(0, head.size, sequencer.node_of(tx)))
    asking.close()
    checkpoint = Checkpoint(books.ORIGIN, head.size, head.root)
    note = Note(str(checkpoint), (books.KEY.sign(str(checkpoint)),))
    reply = witness.add_checkpoint(bytes(Request(0, proof, note)))
    if reply.status != HTTPStatus.OK:
        raise RuntimeError(f"the witness refuses the log as it was made: {reply}")
    return Neighbour(witness, checkpoint)
