"""Process x region x actions -> Plan. Pure: the same values give the same plan, digest included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from robo.definition.diagnostics import nearest
from robo.model.process import Finder, Items, Kind, Process, SecretNeed, Sessions
from robo.model.region import MailAccount, Region
from robo.model.text import Expr, Template
from robo.plan.columns import check_writes
from robo.plan.cutting import RUN_KEY, Cutter
from robo.plan.digest import digest_of
from robo.plan.extending import SECTIONS, extended
from robo.plan.keeping import keeping
from robo.plan.keys import check_keys
from robo.plan.looking import VerifyRules
from robo.plan.model import ATTENDED, HostPlan, Part, Plan, every, hosts_of, listed_row
from robo.plan.outputs import Finders, Usage, results_of
from robo.plan.overlay import apply_overlay
from robo.plan.pages import check_hosts_set_up, check_pages
from robo.plan.problems import Problems, place_of
from robo.plan.reviews import check_reviews
from robo.plan.rules import EffectRules, actions_of
from robo.plan.sequels import check_sequels
from robo.plan.signins import check_signins
from robo.plan.steps import Actions, params_of, resolve, resolve_all, runner_of, walk
from robo.plan.turns import TurnRules
from robo.sdk.action import ActionSpec


def build(process: Process, region: Region | None, actions: Mapping[str, ActionSpec]) -> Plan:
    """The plan of `process` in `region` (None: nowhere in particular, nothing granted).

    Raises `DefinitionError` with every problem of both files.
    """
    problems = Problems(process, region)
    effective = effective_process(process, region, actions, problems)
    finders = {name: results_of(finder.step, actions) for name, finder in effective.finders.items()}
    cutter = Cutter(actions, finders, {name: finder.step.action for name, finder in effective.finders.items()})
    EffectRules(cutter, effective, problems).check()
    VerifyRules(cutter, effective, problems).check()
    TurnRules(cutter, effective, problems).check()
    check_keys(effective, problems)
    check_reviews(effective, problems)
    check_sequels(cutter, effective, problems)
    check_writes(effective, actions, problems)
    check_signins(effective, actions, problems)
    _check_region(effective, region, actions, problems)
    _check_uses(effective, actions, finders, problems)
    check_hosts_set_up(effective, hosts_of(cutter.pieces(effective.setup)), actions, problems)
    kept = partial(keeping, finders=effective.finders)
    segments = kept(cutter.segments(effective.steps))
    finish = kept(cutter.segments(effective.finish, key=RUN_KEY)) if effective.finish else ()
    sequels = {outcome: kept(cutter.segments(steps)) for outcome, steps in effective.sequels.items()}
    check_pages(effective, tuple(every((*segments, *chain(*sequels.values()), *finish))), actions, problems)
    done_by = _done_by(effective, segments, problems)
    problems.finish()
    places = dict(_places(effective, problems))
    return _plan(
        effective,
        region,
        cutter,
        segments=segments,
        sequels=sequels,
        finish=finish,
        done_by=done_by,
        places=places,
    )


def effective_process(process: Process, region: Region | None, actions: Actions, problems: Problems) -> Process:
    """`process` with its steps resolved and the region's overlay applied; what is wrong goes to `problems`."""
    items = process.items
    resolved = process.model_copy(
        update={
            "finders": {
                name: Finder(name=name, step=resolve(finder.step, actions, problems))
                for name, finder in process.finders.items()
            },
            "items": items and _with_source(items, actions, problems),
            **{name: resolve_all(getattr(process, name), actions, problems) for name in SECTIONS},
        }
    )
    overlay = region.overlays.get(process.id) if region is not None else None
    if overlay is not None:
        resolved = apply_overlay(resolved, overlay, actions, problems)
    return extended(resolved, overlay, actions, problems)


def _with_source(items: Items, actions: Actions, problems: Problems) -> Items:
    source = items.source
    return items if source is None else items.model_copy(update={"source": resolve(source, actions, problems)})


def _check_region(process: Process, region: Region | None, actions: Actions, problems: Problems) -> None:
    """The region has what an action stands on."""
    if region is None:
        return
    for step in actions_of(process):
        spec = actions.get(step.action)
        if spec is None or spec.region_needs is None:
            continue
        if region.mail is not None and region.mail.mailbox is None and spec.region_needs == "mailbox":
            problems.report(
                "RB481",
                "%(action)s looks into the mailbox of the region, and %(region)s has none",
                (*step.path, step.action),
                expected="in %(file)s: mail: {…, mailbox: {server: imap.exemple.fr, secret: mail}}",
                action=step.action,
                region=region.id,
                file=region.file,
            )
        if region.mail is None:
            problems.report(
                "RB480",
                "%(action)s needs the account of the region, and %(region)s has none",
                (*step.path, step.action),
                expected="in %(file)s: mail: {server: smtp.exemple.fr, from: robot@exemple.fr, secret: mail, "
                "domains: [exemple.fr], redirect_all_to: essais@exemple.fr}",
                action=step.action,
                region=region.id,
                file=region.file,
            )


def _check_uses(process: Process, actions: Actions, finders: Finders, problems: Problems) -> None:
    for steps in (process.steps, *process.sequels.values(), process.finish):
        Usage(actions, finders, problems).follow(steps)


def _done_by(process: Process, segments: tuple[Part, ...], problems: Problems) -> str | None:
    known = [segment.once.id for segment in every(segments) if segment.once is not None]
    asked = process.counts.done_by
    if asked is None:
        return known[-1] if known else None
    if asked not in known:
        problems.report(
            "RB426",
            "`counts.done_by` names %(step)s, which is not a step with `once`",
            ("counts", "done_by"),
            meant=nearest(asked, known),
            expected="one of: %(known)s",
            remedy="name the step whose effect is what you count",
            step=asked,
            known=", ".join(known) or "-",
        )
    return asked


def _plan(
    process: Process,
    region: Region | None,
    cutter: Cutter,
    *,
    segments: tuple[Part, ...],
    sequels: Mapping[str, tuple[Part, ...]],
    finish: tuple[Part, ...],
    done_by: str | None,
    places: Mapping[str, str],
) -> Plan:
    used = sorted({step.action for step in actions_of(process)})
    here = region or Region(id="", title="")
    mail = here.mail if any(cutter.actions[name].region_needs for name in used) else None
    said: dict[str, Any] = {
        "process": process.id,
        "title": process.title,
        "version": process.version,
        **_of_region(here),
        "inputs": dict(process.inputs),
        "secrets": _secrets(process, cutter.actions, mail),
        "hosts": _hosts(process),
        "mail": mail,
        "tables": {name: dict(table.rows) for name, table in process.tables.items()},
        "items": process.items,
        "finders": dict(process.finders),
        "sessions": _sessions(process.sessions, attended=_attended(process)),
        "limits": process.limits,
        "on_failure": process.on_failure,
        "counts": process.counts,
        "done_by": done_by,
        "again": process.again,
        "actions": {name: cutter.actions[name] for name in used},
    }
    written = {"setup": process.setup, "steps": process.steps, **process.sequels, "finish": process.finish}
    newer = {name: value for name, value in (("start", process.start), ("popups", process.popups)) if value}
    digest = digest_of({**said, **written, **newer})
    return Plan(
        **said,
        digest=digest,
        setup=cutter.pieces(process.setup),
        start=cutter.pieces(process.start),
        popups=process.popups,
        segments=segments,
        sequels=sequels,
        finish=finish,
        runners=tuple(sorted({runner_of(name) for name in said["actions"]})),
        source=process.file,
        places=places,
    )


def _of_region(here: Region) -> dict[str, Any]:
    """What a plan has of its region, whatever its steps need."""
    return {
        "region": here.id,
        "zone": here.zone,
        "holidays": here.holidays,
        "date_format": here.date_format,
        "grants": {origin_of(grant.host): grant.environment for grant in here.grants},
        "private": tuple(origin_of(grant.host) for grant in here.grants if grant.private),
    }


def _places(process: Process, problems: Problems) -> Iterator[tuple[str, str]]:
    """Every step and finder by its id, and every row of a list, with the line at which it begins."""
    for number, row in enumerate(process.items.rows if process.items is not None else (), 1):
        at = place_of(process, row.path)
        yield listed_row(number), f"{at.file}:{at.line}"
    finders = tuple(finder.step for finder in process.finders.values())
    for step in walk((*process.every_section, *finders)):
        for each in (step, *(step.verify.steps if step.verify is not None else ())):
            at = problems.place(each.path)
            yield each.id, f"{at.file}:{at.line}"


def _sessions(sessions: Sessions, *, attended: bool) -> Sessions:
    """`page: kept` goes on where the last item ended, an exclusive account is signed in once, and a person has one
    window: one slot."""
    one = attended or sessions.page == "kept" or sessions.account == "exclusive"
    return sessions.model_copy(update={"slots": 1}) if one else sessions


def _attended(process: Process) -> bool:
    return any(need.kind == ATTENDED for need in process.secrets.values())


def _hosts(process: Process) -> tuple[HostPlan, ...]:
    """Every `url` input, then the declared ones; a declared one of the same name adds to it."""
    found = {
        name: HostPlan(name=name, url=Template("${{ inputs." + name + " }}", (Expr(f"inputs.{name}"),)))
        for name, each in process.inputs.items()
        if each.type is Kind.URL
    }
    for name, host in process.hosts.items():
        found[name] = HostPlan(name=name, url=host.url, reads=host.reads, drafts=host.drafts)
    return tuple(found.values())


def origin_of(url: str) -> str:
    """`https://Portail.Example:443/x` -> `https://portail.example`; what has no scheme is taken as https."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port is not None and parts.port != usual else ""
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    return f"{parts.scheme}://{host}{port}"


def _secrets(process: Process, actions: Actions, mail: MailAccount | None) -> Mapping[str, SecretNeed]:
    """The declared secrets, and those that an action or the region's account names: of kind `password`."""
    found = dict(process.secrets)
    of_mails = () if mail is None else (mail.secret, mail.mailbox.secret if mail.mailbox is not None else None)
    for needed in of_mails:
        if needed is not None:
            found.setdefault(needed, SecretNeed(name=needed))
    for step in actions_of(process):
        spec = actions.get(step.action)
        name = params_of(spec, step.params).get("secret") if spec is not None and _takes_secret(spec) else None
        if isinstance(name, str) and name:
            found.setdefault(name, SecretNeed(name=name))
    return found


def _takes_secret(spec: ActionSpec) -> bool:
    return "secret" in spec.params.model_fields
