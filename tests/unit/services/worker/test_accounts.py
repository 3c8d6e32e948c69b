"""`account: exclusive`: one session at a time has an account, and whoever waits gets it between two items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from robo.errors import InfrastructureError
from robo.services.worker.accounts import IDLE, Accounts
from robo.services.worker.sessions import Beginning, SlotSessions
from robo.services.worker.signins import SignIns
from robo.store import workers
from robo.store.engine import Store, open_store, upgrade
from tests.benchmarks.guest import Idle, IdlePool, IdleRunner


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "robo.db"))
    upgrade(opened)
    yield opened
    opened.close()


@asynccontextmanager
async def open_door(_secret: str) -> AsyncIterator[None]:
    yield


class Run:
    """One run with one slot, which signs in when its session is set up. `inside`: who is signed in."""

    def __init__(self, store: Store, name: str, inside: list[str]) -> None:
        self.name, self.inside = name, inside
        self.accounts = Accounts(store, name, lambda: 1)
        turn = SignIns(self._refused, self.accounts.behind(open_door)).turn

        async def set_up(_sessions: SlotSessions) -> None:
            async with turn("portal"):
                inside.append(name)

        async def begin(_sessions: SlotSessions) -> None:
            return

        self.sessions = SlotSessions(
            Pool(self), context=lambda _: None, setup=set_up, beginning=Beginning(begin),
            setup_runners=frozenset({"bench"}), accounts=self.accounts,
        )  # fmt: skip

    async def _refused(self, _error: Any) -> None:
        raise AssertionError("nobody is refused here")

    async def item(self) -> None:
        """What a slot does for an item: nobody else is signed in meanwhile."""
        await self.sessions.between_items(span="worker", kept=False)
        await self.sessions.get("bench")
        assert self.inside == [self.name]
        await asyncio.sleep(0)
        assert self.inside == [self.name]


class Session(Idle):
    def __init__(self, run: Run) -> None:
        self._run = run

    async def close(self) -> None:
        self._run.inside.remove(self._run.name)


class Runner(IdleRunner):
    def __init__(self, run: Run) -> None:
        self._run = run

    async def open(self, context: Any) -> Idle:
        return Session(self._run)


class Pool(IdlePool):
    def __init__(self, run: Run) -> None:
        super().__init__({}, headed=False, slots=1)
        self._run = run

    async def _start(self, name: str) -> Any:
        return Runner(self._run)


async def test_two_runs_share_an_account_item_by_item(store: Store) -> None:
    inside: list[str] = []
    one, other = Run(store, "one", inside), Run(store, "other", inside)
    order: list[str] = []

    async def work(run: Run) -> None:
        for _ in range(3):
            await run.item()
            order.append(run.name)
            while len(order) < 2 and not await run.accounts.wanted():  # noqa: ASYNC110 - until the other one has knocked
                await asyncio.sleep(0.01)
        await run.sessions.close()
        await run.accounts.give_back()

    await asyncio.wait_for(asyncio.gather(work(one), work(other)), 20)
    assert sorted(order) == ["one"] * 3 + ["other"] * 3
    assert order[0] != order[1]
    assert inside == []


async def test_an_account_nobody_waits_for_is_kept_until_a_minute_without_work(store: Store) -> None:
    inside: list[str] = []
    run = Run(store, "one", inside)
    await run.item()
    await run.item()
    await run.sessions.idle(IDLE - 1)
    assert inside == ["one"]
    await run.sessions.idle(IDLE)
    assert inside == []
    assert await store.look(lambda tx: workers.holder_of(tx, "account:portal")) is None
    await run.item()
    await run.sessions.close()
    await run.accounts.give_back()


async def test_a_worker_that_died_leaves_its_account(store: Store) -> None:
    dead = Accounts(store, "dead", lambda: 1)
    await store.run(lambda tx: workers.join(tx, "dead"))
    await dead.take("portal")
    await store.run(lambda tx: workers.leave(tx, "dead", 1))
    other = Accounts(store, "other", lambda: 1)
    await asyncio.wait_for(other.take("portal"), 5)
    await dead.give_back()
    assert await store.look(lambda tx: workers.holder_of(tx, "account:portal")) == "other"
    await other.give_back()


async def test_an_account_that_could_not_be_kept_is_left_and_waited_for(store: Store) -> None:
    """A worker that hung longer than its lease: who has the account now keeps it, and is not signed out."""
    inside: list[str] = []
    run = Run(store, "one", inside)
    await run.item()
    await store.run(lambda tx: workers.give(tx, "account:portal", "one", incarnation=1))
    other = Accounts(store, "other", lambda: 1)
    await other.take("portal")
    assert await run.accounts.wanted()
    await run.sessions.between_items(span="worker", kept=False)
    assert inside == []
    assert await store.look(lambda tx: workers.holder_of(tx, "account:portal")) == "other"
    await other.give_back()
    await asyncio.wait_for(run.item(), 20)
    await run.sessions.close()
    await run.accounts.give_back()


async def test_a_sign_in_in_the_middle_of_an_item_waits_for_an_account_that_was_lost(store: Store) -> None:
    run, other = Accounts(store, "one", lambda: 1), Accounts(store, "other", lambda: 1)
    await run.take("portal")
    await store.run(lambda tx: workers.give(tx, "account:portal", "one", incarnation=1))
    await other.take("portal")
    again = asyncio.create_task(run.take("portal"))
    async with asyncio.timeout(20):
        while not await other.wanted():  # noqa: ASYNC110 - until the first one has knocked
            await asyncio.sleep(0.01)
    assert not again.done()
    await other.give_back()
    await asyncio.wait_for(again, 20)
    await run.give_back()


async def test_a_store_that_does_not_answer_once_does_not_end_the_renewing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("robo.services.worker.accounts.LIFE", 0.04)
    run, real, calls = Accounts(store, "one", lambda: 1), workers.take, 0
    await run.take("portal")
    twice = asyncio.Event()

    def take(*args: Any, **more: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise InfrastructureError("RB607", "no answer", remedy="wait")
        loop.call_soon_threadsafe(twice.set)
        return real(*args, **more)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(workers, "take", take)
    await asyncio.wait_for(twice.wait(), 20)
    await run.give_back()
