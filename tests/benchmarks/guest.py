"""A runner that does nothing: what a run costs besides its actions. It asks and passes its gate like any other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from robo.sdk.action import ActionSpec, Params
from robo.sdk.runner import Answer, Call, Context, Gate, Result, Row
from robo.sdk.values import Effect
from robo.services.worker.sessions import RunnerPool


class What(Params):
    what: str


class Many(Params):
    many: int


ACTIONS: Mapping[str, ActionSpec] = {
    spec.name: spec
    for spec in (
        ActionSpec(name="bench.rows", params=Many, primary="many", effect=Effect.READ, source=True, summary="rows"),
        ActionSpec(
            name="bench.look",
            params=What,
            primary="what",
            effect=Effect.READ,
            summary="sees what it is told",
            results={"seen": "it"},
        ),
        ActionSpec(name="bench.send", params=What, primary="what", effect=Effect.SUBMIT, summary="sends nothing"),
    )
}


class Idle:
    """A session without anything behind it."""

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        return [Result(values={"seen": _what(call)}) for call in calls]

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        await gate([])
        return Answer(values={"number": _what(call)}, requests=1)

    async def rows(self, call: Call) -> AsyncIterator[Row]:
        assert isinstance(call.params, Many)
        for number in range(1, call.params.many + 1):
            values = {"number": f"K-{number}", "name": "Ada"}
            yield Row(values=values, place=f"A{number}", number=number, digest=str(number))

    async def evidence(self, sensitive: Sequence[str]) -> Mapping[str, bytes]:
        return {}

    async def reset(self) -> None:
        return

    async def close(self) -> None:
        return


def _what(call: Call) -> str:
    assert isinstance(call.params, What)
    return call.params.what


@dataclass
class IdleRunner:
    name: ClassVar[str] = "bench"
    actions: ClassVar[Mapping[str, ActionSpec]] = ACTIONS

    async def start(self, settings: Mapping[str, Any], *, headed: bool, slots: int) -> None:
        return

    async def open(self, context: Context) -> Idle:
        return Idle()

    async def stop(self) -> None:
        return


class IdlePool(RunnerPool):
    """A worker's runners, all of them idle."""

    async def _start(self, name: str) -> Any:
        return IdleRunner()
