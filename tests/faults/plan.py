"""What happens in one trial: how robo dies, when, what the portal does meanwhile. All of it follows from a number."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from robo.engine.faultpoints import POINTS
from robo.sandbox.faults import Fault

ROWS: Final = 3
ARRIVALS: Final[Mapping[str, int]] = {
    "open": 1,
    "chunk": 1,
    "claim": 1 + ROWS,
    "setup": 1,
    "outbox": 3 + 3 * ROWS,
    "wake-up": 1 + ROWS,
    "write-back": 2,
}
"""How often an undisturbed run comes by a crash point, where that is not once an item: a later arrival kills nobody."""
ZOMBIE_AT: Final = ("intent", "before effect", "before effect", "after effect", "after receipt", "outcome")
OTHERS: Final = ("random", "random", "zombie", "zombie", "twice", "two", "browser", "portal")
"""Besides the crash points: at any moment; stopped and woken too late; killed again while it resumes; two robos on one
project, one of them killed; the browser killed or frozen, not robo; the portal killed and started again."""
KINDS: Final = (*POINTS, *OTHERS)
FAULTS: Final = {"lost": Fault("lost"), "late": Fault("late", seconds=1.2)}
"""`late` files within the process's settle time (2 s): assumption A1 of the once protocol holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One trial. A failure can be played again: everything in it follows from `number`."""

    number: int
    kind: str
    """A crash point's name, or one of `OTHERS`."""
    nth: int = 1
    """At which arrival at the crash point robo dies or stops."""
    at: str = ""
    """Where a zombie is stopped."""
    moments: tuple[float, float] = (1.0, 1.0)
    """Seconds after the start at which something is killed, the second time counted from the second start."""
    slots: int = 1
    variant: int = 0
    """Which of the ways a kind has."""
    faults: tuple[str, ...] = ("none",) * ROWS
    """One per row: `none`, `lost` (accepted, no answer) or `late` (no answer, filed within the settle time)."""

    @classmethod
    def of(cls, number: int) -> Plan:
        chance = random.Random(number)  # noqa: S311 - a seed that repeats is the point
        kind = KINDS[number % len(KINDS)]
        at = chance.choice(ZOMBIE_AT)
        return cls(
            number=number,
            kind=kind,
            nth=chance.randint(1, ARRIVALS.get(kind, ROWS)),
            at=at,
            moments=(chance.uniform(0.5, 5.0), chance.uniform(0.5, 5.0)),
            slots=chance.choice((1, 1, 2)),
            variant=chance.randrange(12),
            faults=tuple(chance.choice(("none", "none", "lost", "late")) for _ in range(ROWS)),
        )
