"""Items of a run that are done, looked for again in the application, in sessions that may only read."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from robo.engine.looking import is_counted, look_again
from robo.engine.ports import Fence, JournalRow, JournalState, Work
from robo.errors import RoboError, Words, phrase
from robo.services.worker.running import Running
from robo.services.worker.sessions import RunnerPool, SlotSessions
from robo.services.worker.starting import Given
from robo.services.worker.told import sensitive_values
from robo.store import items, journal, runs
from robo.store.clock import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """An item that is looked for: its fields, and the closed effects that it was credited for."""

    item: str
    key: str
    doing: int
    fields: Mapping[str, Any]
    effects: Sequence[JournalRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of an item: all its effects are there, one is not, or (None) nobody can tell, and why."""

    item: str
    found: bool | None
    why: Words = ""


def sought_of(tx: Tx, item: str) -> Sought | None:
    """An item with what is known of it; None when a purge took that."""
    found = items.get(tx, item)
    if found.purged is not None:
        return None
    rows = (row for _, row in journal.rows_of(tx, item))
    effects = tuple(row for row in rows if row.state is JournalState.DONE and row.ours)
    fields = items.row_of(tx, item)
    return Sought(item=item, key=found.key, doing=found.doing, fields=fields, effects=effects)


def look_for(given: Given, run: str, sought: Sequence[Sought]) -> list[Seen]:
    """Look for items of a run. What holds the whole process (a refused secret, a portal that is down, a browser that is
    not there) is told of the item it met and of those behind it: nobody could look."""
    return asyncio.run(_look_for(given, run, sought))


async def _look_for(given: Given, run: str, sought: Sequence[Sought]) -> list[Seen]:
    runners = given.settings.for_runners(given.plan.attended)
    async with RunnerPool(runners, headed=given.request.headed, slots=1) as pool:
        running = _reading(given, run, pool)
        sessions = running.ways(f"recheck-{os.getpid()}", lambda: 0)()
        try:
            return await _each(running, sessions, sought)
        finally:
            await sessions.close()
            await asyncio.to_thread(shutil.rmtree, running.folder, True)


def _reading(given: Given, run: str, pool: RunnerPool) -> Running:
    """The run as it was, as a dry one whose hosts take no drafts: its sessions refuse whatever does not only read."""
    store = given.store()
    with store.read() as tx:
        found = replace(runs.get(tx, run), dry_run=True)
    return Running(
        store=store,
        settings=given.settings,
        plan=given.plan,
        run=found,
        inputs=given.inputs,
        hosts=tuple(replace(host, drafts=()) for host in given.hosts),
        request=given.request,
        secret=given.secret,
        told=given.told,
        baseline=None,
        pool=pool,
    )


async def _each(running: Running, sessions: SlotSessions, sought: Sequence[Sought]) -> list[Seen]:
    seen: list[Seen] = []
    span, kept = running.plan.sessions.span, running.plan.sessions.page == "kept"
    for number, each in enumerate(sought):
        try:
            await sessions.between_items(span=span, kept=kept)
            seen.append(await _one(running, sessions, each))
        except RoboError as trouble:
            return [*seen, *(Seen(item=left.item, found=None, why=trouble.words) for left in sought[number:])]
    return seen


async def _one(running: Running, sessions: SlotSessions, sought: Sought) -> Seen:
    work = _work(running, sought)
    effects = [row for row in sought.effects if is_counted(running.plan, row)]
    unsure: Words = "" if effects else phrase("this definition has no effect that it was credited for")
    for row in effects:
        look = await look_again(running.plan, work, row, sessions=sessions, clock=running.clock)
        if look.found is False:
            return Seen(item=sought.item, found=False, why=look.why)
        if look.found is None:
            unsure = look.why
    return Seen(item=sought.item, found=None if unsure else True, why=unsure)


def _work(running: Running, sought: Sought) -> Work:
    fields = dict(sought.fields)
    return Work(
        fence=Fence("", sought.item, 0),
        run=running.run.id,
        key=sought.key,
        environment=running.run.environment,
        doing=sought.doing,
        item=fields,
        inputs=running.inputs,
        run_facts=running.base()["run"],
        sensitive=sensitive_values(running.plan, fields, running.inputs),
        dry_run=True,
    )
