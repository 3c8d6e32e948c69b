"""What the engine asks of the world. The store and the services implement these; tests have an in-memory book.

Every write of `Book` compares, in its own transaction, that the attempt is `running` with the fence's token (rule
`fence`); writes on a journal row also compare `n` and `state` as they were read (rule `number`). A refused write
raises `StaleToken`: drop everything, touch nothing outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from robo.errors import Words
from robo.model.base import Outcome
from robo.model.review import Due, Question, Reviewed
from robo.proof.canonical import canonical
from robo.sdk.runner import CellChange, Session


@dataclass(frozen=True, slots=True)
class Fence:
    """The right to write: one attempt of one item, with the token it was claimed under."""

    attempt: str
    item: str
    token: int


MARK: Final = "›"
"""Between a once key and the keys of the turns it is in: `2026-1 › b`. Doubled where it stands in one of them, so that
no two keys meet."""


@dataclass(frozen=True, slots=True)
class OnceKey:
    """The identity of an effect. It belongs to the key, not to the run (rule `shared`)."""

    environment: str
    process: str
    region: str
    step: str
    key: str
    doing: int = 0
    """The pass: number of earlier items of this key that ended `done` and that `again` let pass."""

    @property
    def label(self) -> str:
        """What a person calls the effect: its step, and in a loop the key of its turn."""
        return f"{self.step} {self.key}" if MARK in self.key else self.step

    @property
    def effect_id(self) -> str:
        """The key in 64 hexadecimal digits, for the other side: it tells nothing of the item."""
        named = [self.environment, self.process, self.region, self.step, self.key, self.doing]
        return hashlib.sha256(canonical(named)).hexdigest()


class JournalState(StrEnum):
    NONE = "none"
    OPEN = "open"
    REFUSED = "refused"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One row as it was read. `ripe_in`: seconds, by the database clock, until `act_by + settle` (0: look now)."""

    once: OnceKey
    state: JournalState = JournalState.NONE
    n: int = 0
    ripe_in: float = 0.0
    item: str = ""
    token: int = 0
    digest: str = ""
    act_by: datetime | None = None
    age: float = 0.0
    """Seconds, by the database clock, since `act_by`."""
    after_refusal: str = ""
    """Code of a refusal read while this intent was open; absent then means `refused` + `rejected` (rule `refusal`)."""
    closed_by: str = ""  # answer | verify | person
    ours: bool = False
    receipt: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the segment left (its values by step id), restored when a re-run skips it. Values as steps read them
    (text, numbers, dates, decimals, lists, mappings, MISSING), like `receipt`: the book gives them back unchanged."""
    sends: int = 0
    looks: int = 0
    """How often verify could not tell since this intent (5, 30, 120 min, then `unknown`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTrace:
    """One line of an attempt's history, already masked."""

    step: str
    title: str
    state: str  # ok | skipped | failed | refused | found | absent | cannot tell
    note: Words = ""
    """A text, or a phrase: said in the language of whoever reads it."""
    started: datetime
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEnd:
    """How an item ended, with everything that is committed together with it."""

    outcome: Outcome
    code: str = ""
    message: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    remedy: str = ""
    ours: bool = False
    """The receipt of `counts.done_by` is ours: the item may earn (rule `credit`)."""
    receipt: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[CellChange, ...] = ()
    drift: tuple[str, ...] = ()
    output: Mapping[str, Any] = field(default_factory=dict)
    """Of a `finish`: what the run says at its end, masked."""
    journal: JournalRow | None = None
    """The open row that becomes `refused` in the same commit: an effect refused and then verified absent. The outcome
    is `rejected`, or `done` with code `handed-over` when an earlier segment of the item already has its receipt."""
    history: tuple[StepTrace, ...] = ()
    """The lines of the attempt that are not in the book yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a process is held for: nothing of it starts before that is released. The rest is told to a person."""

    kind: str
    """`secret`: until somebody set it. `portal`: until somebody looks again."""
    subject: str
    """The secret's name, or the code of what does not answer."""
    code: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    remedy: str = ""


class Wish(StrEnum):
    """What somebody asked of a running attempt; acted on when no intent is open (rule `boundary`)."""

    CANCEL = "cancel"
    STOP = "stop"


class Wished(Exception):  # noqa: N818 - a fact the engine acts on
    """An intent that was not written: somebody wished the attempt to end first."""

    def __init__(self, wish: Wish) -> None:
        super().__init__(wish)
        self.wish = wish


class Book(Protocol):
    """The truth, as one attempt may read and write it."""

    async def journal(self, once: OnceKey) -> JournalRow:
        """The row of this key, or a `none` row with n = 0 that is not stored yet."""
        ...

    async def rows(self, fence: Fence) -> Sequence[JournalRow]:
        """The rows of effects in loops that this item wrote, or an earlier item of its key, in the same pass: which
        ones there are cannot be asked by key, because the list of their turns may have changed."""
        ...

    async def intent(
        self,
        fence: Fence,
        seen: JournalRow,
        *,
        budget: float,
        settle: float,
        digest: str,
        outputs: Mapping[str, Any],
        lines: Sequence[StepTrace] = (),
    ) -> JournalRow:
        """none|refused -> open n+1; `act_by` = database now + budget. A commit of unknown fate is read again.
        Raises `Wished`, and writes nothing, when somebody wished for something meanwhile (rule `boundary`).

        `lines`: the history up to here, committed with it: what was entered outlives whoever entered it.

        `outputs`: what the segment's steps have left so far, kept on the row: whoever verifies after a crash needs
        it, and it cannot be read again once the effect is there."""
        ...

    async def note_refusal(self, fence: Fence, seen: JournalRow, code: str, words: str) -> JournalRow:
        """An answer refused while the intent is open: kept on the open row until verify decides."""
        ...

    async def cannot_tell(self, fence: Fence, seen: JournalRow, why: str) -> JournalRow:
        """looks + 1."""
        ...

    async def absent(self, fence: Fence, seen: JournalRow, why: str, *, witnessed: bool = False) -> JournalRow:
        """open -> none, n kept (rule 8), committed before the segment restarts. Only a ripe row (rule `wait`), or one
        that this same attempt opened and whose session saw that nothing left (`witnessed`)."""
        ...

    async def done(
        self,
        fence: Fence,
        seen: JournalRow,
        *,
        by: str,
        ours: bool,
        receipt: Mapping[str, Any],
        outputs: Mapping[str, Any],
        sends: int = 0,
    ) -> JournalRow:
        """-> done. From none (found before any intent) it is never ours."""
        ...

    async def end(self, fence: Fence, end: ItemEnd) -> None:
        """The outcome, its audit events, write-backs and ledger rows: one commit."""
        ...

    async def postpone(
        self,
        fence: Fence,
        seconds: float,
        reason: str,
        *,
        costs: bool,
        held: Held | None = None,
        history: Sequence[StepTrace] = (),
    ) -> None:
        """Free the slot: queued again with a new token, not before now + seconds. `costs`: it was a failed try.
        `held`: the item and its process are held for this (portal down, secret refused) until it is released."""
        ...

    async def review(self, key: OnceKey) -> Reviewed:
        """What a person was asked at this step about this key in this pass, last; n = 0: nobody ever was."""
        ...

    async def ask(
        self,
        fence: Fence,
        key: OnceKey,
        seen: Reviewed,
        question: Question,
        *,
        outputs: Mapping[str, Any],
        row_digest: str,
        due: Due,
        history: Sequence[StepTrace] = (),
    ) -> None:
        """Free the slot: the item waits for a person's answer, n + 1, until `due` of the database's now."""
        ...

    async def attempts_left(self, fence: Fence) -> int:
        """Tries this item still has after the current one (`on_failure.retry`, poison cap)."""
        ...

    async def wish(self, fence: Fence) -> Wish | None: ...

    async def trace(self, fence: Fence, lines: Sequence[StepTrace]) -> None: ...

    async def evidence(self, fence: Fence, name: str, content: bytes) -> None:
        """A picture or text for a person; also an answer in hand when the fence refused its receipt. Never state."""
        ...


class Clock(Protocol):
    """Time as the engine may see it."""

    def monotonic(self) -> float: ...

    def now(self) -> datetime:
        """Aware, UTC; for history only. Deadlines use the database clock and `monotonic`."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def untrusted(self, seconds: float) -> float:
        """Seconds for which an effect may not be verified yet, because the database clock jumped (0: trusted).
        `seconds`: budget and settle time of that effect."""
        ...


class Witness(Protocol):
    """Who is told what is done on the way to a host: the history of an item, and the person who watches it."""

    history: Any
    mask: Any
    stepwise: Any
    key: str


class Sessions(Protocol):
    """The sessions of one slot: opened, set up and reset on demand by whoever owns the worker."""

    async def get(self, runner: str, going: Sequence[str] = (), witness: Witness | None = None) -> Session:
        """The runner's session with `setup` done; opened again after `lost`.

        `going`: the addresses that are about to be opened; what the process does at the first use of their hosts is
        done before, and told to the `witness`."""
        ...

    async def lost(self, runner: str) -> None:
        """Close it; the next `get` opens a new one and runs setup again."""
        ...

    async def signed_out(self, runner: str, hosts: Sequence[str]) -> None:
        """These hosts (by their pages) ask to sign in: the next `get` sets them up again. Where the process does not
        say how for each, as `lost`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One item as the engine takes it."""

    fence: Fence
    run: str
    key: str
    environment: str
    doing: int
    item: Mapping[str, Any]
    """Fields by name, typed, plus `row` and `source`."""
    inputs: Mapping[str, Any]
    run_facts: Mapping[str, Any]
    """What `run` means in expressions: `date`, `id`, …"""
    row_digest: str = ""
    """Tells whether the row is the one that an earlier item of the key had."""
    sensitive: tuple[str, ...] = ()
    """Values that pictures and history must not show."""
    dry_run: bool = False
    finish: bool = False
    """This item is the run's `finish`: `plan.finish` is executed instead of `plan.segments`."""
    sequel: str = ""
    """This item is what follows the end of another one, which was `rejected` or `skipped`: `plan.sequels`."""
    stepwise: Any = None
    """`async (step, note) -> None` that waits for the person at `--step`; None: nobody watches."""
