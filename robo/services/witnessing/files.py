"""The same between networks that do not talk: a request is a file, and what the witness answers is another.

The request is the body of `add-checkpoint`, byte for byte. A cosignature comes back as the checkpoint that carries it
(a signed note, which any tool reads); a refusal as a line that names its code and the witness, what it says, and the
checkpoint that the witness holds of this log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from robo.errors import InfrastructureError
from robo.proof.checkpoint import Checkpoint, signed_checkpoint
from robo.proof.note import Note
from robo.proof.policy import AHEAD
from robo.proof.witness import Answer, Request
from robo.services.witnessing import restoring
from robo.services.witnessing.asking import Heading, Log, Said, Word
from robo.services.witnessing.deciding import Reply, Witness
from robo.services.witnessing.restoring import Lost
from robo.store import clock, sequencer
from robo.store.clock import Tx

_OTHER: Final = frozenset({Answer.CONFLICT, Answer.INCONSISTENT})
"""What a witness says that has seen something else of this log."""
_REFUSED: Final = re.compile(r"refused ([1-5]\d\d) (\S+)")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file brought: of which checkpoint (its size), and what became of each witness in it, by the policy's
    name. `known`: the log begins with that checkpoint."""

    size: int
    words: dict[str, Word]
    known: bool = True


def answer_file(witness: Witness, reply: Reply) -> str:
    """What a witness answers, as the file it sends back."""
    if reply.status == Answer.COSIGNED:
        return reply.held
    identity = Heading("", witness.verifier).identity
    return f"refused {int(reply.status)} {identity}\n{reply.body}\n{reply.held}"


def take(log: Log, text: str, name: str) -> Taken:
    """Keep what a file brings: cosignatures that are right, a refusal as evidence; and any checkpoint that our own key
    signed tells whether the store was put back. `name` is the file's, for people.

    `InfrastructureError` RB654 when it is for another log or of a witness that the policy does not know, RB632, RB633
    when it is damaged or a signature is wrong, RB648 when no key of the log signed it."""
    refused = _REFUSED.fullmatch(text.partition("\n")[0])
    if refused is not None:
        return _refusal(log, int(refused[1]), refused[2], text, name)
    return log.store.transact(lambda tx: _checkpoint(tx, log, Note.parse(text), name))


def _refusal(log: Log, code: int, identity: str, text: str, name: str) -> Taken:
    body, _, held = text.partition("\n")[2].partition("\n\n")
    known = {each.identity: each for each in (Heading(*one) for one in log.policy.witnesses.items())}
    witness = known.get(identity)
    if witness is None:
        raise _not_ours(name, identity)
    with log.store.read() as tx:
        request = log.request(tx, witness)
    if request is None:
        return Taken(0, {witness.name: Word.FORGOT})
    said = Said(code, f"{body}\n".encode(), held)
    word = _other(log, witness, request, said) if code in _OTHER else log.take(witness, request, said)
    return Taken(Checkpoint.parse(request.note.text).size, {witness.name: word})


def _other(log: Log, witness: Heading, request: Request, said: Said) -> Word:
    """The witness has seen something else of this log, says the file. Whoever hands it over may have written it: only
    the checkpoint in it that our own key signed says anything."""
    with log.store.read() as tx:
        shown = log.signed_by_us(tx, said.held)
        ours = shown is not None and restoring.is_ours(tx, shown)
    if shown is None or (ours and said.code == Answer.INCONSISTENT):
        return log.keep(witness, said.code, Word.FALSE)
    if ours and shown.size <= request.old:
        return Word.ASIDE  # an old file: it says what is known
    return log.take(witness, request, Said(said.code, f"{shown.size}\n".encode(), said.held))


def _checkpoint(tx: Tx, log: Log, note: Note, name: str) -> Taken:
    origin = sequencer.head(tx).origin
    if Checkpoint.parse(note.text).origin != origin:
        raise _not_ours(name, Checkpoint.parse(note.text).origin)
    checkpoint = signed_checkpoint(note, log.policy.logs)
    if not restoring.is_ours(tx, checkpoint):
        restoring.detect(tx, Lost(origin, checkpoint.size, name, proven=True))
        return Taken(checkpoint.size, {}, known=False)
    witnesses = [Heading(*each) for each in log.policy.witnesses.items()]
    times = note.signed_by(each.key for each in witnesses)
    latest, words = clock.now(tx).timestamp() + AHEAD, {}
    lines = {(signature.name, signature.key_id): signature for signature in note.signatures}
    for witness in witnesses:
        if witness.key in times:
            late = not 0 < times[witness.key] <= latest
            signature = lines[witness.key.name, witness.key.key_id]
            words[witness.name] = Word.AHEAD if late else log.add(tx, witness, note.text, signature)
    return Taken(checkpoint.size, words)


def _not_ours(name: str, whose: str) -> InfrastructureError:
    return InfrastructureError(
        "RB654",
        "this file is of %(whose)s, which is neither this log nor a witness of its policy",
        place=name,
        remedy="take the file that answers your own request; compare the names with the lines of the policy",
        whose=whose,
    )
