"""The breaker: when a run must stop and wait for a person's yes. Pure arithmetic over the outcomes so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robo.model.base import ItemState
from robo.model.process import Limits


@dataclass(frozen=True, slots=True)
class Breaker:
    """`limits.stop_after` of a process."""

    limits: Limits

    def may_stop(self, bad: Mapping[ItemState, int]) -> bool:
        """Whether so many items that did not go well can be enough, whatever became of the others. `bad`: how many
        ended `failed`, `unknown`, `rejected`; counting those is cheap, and mostly there are none."""
        stop = self.limits.stop_after
        return bool(
            (stop.failed_in_a_row and bad[ItemState.FAILED] >= stop.failed_in_a_row)
            or (stop.unknown and bad[ItemState.UNKNOWN] >= stop.unknown)
            or bad[ItemState.REJECTED] * 100 >= stop.rejected_percent * stop.rejected_after
        )

    def says(self, outcomes: Mapping[ItemState, int], failed_in_a_row: int) -> str:
        """Why the run must wait, or "". `outcomes`: its ended items by state; `failed_in_a_row`: how many of those
        that ended last."""
        stop = self.limits.stop_after
        if stop.failed_in_a_row and failed_in_a_row >= stop.failed_in_a_row:
            return f"{failed_in_a_row} items failed in a row"
        unknown, rejected, ended = outcomes[ItemState.UNKNOWN], outcomes[ItemState.REJECTED], sum(outcomes.values())
        if stop.unknown and unknown >= stop.unknown:
            return f"{unknown} items are unknown"
        if ended >= stop.rejected_after and rejected * 100 >= stop.rejected_percent * ended:
            return f"{rejected} of {ended} items were rejected"
        return ""

    def too_many(self, items: int) -> str:
        """Why a run of so many items must wait, or ""."""
        if items <= self.limits.items:
            return ""
        return f"{items} items, and the limit of this process is {self.limits.items}"
