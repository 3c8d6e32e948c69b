"""The sessions of one slot: opened at first need, set up once, reset between items, closed when lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from robo.definition.expressions import render
from robo.engine.ports import Witness
from robo.model.text import Node
from robo.plan.build import origin_of
from robo.plan.model import Piece, Plan, performed
from robo.plan.steps import runner_of
from robo.sdk.grammar import parse_target
from robo.sdk.runner import Context, Flusher, Popup, Runner, Session
from robo.sdk.targets import Target
from robo.services.guests import new_runner
from robo.services.worker.accounts import IDLE, Accounts

Setup = Callable[["SlotSessions"], Awaitable[None]]
HostSetup = Callable[["SlotSessions", str, Witness | None], Awaitable[None]]


class RunnerPool:
    """The runners of one worker, each started once, in the background: a browser launches while rows are read. Leaving
    the pool stops them."""

    def __init__(self, settings: Mapping[str, Mapping[str, Any]], *, headed: bool, slots: int) -> None:
        self.slots = slots
        self._settings = settings
        self._headed = headed
        self._starting: dict[str, asyncio.Task[Runner]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.stop()

    async def spawn(self, names: Iterable[str]) -> None:
        """Begin runners, and let them come as far as their own processes: loading those takes this one's whole time."""
        for name in names:
            self.begin(name)
        await asyncio.sleep(0)

    def begin(self, name: str) -> asyncio.Task[Runner]:
        """Start a runner now, without waiting; errors come out at `get`."""
        if name not in self._starting:
            self._starting[name] = asyncio.create_task(self._start(name), name=f"start {name}")
        return self._starting[name]

    async def _start(self, name: str) -> Runner:
        runner = new_runner(name)
        await runner.start(self._settings.get(name, {}), headed=self._headed, slots=self.slots)
        return runner

    async def get(self, name: str) -> Runner:
        """The started runner, or the error its start ended with."""
        return await asyncio.shield(self.begin(name))

    async def flushers(self) -> list[Flusher]:
        """The started runners whose write-backs are rows of the store."""
        runners: list[object] = [await task for task in self._starting.values() if not task.cancelled()]
        return [runner for runner in runners if isinstance(runner, Flusher)]

    async def stop(self) -> None:
        """Stop all; a runner that never came up has nothing to stop."""
        for task in self._starting.values():
            try:
                runner = await task
            except Exception:  # noqa: BLE001, S112 - its error was already told by `get`
                continue
            await runner.stop()
        self._starting.clear()


class Beginning:
    """`start` of one run: performed once, in the first sessions that are set up, while the others wait; and again when
    those are lost."""

    def __init__(self, perform: Setup) -> None:
        self._perform = perform
        self._turn = asyncio.Lock()
        self._done_in: SlotSessions | None = None

    async def begin(self, sessions: SlotSessions) -> None:
        """These sessions are set up: perform it in them, unless it was."""
        async with self._turn:
            if self._done_in is None:
                await self._perform(sessions)
                self._done_in = sessions

    def lost(self, sessions: SlotSessions) -> None:
        """A session of these is gone that nobody closed on purpose."""
        if self._done_in is sessions:
            self._done_in = None


async def _nothing(_sessions: SlotSessions, _host: str, _witness: Witness | None) -> None:
    """Where no host is set up."""


@dataclass(frozen=True, slots=True)
class HostSetups:
    """What a process does at the first use of a host. `addresses`: of each such host; `runners`: those that its steps
    use."""

    perform: HostSetup = _nothing
    addresses: Mapping[str, str] = field(default_factory=dict)
    runners: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def at(self, runner: str, pages: Iterable[str]) -> list[str]:
        """The hosts of these pages that this runner is set up for, in the order of the process. Where several are
        applications of one machine, those below whose address a page is; all of them, where it is below none."""
        found: set[str] = set()
        for page in pages:
            there = [host for host, at in self.addresses.items() if origin_of(at) == origin_of(page)]
            nearest = max((_below(page, self.addresses[host]) for host in there), default=0)
            found.update(host for host in there if _below(page, self.addresses[host]) == nearest)
        return [host for host in self.addresses if host in found and runner in self.runners[host]]


def _below(page: str, address: str) -> int:
    """How much of the path of a page an application's address says; -1 when the page is not below it."""
    path, own = urlsplit(page).path.rstrip("/"), urlsplit(address).path.rstrip("/")
    return len(own) if f"{path}/".startswith(f"{own}/") else -1


class SlotSessions:
    """The engine's `Sessions` port for one slot. `setup` (and in the first slot that comes there `start`) runs when the
    first session of a runner that they use opens; what is set up by host, at the first use of each."""

    def __init__(
        self,
        pool: RunnerPool,
        *,
        context: Callable[[str], Context],
        setup: Setup,
        beginning: Beginning,
        setup_runners: frozenset[str],
        hosts: HostSetups = HostSetups(),
        accounts: Accounts | None = None,
    ) -> None:
        self._pool = pool
        self._context = context
        self._setup = setup
        self._beginning = beginning
        self._setup_runners = setup_runners
        self._accounts = accounts
        self._hosts = hosts
        self._used: set[str] = set()
        """Hosts that are set up, or are being so: their own steps go there."""
        self._asking: set[str] = set()
        """Hosts that asked to sign in since the last `get`."""
        self._open: dict[str, Session] = {}
        self._setting_up = False
        """`setup`, `start` or what is done at a host is being performed: none of it waits for `start`."""
        self._ready = False

    async def get(self, runner: str, going: Sequence[str] = (), witness: Witness | None = None) -> Session:
        """The runner's session, set up, and so the hosts of the addresses that it is `going` to."""
        session = self._open.get(runner)
        if session is None:
            session = await (await self._pool.get(runner)).open(self._context(runner))
            self._open[runner] = session
        asking = sorted(host for host in self._asking if runner in self._hosts.runners[host])
        await self._use(asking, witness)
        if runner in self._setup_runners and not self._ready and not self._setting_up:
            await self._set_up()
        await self._use(self._hosts.at(runner, going), witness)
        return self._open[runner]

    async def _use(self, hosts: Iterable[str], witness: Witness | None) -> None:
        """Set up those that are not."""
        for host in hosts:
            self._asking.discard(host)
            if host in self._used:
                continue
            self._used.add(host)
            ready, around = False, self._setting_up
            self._setting_up = True
            try:
                await self._hosts.perform(self, host, witness)
                ready = host in self._used
            finally:
                self._setting_up = around
                if not ready:
                    self._beginning.lost(self)
                    await self.close()

    async def _set_up(self) -> None:
        self._setting_up = True
        try:
            await self._setup(self)
            await self._beginning.begin(self)
            self._ready = True
        finally:
            self._setting_up = False
            if not self._ready:
                await self.close()

    async def lost(self, runner: str) -> None:
        """Close what is left of it; the next `get` opens and sets up again."""
        if runner in self._setup_runners:
            self._beginning.lost(self)
        await self._close(runner)

    async def signed_out(self, runner: str, hosts: Sequence[str]) -> None:
        """Only these are signed in to again, before anything else is done; what `start` did there is done again too."""
        known = self._hosts.at(runner, hosts)
        if not known:
            await self.lost(runner)
            return
        self._used.difference_update(known)
        self._asking.update(known)
        if runner in self._setup_runners:
            self._ready = False
            self._beginning.lost(self)

    async def _close(self, runner: str) -> None:
        self._used = {host for host in self._used if runner not in self._hosts.runners[host]}
        session = self._open.pop(runner, None)
        if runner in self._setup_runners:
            self._ready = False
        if session is not None:
            await session.close()

    async def between_items(self, *, span: str, kept: bool) -> None:
        """What the process asks between two items: nothing (`kept`), a clean page, or new sessions (`span: item`). An
        account that another run waits for is left to it first."""
        if self._accounts is not None and await self._accounts.wanted():
            await self._leave_account(self._accounts)
        if span == "item":
            await self.close()
        elif not kept:
            for session in self._open.values():
                await session.reset()

    async def idle(self, seconds: float) -> None:
        """Nothing was to be done for so long."""
        if self._accounts is not None and (seconds >= IDLE or await self._accounts.wanted()):
            await self._leave_account(self._accounts)

    async def _leave_account(self, accounts: Accounts) -> None:
        """Another run may sign in with it; what is done here next signs in anew, and begins anew."""
        self._beginning.lost(self)
        await self.close()
        await accounts.give_back()

    async def close(self) -> None:
        for runner in list(self._open):
            await self._close(runner)


def setup_runners(plan: Plan) -> frozenset[str]:
    """The runners that `setup` and `start` use: a new session of one of them runs it. A host's own use is another."""
    return _runners((*plan.every_session, *plan.start))


def host_setups(plan: Plan, base: Mapping[str, Any], perform: HostSetup) -> HostSetups:
    """What is done at the first use of each host of a run."""
    runners = {host: _runners(pieces) for host, pieces in plan.by_host.items()}
    addresses = {host.name: str(render(host.url, base)) for host in plan.hosts if host.name in runners}
    return HostSetups(perform, addresses, runners)


def _runners(pieces: Iterable[Piece]) -> frozenset[str]:
    return frozenset(runner_of(step.action) for step in performed(pieces) if step.action)


def popups_of(plan: Plan, base: Mapping[str, Any]) -> tuple[Popup, ...]:
    """What may appear at any time, with its expressions evaluated."""

    def target(node: Node) -> Target:
        return parse_target(render(node, base))

    return tuple(
        Popup(dismiss=target(popup.dismiss), see=None if popup.see is None else target(popup.see))
        for popup in plan.popups
    )
