"""The base of every value, and the words that are written the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen, strict, closed value: built whole or not at all. Its validator is made when the first one is built:
    a command uses few of all values."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)


class Missing:
    """The one value of a cell, a member or a result that is not there (`is missing`). False; equal to itself only."""

    _only: Missing | None = None

    def __new__(cls) -> Missing:  # noqa: PYI034 - there is only one, whatever the class
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "missing"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


class Differs:
    """The one value of a grouped item's field that is not the same in all its rows: nobody can say which is meant."""

    _only: Differs | None = None

    def __new__(cls) -> Differs:  # noqa: PYI034 - there is only one, whatever the class
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "differs"

    def __reduce__(self) -> str:
        return "DIFFERS"


DIFFERS: Final = Differs()


class CellError(Value):
    """A cell without a value but with the reason why (`#REF!`, a formula never calculated). Every parser refuses it."""

    why: str

    def __str__(self) -> str:
        return self.why


class Effect(StrEnum):
    """What a step does to the world, from nothing to what cannot be undone. Compare with `rank`."""

    READ = "read"
    LOCAL = "local"
    DRAFT = "draft"
    SUBMIT = "submit"

    @property
    def rank(self) -> int:
        return list(Effect).index(self)


class Outcome(StrEnum):
    """How an item ended."""

    DONE = "done"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


HANDED_OVER = "handed-over"
"""Code of an item that is `done`, and of which a person does the rest."""


class ItemState(StrEnum):
    """Where an item is: an outcome, or one of the four states before it."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    HELD = "held"
    DONE = "done"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


LIVE: Final = frozenset({ItemState.QUEUED, ItemState.RUNNING, ItemState.WAITING, ItemState.HELD, ItemState.UNKNOWN})
"""States in which an item keeps its key for itself (rule 15 of the once protocol)."""


class Environment(StrEnum):
    """Where effects go. Only a host granted as production in the region's file makes `production`."""

    TEST = "test"
    PRODUCTION = "production"
