"""A store that is spoilt again and again, and is as it was each time."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from robo.proof.checkpoint import Checkpoint
from tests.faults.audit import books, children


class Bench:
    """`base` is never touched; a trial works on `copy`, and what it acknowledges is in `acks`."""

    def __init__(self, folder: Path, events: int) -> None:
        self.base, self.copy, self.acks = folder / "base.db", folder / "copy.db", folder / "acks"
        self.before = books.made(f"sqlite:///{self.base}", events)
        """The head of the base."""

    @property
    def address(self) -> str:
        """Of the copy."""
        return f"sqlite:///{self.copy}"

    def renew(self) -> str:
        """A fresh copy, nothing acknowledged; its address."""
        for suffix in ("", "-wal", "-shm"):
            self.copy.with_name(self.copy.name + suffix).unlink(missing_ok=True)
        self.acks.unlink(missing_ok=True)
        shutil.copy(self.base, self.copy)
        return self.address

    def acknowledged(self) -> tuple[set[str], Checkpoint]:
        """The keys and the newest checkpoint that were answered for."""
        lines = self.acks.read_text(encoding="ascii").splitlines() if self.acks.exists() else []
        return children.read_acks(lines, self.before)

    def judged(self, keys: set[str], before: Checkpoint) -> list[str]:
        """What does not hold in the copy, once the disk works again."""
        return books.judged(self.address, keys, before)[0]


def seeded(seed: int | str) -> random.Random:
    """Chance that repeats."""
    return random.Random(seed)  # noqa: S311 - that it repeats is the point
