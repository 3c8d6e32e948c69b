"""Named crash points. `ROBO_CRASH_AT=point:n` ends this process by SIGKILL at the n-th arrival, `point:n:STOP` stops
it there (a zombie that somebody else may wake). `point@step:n` counts the arrivals of one effect only. Honoured
only when `ROBO_TESTING=1` is set too, and read once."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import Final

POINTS: Final = (
    "open",
    "chunk",
    "claim",
    "setup",
    "intent",
    "before effect",
    "after effect",
    "after receipt",
    "outcome",
    "outbox",
    "sequencer",
    "write-back",
    "wake-up",
)
"""Where a process may be killed by name. `open chunk claim setup wake-up write-back` are the worker's,
`outbox sequencer` the store's, the rest the engine's."""

KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
"""What ends a process without a word: on Windows `os.kill` does that with SIGTERM."""
_armed = os.environ.get("ROBO_CRASH_AT", "") if os.environ.get("ROBO_TESTING") == "1" else ""
_seen: Counter[str] = Counter()


def reach(point: str, step: str = "") -> None:
    """Die or stop here if the environment says so; otherwise nothing. `step`: the effect that is at work."""
    if not _armed:
        return
    name, nth, *how = _armed.split(":")
    point = f"{point}@{step}" if "@" in name else point
    _seen[point] += 1
    if point == name and _seen[point] == int(nth):
        os.kill(os.getpid(), signal.SIGSTOP if how == ["STOP"] else KILL)
