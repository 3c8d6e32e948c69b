"""What a log signs (c2sp.org/tlog-checkpoint), and the proof of one entry that anyone can verify without the log
(c2sp.org/tlog-proof)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from robo.errors import InfrastructureError
from robo.proof.canonical import LARGEST
from robo.proof.merkle import HASH_SIZE, verify_inclusion
from robo.proof.note import Note, VerifierKey, from_base64, to_base64, unreadable

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_HEADER: Final = "c2sp.org/tlog-proof@v1"
LONGEST_PATH: Final = 63


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log says: with `size` entries my root is `root`. `origin` is its name, pinned in a policy, never learnt."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint of a note's text; extension lines are left alone. `InfrastructureError` RB632."""
        lines = text.removesuffix("\n").split("\n")
        root = from_base64(lines[2], HASH_SIZE) if len(lines) > 2 else None  # noqa: PLR2004 - origin, size, root
        if root is None or not all(lines) or not _NUMBER.fullmatch(lines[1]) or int(lines[1]) > LARGEST:
            raise unreadable("RB632", kind="a checkpoint", why="it is not an origin, a size and a root, a line each")
        return cls(lines[0], int(lines[1]), root)


def signed_checkpoint(note: Note, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint of a note signed by its log: a key of `keys` whose name is the origin. RB632; RB633 when a
    signature is wrong, RB648 when there is none of those keys."""
    checkpoint = Checkpoint.parse(note.text)
    if not note.signed_by(key for key in keys if key.name == checkpoint.origin):
        raise InfrastructureError(
            "RB648",
            "no key that is known for the log %(origin)s signed this checkpoint",
            remedy="look at the log's line of the policy: its name is the origin, its key the one the log publishes",
            origin=checkpoint.origin,
        )
    return checkpoint


@dataclass(frozen=True, slots=True)
class LogProof:
    """Entry number `index` is in the log that signed `note`: its path to the root. `extra` is signed by nobody."""

    index: int
    path: tuple[bytes, ...]
    note: Note
    extra: bytes = b""

    def __str__(self) -> str:
        extra = f"extra {to_base64(self.extra)}\n" if self.extra else ""
        path = "".join(f"{to_base64(each)}\n" for each in self.path)
        return f"{_HEADER}\n{extra}index {self.index}\n{path}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> LogProof:
        """The proof of a `.tlog-proof` file. `InfrastructureError` RB632."""
        head, _, note = text.partition("\n\n")
        lines = head.split("\n")
        extra: bytes | None = b""
        if lines[1:] and lines[1].startswith("extra "):
            extra = from_base64(lines.pop(1).removeprefix("extra "))
        index = lines[1].removeprefix("index ") if lines[1:] and lines[1].startswith("index ") else ""
        path = [from_base64(line, HASH_SIZE) for line in lines[2:]]
        whole = [each for each in path if each is not None]
        right = lines[0] == _HEADER and _NUMBER.fullmatch(index) and len(whole) == len(path) <= LONGEST_PATH
        if not right or extra is None:
            raise unreadable("RB632", kind="a proof", why="it is not a header, an index and a path, a line each")
        return cls(int(index), tuple(whole), Note.parse(note), extra)

    def verify(self, leaf: bytes, keys: Iterable[VerifierKey]) -> Checkpoint:
        """The signed checkpoint that holds this leaf. RB632, RB633 or RB648 when the note or the path does not hold."""
        checkpoint = signed_checkpoint(self.note, keys)
        if not verify_inclusion(leaf, self.index, checkpoint.size, self.path, checkpoint.root):
            raise InfrastructureError(
                "RB633",
                "the proof does not lead from the entry to the root: entry %(index)s of the log is another one",
                remedy="keep both as evidence; ask the log for the entry and its proof again",
                index=self.index,
            )
        return checkpoint
