"""A log as a store would write it, with a key, three witnesses and a policy; each test says only what matters to it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from robo.proof.canonical import canonical
from robo.proof.checkpoint import Checkpoint
from robo.proof.entry import RegionHead, commitment, sequenced
from robo.proof.merkle import Frontier, leaf_hash
from robo.proof.note import COSIGNATURE, Note, SigningKey
from robo.proof.payloads import Payload
from robo.proof.policy import Policy, read_policy
from robo.proof.verify import Log

ORIGIN = "robo.example/idf"
NOON = 1_800_000_000
"""Seconds since 1970."""


def key(name: str) -> SigningKey:
    """The same key for the same name in every run."""
    return SigningKey(name, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


class Written:
    """A log that is being written."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.key = key(origin)
        self.witnesses = {name: key(f"{name}.example/witness") for name in ("bfc", "pdl", "guyane")}
        self.entries: list[bytes] = []
        self.checkpoints: list[Note] = []
        self.payloads: dict[str, tuple[bytes, bytes]] = {}
        self.regions: dict[str, RegionHead] = {}
        self.frontier = Frontier()

    def add(self, region: str = "idf", payload: dict[str, Any] | None = None, **members: Any) -> str:
        """One entry more; its event's id."""
        number = len(self.entries)
        body: dict[str, Any] = {
            "v": 1,
            "id": f"event-{number}",
            "region": region,
            "ts": (NOON + number) * 1_000_000,
            "type": "item.ended",
            "actor": "u:12",
            "obj": f"item:{number}",
            "cause": "",
            "data": {},
            "pc": None,
            "key": None,
        } | members
        if payload is not None:
            salt, text = hashlib.sha256(f"salt {number}".encode()).digest(), canonical(payload)
            body["pc"] = commitment(salt, text)
            self.payloads[body["id"]] = (salt, text)
        raw, self.regions[region] = sequenced(body, number, self.regions.get(region, RegionHead()))
        self.append(raw)
        return str(body["id"])

    def append(self, raw: bytes) -> None:
        """Bytes that nobody looked at."""
        self.entries.append(raw)
        self.frontier.append(leaf_hash(raw))

    def seal(self, witnesses: Sequence[str] = ("bfc", "pdl"), when: int = NOON) -> Note:
        """A checkpoint of what there is, countersigned."""
        text = str(Checkpoint(self.key.name, self.frontier.size, self.frontier.root()))
        note = Note(text, (self.key.sign(text),))
        for name in witnesses:
            note = note.with_signature(self.witnesses[name].cosign(text, when))
        self.checkpoints.append(note)
        return note

    def policy_text(self) -> str:
        witnesses = "".join(f"witness {name} {each.verifier(COSIGNATURE)}\n" for name, each in self.witnesses.items())
        return f"log {self.key.verifier()}\n{witnesses}group regions 2 bfc pdl guyane\nquorum regions\n"

    def policy(self) -> Policy:
        return read_policy(self.policy_text())

    def leaves(self) -> list[bytes]:
        return [leaf_hash(raw) for raw in self.entries]

    def kept(self, *but: str) -> list[Payload]:
        """The payloads in the order of their entries, without those of these events."""
        return [(event, *each) for event, each in self.payloads.items() if event not in but]

    def log(self, **changed: Any) -> Log:
        """What an auditor is given."""
        given: dict[str, Any] = {"entries": self.entries, "checkpoints": self.checkpoints, "leaves": self.leaves()}
        return Log(**(given | changed))


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def sealed() -> Written:
    """Twelve entries of two regions, with payloads, sealed at seven and at twelve."""
    log = Written()
    for number in range(12):
        log.add("idf" if number % 3 else "bfc", {"dossier": f"2026-{number}"}, key=f"key-{number % 2}")
        if number == 6:
            log.seal()
    log.seal()
    return log
