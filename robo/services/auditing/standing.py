"""How a log stands, for whoever looks after it. Nothing is written, and no key is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from robo.errors import RoboError
from robo.proof.note import VerifierKey
from robo.services.auditing.sealing import another_key, fits, refuse_fork, refuse_other
from robo.services.auditing.signing import open_ring
from robo.services.secrets import Keep
from robo.services.settings import AuditSettings
from robo.store import checkpoints, holds, sequencer
from robo.store.checkpoints import Answer, Kept
from robo.store.clock import now
from robo.store.engine import Store

LONG: Final = timedelta(days=1)
"""How long entries may wait unsealed before somebody should look: between two plain runs they do."""


@dataclass(frozen=True, slots=True)
class Status:
    """`origin` and `key` are empty before the first seal; `key` too where it cannot be had. `waiting`: events without a
    place yet. `since`: when the first entry that is not sealed was written. `at`: now, by the database's clock.
    `trouble`: why the log would not be sealed now."""

    origin: str
    key: VerifierKey | None
    size: int
    waiting: int
    last: Kept | None
    since: datetime | None
    answers: Sequence[Answer]
    at: datetime
    trouble: RoboError | None

    @property
    def sealed(self) -> int:
        """The entries that the newest checkpoint covers."""
        return 0 if self.last is None else self.last.size

    @property
    def late(self) -> bool:
        """Entries wait unsealed for so long that somebody should look."""
        return self.since is not None and self.at - self.since > LONG


def status(store: Store, keep: Keep, settings: AuditSettings) -> Status:
    """How the log of a store stands, and whether the key of this machine can seal it."""
    with store.read() as tx:
        last, trouble = checkpoints.newest(tx), None
        try:
            head = sequencer.head(tx)
            refuse_other(head.origin if last else "", settings)
            refuse_fork(tx, head, last)
            holds.refuse_restored(tx)
        except RoboError as wrong:
            trouble = wrong
        origin, size = checkpoints.head_of(tx)
        handed = checkpoints.handed_to(tx, origin)
        waiting, answers, at = sequencer.waiting(tx), checkpoints.answers(tx), now(tx)
        since = checkpoints.unsealed_since(tx, 0 if last is None else last.size)
    key = None
    if last is not None:
        try:
            ring = open_ring(keep, origin, make=False)
            if handed and ring.following is not None and handed == str(ring.following.verifier()):
                key = ring.following.verifier()
            elif fits(ring, last, handed):
                key = ring.key.verifier()
            else:
                raise another_key(origin)
        except RoboError as wrong:
            trouble = trouble or wrong
    return Status(origin, key, size, waiting, last, since, answers, at, trouble)
