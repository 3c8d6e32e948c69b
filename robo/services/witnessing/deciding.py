"""The witness: one function that decides, behind HTTP and behind two files alike.

What was countersigned is in the store before anybody reads the cosignature; who asks for a log to go back, or for
another history of it, is refused, and what its log signed is kept as evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Final

from robo.proof.note import COSIGNATURE, SigningKey, VerifierKey
from robo.proof.policy import Policy
from robo.proof.witness import Answer, Asked, Seen, decide, is_fork, look
from robo.services.witnessing.restoring import is_restored
from robo.store import clock, witnesses
from robo.store.clock import Tx
from robo.store.engine import Store

SIZE: Final = "text/x.tlog.size"
TEXT: Final = "text/plain; charset=utf-8"
_SAID: Final = {
    Answer.MALFORMED: "this is no request of c2sp.org/tlog-witness\n",
    Answer.UNSIGNED: "no key that is known here for this log signed the checkpoint\n",
    Answer.UNKNOWN: "no log of that name is known here\n",
    Answer.TOO_LARGE: "this is larger than a request may be\n",
    Answer.INCONSISTENT: "nothing proves that this goes on from what was countersigned before\n",
}
FORKED: Final = "this is another history: at the size that was countersigned, the log signed another root\n"
NOT_NOW: Final = "the store of this witness was put back to an older state: it countersigns nothing now\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness answers: the status of HTTP, the kind of the text, the text. `held`: the checkpoint it holds of
    that log now, as a note, where the log signed what was asked."""

    status: int
    kind: str
    body: str
    held: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: its store, its key, and whom it knows. `own` is the name of its own log, which it never countersigns.
    `policy` is asked each time: a line that was added counts at once."""

    store: Store
    key: SigningKey
    policy: Callable[[], Policy]
    own: str = ""

    @property
    def verifier(self) -> VerifierKey:
        return self.key.verifier(COSIGNATURE)

    def add_checkpoint(self, body: bytes) -> Reply:
        """Decide on a request. When this returns a cosignature, what it says is in the store."""
        asked = look(body, [key for key in self.policy().logs if key.name != self.own])
        if isinstance(asked, Answer):
            return Reply(asked, TEXT, _SAID[asked])
        return self.store.transact(partial(self._decided, asked=asked))

    def _decided(self, tx: Tx, asked: Asked) -> Reply:
        if is_restored(tx):
            return Reply(HTTPStatus.SERVICE_UNAVAILABLE, TEXT, NOT_NOW)
        before, new = witnesses.seen(tx, asked.checkpoint.origin), asked.checkpoint
        answer = decide(asked, before)
        if answer is Answer.COSIGNED:
            signature = self.key.cosign(asked.note.text, int(clock.now(tx).timestamp()))
            note = str(asked.note.with_signature(signature))
            witnesses.countersign(tx, new, note, before)
            return Reply(answer, TEXT, str(signature), note)
        forked, held = is_fork(new, before), witnesses.witnessed(tx, new.origin).get(new.origin, "")
        told = (TEXT, FORKED if forked else _SAID[Answer.INCONSISTENT])
        kind, said = (SIZE, f"{before.size}\n") if answer is Answer.CONFLICT else told
        back = new.size < before.size
        if forked or back or (answer is Answer.INCONSISTENT and Seen(new.size, new.root) != before):
            signed = bytes(replace(asked.request, note=asked.note)).decode()  # and nothing that others wrote beneath
            witnesses.refuse(tx, new, answer, request=signed, answer=f"{said}\n{held}", proven=forked)
        return Reply(answer, kind, said, held)
