"""What is known of the human minutes of one unit, and what people decided about it. Both are added, never changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

from robo.proof import baselines
from robo.proof.baselines import VerdictKind
from robo.proof.canonical import canonical, read_canonical
from robo.proof.hours import Measures

VERSION: Final = 1
"""Of the shape that `robo.proof.baselines` describes."""
LIBRARY: Final = "library"
"""The author of a record that came with its process."""
ROLE: Final = re.compile(r"[a-zà-öø-ÿ][a-zà-öø-ÿ0-9-]{1,39}")
"""What people are called in a record and in a verdict: by what they do (`cheffe-de-bureau`), never by their name."""
_ID: Final = 26


@dataclass(frozen=True, kw_only=True)
class BaselineRecord:
    """A record as it is kept: its canonical JSON, and who added it. Minutes are medians of one unit.

    Its id is the beginning of the digest of what it says; records of older stores kept theirs."""

    id: str
    detail: str
    """Canonical JSON, in the shape of `robo.proof.baselines`."""
    author: str = ""
    """The pseudonym of who added it, or `library`."""

    @classmethod
    def of(cls, said: Mapping[str, Any], author: str = "") -> Self:
        """The record that says this."""
        detail = canonical(said)
        return cls(id=hashlib.sha256(detail).hexdigest()[:_ID], detail=detail.decode(), author=author)

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """What it says, for `robo.proof.baselines`."""
        found: Mapping[str, Any] = read_canonical(self.detail.encode())
        return found

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all it says: what the log binds it by."""
        return hashlib.sha256(self.detail.encode()).hexdigest()

    @cached_property
    def measures(self) -> Measures:
        """Minutes with their ranges, for `robo.proof.hours`."""
        return baselines.measures(self.said)

    @property
    def process(self) -> str:
        return str(self.said["process"])

    @property
    def region(self) -> str:
        return str(self.said["region"])

    @property
    def unit(self) -> str:
        return str(self.said["unit"])

    @property
    def method(self) -> str:
        return str(self.said["method"])

    @property
    def before(self) -> int:
        return self.measures.before.median

    @property
    def after(self) -> int:
        return self.measures.after.median

    @property
    def triage(self) -> int:
        return self.measures.triage.median

    @property
    def recovery(self) -> int:
        return self.measures.recovery.median

    @property
    def n(self) -> int:
        """How often the work was observed without the robot."""
        return baselines.of(self.said, "before").n

    @property
    def is_shipped(self) -> bool:
        """Whether it came with the process: nobody of the region measured or declared it."""
        return self.author == LIBRARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a person decided about a record."""

    kind: VerdictKind
    record: str
    day: str
    """From which it counts, ISO; never before the day it was given."""
    role: str
    """Of who decided, in the service; never a name."""
    successor: str = ""
    """The record that takes its place, where it is superseded."""
    actor: str = ""
    """The pseudonym of who decided."""

    @property
    def said(self) -> dict[str, str]:
        """As `robo.proof.baselines.standing` reads it."""
        members = {"kind": self.kind.value, "record": self.record, "day": self.day, "role": self.role}
        return {**members, "successor": self.successor} if self.successor else members
