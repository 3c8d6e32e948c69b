"""What a log asks of a witness and how a witness decides (c2sp.org/tlog-witness, `add-checkpoint`).

Nothing is kept here. Whoever decides must read what was seen last, decide, and write what is seen now in one
transaction, before the cosignature leaves: otherwise two requests at once make it sign a log that went back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from robo.errors import InfrastructureError
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import EMPTY, HASH_SIZE, verify_consistency
from robo.proof.note import Note, Signature, VerifierKey, from_base64, to_base64, unreadable

MOST_HASHES: Final = 63
LARGEST: Final = 1 << 16
"""Bytes of a request: the longest proof, and a checkpoint with far more signatures than it has."""
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")


class Answer(IntEnum):
    """What a witness answers; the numbers are those of HTTP."""

    COSIGNED = 200
    MALFORMED = 400
    UNSIGNED = 403
    """No key that is known for this log signed it, or one of them signed something else."""
    UNKNOWN = 404
    """No log of that name is known here."""
    CONFLICT = 409
    """The size it begins at is not the one that was countersigned last."""
    TOO_LARGE = 413
    INCONSISTENT = 422
    """Nothing proves that it goes on from what was countersigned last."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness countersigned last of a log."""

    size: int = 0
    root: bytes = EMPTY


@dataclass(frozen=True, slots=True)
class Request:
    """A checkpoint to be countersigned, and the proof that it goes on from the one of `old` entries."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def __bytes__(self) -> bytes:
        proof = "".join(f"{to_base64(each)}\n" for each in self.proof)
        return f"old {self.old}\n{proof}\n{self.note}".encode()

    @classmethod
    def parse(cls, raw: bytes) -> Request:
        """The request of a body or a file. `InfrastructureError` RB632."""
        head, parted, note = raw.partition(b"\n\n")
        first, *lines = head.decode("ascii", "replace").split("\n")
        old = _OLD.fullmatch(first)
        proof = [hashed for line in lines if (hashed := from_base64(line, HASH_SIZE)) is not None]
        if not (parted and old) or not len(proof) == len(lines) <= MOST_HASHES:
            why = "it is not a size, hashes and a signed checkpoint, a line each"
            raise unreadable("RB632", kind="a request to a witness", why=why)
        return cls(int(old[1]), tuple(proof), Note.parse(note))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that its log signed. `note` is its checkpoint with the signatures that are right, and no others."""

    request: Request
    checkpoint: Checkpoint
    note: Note


def look(raw: bytes, logs: Iterable[VerifierKey]) -> Asked | Answer:
    """What is asked, where the log is known and signed it; else why it is refused. `logs` are the keys that the policy
    names: what a request says of itself proves nothing."""
    if len(raw) > LARGEST:
        return Answer.TOO_LARGE
    try:
        request = Request.parse(raw)
        checkpoint = Checkpoint.parse(request.note.text)
    except InfrastructureError:
        return Answer.MALFORMED
    keys = [key for key in logs if key.name == checkpoint.origin]
    if not keys:
        return Answer.UNKNOWN
    try:
        signed = request.note.signed_by(keys)
    except InfrastructureError:
        return Answer.UNSIGNED
    if not signed:
        return Answer.UNSIGNED
    right = {(key.name, key.key_id) for key in signed}
    lines = tuple(each for each in request.note.signatures if (each.name, each.key_id) in right)
    note = Note(request.note.text, lines)
    return Asked(request, checkpoint, note) if request.old <= checkpoint.size else Answer.MALFORMED


def decide(asked: Asked, seen: Seen) -> Answer:
    """Whether the checkpoint goes on from what was countersigned last, and the proof shows it."""
    if asked.request.old != seen.size:
        return Answer.CONFLICT
    new = asked.checkpoint
    follows = verify_consistency(seen.size, new.size, asked.request.proof, seen.root, new.root)
    return Answer.COSIGNED if follows else Answer.INCONSISTENT


def is_fork(new: Checkpoint, seen: Seen) -> bool:
    """Whether the log signed another root at the size that was countersigned: two histories, proven. Nothing else is a
    proof: to a larger checkpoint anybody can write wrong hashes, and of a smaller one the root is forgotten here."""
    return new.size == seen.size and new.root != seen.root


def cosignature(answer: bytes, note: Note, key: VerifierKey) -> tuple[Signature, int] | None:
    """The cosignature of `key` in the lines that a witness answered, and its time in seconds since 1970; None where
    there is none that is right. Lines of other keys are left alone."""
    try:
        told = Note.parse(f"{note.text}\n".encode() + answer)
        when = told.signed_by([key]).get(key)
    except InfrastructureError:
        return None
    if not when:
        return None
    mine = [each for each in told.signatures if (each.name, each.key_id) == (key.name, key.key_id)]
    return mine[-1], when
