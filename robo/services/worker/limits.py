"""The breaker: when a run must stop and wait for a person's yes. Pure arithmetic over the outcomes so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robo.model.base import ItemState
from robo.model.process import Limits


@dataclass(frozen=True, slots=True)
class Breaker:
    """`limits.stop_after` of a process."""

    limits: Limits

    def says(self, outcomes: Sequence[ItemState]) -> str:
        """Why the run must wait, or "". `outcomes`: the terminal states of its items, in the order they ended."""
        stop = self.limits.stop_after
        tail = 0
        for state in reversed(outcomes):
            if state is not ItemState.FAILED:
                break
            tail += 1
        if stop.failed_in_a_row and tail >= stop.failed_in_a_row:
            return f"{tail} items failed in a row"
        unknown = sum(state is ItemState.UNKNOWN for state in outcomes)
        if stop.unknown and unknown >= stop.unknown:
            return f"{unknown} items are unknown"
        rejected = sum(state is ItemState.REJECTED for state in outcomes)
        if len(outcomes) >= stop.rejected_after and rejected * 100 >= stop.rejected_percent * len(outcomes):
            return f"{rejected} of {len(outcomes)} items were rejected"
        return ""

    def too_many(self, items: int) -> str:
        """Why a run of so many items must wait, or ""."""
        if items <= self.limits.items:
            return ""
        return f"{items} items, and the limit of this process is {self.limits.items}"
