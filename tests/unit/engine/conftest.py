"""A small world for the engine: a portal that files, a session that clicks, a clock that only tests move."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from robo.definition.template import parse_template
from robo.engine.execute import execute
from robo.engine.memory import MemoryBook, MemoryItem
from robo.engine.ports import JournalRow, OnceKey, Work
from robo.errors import DeadlinePassed, SessionLost
from robo.model.base import Effect, ItemState
from robo.model.process import Counts, Finder, Limits, OnFailure, Refusal, Sessions, Step, StepKind, Verify
from robo.model.text import Expr
from robo.plan.keeping import keeping
from robo.plan.model import Group, Once, Plan, Segment, Turns, Unit, every
from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.runner import Answer, Call, CellChange, Finding, Gate, Refused, Result
from robo.sdk.targets import Target, Watched

BUDGET, SETTLE = 10.0, 30.0


class Words(Params):
    text: str = ""


class Cell(Params):
    column: str
    new: str


def spec(name: str, effect: Effect, **more: Any) -> ActionSpec:
    params = more.pop("params", Words)
    primary = None if params is Cell else "text"
    return ActionSpec(name=name, params=params, effect=effect, summary=name, primary=primary, **more)


ACTIONS = {
    each.name: each
    for each in (
        spec("t.open", Effect.READ, opens=True),
        spec("t.fill", Effect.DRAFT, entry=True),
        spec("t.next", Effect.DRAFT),
        spec("t.read", Effect.READ, results={"seen": "what is there"}),
        spec("t.find", Effect.READ, finder=True),
        spec("t.send", Effect.SUBMIT),
        spec("t.mail", Effect.SUBMIT, proof=Proof.JOURNALED, results={"id": "which message it is"}),
        spec("t.update", Effect.LOCAL, params=Cell),
    )
}


def text(source: Any) -> Any:
    """A node as the loader gives it."""
    if isinstance(source, dict):
        return {key: text(value) for key, value in source.items()}
    return parse_template(source)


class Clock:
    """Both clocks at once: the database's and the engine's. Sleeping moves it."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        self.jumped: float | None = None

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def untrusted(self, seconds: float) -> float:
        return 0.0 if self.jumped is None else max(0.0, self.jumped + seconds - self.time)


@dataclass
class Portal:
    """What it filed, and how it answers: `answers` for submits, `looks` for the finder, each used once, then normal."""

    filed: list[dict[str, Any]] = field(default_factory=list)
    answers: deque[Any] = field(default_factory=deque)
    looks: deque[Any] = field(default_factory=deque)
    drafts: deque[Any] = field(default_factory=deque)
    proofs: deque[Any] = field(default_factory=deque)
    """What a mail's own proof says, each once, then by what was sent."""
    sent: list[str] = field(default_factory=list)
    """The effects' ids of the mails that left."""
    by_hand: int = 0

    def file(self, step: str, key: str, by: str = "robot") -> dict[str, Any]:
        filed = {"step": step, "key": key, "number": f"N{len(self.filed) + 1}", "by": by}
        self.filed.append(filed)
        return filed

    def of(self, step: str) -> list[dict[str, Any]]:
        return [filed for filed in self.filed if filed["step"] == step]


class Session:
    """The runner's side. `log` is everything it was asked to do, in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.closed = False

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        return [await self._one(call) for call in calls]

    async def _one(self, call: Call) -> Result:
        world, said = self.world, getattr(call.params, "text", "")
        world.log.append(f"{call.action[2:]} {said or call.step}")
        if call.action == "t.find":
            return self._look(said or "created")
        if call.action == "t.read":
            return Result(values={"seen": world.reading})
        if call.action == "t.update":
            assert isinstance(call.params, Cell)
            return Result(changes=(change(call.params.column, call.params.new),))
        if world.portal.drafts:
            raise world.portal.drafts.popleft()
        return Result(note=f"{call.step} = «{said}»")

    def _look(self, step: str) -> Result:
        portal = self.world.portal
        if portal.looks:
            planned = portal.looks.popleft()
            if isinstance(planned, Exception):
                raise planned
            if isinstance(planned, Finding):
                return Result(finding=planned)
        step, _, key = step.partition(" ")
        there = [filed for filed in portal.of(step) if filed["key"] == (key or "K")]
        if not there:
            return Result(finding=Finding(False, why="the list is empty"))
        return Result(
            values={"number": there[0]["number"], "by": there[0]["by"]}, finding=Finding(True, several=len(there) > 1)
        )

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        notes = [(await self._one(entry)).note for entry in entries]
        left = await gate(notes) - self.world.clock.monotonic()
        world = self.world
        world.log.append(f"click {call.step} {left:g}")
        answer = world.portal.answers.popleft() if world.portal.answers else "ok"
        return await answer(call) if callable(answer) else self._answer(answer, call)

    async def prove(self, call: Call, age: float) -> Result:
        portal = self.world.portal
        self.world.log.append(f"prove {call.step} {age:g}")
        planned = portal.proofs.popleft() if portal.proofs else Finding(call.effect_id in portal.sent, why="looked")
        if isinstance(planned, Exception):
            raise planned
        return Result(values={"id": call.effect_id} if planned.found else {}, finding=planned)

    def _answer(self, answer: Any, call: Call) -> Answer:
        file, step = self.world.portal.file, self.world.step_of(call.step)
        key = call.params.text if step in self.world.by_turn else "K"
        if isinstance(answer, Exception):
            raise answer
        if answer == "ok" and call.action == "t.mail":
            self.world.portal.sent.append(call.effect_id)
            return Answer(values={"id": call.effect_id}, requests=1)
        match answer:
            case "ok":
                filed = file(step, key)
                values = {"number": filed["number"]} if call.watch.read else {}
                return Answer(values=values, requests=1)
            case "filed, no answer":
                file(step, key)
                return Answer(requests=1)
            case "filed, browser gone":
                file(step, key)
                raise SessionLost("RB700", "the browser is gone")
            case "filed, then refused":
                file(step, key)
                return Answer(refused=watched(call, 0), words="Dossier déjà existant")
            case "refused":
                return Answer(refused=watched(call, 0), words="Dossier déjà existant")
            case "an alert":
                file(step, key)
                return Answer(refused=Watched(targets=(Target(name="any", role="alert"),), ends_only=True), words="?")
            case "not filed, no answer":
                return Answer()
            case "deadline":
                raise DeadlinePassed("RB701", "too late")
        raise AssertionError(answer)

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        return {"screenshot.png": b"picture", "page.html": b"<html>"}

    async def close(self) -> None:
        self.closed = True


def watched(call: Call, which: int) -> Watched:
    return call.watch.refused[which]


def refused(code: str, words: str = "Champ invalide") -> Refused:
    """A draft step meets a declared refusal."""
    return Refused(Watched(targets=(Target(name=words),), code=code), words)


def change(column: str, new: str) -> CellChange:
    return CellChange(Path("/in/export.xlsx"), "Demandes", 7, "d7", column, None, new)


class SlotSessions:
    """The sessions of one slot; `opened` and `lost` count."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: Session | None = None
        self.opened = 0
        self.lost_ones = 0
        self.troubles: deque[Exception] = deque()

    async def get(self, runner: str, going: Sequence[str] = (), witness: Any = None) -> Any:
        if self.troubles:
            raise self.troubles.popleft()
        if self._open is None:
            self.opened += 1
            self._open = Session(self._world)
        return self._open

    async def lost(self, runner: str) -> None:
        self.lost_ones += 1
        if self._open is not None:
            await self._open.close()
        self._open = None


class World:
    """A portal, a book, a clock and one item `I` with the key `K`."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.book = MemoryBook(now=lambda: self.clock.time)
        self.portal = Portal()
        self.sessions = SlotSessions(self)
        self.log: list[str] = []
        self.reading: Any = "seen"
        self.steps: dict[str, str] = {}
        self.by_turn: set[str] = set()
        """Steps in loops: what they file is known by the turn."""
        self.item: MemoryItem = self.book.add("I")
        self.work: dict[str, Any] = {}

    # -- plans

    def step(self, action: str, id_: str = "", params: Any = "", **more: Any) -> Step:
        effect = more.pop("effect", ACTIONS[action].effect)
        return Step(
            id=id_ or action[2:],
            named=bool(id_),
            kind=StepKind.ACTION,
            path=("steps",),
            action=action,
            params=text(params),
            effect=effect,
            timeout=timedelta(seconds=BUDGET),
            **more,
        )

    def control(self, kind: StepKind, condition: str, code: str = "", message: str = "") -> Step:
        return Step(
            id=kind.value, kind=kind, path=("steps",), condition=Expr(condition), code=code, message=text(message)
        )

    def set(self, **assign: str) -> Step:
        nodes = {name: text(source) for name, source in assign.items()}
        return Step(id="set", kind=StepKind.SET, path=("steps",), assign=nodes)

    def units(self, *steps: Step) -> tuple[Unit | Group, ...]:
        return tuple(Unit((step,)) for step in steps)

    def once(
        self,
        name: str = "created",
        *,
        lead: Sequence[Step] = (),
        body: Sequence[Step] = (),
        entries: Sequence[Step] = (),
        verify: Verify | str | None = "finder",
        read: bool = True,
        key: str = "${{ item.key }}",
        says: str = "Le dossier existe déjà",
        **more: Any,
    ) -> Segment:
        """A segment whose submit is refused with `already-known`, read as `number`, verified by the finder `name`."""
        if verify == "finder":
            verify = Verify(finder=name)
        self.steps[f"{name}.send"] = name
        submit = self.step(
            "t.send",
            f"{name}.send",
            "Enregistrer",
            read={"number": "N° dossier"} if read else None,
            refused=(
                Refusal(target="Dossier déjà existant", code="already-known", says=says),
                Refusal(target={"alert": "any"}, code="alert"),
            ),
        ).model_copy(update={"named": False})
        block = Step(
            id=name,
            named=True,
            kind=StepKind.BLOCK,
            path=("steps",),
            once=text(key),
            do=(submit,),
            when=more.pop("when", None),
        )
        once = Once(
            step=block,
            key=text(key),
            body=self.units(*body),
            entries=tuple(entries),
            submit=submit,
            verify=verify,
            settle=timedelta(seconds=SETTLE),
            outputs=more.pop("outputs", (f"{name}.number",)),
            **more,
        )
        return Segment(index=0, id=name, lead=self.units(*lead), once=once)

    def turns(self, each: str = "parts", *segments: Segment, key: str = "${{ part }}", **more: Any) -> Turns:
        """A loop over `each` in which `sent` is submitted for each part; `segments` instead of it."""
        loop = Step(
            id="loop",
            named=True,
            kind=StepKind.FOR_EACH,
            path=("steps",),
            each=Expr(each),
            as_="part",
            key=text(key),
            **more,
        )
        return Turns(step=loop, segments=segments or (self.sent(),))

    def sent(self, name: str = "sent", **more: Any) -> Segment:
        """A segment of a turn: its submit and its look are those of `part`."""
        self.by_turn.add(name)
        look = self.step("t.find", f"{name}-verify1", f"{name} ${{{{ part }}}}")
        segment = self.once(name, verify=more.pop("verify", Verify(steps=(look,))), **more)
        assert segment.once is not None
        submit = segment.once.submit.model_copy(update={"params": text("${{ part }}")})
        return replace(segment, once=replace(segment.once, submit=submit))

    def mail(self, name: str = "sent", **more: Any) -> Segment:
        """A segment whose action proves itself."""
        self.steps[name] = name
        submit = self.step("t.mail", name, "Bonjour", **more)
        once = Once(
            step=submit,
            key=text("${{ item.key }}"),
            body=(),
            entries=(),
            submit=submit,
            verify=submit.verify,
            settle=timedelta(seconds=SETTLE),
            outputs=(f"{name}.id",),
        )
        return Segment(index=0, id=name, lead=(), once=once)

    def tail(self, *steps: Step) -> Segment:
        return Segment(index=9, id="end", lead=self.units(*steps))

    def step_of(self, submit: str) -> str:
        return self.steps[submit]

    def plan(self, *segments: Segment | Turns, **more: Any) -> Plan:
        names = [segment.id for segment in every((*segments, *more.get("finish", ()))) if segment.once is not None]
        finders = {name: Finder(name=name, step=self.step("t.find", f"find {name}", name)) for name in names}
        whole: dict[str, Any] = {
            "process": "p",
            "title": "P",
            "version": "1.0.0",
            "region": "occitanie",
            "zone": "Europe/Paris",
            "holidays": "",
            "date_format": "%d/%m/%Y",
            "digest": "d" * 64,
            "inputs": {},
            "secrets": {},
            "hosts": (),
            "grants": {},
            "tables": {},
            "items": None,
            "finders": finders,
            "sessions": Sessions(),
            "setup": (),
            "segments": keeping(segments, finders),
            "finish": (),
            "limits": Limits(),
            "on_failure": OnFailure(),
            "counts": Counts(),
            "done_by": names[-1] if names else None,
            "again": "never",
            "actions": ACTIONS,
            "runners": ("t",),
            "source": "processes/p/process.yaml",
        }
        if "finish" in more:
            more["finish"] = keeping(more["finish"], finders)
        more["sequels"] = {name: keeping(parts, finders) for name, parts in more.get("sequels", {}).items()}
        return Plan(**(whole | more))

    # -- running

    async def attempt(self, plan: Plan, item: str = "I") -> None:
        """One attempt of the item, which can be claimed."""
        fence = self.book.claim(item)
        assert fence is not None, self.item
        given: dict[str, Any] = {
            "fence": fence,
            "run": "R",
            "key": "K",
            "environment": "test",
            "doing": 0,
            "item": {"number": "2026-1", "last": "Martin", "row": 7},
            "inputs": {},
            "run_facts": {"date": date(2026, 3, 2)},
        }
        work = Work(**(given | self.work))
        await execute(plan, work, book=self.book, sessions=self.sessions, clock=self.clock)

    async def run(self, plan: Plan, most: int = 12) -> MemoryItem:
        """Attempts until the item rests; a postponement moves the clock."""
        for _ in range(most):
            await self.attempt(plan)
            if self.item.state is not ItemState.QUEUED:
                return self.item
            self.clock.time = max(self.clock.time, self.item.not_before)
        raise AssertionError("the item does not come to rest")

    # -- looking

    async def row(self, step: str = "created", key: str = "K") -> JournalRow:
        return await self.book.journal(OnceKey("test", "p", "occitanie", step, key))

    async def open_intent(self, step: str = "created", **more: Any) -> JournalRow:
        """An earlier attempt of the item left an open intent; it is not ripe yet."""
        fence = self.book.claim("I")
        assert fence is not None
        whole = {"budget": BUDGET, "settle": SETTLE, "digest": "d", "outputs": {}} | more
        row = await self.book.intent(fence, await self.row(step), **whole)
        self.book.requeue("I")
        self.book.commits.clear()
        return row

    @property
    def clicks(self) -> int:
        return sum(line.startswith("click") for line in self.log)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def refusal() -> Callable[..., Refused]:
    return refused


class Hung:
    """An answer that never comes; `asked` is set when it is waited for."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def __call__(self, _call: Call) -> Answer:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
def hung() -> Hung:
    return Hung()
