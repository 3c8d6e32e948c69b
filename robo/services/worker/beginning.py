"""What a run is created from, and asked again of when it is resumed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from robo.model.base import MISSING, Environment
from robo.model.run import NewRun, Run
from robo.plan.measured import effects_digest
from robo.plan.model import Plan
from robo.services.worker.again import again_after
from robo.services.worker.requests import RunRequest
from robo.store import changes, debits, holds, people, runs, sequels
from robo.store.clock import Tx
from robo.store.engine import Store


def new_run(
    plan: Plan, request: RunRequest, environment: Environment, sources: Mapping[str, str], inputs: Mapping[str, Any]
) -> NewRun:
    """What a run is created from: the plan's digest, and the texts it was made of, for a resume after an edit."""
    options = {
        "limit": request.limit,
        "only": request.only,
        changes.SOURCES: dict(sources),
        "today": str(request.today or ""),
        "finish": bool(plan.finish),
        sequels.OPTION: sorted(plan.sequels),
        debits.EFFECTS: (effects := effects_digest(plan)),
    }
    return NewRun(
        process=plan.process,
        region=plan.region,
        environment=environment,
        version=plan.version,
        digest=plan.digest,
        effects=effects,
        inputs={name: "" if value is MISSING else str(value) for name, value in inputs.items()},
        options=options,
        dry_run=request.dry_run,
        retries=0 if request.dry_run else plan.on_failure.retry,  # what is wrong is to be seen, and corrected, now
        again=again_after(plan.again, datetime.now(ZoneInfo(plan.zone))),
    )


def begin_run(store: Store, new: NewRun, request: RunRequest) -> str:
    """Create a run; its id. Somebody who starts one looks again at what did not answer: such a hold ends."""

    def create(tx: Tx) -> str:
        actor = actor_of(tx, request)
        holds.release(tx, process=new.process, region=new.region, actor=actor, kind="portal")
        return runs.create(tx, new, actor=actor)[0]

    return store.transact(create)


def actor_of(tx: Tx, request: RunRequest) -> str:
    """How the log calls whoever asks for a run."""
    return people.pseudonym(tx, request.account) if request.account else request.actor


def asked_again(run: Run) -> RunRequest:
    """The request of a run that is resumed."""
    today = run.options.get("today")
    return RunRequest(
        process=run.process,
        region=run.region,
        inputs={name: text for name, text in run.inputs.items() if text},
        limit=run.options.get("limit"),
        only=run.options.get("only"),
        dry_run=run.dry_run,
        today=date.fromisoformat(today) if today else None,
    )
