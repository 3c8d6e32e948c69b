"""What a person asks of a run, and what comes back: the request, its inputs typed, the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from robo.definition.diagnostics import nearest
from robo.definition.expressions import render
from robo.errors import RoboError, UsageError
from robo.model.base import Environment, ItemState
from robo.model.baseline import BaselineRecord
from robo.model.ledger import Minutes
from robo.model.process import Input, Kind
from robo.model.region import Region
from robo.model.run import Item, RunState
from robo.model.scalars import BadScalar, chosen, parse
from robo.plan.build import origin_of
from robo.plan.model import Plan
from robo.sdk.runner import HostRule
from robo.services.worker.paths import found

LEFT = (
    ItemState.REJECTED,
    ItemState.UNKNOWN,
    ItemState.QUEUED,
    ItemState.RUNNING,
    ItemState.HELD,
    ItemState.WAITING,
)
"""States that leave something to do, for a person or for `--resume`."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """`robo run`, as its options say it. `inputs` are texts; relative files count from `folder`."""

    process: str
    region: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=Path.cwd)
    limit: int | None = None
    only: str | None = None
    dry_run: bool = False
    diff: bool = False
    headed: bool = False
    stepwise: Any = None
    slots: int | None = None
    environment: str | None = None
    today: date | None = None
    """Cases freeze the nominal date; None: the region's date now."""
    actor: str = "person"
    account: str = ""
    """Whose command it is, if a person's: the log calls it by a pseudonym, instead of `actor`."""


def slots_of(plan: Plan, request: RunRequest, usual: int | None) -> int:
    """How many items at once: one where the page is kept or somebody watches each step."""
    if plan.sessions.page == "kept" or request.stepwise is not None:
        return 1
    return request.slots or plan.sessions.slots or usual or 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How a run stands when its worker leaves it. `trouble`: what stopped it for every item."""

    run: str
    process: str
    version: str
    region: str
    environment: str
    state: RunState
    items: Mapping[ItemState, int]
    not_taken: Mapping[str, int]
    minutes: Minutes
    duration: float
    """Seconds."""
    baseline: BaselineRecord | None = None
    reason: str = ""
    """Why the run waits for a person's yes."""
    trouble: RoboError | None = None
    held: tuple[RoboError, ...] = ()
    """What the process is held for: nothing of it starts until that is seen to."""
    finish: Item | None = None
    """The run's `finish`, when it has begun one."""
    output: Mapping[str, Any] = field(default_factory=dict)
    """What the `finish` said is the run's result."""
    notes: tuple[RoboError, ...] = ()
    """What a person should see to besides: write-backs still owed, items in the hands of another run."""

    sealed: int | None = None
    """The size of the checkpoint that seals the log behind the run; None: it waits unsealed."""
    earlier: tuple[RunReport, ...] = ()
    """Earlier runs that went on first, because what they asked was answered since."""

    def as_json(self) -> dict[str, Any]:
        """The object `robo run --json` ends with (schema `robo.run/1`)."""
        shown = ("done", "skipped", "rejected", "failed", "unknown", "cancelled", "held", "waiting")
        return {
            "schema": "robo.run/1",
            "run": self.run,
            "process": self.process,
            "version": self.version,
            "region": self.region,
            "items": {name: self.items.get(ItemState(name), 0) for name in shown},
            "minutes": {"gross": self.minutes.gross, "net": self.minutes.net, "auditable": self.minutes.auditable},
            "duration_s": round(self.duration, 3),
            "checkpoint": None if self.sealed is None else {"size": self.sealed},
            **({"output": dict(self.output)} if self.output else {}),
            **({"earlier": [each.as_json() for each in self.earlier]} if self.earlier else {}),
        }

    @property
    def is_open(self) -> bool:
        """Whether there is something left that `robo run --resume` can go on with."""
        return self.state not in {RunState.ENDED, RunState.CANCELLED}

    @property
    def exit_code(self) -> int:
        """0 ok · 1 some failed · 2 bad input · 3 rejections, unknowns, a yes or a note to handle · 4 infrastructure.
        Of several runs, what is worst."""
        codes = {self._own_code, *(each.exit_code for each in self.earlier)}
        return next(code for code in (4, 2, 1, 3, 0) if code in codes)

    @property
    def _own_code(self) -> int:
        if self.trouble is not None:
            return self.trouble.exit_code if self.trouble.exit_code != 1 else 4
        if self.held and self.is_open and self.state is not RunState.WAITING:
            return 4
        finish = self.finish.state if self.finish is not None else ItemState.DONE
        if self.items.get(ItemState.FAILED) or finish is ItemState.FAILED:
            return 1
        waits = self.state is RunState.WAITING or bool(self.notes)
        return 3 if waits or finish in LEFT or any(self.items.get(state) for state in LEFT) else 0


def need_enabled(region: Region, process: str) -> None:
    """The region lets this process run now, whatever a run began with: RB515 otherwise, with the place that says no."""
    overlay = region.overlays.get(process)
    if overlay is not None and not overlay.enabled:
        raise UsageError(
            "RB515",
            "%(process)s is not enabled in %(region)s",
            place=str(region.positions[(*overlay.path, "enabled")]),
            remedy="whoever wrote `enabled: no` there can change it; other regions are not concerned",
            process=process,
            region=region.id,
        )


def typed_inputs(plan: Plan, given: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """The inputs of a run, typed: what was given, else the default. Every problem is an error with its name.

    RB501 missing, RB502 no such input, RB503 not of its type, RB504 no such file."""
    for name in given:
        if name not in plan.inputs:
            raise UsageError(
                "RB502",
                "the process has no input %(name)s",
                place=f"-i {name}",
                remedy="its inputs are: %(inputs)s; nearest: %(near)s",
                name=name,
                inputs=", ".join(plan.inputs) or "-",
                near=nearest(name, plan.inputs) or "-",
            )
    return {name: _typed(wanted, given.get(name, wanted.default), folder) for name, wanted in plan.inputs.items()}


def _typed(wanted: Input, text: str | None, folder: Path) -> Any:
    if text is None or not text.strip():
        if not wanted.required:
            from robo.model.base import MISSING

            return MISSING
        raise UsageError(
            "RB501",
            "the input %(name)s is missing",
            place=f"-i {wanted.name}",
            remedy="give it with -i %(name)s=…",
            name=wanted.name,
        )
    try:
        value = chosen(wanted.type, parse(wanted.type, text), wanted.choices)
    except BadScalar as bad:
        raise UsageError(
            "RB503",
            "the input %(name)s is not %(expected)s: %(got)s",
            place=f"-i {wanted.name}",
            remedy="give it with -i %(name)s=…",
            name=wanted.name,
            expected=bad.expected,
            got=str(bad.got),
        ) from bad
    if wanted.type in {Kind.FILE, Kind.FOLDER}:
        return found(wanted, str(value), folder)
    return value


def host_rules(plan: Plan, base: Mapping[str, Any], wanted: str | None) -> tuple[tuple[HostRule, ...], Environment]:
    """The hosts of a run and the environment they make: production only by a grant of the region; loopback is a test.

    RB510 a host without a grant, RB511 the environment asked for is not the one the hosts make."""
    rules, made = [], set()
    for host in plan.hosts:
        origin = origin_of(str(render(host.url, base)))
        name = origin.partition("://")[2]
        granted = plan.grants.get(origin)
        if granted is None and name.rpartition(":")[0] not in LOOPBACK and name not in LOOPBACK:
            raise UsageError(
                "RB510",
                "%(origin)s is not granted to robots of %(region)s",
                place=f"config/regions/{plan.region}.yaml",
                remedy="write it under `grants:` there, as `test` or `production`",
                origin=origin,
                region=plan.region,
            )
        made.add(granted or Environment.TEST)
        signs_in, private = host.name in plan.by_host, origin in plan.private
        rules.append(HostRule(host.name, origin, host.reads, host.drafts, private=private, signs_in=signs_in))
    if plan.mail is not None and made <= {Environment.PRODUCTION}:
        made.add(plan.mail.environment)
    environment = Environment.PRODUCTION if made == {Environment.PRODUCTION} else Environment.TEST
    if wanted is not None and wanted not in {each.value for each in Environment}:
        raise UsageError(
            "RB512",
            "%(wanted)s is not an environment",
            place="--env",
            remedy="write --env test or --env production",
            wanted=wanted,
        )
    if len(made) > 1 or (wanted is not None and wanted != environment):
        raise UsageError(
            "RB511",
            "the hosts of this run are %(made)s, and %(wanted)s was asked for",
            place="--env",
            remedy="give inputs whose hosts are all of one environment; grants are in the region's file, and so is "
            "`mail: {environment: …}`",
            made=" and ".join(sorted(made)) or environment.value,
            wanted=wanted or "one environment",
        )
    _need_mail_to_stay(plan, environment)
    return tuple(rules), environment


def _need_mail_to_stay(plan: Plan, environment: Environment) -> None:
    """A trial writes to nobody: RB513 when the region does not say where its mails go instead."""
    if plan.mail is None or plan.mail.practice or plan.mail.redirect_all_to:
        return
    if environment is not Environment.PRODUCTION:
        raise UsageError(
            "RB513",
            "this run is a trial, and %(region)s does not say where the mails of trials go",
            place=f"config/regions/{plan.region}.yaml",
            remedy="write `mail: {redirect_all_to: essais@exemple.fr}` there; "
            "a run that writes to people needs `mail: {environment: production}`, and hosts of production only",
            region=plan.region,
        )
