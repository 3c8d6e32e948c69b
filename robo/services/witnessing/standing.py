"""The light: how far our own log is countersigned, by whom, and whether somebody has seen another history of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from robo.errors import phrase
from robo.proof.checkpoint import Checkpoint
from robo.proof.note import Note
from robo.proof.policy import NONE, Light, Policy, Verdict, judge
from robo.services.witnessing.asking import Heading
from robo.services.witnessing.restoring import is_restored
from robo.store import checkpoints, sequencer, witnesses
from robo.store.clock import Tx
from robo.store.witnesses import Refusal, Told


@dataclass(frozen=True, slots=True)
class Standing:
    """How the log stands: the verdict on the newest checkpoint that the quorum countersigned (else on the newest), its
    `size`, how far the log is `sealed`, what each witness of the policy answered last, and what stands refused."""

    verdict: Verdict
    size: int
    sealed: int
    told: Mapping[str, Told | None]
    refusals: tuple[Refusal, ...]


def standing(tx: Tx, policy: Policy, now: int) -> Standing:
    """The light of our log by this policy. `now` is in seconds since 1970."""
    head = sequencer.head(tx)
    mine = policy.of(head.origin)
    known = witnesses.told(tx)
    told = {name: known.get(Heading(name, key).identity) for name, key in policy.witnesses.items()}
    refused = tuple(witnesses.refusals(tx, side=witnesses.ASKED, standing=True))
    size, verdict = _newest_met(tx, mine, now, _signed_sizes(told.values()))
    if refused:
        names = {Heading(name, key).identity: name for name, key in policy.witnesses.items()}
        who = names.get(refused[-1].witness, refused[-1].witness)
        why = phrase("%(name)s refused to countersign: it has seen another history of this log", name=who)
        verdict = replace(verdict, light=Light.RED, why=why)
    elif is_restored(tx):
        why = phrase("another history of this log is known, or more of it: nothing runs")
        verdict = replace(verdict, light=Light.RED, why=why)
    return Standing(verdict, size, head.sealed, told, refused)


def _signed_sizes(told: Iterable[Told | None]) -> set[int]:
    """What was countersigned, by the notes: the size of a `Told` is only where the next request begins."""
    found = [checkpoints.signed(each.witness, each.note) for each in told if each is not None]
    return {each[0] for each in found if each is not None}


def _newest_met(tx: Tx, policy: Policy, now: int, sizes: set[int]) -> tuple[int, Verdict]:
    """The newest checkpoint that the quorum countersigned, with what is said of it; else (0) of the newest."""
    newest = checkpoints.newest(tx)
    if newest is None:
        return 0, Verdict(Light.ORANGE, {}, met=policy.quorum == NONE, why=phrase("nothing is sealed yet"))
    last = Note.parse(newest.note)
    verdict = judge(policy, last, now)
    if verdict.met or verdict.light is Light.RED:
        return (Checkpoint.parse(last.text).size if verdict.met else 0), verdict
    for size in sorted(sizes, reverse=True):
        for note in checkpoints.of_size(tx, size):
            found = judge(policy, Note.parse(note), now)
            if found.met and found.light is not Light.RED:
                return size, found
    return 0, verdict
