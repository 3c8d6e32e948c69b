"""The queue only wakes: whatever it loses, doubles or invents, the sweep of wake-ups ends every item exactly once."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import pytest

from robo.engine.ports import ItemEnd
from robo.model.base import ItemState, Outcome
from robo.services.queue import ANY, InProcessQueue, Queue, announce_again
from robo.store import attempts, audit, outcomes, runs
from robo.store.engine import Store


class AdversarialQueue:
    """Loses most wake-ups, doubles some, delivers in any order, and invents attempts that never were."""

    def __init__(self, seed: int) -> None:
        self._inner = InProcessQueue()
        self._chance = random.Random(seed)  # noqa: S311 - chance, not secrecy

    def announce(self, attempts: Sequence[str], *, name: str = ANY) -> None:
        for attempt in self._chance.sample(attempts, len(attempts)):
            fate = self._chance.random()
            if fate < 0.6:
                continue
            self._inner.announce([attempt], name=name)
            if fate > 0.8:
                self._inner.announce([f"{attempt[:-1]}x", attempt], name=name)

    async def wait(self, *, timeout: float, names: Collection[str] = (ANY,)) -> str | None:  # noqa: ASYNC109 - a port
        return await self._inner.wait(timeout=timeout, names=names)


class Deaf(InProcessQueue):
    """Another process's queue: it never hears of what this one announces, only of its own sweep's first word."""

    def announce(self, attempts: Sequence[str], *, name: str = ANY) -> None:
        super().announce(attempts[:1], name=name)


QUEUES: dict[str, Callable[[], Queue]] = {
    "in process": InProcessQueue,
    "adversarial 1": lambda: AdversarialQueue(1),
    "adversarial 2": lambda: AdversarialQueue(2),
    "deaf": Deaf,
}


@pytest.mark.parametrize("make", QUEUES.values(), ids=QUEUES.keys())
async def test_with_the_sweep_every_item_ends_exactly_once(make: Callable[[], Queue], lab: Any, store: Store) -> None:
    queue = make()
    run, verdicts = lab.open(*[f"k{n}" for n in range(24)])
    queue.announce([verdict.attempt for verdict in verdicts])
    done: list[str] = []

    async def work() -> None:
        while len(done) < len(verdicts):
            attempt = await queue.wait(timeout=0.01)
            if attempt is None:
                await announce_again(store, queue)
                continue
            for each in await store.run(
                partial(attempts.claim, worker="w", incarnation=lab.incarnation, attempt=attempt)
            ):
                await store.run(partial(outcomes.end, fence=each.fence, ended=ItemEnd(outcome=Outcome.DONE)))
                done.append(each.key)

    await asyncio.wait_for(asyncio.gather(work(), work(), work()), 20)
    assert sorted(done) == sorted(verdict.key for verdict in verdicts)
    with store.read() as tx:
        assert runs.counts(tx, run)[ItemState.DONE] == len(verdicts)
        ended = [json.loads(entry)["obj"] for entry in audit.pending(tx) if '"item.ended"' in entry]
    assert sorted(ended) == sorted(verdict.item for verdict in verdicts)


@pytest.mark.parametrize("make", QUEUES.values(), ids=QUEUES.keys())
async def test_a_wait_without_a_wake_up_ends(make: Callable[[], Queue]) -> None:
    assert await make().wait(timeout=0.001) is None


async def test_a_wake_up_before_anybody_waits_is_kept() -> None:
    queue = InProcessQueue()
    queue.announce(["a1"])
    assert await queue.wait(timeout=0) == "a1"


async def test_a_waiter_is_woken_at_once() -> None:
    queue = InProcessQueue()
    waiting = asyncio.create_task(queue.wait(timeout=60))
    await asyncio.sleep(0)
    queue.announce(["a1"])
    assert await waiting == "a1"


async def test_one_wake_up_wakes_one_waiter() -> None:
    queue = InProcessQueue()
    waiting = [asyncio.create_task(queue.wait(timeout=0.02)) for _ in range(3)]
    await asyncio.sleep(0)
    queue.announce(["a1"])
    assert sorted(filter(None, await asyncio.gather(*waiting))) == ["a1"]


async def test_what_is_announced_again_before_it_was_taken_counts_once() -> None:
    queue = InProcessQueue()
    queue.announce(["a1", "a2", "a1"])
    assert [await queue.wait(timeout=0) for _ in range(3)] == ["a1", "a2", None]


async def test_queues_are_heard_by_name() -> None:
    queue = InProcessQueue()
    queue.announce(["a1"], name="idf.chorus")
    assert await queue.wait(timeout=0, names=["idf"]) is None
    assert await queue.wait(timeout=0, names=["idf", "idf.chorus"]) == "a1"


async def test_a_waiter_that_is_cancelled_while_it_is_woken_hands_the_wake_up_on() -> None:
    queue = InProcessQueue()
    first = asyncio.create_task(queue.wait(timeout=60))
    await asyncio.sleep(0)
    second = asyncio.create_task(queue.wait(timeout=60))
    await asyncio.sleep(0)
    queue.announce(["a1"])
    first.cancel()
    assert await asyncio.wait_for(second, 1) == "a1"
    with pytest.raises(asyncio.CancelledError):
        await first
