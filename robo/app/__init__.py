"""The composition root: the only place that chooses implementations. Opens nothing before it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robo.app.stored import Stored
from robo.errors import DefinitionError, InfrastructureError, RoboError
from robo.services.guests import check_runners
from robo.services.settings import Settings, find_project, load_settings

if TYPE_CHECKING:
    from robo.model.base import Environment, ItemState
    from robo.model.run import Item, Run
    from robo.plan.model import Plan
    from robo.services.baselines import Applied
    from robo.services.cases import JumpClock
    from robo.services.secrets import SecretBook
    from robo.services.worker.flushing import Flushed
    from robo.services.worker.requests import RunReport, RunRequest
    from robo.services.worker.running import Told


def quiet(_what: str, _facts: Mapping[str, Any]) -> None:
    """Tells nobody."""


class App(Stored):
    """One project with its settings, library, store and secrets."""

    def __init__(
        self, project: Path, settings: Settings, *, secrets: SecretBook | None = None, clock: JumpClock | None = None
    ) -> None:
        super().__init__(project, settings, clock)
        if secrets is not None:
            self.secrets = secrets

    # ---- what stands on other rooms, made at first use -----------------------------------------------------
    @cached_property
    def secrets(self) -> SecretBook:
        from robo.services.secrets import open_secrets

        return open_secrets(self.settings)

    def close(self) -> None:
        """Give back what was opened. What was written is ordered first; where it cannot be, whoever comes next does."""
        if "store" in self.__dict__:
            from robo.services.sequencing import sequence_all

            with suppress(InfrastructureError):
                sequence_all(self.store)
                self.keep_mark(self.store)
        if "found_store" in self.__dict__:
            self.found_store.close()

    def baseline(self, plan: Plan) -> Applied | None:
        """The baseline that applies today: the region's own, else the one shipped with the process, added now."""
        from robo.services.baselines import applicable

        return applicable(self.store, plan, self.settings.processes / plan.process / "baseline.yaml")

    # ---- runs ----------------------------------------------------------------------------------------------
    def run(self, request: RunRequest, told: Told = quiet) -> RunReport:
        """Start a run and work on it until it rests. Nothing is created before inputs, hosts and secrets are there.

        Somebody who starts a run looks again at what did not answer before: such a hold of the process ends."""
        from robo.services.worker.requests import host_rules, need_enabled, typed_inputs

        plan = self.plan(request.process, request.region)
        need_enabled(self.region(request.region), request.process)
        request = replace(request, headed=request.headed or bool(plan.attended))
        inputs = typed_inputs(plan, request.inputs, request.folder)
        hosts, environment = host_rules(plan, {"inputs": inputs}, request.environment)
        check_runners(plan.runners, self.settings.for_runners(), headed=request.headed)
        self._have_secrets(plan)

        def begin() -> str:
            from robo.services.worker.beginning import begin_run, new_run

            self._refuse_marked(plan)
            self._have_keys(self.store, plan.region)
            self.refuse_restored(self.store)
            texts = self._texts(request.process, request.region)
            return begin_run(self.store, new_run(plan, request, environment, texts, inputs), request)

        earlier, notes = self._go_on_first(plan, environment, request, told)
        report = self._work(begin, plan, inputs, hosts, request=request, told=told)
        return replace(report, earlier=earlier, notes=(*notes, *report.notes))

    def _go_on_first(
        self, plan: Plan, environment: Environment, request: RunRequest, told: Told
    ) -> tuple[tuple[RunReport, ...], tuple[RoboError, ...]]:
        """Go on with the runs of this process here whose questions were answered since, each with the inputs and the
        definition it began with; and why one could not. Whoever asks for some items only gets no others."""
        if not plan.asks or request.dry_run or request.only is not None or request.limit is not None:
            return (), ()
        from robo.services.worker.afterwards import went_not_on
        from robo.store import reviews
        from robo.store.identity import Key

        def look(tx: Any) -> list[str]:
            reviews.overdue(tx)
            return reviews.rested(tx, Key(environment, plan.process, plan.region))

        who = {"actor": request.actor, "account": request.account}
        watched = {"headed": request.headed, "stepwise": request.stepwise, "slots": request.slots, **who}
        reports, notes = [], []
        for run in self.store.transact(look):
            try:
                reports.append(self.resume(run, told, **watched))
            except RoboError as trouble:
                notes.append(went_not_on(run, trouble))
        return tuple(reports), tuple(notes)

    def resume(self, start: str, told: Told = quiet, *, yes: bool = False, **changes: Any) -> RunReport:
        """Go on with a run: what was queued, postponed or held; `yes` lets a waiting run go on. The run keeps the
        definition it started with, whatever the files hold now."""
        from robo.services.worker.beginning import actor_of, asked_again
        from robo.services.worker.requests import host_rules, need_enabled, typed_inputs
        from robo.store import holds, runs

        with self.store.read() as tx:
            run = runs.find(tx, start)
        runs.refuse_purged(run)
        plan = self.plan(run.process, run.region)
        if plan.digest != run.digest:
            plan = self.plan(run.process, run.region, run.options.get("sources"))
        need_enabled(self.region(run.region), run.process)
        asked = replace(asked_again(run), **changes)
        request = replace(asked, headed=asked.headed or bool(plan.attended))
        inputs = typed_inputs(plan, request.inputs, request.folder)
        hosts, _ = host_rules(plan, {"inputs": inputs}, None)
        check_runners(plan.runners, self.settings.for_runners(), headed=request.headed)
        self._have_secrets(plan)
        self._refuse_marked(plan)
        self._have_keys(self.store, plan.region)
        self.refuse_restored(self.store)

        def let_go(tx: Any) -> str:
            actor = actor_of(tx, request)
            runs.resume(tx, run.id, actor=actor)
            if yes:
                runs.allow(tx, run.id, actor=actor)
            holds.release(tx, process=run.process, region=run.region, actor=actor, kind="portal")
            return run.id

        return self._work(lambda: self.store.transact(let_go), plan, inputs, hosts, request=request, told=told)

    def _work(
        self, begin: Callable[[], str], plan: Plan, inputs: Any, hosts: Any, *, request: RunRequest, told: Told
    ) -> RunReport:
        from robo.services.worker.starting import Given, work_on

        begun: list[str] = []

        def beginning() -> str:
            begun.append(begin())
            return begun[0]

        given = Given(
            plan=plan,
            inputs=inputs,
            hosts=hosts,
            request=request,
            settings=self.settings,
            store=lambda: self.store,
            secret=self.secrets.get,
            baseline=lambda: self.baseline(plan),
            told=told,
            jump=self._clock.jump if self._clock else None,
            keep=None if self._rehearsed else self.keep,
        )
        try:
            report = work_on(given, beginning)
            self._close_due(told)
        except BaseException:
            for trouble in self._seal(self.store)[1] if begun else ():
                told("unsealed", {"trouble": trouble})
            raise
        size, troubles = self._seal(self.store)
        return replace(report, sealed=size, notes=(*report.notes, *troubles))

    def _close_due(self, told: Told) -> None:
        """The months that are due close by themselves behind a run; one that cannot is told."""
        from robo.app.accounts import close_due

        if self._rehearsed:
            return
        done = close_due(self)
        for closing in done.closed:
            told("closed", {"region": closing.region, "month": closing.month})
        for trouble in done.troubles:
            told("not closed", {"trouble": trouble})

    def _have_secrets(self, plan: Plan) -> None:
        """Every secret of the process is there, before anything begins: `MissingSecret` names the command."""
        for name, need in plan.secrets.items():
            self.secrets.get(name, need.kind)

    def _refuse_marked(self, plan: Plan) -> None:
        """None of them was refused, before anything is created: `CredentialsRefused` names the command."""
        if not plan.secrets:
            return
        from robo.services.credentials import refused_before, refused_in

        with self.store.read() as tx:
            marked = refused_in(tx, [plan.region])
        for name in plan.secrets:
            if name in marked:
                raise refused_before(name)

    def _texts(self, process: str, region: str) -> dict[str, str]:
        return {
            "process": self.process_file(process).read_text(encoding="utf-8"),
            "region": self.region_file(region).read_text(encoding="utf-8"),
            **self.process(process).beside,
        }

    def output_of(self, run: str) -> Mapping[str, Any]:
        """What the `finish` of a run said is its result."""
        from robo.store import items

        with self.store.read() as tx:
            return items.output_of(tx, run)

    def latest_runs(self, limit: int = 20) -> list[tuple[Run, Mapping[ItemState, int]]]:
        from robo.store import runs

        with self.store.read() as tx:
            return [(run, runs.counts(tx, run.id)) for run in runs.latest(tx, limit=limit)]

    def cancel_run(self, start: str, actor: str) -> tuple[int, int]:
        """(items cancelled now, items that are in the middle of something and stop at the next boundary)."""
        from robo.model.run import RunState
        from robo.store import decisions, runs

        run, _ = self.find_run(start)

        def cancel(tx: Any) -> tuple[int, int]:
            now, wished, _woken = decisions.cancel_run(tx, run.id, actor=actor)
            if not wished:
                runs.end(tx, run.id, summary={}, state=RunState.CANCELLED, actor=actor)
            return now, wished

        return self.store.transact(cancel)

    def flush(self, start: str = "") -> Flushed:
        """Write owed cells into their files now: of one run, or all."""
        import asyncio

        from robo.services.guests import new_runner
        from robo.services.worker.flushing import flush

        async def flushed(run: str) -> Flushed:
            runner: Any = new_runner("files")
            await runner.start(self.settings.for_runners().get("files", {}), headed=False, slots=1)
            try:
                return await flush(self.store, runner, holder=f"flush-{os.getpid()}", incarnation=0, run=run)
            finally:
                await runner.stop()

        return asyncio.run(flushed(self.find_run(start)[0].id if start else ""))

    # ---- items ---------------------------------------------------------------------------------------------
    def items(self, *, run: str = "", states: Sequence[ItemState] = (), key: str = "", limit: int = 1000) -> list[Item]:
        """Items of one run in the order of their source, or over all runs, newest first."""
        from robo.store import items

        run_id = self.find_run(run)[0].id if run else ""
        with self.store.read() as tx:
            if run_id:
                return items.of_run(tx, run_id, states=states, key=key)[:limit]
            return items.listed(tx, states=states, key=key, limit=limit)

    def handed_over(self, run: str) -> list[Item]:
        """The items of a run that are done, and of which a person does the rest."""
        from robo.model.base import HANDED_OVER, ItemState
        from robo.store import items

        with self.store.read() as tx:
            return items.of_run(tx, run, states=(ItemState.DONE,), code=HANDED_OVER)

    def ledger_rows(self, run: str = "") -> Sequence[Mapping[str, Any]]:
        """The book of minutes as it was written, of one run or of all."""
        from robo.store import ledger

        with self.store.read() as tx:
            return ledger.rows(tx, run=run)

    def find_item(self, name: str, run: str = "") -> Item:
        """An item by its id, or by its key (the newest with that key), even one whose key a purge took away."""
        from robo.store import items

        with self.store.read() as tx:
            return items.find(tx, name, run)

    def item_story(self, item: Item) -> dict[str, Any]:
        """Everything about one item: attempts with their steps, its journal rows, its result, its pictures."""
        from robo.store import history, items, journal

        with self.store.read() as tx:
            return {
                "attempts": items.history(tx, item.id),
                "journal": [row for _, row in journal.rows_of(tx, item.id)],
                "result": items.result_of(tx, item.id),
                "evidence": [str(self.settings.evidence / row["file"]) for row in history.evidence_of(tx, item.id)],
            }

    def held_by(self, item: Item) -> tuple[Item | None, list[RoboError]]:
        """Of a held item: the one that has its key, if that is why, and else what its process is stopped for."""
        from robo.model.base import ItemState
        from robo.store import holds, items, runs

        if item.state is not ItemState.HELD:
            return None, []
        with self.store.read() as tx:
            if item.behind:
                return items.get(tx, item.behind), []
            run = runs.get(tx, item.run)
            return None, holds.troubles(tx, run.process, run.region)

    # ---- secrets -------------------------------------------------------------------------------------------
    def secrets_needed(self) -> dict[str, tuple[str, list[str]]]:
        """Every secret that a process which can be read names: its kind, and those processes."""
        needed: dict[str, tuple[str, list[str]]] = {}
        for process in self.process_ids():
            try:
                named = self.process(process).secrets
            except DefinitionError:
                continue
            for name, need in named.items():
                needed.setdefault(name, (need.kind, []))[1].append(process)
        return needed

    def secrets_refused(self) -> dict[str, str]:
        """Secrets an application refused in any region, with the reason."""
        from robo.services.credentials import refused_in

        with self.store.read() as tx:
            return refused_in(tx, self.region_ids())

    def secret_replaced(self, name: str, kind: str, account: str) -> int:
        """A new value was set: it is logged, its mark goes, and what was held for it is queued again. How many items.

        `InfrastructureError` when the store does not answer: the value is set all the same."""
        from robo.services.credentials import replaced
        from robo.store import people

        def replace_(tx: Any) -> int:
            return replaced(tx, name, kind, self.region_ids(), actor=people.pseudonym(tx, account))

        return self.store.transact(replace_)


def open_app(project: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> App:
    """The app of a project: the one named, `ROBO_PROJECT`, or the nearest from here upwards."""
    folder = find_project(project, environ=environ)
    return App(folder, load_settings(folder, environ=environ))
