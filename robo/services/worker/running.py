"""From a plan and typed inputs to a run brought to rest by one worker: what `robo run` does."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from robo.engine.pieces import perform_setup, perform_start, set_up_host
from robo.engine.ports import Fence, ItemEnd, Witness, Work
from robo.engine.scope import base_names
from robo.errors import RoboError, UsageError, fill
from robo.model.base import Outcome
from robo.model.ledger import LedgerRow
from robo.model.run import ItemKind, NewItem, Opened, Run, Taken
from robo.plan.model import Plan
from robo.sdk.runner import Context, HostRule
from robo.services.accounting import Earner, certified, rows_for
from robo.services.baselines import Applied
from robo.services.disk import on_disk
from robo.services.queue import InProcessQueue
from robo.services.sequencing import Then, sequencing
from robo.services.settings import Settings
from robo.services.worker import afterwards
from robo.services.worker.accounts import Accounts
from robo.services.worker.clock import WorkerClock
from robo.services.worker.conduct import PATIENCE, Desk, Worker
from robo.services.worker.filed import KeptFiles
from robo.services.worker.keychain import Given, Keychain
from robo.services.worker.limits import Breaker
from robo.services.worker.opening import Choice, read_source
from robo.services.worker.paths import given_places
from robo.services.worker.requests import RunReport, RunRequest
from robo.services.worker.sessions import Beginning, RunnerPool, SlotSessions, host_setups, popups_of, setup_runners
from robo.services.worker.signins import SignIns, door
from robo.services.worker.told import said_of, sensitive_values
from robo.services.worker.units import uncounted, unit_keys
from robo.store import holds, items, ledger, runs
from robo.store.attempts import Claimed
from robo.store.book import StoreBook
from robo.store.clock import Tx
from robo.store.debits import Earns
from robo.store.engine import Store

Told = Callable[[str, Mapping[str, Any]], None]


def private_folder(inside: Path | None = None) -> Path:
    """A new folder for this account only, in the system's place for such, or in another one."""
    with on_disk():
        return Path(tempfile.mkdtemp(prefix="robo-", dir=inside))


@dataclass(slots=True, kw_only=True)
class Running:
    """One run in the hands of one worker. Built by `start` or `resume`; `to_rest` does the work."""

    store: Store
    settings: Settings
    plan: Plan
    run: Run
    inputs: Mapping[str, Any]
    hosts: tuple[HostRule, ...]
    request: RunRequest
    secret: Given
    told: Told
    baseline: Applied | None
    pool: RunnerPool
    sealed: Then | None = None
    """What seals the log now and then, while the run lasts."""
    earners: dict[str, tuple[Earner, tuple[Earner, ...]]] = field(default_factory=dict)
    """Item -> who bears its rejection, and who earns for each of its units."""
    uncounted: dict[str, RoboError] = field(default_factory=dict)
    """Items whose units could not be named."""
    shown: dict[str, bytes] = field(default_factory=dict)
    """Origin -> the certificate that it showed when it took an effect (DER)."""
    folder: Path = field(default_factory=private_folder)
    jump: Callable[[float], bool] | None = None
    """Cases jump over waiting instead of waiting."""
    clock: WorkerClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = WorkerClock(watches=self.jump is None)

    async def to_rest(self) -> RunReport:
        """Work until nothing of the run is due here; the report, whatever happened."""
        began = time.monotonic()
        queue = InProcessQueue()
        worker = Worker(
            store=self.store,
            book=partial(
                StoreBook,
                self.store,
                credit=self._credit,
                keep=self._keep,
                files=KeptFiles(self._kept, self.folder),
                woken=queue.announce,
                clocked=self.clock.asking,
            ),
            clock=self.clock,
            queue=queue,
            locks=self.settings.state / "locks",
            pool=self.pool,
            lease=self.settings.workers.lease.total_seconds(),
            jump=self.jump,
            patience=math.inf if self.jump else PATIENCE,
        )
        notes: list[RoboError] = []

        def told(what: str, facts: Mapping[str, Any]) -> None:
            if what == "write-back":
                notes.append(facts["trouble"])
            self.told(what, facts)

        desk = Desk(
            plan=self.plan,
            run=self.run.id,
            work=self._work,
            sessions=self.ways(worker.name, lambda: worker.incarnation),
            opening=self._opening,
            told=told,
        )
        try:
            async with sequencing(self.store, notes, self.sealed):
                await worker.run_to_rest(desk, self.pool.slots)
        finally:
            await asyncio.to_thread(shutil.rmtree, self.folder, True)
        return await self._report(worker, time.monotonic() - began, tuple(notes))

    # ---- sessions ---------------------------------------------------------------------------------------
    def ways(self, holder: str, incarnation: Callable[[], int]) -> Callable[[], SlotSessions]:
        """What gives each slot of a worker its sessions: they share secrets, sign-ins in turn, and `start`."""
        locked = partial(door, store=self.store, holder=holder, incarnation=incarnation)
        keychain = Keychain(self.store, self.plan, self.secret, self.run.id, holder)
        exclusive = self.plan.sessions.account == "exclusive"
        accounts = Accounts(self.store, holder, incarnation) if exclusive else None
        sign_ins = SignIns(keychain.mark_refused, locked if accounts is None else accounts.behind(locked))
        beginning = Beginning(self._start)
        return lambda: self._sessions(keychain, sign_ins, beginning, accounts)

    async def _start(self, sessions: SlotSessions) -> None:
        if self.plan.start:
            await perform_start(self.plan, self.base(), sessions=sessions, clock=self.clock)

    def _sessions(
        self, keychain: Keychain, sign_ins: SignIns, beginning: Beginning, accounts: Accounts | None
    ) -> SlotSessions:
        folder = private_folder(self.folder)

        async def setup(sessions: SlotSessions) -> None:
            await perform_setup(self.plan, self.base(), sessions=sessions, clock=self.clock)

        async def host(sessions: SlotSessions, name: str, witness: Witness | None) -> None:
            await set_up_host(self.plan, name, self.base(), sessions=sessions, clock=self.clock, witness=witness)

        return SlotSessions(
            self.pool,
            context=lambda _runner: Context(
                region=self.plan.region,
                environment=self.run.environment,
                date_format=self.plan.date_format,
                zone=self.plan.zone,
                folder=folder,
                hosts=self.hosts,
                secret=keychain.secret,
                settings={} if self.plan.mail is None else {"mail": self.plan.mail},
                headed=self.request.headed,
                dry_run=self.run.dry_run,
                places=(*given_places(self.plan.inputs, self.inputs), self._kept),
                process=self.settings.processes / self.plan.process,
                popups=popups_of(self.plan, self.base()),
                kinds={name: need.kind for name, need in self.plan.secrets.items()},
                code=keychain.code,
                turn=sign_ins.turn,
                signed_in=keychain.signed_in,
                certified=self._certified,
            ),
            setup=setup,
            beginning=beginning,
            setup_runners=setup_runners(self.plan),
            hosts=host_setups(self.plan, self.base(), host),
            accounts=accounts,
        )

    # ---- names ------------------------------------------------------------------------------------------
    def base(self) -> dict[str, Any]:
        """What every expression of the run may read."""
        facts = {"id": self.run.id, "date": self.date, "dry_run": self.run.dry_run}
        return base_names(self.plan, self.clock, inputs=self.inputs, run_facts=facts, environment=self.run.environment)

    @property
    def date(self) -> date:
        """The nominal local date of the run, frozen when it was created."""
        if self.request.today is not None:
            return self.request.today
        return self.run.created.astimezone(ZoneInfo(self.plan.zone)).date()

    async def _opening(self, claimed: Claimed, sessions: SlotSessions) -> None:
        run = await self.store.run(lambda tx: items.begin(tx, claimed.fence))
        base = self.base()
        choice = Choice(limit=run.options.get("limit"), only=run.options.get("only"))
        source = await read_source(self.plan, sessions, lambda item: {**base, "item": item}, base, choice)
        _same_source(run, source.digest)
        await self.store.run(lambda tx: runs.note_source(tx, run.id, source.digest, source.left_out))
        for start, chunk in source.chunks(run.position):
            for row in await self.store.run(partial(self._insert, fence=claimed.fence, rows=chunk, start=start)):
                if not row.item:
                    self.told("not taken", {"key": row.key, "code": row.taken.value})
        too_many = "" if run.options.get("yes") else Breaker(self.plan.limits).too_many(len(source.items))
        await self.store.run(lambda tx: _opened(tx, claimed.fence, too_many))

    def _insert(self, tx: Tx, fence: Fence, rows: Sequence[NewItem], start: int) -> list[Opened]:
        """One chunk; a row rejected here costs its triage like any other rejection, in the same commit."""
        inserted = items.insert_chunk(tx, fence, rows, start=start)
        for new, opened in zip(rows, inserted, strict=True):
            if opened.taken is Taken.REJECTED and not self.run.dry_run:
                earner = self._earner_of(opened.item, opened.key)
                ended = ItemEnd(outcome=Outcome.REJECTED, code=new.trouble.code if new.trouble else "")
                for row in self._rows(tx, earner, ended):
                    ledger.add(tx, row, actor="robot")
        return inserted

    async def _work(self, claimed: Claimed) -> Work:
        item = {**claimed.row, **said_of(claimed.about)}
        base = self.base()
        if claimed.kind is ItemKind.ITEM:
            self._earner(claimed, {**base, "item": item})
        finish = claimed.kind is ItemKind.FINISH
        seen = {"items": await self.store.run(self._seen)} if finish else {}
        return Work(
            fence=claimed.fence,
            run=claimed.run,
            key=claimed.key,
            environment=claimed.environment,
            doing=claimed.doing,
            item=item,
            inputs=self.inputs,
            run_facts={**base["run"], **seen},
            row_digest=claimed.row_digest,
            sensitive=sensitive_values(self.plan, item, self.inputs),
            dry_run=claimed.dry_run,
            finish=finish,
            sequel=str(claimed.about.get("outcome", "")),
            stepwise=self.request.stepwise,
        )

    def _seen(self, tx: Tx) -> list[dict[str, str]]:
        """`run.items`: what `finish` reads of the items of its run, in the order of their source."""
        return [
            {"key": item.key, "outcome": item.state.value, "code": item.code, "message": fill(item.message, item.facts)}
            for item in items.of_run(tx, self.run.id)
        ]

    # ---- minutes and evidence ---------------------------------------------------------------------------
    def _earner(self, claimed: Claimed, names: Mapping[str, Any]) -> None:
        """Who earns what, before the first step. A unit that cannot be named earns nothing, and a person is told."""
        item = claimed.fence.item
        try:
            keys = unit_keys(self.plan.counts, claimed.key, names, self.date)
            units = tuple(self._earner_of(item, key) for key in keys)
        except RoboError as unnamed:
            units = ()
            self.uncounted[item] = uncounted(claimed.key, unnamed)
        self.earners[item] = (self._earner_of(item, claimed.key), units)

    def _earner_of(self, item: str, unit_key: str) -> Earner:
        return Earner(
            process=self.plan.process,
            version=self.plan.version,
            region=self.plan.region,
            environment=self.run.environment,
            unit=self._unit,
            unit_key=unit_key,
            run=self.run.id,
            item=item,
            host=self._host,
            zone=self.plan.zone,
        )

    @property
    def _unit(self) -> str:
        return f"{self.plan.process}/{self.plan.counts.unit}"

    @property
    def _host(self) -> str:
        """Where the work is done, as the region granted it; the mail server, where there are mails only."""
        return next((rule.origin for rule in self.hosts), "" if self.plan.mail is None else self.plan.mail.server)

    @property
    def earns(self) -> Earns:
        """What a person's decision costs by, that is made when this worker is gone."""
        known = self.baseline
        by = {} if known is None else {"baseline": known.record.id, "effects": known.effects}
        return Earns(unit=self._unit, host=self._host, zone=self.plan.zone, **by)

    def _credit(self, fence: Fence, end: ItemEnd, tx: Tx) -> Sequence[LedgerRow]:
        """A credit for each unit of the item, one debit for what a person takes up."""
        if fence.item not in self.earners or self.run.dry_run:
            return ()
        own, units = self.earners[fence.item]
        return self._rows(tx, own, end, units)

    def _rows(self, tx: Tx, own: Earner, end: ItemEnd, units: Sequence[Earner] | None = None) -> tuple[LedgerRow, ...]:
        """Whether its minutes are proven is asked in the commit that writes them: a baseline may be taken back, or grow
        too old, while a run works."""
        known = self.baseline
        record = known.record if known is not None else None
        proven = known is not None and known.is_proven(tx, self.plan.zone)
        found = rows_for(own, end, record, self.store.unit_key(self.plan.region), units, proven=proven)
        return certified(found, self.shown)

    def _certified(self, origin: str, certificate: bytes) -> None:
        """Rows say from here on which certificate the host has that takes the effects."""
        self.shown[origin] = certificate

    @property
    def _kept(self) -> Path:
        """Where files are that a later attempt needs."""
        return self.settings.evidence / "kept"

    def _keep(self, fence: Fence, name: str, content: bytes) -> str:
        """Evidence on disk, fsynced, readable by this account only."""
        folder = self.settings.evidence / self.run.id
        file = folder / f"{fence.attempt}-{name}"
        with on_disk(file):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.touch(mode=0o600)
            with file.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
        return str(file.relative_to(self.settings.evidence))

    async def _report(self, worker: Worker, duration: float, notes: tuple[RoboError, ...]) -> RunReport:
        def read(tx: Tx) -> RunReport:
            run = runs.get(tx, self.run.id)
            trouble = worker.trouble or afterwards.never_opened(tx, run.id)
            held = holds.troubles(tx, run.process, run.region)
            return RunReport(
                run=run.id,
                process=run.process,
                version=run.version,
                region=run.region,
                environment=run.environment,
                state=run.state,
                items=runs.counts(tx, run.id),
                not_taken=run.not_taken,
                minutes=ledger.minutes(tx, run=run.id),
                duration=duration,
                baseline=self.baseline.record if self.baseline is not None else None,
                reason=run.reason,
                trouble=trouble,
                held=tuple(held),
                finish=items.special(tx, run.id, ItemKind.FINISH),
                output=items.output_of(tx, run.id),
                notes=(*notes, *self.uncounted.values(), *afterwards.notes(tx, run.id)),
            )

        return await self.store.look(read)


def _opened(tx: Tx, fence: Fence, too_many: str) -> None:
    """The opening is complete. A run that is too large waits from the first moment: nobody may claim of it before."""
    run = items.opened(tx, fence)
    if too_many:
        runs.wait(tx, run.id, too_many)


def _same_source(run: Run, digest: str) -> None:
    before = run.options.get("source_digest")
    if run.position and before and before != digest:
        raise UsageError(
            "RB533",
            "the source changed since this run began to read it",
            place=run.id,
            remedy="cancel the run with `robo runs cancel %(run)s` and start it anew",
            run=run.id,
        )
