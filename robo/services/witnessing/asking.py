"""The log's side: its newest checkpoint is shown to each witness with the proof that it goes on from what that witness
countersigned last.

A witness that is silent, lies, or knows nothing of us stops nobody: its cosignature is missing, that is all. One that
says it has seen another history of this log is believed: that is what it is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Final, Protocol

from robo.errors import InfrastructureError
from robo.proof.canonical import LARGEST
from robo.proof.checkpoint import Checkpoint, signed_checkpoint
from robo.proof.merkle import consistency_proof
from robo.proof.note import Note, Signature, VerifierKey
from robo.proof.policy import AHEAD, Policy
from robo.proof.witness import Answer, Request, cosignature
from robo.services.witnessing import restoring
from robo.services.witnessing.deciding import SIZE
from robo.services.witnessing.restoring import Lost
from robo.services.witnessing.wire import Heard
from robo.store import checkpoints, clock, sequencer, witnesses
from robo.store.clock import Tx
from robo.store.engine import Store

_DIGITS: Final = 19


class Word(StrEnum):
    """What became of asking a witness."""

    COSIGNED = "cosigned"
    SILENT = "silent"
    """It did not answer, or answered that it cannot now."""
    UNSAFE = "unsafe"
    """Its address is plain HTTP on another machine."""
    STRANGER = "stranger"
    """It does not know this log, or its key."""
    FALSE = "false"
    """It answered what is no cosignature of its key on this checkpoint."""
    AHEAD = "ahead"
    """Its clock is minutes ahead of ours."""
    FORGOT = "forgot"
    """It lost what it had countersigned: its key must be retired."""
    REFUSED = "refused"
    """It has seen another history of this log."""
    ASIDE = "aside"
    """It countersigned something else of this log meanwhile; the next time will do."""


class Line(Protocol):
    """How witnesses are reached (`robo.services.witnessing.wire.Wire`)."""

    def post(self, url: str, body: bytes) -> Heard: ...

    def get(self, url: str) -> Heard: ...


@dataclass(frozen=True, slots=True)
class Said:
    """What a witness said of one checkpoint, over the network or in a file. `held`: the checkpoint it holds itself."""

    code: int
    body: bytes
    held: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A witness of the policy: what the policy calls it, and its key. `identity` is how its rows are kept."""

    name: str
    key: VerifierKey

    @property
    def identity(self) -> str:
        return f"{self.key.name}+{self.key.key_id.hex()}"


@dataclass(frozen=True, slots=True)
class Log:
    """A log that has its checkpoints countersigned by the witnesses of its policy."""

    store: Store
    policy: Policy

    def ask(self, line: Line, names: Iterable[str] = ()) -> dict[str, Word]:
        """Ask these witnesses (all that have an address) at the same time; what became of it. Nothing is asked before
        the first checkpoint. Never raises for what a witness does."""
        wanted = [each for each in names or self.policy.urls if each in self.policy.urls]
        with self.store.read() as tx:
            if not wanted or checkpoints.newest(tx) is None:
                return {}
        with ThreadPoolExecutor(len(wanted), thread_name_prefix="robo-witness") as threads:
            return dict(zip(wanted, threads.map(lambda name: self._ask(line, name), wanted), strict=True))

    def _ask(self, line: Line, name: str) -> Word:
        witness, url = Heading(name, self.policy.witnesses[name]), self.policy.urls[name]
        word = Word.ASIDE
        for _ in range(2):
            with self.store.read() as tx:
                request = self.request(tx, witness)
            if request is None:
                return Word.FORGOT
            try:
                said = _heard(line, url, request)
            except InfrastructureError as broken:
                word = Word.UNSAFE if broken.code == "RB651" else Word.SILENT
                return self.keep(witness, 0, word)
            word = self.take(witness, request, said)
            if word is not Word.ASIDE:
                break
        return word

    def request(self, tx: Tx, witness: Heading) -> Request | None:
        """What this witness is asked now; None when it forgot what it signed, and before the first checkpoint."""
        newest, before = checkpoints.newest(tx), witnesses.told(tx).get(witness.identity)
        if newest is None or (before is not None and before.told == Word.FORGOT):
            return None
        note = Note.parse(newest.note)
        size = Checkpoint.parse(note.text).size
        old = min(before.size if before else 0, size)
        return Request(old, tuple(consistency_proof(old, size, sequencer.node_of(tx))), note)

    def take(self, witness: Heading, request: Request, said: Said) -> Word:
        """Keep what a witness said: its cosignature once it is verified, a refusal as evidence."""
        return self.store.transact(lambda tx: self._take(tx, witness, request, said))

    def _take(self, tx: Tx, witness: Heading, request: Request, said: Said) -> Word:
        if Checkpoint.parse(request.note.text).origin != sequencer.head(tx).origin:
            return Word.ASIDE  # the log goes on under another name meanwhile: this says nothing of that one
        if said.code == Answer.COSIGNED:
            return self._cosigned(tx, witness, request.note, said.body)
        if said.code == Answer.CONFLICT:
            return self._conflict(tx, witness, request, said)
        if said.code == Answer.INCONSISTENT:
            return self._refused(tx, witness, request, said, 0)
        known = said.code not in {Answer.UNKNOWN, Answer.UNSIGNED}
        return self._keep(tx, witness, said.code, Word.SILENT if known else Word.STRANGER)

    def _cosigned(self, tx: Tx, witness: Heading, note: Note, body: bytes) -> Word:
        found = cosignature(body, note, witness.key)
        if found is None:
            return self._keep(tx, witness, Answer.COSIGNED, Word.FALSE)
        signature, when = found
        if when > clock.now(tx).timestamp() + AHEAD:
            return self._keep(tx, witness, Answer.COSIGNED, Word.AHEAD)
        return self.add(tx, witness, note.text, signature)

    def add(self, tx: Tx, witness: Heading, text: str, signature: Signature) -> Word:
        """Add a cosignature that was verified to the checkpoint of our log that has that text."""
        size = Checkpoint.parse(text).size

        def signed(row: str) -> str | None:
            note = Note.parse(row)
            return str(note.with_signature(signature)) if note.text == text else None

        note = witnesses.sign(tx, size, signed)
        before = witnesses.told(tx).get(witness.identity)
        if note is None:
            return self._keep(tx, witness, Answer.COSIGNED, Word.FALSE)
        if before is None or before.size <= size:
            witnesses.tell(tx, witness.identity, Answer.COSIGNED, Word.COSIGNED, size=size, note=note)
        return Word.COSIGNED

    def _conflict(self, tx: Tx, witness: Heading, request: Request, said: Said) -> Word:
        """It begins at another size than we thought: learn it, unless it says that one of us went back. Where it begins
        at all that was shown, C2SP has it say so of another root, with a size or without."""
        size, before = _size(said.body), witnesses.told(tx).get(witness.identity)
        if size in {None, request.old} and request.old == Checkpoint.parse(request.note.text).size:
            return self._refused(tx, witness, request, said, 0)
        if size is None:
            return self._keep(tx, witness, said.code, Word.FALSE)
        another = size < request.old and self._another(tx, said.held) is not None
        if size > sequencer.head(tx).size or another:
            return self._refused(tx, witness, request, said, size)
        if size < request.old:  # what is kept may be more by now: another process had it countersigned meanwhile
            return self._keep(tx, witness, said.code, Word.FORGOT)
        known, note = (before.size, before.note) if before else (0, "")
        witnesses.tell(tx, witness.identity, said.code, Word.ASIDE, size=max(size, known), note=note)
        return Word.ASIDE

    def _refused(self, tx: Tx, witness: Heading, request: Request, said: Said, size: int) -> Word:
        """Kept as evidence. Where our own signature stands under a history we do not have, it was ours: this store was
        put back. A larger size alone is believed too: to stand still is safe."""
        checkpoint = Checkpoint.parse(request.note.text)
        evidence = said.body.decode("utf-8", "replace") + (f"\n{said.held}" if said.held else "")
        evidence = evidence.replace("\0", "\ufffd")  # PostgreSQL keeps no text that has one
        asked = bytes(request).decode()
        witnesses.refused(tx, witness.identity, checkpoint, said.code, request=asked, answer=evidence)
        held = self._another(tx, said.held)
        if held is not None:
            restoring.detect(tx, Lost(checkpoint.origin, held.size, witness.key.name, proven=True))
        elif size:
            restoring.detect(tx, Lost(checkpoint.origin, size, witness.key.name, proven=False))
        return self._keep(tx, witness, said.code, Word.REFUSED)

    def signed_by_us(self, tx: Tx, note: str) -> Checkpoint | None:
        """The checkpoint of a note that a key of this log signed; None when none did."""
        try:
            return signed_checkpoint(Note.parse(note), self.policy.of(sequencer.head(tx).origin).logs)
        except InfrastructureError:
            return None

    def _another(self, tx: Tx, note: str) -> Checkpoint | None:
        """The checkpoint of a note that a key of this log signed, and that this log does not begin with."""
        signed = self.signed_by_us(tx, note)
        return None if signed is None or restoring.is_ours(tx, signed) else signed

    def keep(self, witness: Heading, code: int, word: Word) -> Word:
        """Keep what a witness said last; what it countersigned before stays."""
        return self.store.transact(partial(self._keep, witness=witness, code=code, word=word))

    def _keep(self, tx: Tx, witness: Heading, code: int, word: Word) -> Word:
        before = witnesses.told(tx).get(witness.identity)
        size, note = (before.size, before.note) if before else (0, "")
        witnesses.tell(tx, witness.identity, code, word, size=size, note=note)
        return word


def _heard(line: Line, url: str, request: Request) -> Said:
    """What a witness answers; with a refusal, the checkpoint that it holds of this log, where it shows it."""
    heard = line.post(f"{url}/add-checkpoint", bytes(request))
    if heard.status not in {Answer.CONFLICT, Answer.INCONSISTENT}:
        return Said(heard.status, heard.body)
    body = b"" if heard.status == Answer.CONFLICT and heard.kind != SIZE else heard.body
    try:
        held = line.get(checkpoint_url(url, Checkpoint.parse(request.note.text).origin))
    except InfrastructureError:
        return Said(heard.status, body)
    return Said(heard.status, body, held.body.decode("utf-8", "replace") if held.status == 200 else "")  # noqa: PLR2004 - HTTP's own


def _size(body: bytes) -> int | None:
    """The size that a body of `text/x.tlog.size` says; None where it says none that a log can have."""
    text = body.decode("ascii", "replace").removesuffix("\n")
    if not text.isdecimal() or len(text) > _DIGITS or str(int(text)) != text or int(text) > LARGEST:
        return None
    return int(text)


def checkpoint_url(url: str, origin: str) -> str:
    """Where a witness shows what it countersigned last of a log."""
    return f"{url}/{sha256(origin.encode()).hexdigest()}/checkpoint"
