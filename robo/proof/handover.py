"""Which key of a log stands for which size. A log that changes its key says so in an entry, and the checkpoint behind
that entry is signed by both: by the earlier key for the last time, by the new one from then on.

So an old key that is stolen later seals nothing newer, and whoever has the new one rewrites nothing older.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from robo.errors import InfrastructureError
from robo.proof.checkpoint import Checkpoint
from robo.proof.entry import Entry
from robo.proof.note import Note, VerifierKey

CHANGED: Final = "log.key-changed"
"""The type of the event that hands a log over, whose name is its `obj`: from the verifier key `data.old` to `data.new`.
Of another name it is the history of a log that goes on under this one."""
OLD: Final = "old"
NEW: Final = "new"


class Keys:
    """The key of a log while its entries are walked through. `known`: the keys of one log that a policy gives, in the
    order in which the log had them. What was changed under an earlier name, from which it goes on, is left alone."""

    def __init__(self, known: Iterable[VerifierKey]) -> None:
        self._known = {str(key): key for key in known}
        self._left = list(self._known)
        self._origin = next((key.name for key in self._known.values()), "")
        self._names = {key.name for key in self._known.values()}
        self._leaving: set[str] = set()

    def entry(self, entry: Entry) -> None:
        """The next entry. `InfrastructureError` RB648 when it hands over by or to a key that the policy lacks, which
        begins or ends with the other; RB634 when not by and to the next ones there."""
        if entry.type != CHANGED or entry.obj != self._origin:
            return
        old, new = (entry.said.get(name) for name in (OLD, NEW))
        if isinstance(old, str) and "+" in old and old.partition("+")[0] not in self._names:
            return
        if [old] == self._left or ([new] == self._left[:1] and str(old) not in self._known):
            raise InfrastructureError(
                "RB648",
                "the log changes its key here, and the policy has only one of the two",
                place=f"entry {entry.seq}",
                remedy="ask the log's owner, by another way than this log, for the keys it had: the policy has a line "
                "`log` for each, in their order",
            )
        if [old, new] != self._left[:2]:
            message = "the log is handed over by a key or to a key that is not the next one of the policy"
            raise _broken("RB634", message, place=f"entry {entry.seq}")
        self._leaving.add(self._left.pop(0))

    def checkpoint(self, head: Checkpoint, note: Note) -> None:
        """A checkpoint, whose signatures are right, of the entries so far. RB634 when it lacks that of the key the log
        has, or, behind a hand-over, that of the key it had."""
        lines = {(signature.name, signature.key_id) for signature in note.signatures}
        for text in (*self._leaving, *self._left[:1]):
            if (self._known[text].name, self._known[text].key_id) not in lines:
                raise _not_signed(head)
        self._leaving.clear()

    def proof(self, head: Checkpoint, note: Note) -> bool:
        """A checkpoint somewhere behind the entries so far, when not all entries are known. RB634 when only keys that
        they handed over signed it; whether the last key of the policy did."""
        lines = {(signature.name, signature.key_id) for signature in note.signatures}
        signed = [text for text in self._left if (self._known[text].name, self._known[text].key_id) in lines]
        if not signed:
            raise _not_signed(head)
        return signed[-1] == self._left[-1]

    @property
    def later(self) -> bool:
        """Whether the policy knows a key that the log was not handed over to."""
        return len(self._left) > 1


def not_handed_over() -> InfrastructureError:
    """What is remarked of a log that ends before a key of the policy."""
    return _broken(
        "RB634", "the policy knows a later key: this is the log before its key changed, or without what came then"
    )


def _not_signed(head: Checkpoint) -> InfrastructureError:
    message = "the checkpoint of %(size)s entries is not signed by the key that the log has there"
    return _broken("RB634", message, size=head.size)


def _broken(code: str, message: str, **facts: Any) -> InfrastructureError:
    return InfrastructureError(
        code,
        message,
        remedy="keep this copy as evidence; the policy has a line `log` for each key that the log had, in their order",
        **facts,
    )
