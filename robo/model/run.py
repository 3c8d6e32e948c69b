"""Runs, items and attempts as values: what is asked for, what is stored, what a claim hands over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from robo.model.base import ItemState, Outcome


class RunState(StrEnum):
    OPEN = "open"  # created; nobody has begun to open it
    OPENING = "opening"  # items are being inserted
    RUNNING = "running"
    WAITING = "waiting"  # for a person's yes (limits, stop_after)
    ENDED = "ended"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    ENDED = "ended"
    STALE = "stale"  # another token took over


class ItemKind(StrEnum):
    OPEN = "open"
    ITEM = "item"
    SEQUEL = "sequel"
    """What `on_rejected` or `on_skipped` does about an item, or about a key that was not taken."""
    FINISH = "finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a run is created from. `inputs` never holds a secret's value."""

    process: str
    region: str
    environment: str
    version: str
    digest: str
    """Of the plan."""
    effects: str = ""
    """What a baseline must be of, so that a credit of this run may stand on it (`robo.plan.measured`)."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    retries: int = 2
    """Failed tries an item may have beyond the first (`on_failure.retry`)."""
    again: timedelta | None = None
    """None: a key that is done is never done again; zero: each run; else after that long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    id: str
    process: str
    region: str
    environment: str
    version: str
    digest: str
    inputs: Mapping[str, Any]
    options: Mapping[str, Any]
    dry_run: bool
    retries: int
    again: timedelta | None
    state: RunState
    wish: str
    reason: str
    position: int
    """Rows of the source already inserted: where a resumed opening goes on."""
    not_taken: Mapping[str, int]
    """Keys of the source that were not taken, by code (`already-done`, `already-rejected`)."""
    summary: Mapping[str, Any]
    actor: str
    created: datetime
    ended: datetime | None
    purged: datetime | None
    """When a purge took what it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a row is rejected before it is an item's work (`bad-field`, `duplicate-in-source`)."""

    code: str
    message: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One row of the source. `row` is typed (dates, decimals, MISSING); `digest` tells whether it changed."""

    key: str
    row: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    place: str = ""
    trouble: Trouble | None = None


class Taken(StrEnum):
    """What became of a row of the source."""

    QUEUED = "queued"
    HELD = "held"
    REJECTED = "rejected"
    ALREADY_DONE = "already-done"
    ALREADY_REJECTED = "already-rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The verdict on one row; `item` is "" when it was not taken, `attempt` when it is not queued."""

    key: str
    taken: Taken
    item: str = ""
    attempt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as a person looks at it."""

    id: str
    run: str
    kind: ItemKind
    key: str
    doing: int
    state: ItemState
    token: int
    code: str
    message: str
    facts: Mapping[str, Any]
    place: str
    remedy: str
    behind: str
    """The item that owns this one's key, when it is held for that."""
    position: int
    tries: int
    wish: str
    opened: datetime
    ended: datetime | None
    purged: datetime | None
    """When a purge took what it tells of a person, its key too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person saw when deciding (rule `person`): compared before anything is written."""

    item: str
    state: ItemState
    token: int
    journal: str = ""
    """Id of the journal row, for `there` and `not there`."""
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What the sweep did with one attempt whose worker is dead."""

    run: str
    item: str
    kind: ItemKind
    attempt: str = ""
    """The new queued attempt, or "" when the poison cap ended the item with `outcome`."""
    outcome: Outcome | None = None
