"""What was gained before robo, as somebody declares it: shown apart, and in no curve with what was observed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Of one process, or of several together where nobody published more."""

    process: str
    minutes: int
    units: int = 0
    """Cases; 0 where nobody published their number."""
    unit: str = "dossier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The opening balance of a region."""

    region: str
    source: str
    """Where the figures come from."""
    note: str
    processes: Sequence[Declared]
