"""What a verification finds: what is wrong, in which entry, and how far the log is sealed and seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from robo.errors import InfrastructureError
from robo.proof.merkle import EMPTY
from robo.proof.policy import Verdict


class Flaw(StrEnum):
    """What is wrong."""

    SIGNATURE = "signature"
    KEY = "key"
    QUORUM = "quorum"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
    ENTRY = "entry"
    LEAF = "leaf"
    NODE = "node"
    ORDER = "order"
    CHAIN = "chain"
    TWICE = "twice"
    STORE = "store"
    ROOT = "root"
    UNSEALED = "unsealed"
    PAYLOAD = "payload"
    MISSING = "missing"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what, in which entry (None: in none in particular), and the error a person is told."""

    flaw: Flaw
    seq: int | None
    error: InfrastructureError


@dataclass(slots=True)
class Report:
    """What was found. `sealed` and `witnessed` say up to which size a key of the log and the quorum (`by`: who, and
    when in seconds since 1970) stand for it; `sealed_ts` and `witnessed_ts` the time of the last entry of each, in
    microseconds. `through`: no entry stands behind those that were found right. `regions`: how many entries each has;
    `present` and `purged`: what became of payloads."""

    size: int = 0
    through: bool = False
    root: bytes = EMPTY
    sealed: int = 0
    sealed_ts: int | None = None
    witnessed: int = 0
    witnessed_ts: int | None = None
    by: Mapping[str, int] = field(default_factory=dict)
    verdict: Verdict | None = None
    regions: dict[str, int] = field(default_factory=dict)
    present: int = 0
    purged: int = 0
    findings: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


def broken(code: str, message: str, seq: int | None = None, **facts: Any) -> InfrastructureError:
    """The error for what does not hold, at entry `seq`."""
    return InfrastructureError(
        code,
        message,
        place="" if seq is None else f"entry {seq}",
        remedy="keep this copy as evidence; compare it with an earlier export and with what the witnesses hold",
        **facts,
    )
