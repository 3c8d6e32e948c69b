"""The real engine on the real store, beside a portal, two workers and a clock that only a scenario moves.

Everything is one thread of events: an interleaving is written down, not waited for. A worker that is paused is one
whose session waits while others act; one that dies raises `Died` and writes nothing more.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from robo.definition.template import parse_template
from robo.engine.execute import execute
from robo.engine.ports import Fence, ItemEnd, Work
from robo.errors import DeadlinePassed, StoreConflict
from robo.model.base import LIVE, Effect, ItemState, Outcome
from robo.model.ledger import LedgerKind, LedgerRow
from robo.model.process import Counts, Finder, Limits, OnFailure, Refusal, Sessions, Step, StepKind, Verify
from robo.model.run import Decision, NewItem, NewRun
from robo.model.text import Expr
from robo.plan.model import Once, Plan, Segment
from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.runner import Answer, Call, Finding, Gate, Result
from robo.sdk.targets import Target, Watched
from robo.services.worker.clock import WorkerClock
from robo.store import attempts, items, journal, runs, sweeps, workers
from robo.store.accounts_tables import ledger
from robo.store.attempts import Claimed
from robo.store.book import StoreBook
from robo.store.engine import open_store, upgrade
from robo.store.tables import attempts as attempts_table
from robo.store.tables import items as items_table
from robo.store.tables import journal as journal_table

BUDGET, SETTLE = 10.0, 30.0
MARKED = Verify(finder="sent", ours_if=Expr("by == 'robot'"))
"""Looks before and after; the portal's own mark says who filed."""
ONLY_AFTER = MARKED.model_copy(update={"asks": "after"})
"""The model's worker need not look before its click; this one does not."""
BY_ITSELF = None
"""No `verify`: the action brings its own proof."""

Hook = Callable[[], Awaitable[None]]
Click = Callable[["Request"], Awaitable[Answer]]


class Died(BaseException):
    """The worker's process is gone: what it knew is lost, and nothing of it runs on."""


REFUSED = Watched(targets=(Target(name="Déjà enregistré"),), code="already-known")


class Text(Params):
    text: str = ""


class Timer:
    """Time as it is: everybody's monotonic clock, and the database clock, which may be wrong by `jumped` seconds."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 8, tzinfo=UTC)
        self.jumped = 0.0

    def __call__(self) -> datetime:
        return self.at + timedelta(seconds=self.jumped)


@dataclass
class Request:
    """One submit on its way: filed when it is delivered."""

    key: str
    due: datetime | None = None
    filed: bool = False


@dataclass
class Portal:
    """The truth: what the robot filed and what an agent did by hand, by once key."""

    filed: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    wire: list[Request] = field(default_factory=list)
    down: bool = False

    def file(self, request: Request) -> None:
        if not request.filed:
            request.filed = True
            self.filed.append(request.key)

    def look(self, key: str) -> Result:
        if self.down:
            return Result(finding=Finding(None, why="the portal answers 500"))
        by = "robot" if key in self.filed else "agent" if key in self.by_hand else ""
        if not by:
            return Result(finding=Finding(False, why="the list was seen and is empty"))
        return Result(values={"number": f"N-{key}", "by": by}, finding=Finding(True))


class Lab:
    """One process with one effect `sent`; its items, workers, portal, and what each property says of it."""

    def __init__(self, folder: Path, verify: Verify | None = MARKED, *, timer: Any = None) -> None:
        self.timer = timer or Timer()
        self.store = open_store(f"sqlite:///{folder}/robo.db", timer=self.timer)
        upgrade(self.store)
        self.portal = Portal()
        self.plan = _plan(verify)
        self.before_gate: deque[Hook] = deque()
        self.after_intent: deque[Hook] = deque()
        self.after_gate: deque[Hook] = deque()
        self.after_receipt: deque[Hook] = deque()
        self.clicks: deque[Click] = deque()
        self.wrong: set[str] = set()
        self.dead: set[str] = set()
        self.writers: dict[tuple[str, int], str] = {}
        self.lives: dict[str, int] = {}
        self.clocks: dict[str, LabClock] = {}
        for name in ("A", "B", "C"):
            self.clocks[name] = LabClock(self)
            with self.store.write() as tx:
                self.lives[name] = workers.join(tx, name)
        self._beat()

    # -- the source, the clock, the keepers

    def open(self, *keys: str, once: str = "") -> str:
        """A run with these items. `once`: the once key, and the unit of credit, of all of them (default: their own)."""
        new = NewRun(
            process="p", region="r", environment="production", version="1.0.0", digest="d", inputs={}, options={}
        )
        with self.store.write() as tx:
            run = runs.create(tx, new, actor="person-1")[0]
        with self.store.write() as tx:
            fence = attempts.claim(tx, "A", self.lives["A"], run=run)[0].fence
            items.begin(tx, fence)
        rows = [NewItem(key=key, row={"once": once or key}, digest=f"d{key}") for key in keys]
        with self.store.write() as tx:
            items.insert_chunk(tx, fence, rows, start=0)
        with self.store.write() as tx:
            items.opened(tx, fence)
        return run

    def pass_(self, seconds: float) -> None:
        """Time passes; what was on its way arrives."""
        self.timer.at += timedelta(seconds=seconds)
        for request in self.portal.wire:
            if request.due is not None and request.due <= self.timer.at:
                self.portal.file(request)

    def sweep(self) -> None:
        with self.store.write() as tx:
            sweeps.sweep(tx, dead=self.dead)

    def claim(self, worker: str) -> Claimed | None:
        with self.store.write() as tx:
            found = attempts.claim(tx, worker, self.lives[worker])
        return found[0] if found else None

    # -- workers

    def monotonic(self) -> float:
        return self.timer.at.timestamp()

    async def attempt(self, worker: str, claimed: Claimed | None = None, *, sessions: Any = None) -> bool:
        """One attempt by this worker; False when there is nothing to claim. A worker that dies stays dead."""
        claimed = claimed or self.claim(worker)
        if claimed is None:
            return False
        work = Work(
            fence=claimed.fence,
            run=claimed.run,
            key=claimed.key,
            environment=claimed.environment,
            doing=claimed.doing,
            item=claimed.row,
            inputs={},
            run_facts={},
        )
        book, clock = Noting(self, worker), self.clocks[worker]
        try:
            await execute(self.plan, work, book=book, sessions=sessions or OneSession(self), clock=clock)
        except Died:
            self.dead.add(worker)
        return True

    async def to_rest(self, hours: float = 4) -> None:
        """What machines do without a person: worker C, sweeps, claims, and time that passes."""
        end = self.timer.at + timedelta(hours=hours)
        while self.timer.at < end:
            self.sweep()
            while await self.attempt("C"):
                pass
            self.pass_(self._until_next())
            self._beat()
            if not self._busy():
                break

    def _until_next(self) -> float:
        """Seconds until an attempt is due; a minute when none is queued."""
        with self.store.read() as tx:
            due = tx.execute(select(func.min(attempts_table.c.not_before)).where(attempts_table.c.state == "queued"))
            soonest = due.scalar()
        return max(1.0, (soonest - self.timer()).total_seconds()) if soonest else 60.0

    def _beat(self) -> None:
        """Who is not dead is alive: nothing of theirs may be swept."""
        with self.store.write() as tx:
            for name in self.lives.keys() - self.dead:
                said = self.clocks[name].asking()
                workers.heartbeat(tx, name, self.lives[name])
                said(self.store.now(tx).timestamp())

    def _busy(self) -> bool:
        with self.store.read() as tx:
            states = items.listed(tx, states=(ItemState.QUEUED, ItemState.RUNNING))
        return bool(states)

    # -- people

    def saw(self, key: str) -> Decision:
        """What a person sees of the newest item with this key."""
        with self.store.read() as tx:
            item = items.listed(tx, key=key)[0]
            open_ = [(id_, row.n) for id_, row in journal.rows_of(tx, item.id) if row.state == "open"]
        which, n = open_[0] if open_ else ("", 0)
        return Decision(item=item.id, state=item.state, token=item.token, journal=which, n=n)

    def decide(self, decision: Callable[..., object], saw: Decision, **more: Any) -> bool:
        """A person's act; False when robo refuses it."""
        try:
            with self.store.write() as tx:
                decision(tx, saw, actor="person-1", **more)
        except StoreConflict:
            return False
        return True

    def state(self, key: str) -> ItemState:
        with self.store.read() as tx:
            return items.listed(tx, key=key)[0].state

    # -- what the properties say

    def broken(self, *, rest: bool = True) -> list[str]:
        """Names of the properties that do not hold now. `rest`: machines have done all they can."""
        with self.store.read() as tx:
            found = items.listed(tx, limit=1000)
            once = {item.id: str(items.row_of(tx, item.id)["once"]) for item in found}
            done_rows = set(tx.execute(select(journal_table.c.key).where(journal_table.c.state == "done")).scalars())
            credited = [
                once[item] for item in tx.execute(select(ledger.c.item).where(ledger.c.kind == "credit")).scalars()
            ]
            behind = {row.id: row.behind for row in tx.execute(select(items_table.c.id, items_table.c.behind))}
        robot, known = Counter(self.portal.filed), {*self.portal.filed, *self.portal.by_hand}
        wrong = set(self.wrong)
        wrong |= {"S1 effect twice" for key, times in robot.items() if times > 1}
        wrong |= {"S2 done without the effect" for item in found if item.state == "done" and once[item.id] not in known}
        wrong |= {"S3 credit twice" for key, times in Counter(credited).items() if times > 1}
        wrong |= {"S4 credit for somebody else's work" for key in credited if not robot[key]}
        live = {once[item.id] for item in found if item.state in LIVE}
        wrong |= {"S5 an effect the journal does not know" for key in robot if key not in live | done_rows}
        if rest:
            states = {item.id: item.state for item in found}
            wrong |= {"L does not come to rest" for item in found if not _rests(item.id, states, behind)}
        return sorted(wrong)

    def close(self) -> None:
        self.store.close()


def _rests(item: str, states: Mapping[str, ItemState], behind: Mapping[str, str | None]) -> bool:
    """Terminal, unknown, or held behind an unknown one."""
    if states[item] is ItemState.HELD:
        return states.get(behind[item] or "") is ItemState.UNKNOWN
    return states[item] not in {ItemState.QUEUED, ItemState.RUNNING, ItemState.WAITING}


class Noting(StoreBook):
    """The store's book; notes every commit that a stale token or a second worker got through (S3)."""

    def __init__(self, lab: Lab, worker: str) -> None:
        super().__init__(lab.store, credit=_credit, clocked=lab.clocks[worker].asking)
        self._lab = lab
        self._worker = worker

    async def _write(self, fence: Fence, write: Awaitable[Any]) -> Any:
        with self._lab.store.read() as tx:
            item = items.get(tx, fence.item)
        result = await write
        if (item.token, item.state) != (fence.token, ItemState.RUNNING):
            self._lab.wrong.add("S3 stale write")
        if self._lab.writers.setdefault((fence.item, fence.token), self._worker) != self._worker:
            self._lab.wrong.add("S3 two workers wrote under one token")
        return result

    async def intent(self, fence: Fence, *args: Any, **more: Any) -> Any:
        row = await self._write(fence, super().intent(fence, *args, **more))
        if self._lab.after_intent:
            await self._lab.after_intent.popleft()()
        return row

    async def absent(self, fence: Fence, *args: Any, **more: Any) -> Any:
        return await self._write(fence, super().absent(fence, *args, **more))

    async def done(self, fence: Fence, *args: Any, **more: Any) -> Any:
        row = await self._write(fence, super().done(fence, *args, **more))
        if self._lab.after_receipt:
            await self._lab.after_receipt.popleft()()
        return row

    async def postpone(self, fence: Fence, *args: Any, **more: Any) -> None:
        await self._write(fence, super().postpone(fence, *args, **more))

    async def end(self, fence: Fence, end: ItemEnd) -> None:
        await self._write(fence, super().end(fence, end))


def _credit(fence: Fence, end: ItemEnd, tx: Any) -> Sequence[LedgerRow]:
    """The unit of credit is the once key: two items that share it are one unit."""
    if end.outcome is not Outcome.DONE or not end.ours:
        return ()
    item = items.get(tx, fence.item)
    unit = str(items.row_of(tx, fence.item)["once"])
    return (
        LedgerRow(
            kind=LedgerKind.CREDIT,
            environment="production",
            region="r",
            process="p",
            version="1.0.0",
            unit="p/item",
            unit_hash=sha256(unit.encode()).hexdigest(),
            minutes_before=30,
            minutes_after=5,
            run=item.run,
            item=item.id,
        ),
    )


class LabClock(WorkerClock):
    """A worker's clock in the time of the lab."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(monotonic=lab.monotonic)
        self._lab = lab

    def now(self) -> datetime:
        now: datetime = self._lab.timer.at
        return now

    async def sleep(self, seconds: float) -> None:
        self._lab.pass_(seconds)


class OneSession:
    """The sessions of a slot, and the session: a page that knows its deadline."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    async def get(self, runner: str, going: Sequence[str] = (), witness: Any = None) -> Any:
        return self

    async def lost(self, runner: str) -> None:
        return None

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        return [self._lab.portal.look(_text(call)) for call in calls]

    async def prove(self, call: Call, age: float) -> Result:
        """By the robot's own mark, which an agent's work does not have."""
        portal, key = self._lab.portal, _text(call)
        if portal.down:
            return Result(finding=Finding(None, why="the mailbox does not answer"))
        return Result(values={"number": f"N-{key}"}, finding=Finding(key in portal.filed))

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        try:
            return await self._submit(call, gate)
        except (ArithmeticError, AssertionError, AttributeError, LookupError, NameError, TypeError) as defect:
            self._lab.wrong.add(f"a defect of the lab: {defect}")  # the engine would take it for a runner's
            raise

    async def _submit(self, call: Call, gate: Gate) -> Answer:
        lab = self._lab
        if lab.before_gate:
            await lab.before_gate.popleft()()
        deadline = await gate()
        if lab.after_gate:
            await lab.after_gate.popleft()()
        if lab.monotonic() > deadline:
            raise DeadlinePassed("RB700", "the page refused the click: its time is over")
        request = Request(_text(call))
        lab.portal.wire.append(request)
        click = lab.clicks.popleft() if lab.clicks else _answered(lab)
        return await click(request)

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        return {}


def _text(call: Call) -> str:
    assert isinstance(call.params, Text)
    return call.params.text


def _answered(lab: Lab) -> Click:
    async def click(request: Request) -> Answer:
        lab.portal.file(request)
        return Answer(values={"number": f"N-{request.key}"}, requests=1)

    return click


def _plan(verify: Verify | None) -> Plan:
    key = parse_template("${{ item.once }}")
    specs = {
        "t.find": ActionSpec(
            name="t.find", params=Text, effect=Effect.READ, summary="find", primary="text", finder=True
        ),
        "t.send": ActionSpec(
            name="t.send", params=Text, effect=Effect.SUBMIT, summary="send", primary="text",
            proof=Proof.NONE if verify else Proof.JOURNALED,
        ),
    }  # fmt: skip

    def step(action: str, id_: str, **more: Any) -> Step:
        timeout = timedelta(seconds=BUDGET)
        return Step(
            id=id_, kind=StepKind.ACTION, path=("steps",), action=action, params=key, timeout=timeout,
            effect=specs[action].effect, **more,
        )  # fmt: skip

    submit = step("t.send", "sent", named=True, once=key, read={"number": "N°"}, verify=verify).model_copy(
        update={"refused": (Refusal(target="Déjà enregistré", code="already-known"),)}
    )
    once = Once(
        step=submit,
        key=key,
        body=(),
        entries=(),
        submit=submit,
        verify=verify,
        settle=timedelta(seconds=SETTLE),
        outputs=("sent.number",),
    )
    return Plan(
        process="p", title="P", version="1.0.0", region="r", zone="Europe/Paris", holidays="", date_format="%d/%m/%Y",
        digest="d", inputs={}, secrets={}, hosts=(), grants={}, tables={}, items=None,
        finders={"sent": Finder(name="sent", step=step("t.find", "find"))}, sessions=Sessions(), setup=(),
        segments=(Segment(index=0, id="sent", lead=(), once=once),), finish=(), limits=Limits(),
        on_failure=OnFailure(), counts=Counts(), done_by="sent", again="never", actions=specs, runners=("t",),
    )  # fmt: skip
