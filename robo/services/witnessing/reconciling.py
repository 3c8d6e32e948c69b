"""How a store that was put back goes on: a person has made it agree with the applications, and says so.

No witness ever countersigns a log that went back, and no log may sign two histories. So the log goes on under another
name with another key, in the same tree: its first entry there names the log that ended, how far it went, and why. Where
the store is a witness of others, it forgot what it signed: that key is retired, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from robo.errors import UsageError
from robo.model.audit import EventType
from robo.proof.note import COSIGNATURE, VerifierKey
from robo.services.auditing.sealing import signed
from robo.services.auditing.signing import open_ring
from robo.services.secrets import Keep
from robo.services.witnessing.own import retire
from robo.store import audit, checkpoints, holds, sequencer, witnesses
from robo.store.clock import Tx
from robo.store.engine import Store

_NUMBERED: Final = re.compile(r"(.+)/(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What others have to know: the name and key of the log from now on, and the witness's new key where it has one.
    `items`: how many that were held are queued again."""

    before: str
    origin: str
    log: VerifierKey
    witness: VerifierKey | None
    items: int


def reconcile(store: Store, keep: Keep, *, actor: str, why: str, origin: str = "") -> Reconciled:
    """End the hold of a store that was put back. `origin`: the log's new name; empty: the old one with a number.

    `UsageError` RB657 when nothing is held for that, RB658 when the name is no other one; what `open_ring` raises."""
    with store.read() as tx:
        before, lost, at = _held(tx)
        is_witness = bool(witnesses.witnessed(tx))
    origin = origin or _following(before)
    if origin == before:
        raise UsageError(
            "RB658",
            "the log cannot go on as %(origin)s: its witnesses have seen more of that log than this store has",
            place="--origin",
            remedy="give it another name, or leave --origin out",
            origin=origin,
        )
    key = open_ring(keep, origin, make=True).key
    renewed = retire(keep) if is_witness else None

    def ended(tx: Tx) -> int:
        _held(tx)
        sequencer.head(tx, lock=True)
        data = {"origin": before, "size": lost, "at": at, "now": origin}
        kind, said = EventType.RESTORE_RECONCILED, {"why": why}
        audit.emit(tx, type=kind, region=holds.EVERY, actor=actor, obj=origin, data=data, payload=said)
        queued = holds.release(tx, process=holds.EVERY, region=holds.EVERY, actor=actor, kind=holds.RESTORED)
        while sequencer.sequence(tx):
            pass
        checkpoints.rename(tx, origin)
        signed(tx, None, key)
        witnesses.forget(tx)
        return queued

    queued = store.transact(ended)
    witness = None if renewed is None else renewed.verifier(COSIGNATURE)
    return Reconciled(before, origin, key.verifier(), witness, queued)


def _held(tx: Tx) -> tuple[str, int, int]:
    """The name of the log that ended, how far it went, and how far it goes in this store."""
    for trouble in holds.troubles(tx, holds.EVERY, holds.EVERY, holds.RESTORED):
        return str(trouble.facts["origin"]), int(trouble.facts["size"]), int(trouble.facts["at"])
    raise UsageError(
        "RB657",
        "nothing says that this store was put back",
        remedy="robo audit status shows how the log stands; a refusal that is no restore is ended with robo audit "
        "witness clear",
    )


def _following(origin: str) -> str:
    """`name/2` behind `name`, `name/3` behind that."""
    numbered = _NUMBERED.fullmatch(origin)
    return f"{numbered[1]}/{int(numbered[2]) + 1}" if numbered else f"{origin}/2"
