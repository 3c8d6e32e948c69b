"""The first moments of a run at work: its runners start before anything else is loaded.

A browser needs some hundred milliseconds and no help of ours while it launches. Meanwhile the store is loaded, opened
(the first time made) and the run created, in a thread: what is imported here must load none of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robo.plan.model import Plan
from robo.sdk.runner import HostRule
from robo.sdk.secret import Secret
from robo.services.settings import Settings
from robo.services.worker.requests import RunReport, RunRequest, slots_of
from robo.services.worker.sessions import RunnerPool

if TYPE_CHECKING:
    from robo.services.baselines import Applied
    from robo.services.secrets import Keep
    from robo.services.worker.running import Running
    from robo.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a run is worked on with. `store` and `baseline` are asked once the runners have begun."""

    plan: Plan
    inputs: Mapping[str, Any]
    hosts: tuple[HostRule, ...]
    request: RunRequest
    settings: Settings
    store: Callable[[], Store]
    secret: Callable[[str, str], Secret]
    baseline: Callable[[], Applied | None]
    told: Callable[[str, Mapping[str, Any]], None]
    jump: Callable[[float], bool] | None = None
    keep: Keep | None = None
    """Where the key is that seals the log. None: nobody seals it."""


def work_on(given: Given, begin: Callable[[], str]) -> RunReport:
    """Work until the run that `begin` gives (its id; called in a thread) is at rest."""
    return asyncio.run(_work(given, begin))


async def _work(given: Given, begin: Callable[[], str]) -> RunReport:
    slots = slots_of(given.plan, given.request, given.settings.workers.slots)
    runners = given.settings.for_runners(given.plan.attended)
    async with RunnerPool(runners, headed=given.request.headed, slots=slots) as pool:
        await pool.spawn(given.plan.runners)
        run = await asyncio.to_thread(begin)
        given.told("begun", {"run": run})
        if given.plan.attended:
            given.told("attended", {"secret": given.plan.attended})
        running = await asyncio.to_thread(_running, given, run, pool)
        return await running.to_rest()


def _running(given: Given, run: str, pool: RunnerPool) -> Running:
    from robo.services.auditing.sealer import Sealer
    from robo.services.baselines import bound
    from robo.services.worker.running import Running
    from robo.store import debits, runs

    store = given.store()
    sealer = None if given.keep is None else Sealer(store, given.keep, given.settings.audit)
    with store.read() as tx:
        found = runs.get(tx, run)
    running = Running(
        store=store,
        settings=given.settings,
        plan=given.plan,
        run=found,
        inputs=given.inputs,
        hosts=given.hosts,
        request=given.request,
        secret=given.secret,
        told=given.told,
        baseline=bound(given.baseline(), found),
        jump=given.jump,
        pool=pool,
        sealed=sealer.look if sealer is not None else None,
    )
    if not found.dry_run:
        store.transact(lambda tx: debits.note(tx, run, running.earns))
    return running
