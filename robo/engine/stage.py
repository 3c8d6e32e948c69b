"""Where steps are performed: names, sessions, history. `setup` needs no more; an attempt of an item does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from robo.engine.calls import addresses, make_call, told
from robo.engine.history import History, Mask
from robo.engine.ports import Clock, Sessions, Witness
from robo.engine.scope import Names
from robo.errors import SessionLost, SignedOut, TimedOut, english
from robo.model.process import Step
from robo.plan.model import Plan
from robo.plan.steps import runner_of
from robo.sdk.runner import Call, CellChange, Finding, Result, Session

GRACE: Final = 15.0
"""Seconds beyond an action's own time-out after which its session is taken for dead and closed."""
SAYS: Final = {True: "found", False: "absent", None: "cannot tell"}


class Stage:
    """The steps of one item (or of `setup`) act here, one trip at a time."""

    def __init__(
        self,
        plan: Plan,
        *,
        base: Mapping[str, Any],
        sessions: Sessions,
        clock: Clock,
        sensitive: Sequence[str] = (),
        witness: Witness | None = None,
    ) -> None:
        self.plan = plan
        self.clock = clock
        self.mask: Mask = Mask(sensitive) if witness is None else witness.mask
        self.history: History = History(clock, self.mask) if witness is None else witness.history
        self.names = Names(base, self.find)
        self.stepwise: Any = None if witness is None else witness.stepwise
        self.key: str = "" if witness is None else witness.key
        """The item whose steps they are, for the person at `--step`."""
        self.changes: list[CellChange] = []
        """Write-backs of the segment that is being executed."""
        self.drift: list[str] = []
        self.notes: list[str] = []
        """What was entered since the block began, for a dry run."""
        self.at: Step | None = None
        """The step that is performed, for the place of what goes wrong."""
        self.in_use: dict[str, Session] = {}
        self._sessions = sessions

    async def session(self, runner: str, calls: Sequence[Call]) -> Session:
        """The session that is about to perform these calls."""
        self.in_use[runner] = await self._sessions.get(runner, addresses(calls), self)
        return self.in_use[runner]

    async def lose(self, runner: str) -> None:
        """Close the session; the next mention opens a new one and sets it up."""
        self.in_use.pop(runner, None)
        await self._sessions.lost(runner)

    async def find(self, name: str) -> Result:
        """Ask a finder of the process, now."""
        step = self.plan.finders[name].step
        began = self.history.begin()
        result = (await self.perform([await make_call(self.plan, step, self.names)]))[0]
        finding = result.finding or Finding(None)
        self.history.add(step, SAYS[finding.found], finding.why or result.note, began)
        return result

    async def perform(self, calls: Sequence[Call]) -> Sequence[Result]:
        """One trip of calls of one runner; a session that hangs or is lost is closed."""
        runner = runner_of(calls[0].action)
        session = await self.session(runner, calls)
        async with self.guarded(runner, calls):
            results = await session.perform(calls)
        for result in results:
            self.changes.extend(result.changes)
            self.drift.extend(result.drift)
            if result.note:
                self.notes.append(english(result.note))
        return results

    @asynccontextmanager
    async def guarded(self, runner: str, calls: Sequence[Call]) -> AsyncIterator[None]:
        """Whatever is awaited inside ends in the calls' time-outs and grace, and leaves no session half-used."""
        limit = sum(call.timeout for call in calls) + GRACE
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as late:
            await self.lose(runner)
            raise TimedOut(
                "RB551",
                "%(action)s did not come back within %(seconds)s s; its session was closed",
                remedy="if the application is slow, give the step a longer `timeout`",
                action=calls[-1].action,
                seconds=round(limit),
            ) from late
        except SignedOut as out:
            await self._sessions.signed_out(runner, out.hosts)
            raise
        except (SessionLost, asyncio.CancelledError):
            await self.lose(runner)
            raise

    async def watch(self, step: Step, call: Call | None = None) -> None:
        """This step is next, as this call: wait for the person at `--step`, if there is one."""
        self.at = step
        if self.stepwise is not None:
            what = " · ".join(filter(None, (self.key, self.plan.places.get(step.id), step.title)))
            await self.stepwise(self.mask.text(what), self.mask.text(told(call)) if call else "")
