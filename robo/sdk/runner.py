"""What a guest is: a runner that gives actions and opens sessions. Async throughout; no runner imports another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from robo.errors import ItemTrouble, MissingSecret, Words
from robo.model.base import MISSING, CellError, Effect
from robo.sdk.action import ActionSpec, Params
from robo.sdk.secret import Secret
from robo.sdk.targets import Target, Watch, Watched


@dataclass(frozen=True, slots=True)
class HostRule:
    """A host the session may touch. `reads`/`drafts`: `METHOD /path*` requests that change nothing."""

    name: str
    origin: str  # scheme://name[:port]
    reads: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    private: bool = False
    """Its name may lead to an address inside a network."""
    signs_in: bool = False
    """The process says how to sign in there: a page of it that asks for a password asks for that."""


@dataclass(frozen=True, slots=True)
class Popup:
    """What may appear on a page at any time (`see`; when it is None, `dismiss` itself), and what puts it away."""

    dismiss: Target
    see: Target | None = None


async def no_code(name: str) -> str:
    """What a session without one-time codes is told."""
    raise MissingSecret(
        "RB902",
        "the secret %(name)s has no %(parts)s",
        place=f"secrets/{name}",
        remedy="enter it again with its seed: `robo secrets set %(name)s --otp`",
        name=name,
        parts="otp",
    )


async def told_nobody(_secret: str, _host: str) -> None:
    """Where nobody keeps a log of sign-ins."""


def noted_nowhere(_origin: str, _certificate: bytes) -> None:
    """Where nobody counts what was done on which host."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a session is given when it opens. Everything it may know about where it runs."""

    region: str
    environment: str
    date_format: str
    zone: str
    folder: Path
    """Private, for downloads and profiles; removed by whoever opened the session."""
    hosts: tuple[HostRule, ...]
    secret: Callable[[str], Awaitable[Secret]]
    settings: Mapping[str, Any]
    """What the region says for the runner's actions (`ActionSpec.region_needs`): `{"mail": MailAccount}`."""
    headed: bool = False
    dry_run: bool = False
    places: tuple[Path, ...] = ()
    """The folders and files that are inputs of this run. Besides `folder`, nothing is written, moved, listed or packed
    elsewhere."""
    process: Path | None = None
    """The folder of the process, for what it brings (`templates/…`): read, never written."""
    popups: tuple[Popup, ...] = ()
    """Put away wherever they appear, as long as a step looks at the page."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """The kind of each secret of the process: `password`, `password+otp`, `certificate`, `attended`."""
    code: Callable[[str], Awaitable[str]] = no_code
    """A one-time code of the secret of this name: valid now, and never given twice. May wait for the next one."""
    turn: Callable[[str], AbstractAsyncContextManager[None]] = lambda _secret: nullcontext()
    """Entered around every sign-in with the secret of this name, asking for the secret included: one at a time until
    one was taken, so that a wrong password reaches its application once, however many slots there are."""
    signed_in: Callable[[str, str], Awaitable[None]] = told_nobody
    """Awaited once an application took a secret: its name, and the host (`https://…`, or a server's name)."""
    certified: Callable[[str, bytes], None] = noted_nowhere
    """Called when a host took an effect over TLS: its origin, and the certificate that it showed (DER)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One action with its typed parameters, ready to be performed."""

    step: str
    action: str
    params: Params
    effect: Effect
    timeout: float
    """Seconds this action may take, expectations included."""
    in_once: bool = False
    confirm: str | None = None
    within: Any = None
    """A `Target`, or None."""
    watch: Watch = field(default_factory=Watch)
    """What to await afterwards: `expect` must come, `read` is read, `refused` raises `Refused`."""
    effect_id: str = ""
    """Of a submit: names its effect in 64 hexadecimal digits, the same in every attempt and for no other effect. What a
    built-in proof is made of: a Message-ID, an idempotency key."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finder's answer. `found` True: exactly one (or `several`); False: absent with positive evidence (list seen,
    filters echoed, paging exhausted); None: cannot tell, and `why` says so in words for a person."""

    found: bool | None
    several: bool = False
    why: Words = ""
    """A text of ours, or a phrase (`robo.sdk.errors.phrase`) where it holds values: it is shown in the reader's
    language."""
    for_good: bool = False
    """It cannot tell and never will: asking again is of no use."""


@dataclass(frozen=True, slots=True)
class CellChange:
    """A write-back that must outlive the attempt: `column` of the row that `row_key` names becomes `new`."""

    file: Path
    sheet: str
    row: int
    """Row number when read; `row_digest` finds the row again if it moved."""
    row_digest: str
    column: str
    old: Any
    new: Any
    row_key: Mapping[str, Any] = field(default_factory=dict)
    """What the item's key is made of, by column: finds the row when other cells of it changed. Empty: unknown."""
    how: Mapping[str, str] = field(default_factory=dict)
    """How the file is written, where its author had to say it (`encoding`, `delimiter` of a CSV)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What an action leaves: named values, a finding, write-backs, and what a person reads in the history."""

    values: Mapping[str, Any] = field(default_factory=dict)
    finding: Finding | None = None
    changes: tuple[CellChange, ...] = ()
    note: Words = ""
    """One line for the history (`Nom = «Martin»`), already without secrets."""
    drift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said after a submit. At most one of `values refused absent`; none: no answer in time."""

    values: Mapping[str, Any] | None = None
    refused: Watched | None = None
    words: str = ""
    """The text of the refusal, as data; else what a person reads of the act (`Enregistrer`, `250 OK`)."""
    requests: int = 0
    """Effects seen leaving for this submit (retransmissions the runner can see included)."""
    absent: ItemTrouble | None = None
    """Why the effect did not happen and cannot happen any more, as this session itself saw: what makes it happen never
    left (a mail without its final dot), or was answered by a refusal that is final. Never a guess: the effect is tried
    again, or the item rejected, without another look."""


class Refused(Exception):  # noqa: N818 - a fact about the other side, not an error of ours
    """A draft step met a declared refusal (no intent is open). The engine turns it into a rejection."""

    def __init__(self, watched: Watched, words: str) -> None:
        super().__init__(watched.code, words)
        self.watched = watched
        self.words = words


class Gate(Protocol):
    """Called by `Session.submit` once everything is entered and the button is found and hit-tested, immediately
    before the effect. It journals the intent and returns the effect's deadline on the clock of `time.monotonic`,
    counted from a moment taken before the commit. It is a moment and not a duration on purpose: whoever is paused
    after the gate, wherever that is, still knows that it is too late. If it raises, nothing may be sent.

    `entered`: for each of the entries what a person reads of it (`Nom = «Martin»`), and after them, where the act holds
    more than a button's name (a mail), what a person reads of the act; kept with the intent."""

    async def __call__(self, entered: Sequence[str] = ()) -> float: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source. `values` by column header as written; `place` for people (`Demandes!A7`)."""

    values: Mapping[str, Any]
    place: str
    number: int
    digest: str
    where: Mapping[str, Any] = field(default_factory=dict)
    """What all rows of this source share (`file`, `sheet`)."""

    def place_of(self, column: str) -> str:
        """Where a person finds this row's cell of `column`; a source that has addresses gives its own."""
        return f"{self.place} «{column}»"

    def origin(self) -> Mapping[str, Any]:
        """What an item keeps of its row (`item.source`): enough to find it again and to know what it held. Blank cells
        are left out; a cell that is an error is its text."""
        held = {name: str(value) if isinstance(value, CellError) else value for name, value in self.values.items()}
        values = {name: value for name, value in held.items() if value is not MISSING}
        return {**self.where, "place": self.place, "row": self.number, "digest": self.digest, "values": values}


@runtime_checkable
class Session(Protocol):
    """What a runner keeps open between steps. Used by one slot at a time."""

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        """Do read, local and draft calls in order, as one trip where the runner can (all of them are `entry`)."""
        ...

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        """Do `entries`, find what `call` acts on, pass the gate, act once before the deadline, await `call.watch`.

        Raises `DeadlinePassed` when the other side of the gate came too late: no request left. Whatever else it
        raises after the gate says nothing about the effect."""
        ...

    def rows(self, call: Call) -> AsyncIterator[Row]:
        """The rows of a source, streamed. Only for actions declared `source`."""
        ...

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        """Pictures and texts for a person (`screenshot.png`), secrets and `sensitive` values masked. Never raises."""
        ...

    async def reset(self) -> None:
        """Forget what the last item left (page, dialogs, downloads); keep the sign-in."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Runner(Protocol):
    """The entry point `robo.runners` names a class of this shape; the host calls it without arguments."""

    name: str
    actions: Mapping[str, ActionSpec]

    async def start(self, settings: Mapping[str, Any], *, headed: bool, slots: int) -> None:
        """Open what all sessions of this worker share (one browser). Errors tell what is missing and how to get it."""
        ...

    async def open(self, context: Context) -> Session: ...

    async def stop(self) -> None:
        """End everything this runner started, by pid. Idempotent; leaves no orphan process."""
        ...


@runtime_checkable
class Proving(Protocol):
    """A session of a runner whose actions bring their own proof (`ActionSpec.proof`, for a submit)."""

    async def prove(self, call: Call, age: float) -> Result:
        """Whether the effect of an earlier submit is there, which somebody intended and nobody saw the answer of.

        `call` is that submit made anew, with the same `effect_id`; `age`: seconds since its deadline. The finding says
        found, absent by positive evidence, or cannot tell; the values are what the answer would have left. Where doing
        it again *is* the proof (an idempotency key), it may be done again here."""
        ...


@runtime_checkable
class Checked(Protocol):
    """A runner that knows, before it is started, that something it stands on is missing."""

    def check(self, settings: Mapping[str, Any], *, headed: bool) -> None:
        """Raise the `InfrastructureError` that `start` would. Quick: nothing is started, and no run is begun yet."""
        ...


@runtime_checkable
class Reaching(Runner, Protocol):
    """A runner that stands on an account of the region (`ActionSpec.region_needs`)."""

    async def reach(self, account: Any) -> None:
        """Once started: connect and leave, without a sign-in. Raises what is wrong with the account or the way."""
        ...


@runtime_checkable
class Printing(Runner, Protocol):
    """A runner that makes a PDF of a page."""

    async def print_page(self, page: str) -> bytes:
        """Once started: the PDF of a page that is given whole, tagged for whoever has it read to them. Nothing is
        fetched for it, and no script of it runs."""
        ...


@runtime_checkable
class Flusher(Protocol):
    """A runner whose write-backs are durable rows of the store until they are in the file."""

    def flush(self, file: Path, changes: Sequence[CellChange]) -> Sequence[Words]:
        """Write all changes of one file at once (digest compared, renamed into place, read again).

        Each answer is `done` (cell was old, or already new), or why a person must look, in words of ours. Raises
        `InfrastructureError` when the file cannot be written now (open elsewhere, no permission, full disk):
        all stay pending. Sync: called in a thread, under a lease on the file."""
        ...
