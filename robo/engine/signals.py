"""How the inner parts of an attempt tell the outer one that it is over. Raised and caught in the engine only."""

from __future__ import annotations

from robo.engine.ports import Held, ItemEnd


class Ending(Exception):  # noqa: N818 - a decision, not an error
    """The item ends here, with this end."""

    def __init__(self, end: ItemEnd) -> None:
        super().__init__(end.outcome, end.code)
        self.end = end


class Later(Exception):  # noqa: N818 - a decision, not an error
    """The slot is freed and the item comes back: after `seconds`, or when what holds it (`held`) is released."""

    def __init__(self, seconds: float, reason: str, *, costs: bool = False, held: Held | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.reason = reason
        self.costs = costs
        self.held = held
