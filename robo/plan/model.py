"""A plan: what the engine executes. Overlays applied, effects resolved, steps cut into segments and units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain

from robo.model.base import Environment
from robo.model.process import (
    Counts,
    Finder,
    Input,
    Items,
    Limits,
    OnFailure,
    Popup,
    SecretNeed,
    Sessions,
    Step,
    Verify,
)
from robo.model.region import MailAccount
from robo.model.text import Expr, Node
from robo.sdk.action import ActionSpec

ATTENDED = "attended"
"""The kind of a secret that a person has: she signs in herself, in the window of the robot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """A host of the process here. `url` may hold expressions over `inputs`; the grant is found when the run starts."""

    name: str
    url: Node
    reads: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """Steps the engine performs together: several only when all are `entry` actions without `when` or results.

    Each step has its final `effect` and `timeout`. A single step may be an action or a control step."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A `do` block without `once`: its units, run under one `when` and one `within`."""

    step: Step
    do: tuple[Piece, ...]
    rescues: tuple[tuple[tuple[str, ...], tuple[Piece, ...]], ...] = ()
    """What is done instead on which troubles."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All of them in the order of the text."""
        return (*self.do, *(piece for _, pieces in self.rescues for piece in pieces))


@dataclass(frozen=True, slots=True)
class Loop:
    """A `for_each` without an effect in it: its units, once for each element of a list."""

    step: Step
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A `repeat`: `do` until its condition holds, and `between` two times."""

    step: Step
    do: tuple[Piece, ...]
    between: tuple[Piece, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All of them in the order of the text."""
        return (*self.do, *self.between)


@dataclass(frozen=True, slots=True)
class Choice:
    """A `choose` without an effect in it: conditions, and what is done when one is the first to hold."""

    step: Step
    ways: tuple[tuple[Expr | None, tuple[Piece, ...]], ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All of them in the order of the text."""
        return tuple(piece for _, pieces in self.ways for piece in pieces)


Piece = Unit | Group | Loop | Repeat | Choice


def hosts_of(setup: Iterable[Piece]) -> tuple[Group, ...]:
    """What is done at the first use of a host (`group.step.host`); nothing where `setup` is once per session."""
    return tuple(piece for piece in setup if isinstance(piece, Group) and piece.step.host)


def performed(pieces: Iterable[Piece]) -> Iterator[Step]:
    """Every step that is performed, in the order of the text: those of units, and loops before their own."""
    for piece in pieces:
        if isinstance(piece, Unit):
            yield from piece.steps
            continue
        if not isinstance(piece, Group):
            yield piece.step
        yield from performed(piece.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """The end of a segment: one effect under the once protocol."""

    step: Step
    """The step that carries `once` (a block, or the submitting action itself)."""
    key: Node
    body: tuple[Piece, ...]
    """Read, local and draft pieces before the submit, its trailing entries excluded."""
    entries: tuple[Step, ...]
    """Consecutive entries directly before the submit: one trip with the button's location."""
    submit: Step
    """The action that submits, with the block's `read`, `refused` and `expect` merged in."""
    verify: Verify | None
    was: tuple[str, ...] = ()
    settle: timedelta = timedelta(seconds=30)
    outputs: tuple[str, ...] = ()
    """Names under which results are read later: `created.agdref`."""
    leftover: tuple[Piece, ...] = ()
    """What removes or reopens the draft of an abandoned start, when the finder of `step.leftover` finds one."""
    looked: frozenset[str] = frozenset()
    """The names that a look at the effect reads, at full length."""

    @property
    def id(self) -> str:
        return self.step.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Pieces up to and including one effect or one review. Neither: the last segment, or one before a loop."""

    index: int
    id: str
    lead: tuple[Piece, ...]
    once: Once | None = None
    review: Step | None = None
    """The step that asks a person; what follows it is another segment, at another time."""
    behind: frozenset[str] = frozenset()
    """The names that are read after it, at full length: of what it leaves, these are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """A `for_each` with effects in it: its segments, once for each element of a list, which is known by its key."""

    step: Step
    segments: tuple[Segment | Turns, ...]


Part = Segment | Turns


def every(parts: Iterable[Part]) -> Iterator[Segment]:
    """Every segment, those of turns where they stand."""
    for part in parts:
        if isinstance(part, Turns):
            yield from every(part.segments)
        else:
            yield part


def in_turns(parts: Iterable[Part]) -> Mapping[str, Segment]:
    """The effects that stand in loops, by their step ids, former ones (`was`) among them."""
    found: dict[str, Segment] = {}
    for segment in every(part for part in parts if isinstance(part, Turns)):
        if segment.once is not None:
            found |= dict.fromkeys((segment.once.id, *segment.once.was), segment)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the engine needs for every item of a run. `digest` covers all of it and the language version."""

    process: str
    title: str
    version: str
    region: str
    zone: str
    holidays: str
    date_format: str
    digest: str
    inputs: Mapping[str, Input]
    """Overlays are in the defaults."""
    secrets: Mapping[str, SecretNeed]
    hosts: tuple[HostPlan, ...]
    grants: Mapping[str, Environment]
    """Origin -> environment, from the region."""
    private: tuple[str, ...] = ()
    """Origins whose names may lead inside a network, from the region."""
    mail: MailAccount | None = None
    """The region's account, when one of its actions stands on it."""
    tables: Mapping[str, Mapping[str, str]]
    items: Items | None
    finders: Mapping[str, Finder]
    sessions: Sessions
    setup: tuple[Piece, ...]
    """Once per session; or a group for each host (`by_host`)."""
    start: tuple[Piece, ...] = ()
    segments: tuple[Part, ...]
    finish: tuple[Part, ...]
    sequels: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    """What is done about an item that ended so: by outcome, `rejected` and `skipped`, where something is."""
    limits: Limits
    on_failure: OnFailure
    counts: Counts
    done_by: str | None
    """Id of the once step whose `ours` decides the credit (`counts.done_by`, else the last once step)."""
    again: str
    actions: Mapping[str, ActionSpec] = field(repr=False)
    """The specs of the actions used, by name."""
    runners: tuple[str, ...] = ()
    """The runners it needs: `browser`, `files`."""
    popups: tuple[Popup, ...] = ()
    source: str = ""
    """The process file, for places in messages."""
    places: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where each step stands, by its id: `process.yaml:34`; and each row of a list (`listed_row`). Not digested."""

    @property
    def attended(self) -> str:
        """The secret with which a person signs in beside the robot; empty when it signs in alone."""
        return next((name for name, need in self.secrets.items() if need.kind == ATTENDED), "")

    @property
    def by_host(self) -> Mapping[str, tuple[Piece, ...]]:
        """The part of `setup` that is done at the first use of a host, by its name."""
        return {group.step.host: group.do for group in hosts_of(self.setup)}

    @property
    def every_session(self) -> tuple[Piece, ...]:
        """The part of `setup` that is done once per session."""
        return () if hosts_of(self.setup) else self.setup

    @property
    def every_part(self) -> tuple[Part, ...]:
        """Those of the items, of what follows their end, and of the run's end."""
        return (*self.segments, *chain(*self.sequels.values()), *self.finish)

    @property
    def asks(self) -> bool:
        """Whether somebody is asked about its items (`review`)."""
        return any(segment.review is not None for segment in every(self.segments))

    def where(self, step: str) -> str:
        """Where a person finds a step of the definition: `process.yaml:34 · created`."""
        return f"{self.places.get(step, self.source)} · {step}"


def listed_row(number: int) -> str:
    """How `Plan.places` calls a row that the definition writes out."""
    return f"items: {number}"
