"""How long what tells of a person is kept, in months, by class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LONGEST: Final[Mapping[str, int]] = {"std": 12, "control": 36, "units": 240, "backups": 12}
"""What may be asked for at most. `std` and `control` are what the CNIL recommends of logs (deliberation 2021-122): six
to twelve months, and up to three years for an internal control that is documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Months, each at most `LONGEST`. Nothing is kept longer, what is kept is up to a month younger."""

    std: int = 12
    control: int = 36
    units: int = 120
    """Keyed hashes of dossiers: what keeps one from being done, or counted, twice. Ten years, as long as the longest
    title that a dossier ends with; who has the database cannot read them, and the region's key is not in it."""
    backups: int = 2
    """The life of a backup: whatever it holds in clear is unreadable then."""

    def months(self, kept: str) -> int:
        """How many months this class is kept."""
        return int(getattr(self, kept))
