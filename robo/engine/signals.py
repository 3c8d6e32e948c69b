"""How the inner parts of an attempt tell the outer one that it is over. Raised and caught in the engine only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robo.engine.ports import Held, ItemEnd, OnceKey
from robo.model.review import Due, Question, Reviewed


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


class Asks(Exception):  # noqa: N818 - a decision, not an error
    """The item waits for a person, outside of any session. `seen`: the question as it was read from the book."""

    def __init__(self, key: OnceKey, seen: Reviewed, question: Question, outputs: Mapping[str, Any], due: Due) -> None:
        super().__init__(question.title)
        self.key = key
        self.seen = seen
        self.question = question
        self.outputs = outputs
        self.due = due
