"""Some of what was credited, looked for again in its application: what is not there any more is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robo.errors import RoboError, Words, phrase

if TYPE_CHECKING:
    from robo.app import App
    from robo.services.rechecks import Draw
    from robo.services.worker.rechecking import Seen, Sought
    from robo.services.worker.starting import Given
    from robo.store.samples import Rechecked

_GONE: Words = phrase("its data were purged, or no run and no item are named")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of looking for credits of one process in one month. `absent`: items that are not there, by key, with
    the corrections; `unseen`: those of which nobody could tell, with why."""

    said: Rechecked
    absent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unseen: Mapping[str, Words] = field(default_factory=dict)


def recheck(robo: App, region: str, *, process: str = "", month: str = "", share: int, actor: str) -> list[Looked]:
    """Look for what is due in a region; of a month, of a process only where they are named. RB080-RB082."""
    from robo.services import rechecks
    from robo.services.closings import today
    from robo.store import samples

    zone = robo.region(region).zone
    with robo.store.read() as tx:
        day = today(tx, zone)
        wanted = (
            [(name, month) for name in samples.worked(tx, region, month)] if month else rechecks.due(tx, region, day)
        )
        wanted = [each for each in wanted if process in {"", each[0]}] or ([(process, month)] if month else [])
        draws = [rechecks.draw(tx, region, *each, share=share, today=day) for each in wanted]
    return [_one(robo, found, zone, actor) for found in draws]


def _one(robo: App, found: Draw, zone: str, actor: str) -> Looked:
    from robo.services import rechecks
    from robo.services.worker.rechecking import sought_of
    from robo.store import samples

    with robo.store.read() as tx:
        before = rechecks.back_before(tx, found)
        left = {row["item"] or "": row["run"] or "" for row in found.rows if row["id"] not in before}
        sought = {item: sought_of(tx, item) for item in left if item}
    seen = {
        each.item: each
        for run in sorted(set(left.values()) - {""})
        for each in _look(robo, run, [it for item, it in sought.items() if it is not None and left[item] == run])
    }
    keys = {item: item if it is None else it.key for item, it in sought.items()}

    def settle(tx: Any) -> Looked:
        absent = {
            keys[item]: rechecks.take_back(tx, left[item], item, zone=zone, actor=actor, why=_why(keys[item]))
            for item, each in seen.items()
            if each.found is False
        }
        told = rechecks.said(found, {item: each.found for item, each in seen.items()}, before)
        samples.note(tx, told, actor=actor)
        unsure = {item: seen[item].why if item in seen else _GONE for item in left}
        unseen = {
            keys.get(item, "-"): why for item, why in unsure.items() if item not in seen or seen[item].found is None
        }
        return Looked(said=told, absent=absent, unseen=unseen)

    return robo.store.transact(settle)


def _why(key: str) -> str:
    return f"{key}: looked for again, and not found"


def _look(robo: App, run: str, sought: Sequence[Sought]) -> list[Seen]:
    """Whatever keeps a whole run from being looked into is told of each of its items."""
    from robo.services.worker.rechecking import Seen, look_for

    if not sought:
        return []
    try:
        return look_for(_given(robo, run), run, sought)
    except RoboError as trouble:
        return [Seen(item=each.item, found=None, why=trouble.words) for each in sought]


def _given(robo: App, start: str) -> Given:
    """The run as it was begun, by its own definition, in today's region. Files it was given may be gone: nothing that
    looks reads them."""
    from robo.app import quiet
    from robo.model.process import Kind
    from robo.services.guests import check_runners
    from robo.services.worker.beginning import asked_again
    from robo.services.worker.requests import host_rules, typed_inputs
    from robo.services.worker.starting import Given
    from robo.store import runs

    with robo.store.read() as tx:
        run = runs.get(tx, start)
    runs.refuse_purged(run)
    plan = robo.plan(run.process, run.region)
    if plan.digest != run.digest:
        plan = robo.plan(run.process, run.region, run.options.get("sources"))
    files = {name for name, wanted in plan.inputs.items() if wanted.type in {Kind.FILE, Kind.FOLDER}}
    plan = replace(plan, inputs={name: wanted for name, wanted in plan.inputs.items() if name not in files})
    request = replace(asked_again(run), headed=bool(plan.attended), slots=1)
    texts = {name: text for name, text in request.inputs.items() if name not in files}
    inputs = {
        **{name: Path(request.inputs.get(name, "")) for name in files},
        **typed_inputs(plan, texts, request.folder),
    }
    hosts, _ = host_rules(plan, {"inputs": inputs}, None)
    check_runners(plan.runners, robo.settings.for_runners(), headed=request.headed)
    return Given(
        plan=plan,
        inputs=inputs,
        hosts=hosts,
        request=request,
        settings=robo.settings,
        store=lambda: robo.store,
        secret=robo.secrets.get,
        baseline=lambda: None,
        told=quiet,
    )
