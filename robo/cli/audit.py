"""`robo audit`: the log that cannot be rewritten quietly. Show it, verify it, export it for those who verify it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer

from robo.cli import audit_sealing, audit_witness, retention
from robo.cli.console import data, emit, table, verdict
from robo.cli.here import Json, noun, opened, writing
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.app import App
    from robo.services.auditing.looking import Shown
    from robo.services.auditing.verifying import Verified

app = noun(_("The audit log: show, verify, export, seal, purge it."))
app.add_typer(audit_sealing.app)
app.add_typer(retention.app)
app.add_typer(audit_witness.app, name="witness")
TO_HANDLE: Final = 3
"""The exit code of a verification that was carried out, and found something a person must look at."""
_ENOUGH: Final = 8
_DAY: Final = "2026-11-26"
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help=_("whom you trust: logs, witnesses, quorum"), metavar="FILE")
]


@app.command(help=_("Verify the log: this project's, or an export with nothing but its folder and your policy."))
def verify(
    folder: Annotated[
        Path | None, typer.Option("--export", help=_("the folder of an export"), metavar=_("FOLDER"))
    ] = None,
    policy: PolicyFile = None,
    origin: Annotated[str, typer.Option("--origin", help=_("the log's name, when the policy knows several"))] = "",
    *,
    as_json: Json = False,
) -> None:
    """Exit 0: whole. 3: something is wrong, and the first bad entry is named. 4: it could not be verified."""
    from robo.cli import audit_verdict

    found = _verified_here(policy) if folder is None else _verified_folder(folder, policy, origin)
    if as_json:
        emit("audit-verified", audit_verdict.as_json(found))
    else:
        audit_verdict.tell(found)
    if not found.report.whole:
        raise typer.Exit(TO_HANDLE)


def _verified_folder(folder: Path, policy: Path | None, origin: str) -> Verified:
    """No project, no store, no settings."""
    from robo.errors import UsageError
    from robo.services.auditing.verifying import verify_folder
    from robo.services.witnessing.trust import policy_at

    if policy is None:
        raise UsageError(
            "RB667",
            "an export is verified by the policy of who receives it, and none is named",
            place="--policy",
            remedy="--policy FILE: the log's key as its owner publishes it, your witnesses, the quorum",
        )
    return verify_folder(folder, policy_at(policy), origin, int(time.time()))


def _verified_here(policy: Path | None) -> Verified:
    from robo.services.auditing.verifying import verify_store
    from robo.services.witnessing.trust import policy_at

    given = None if policy is None else policy_at(policy)
    with opened() as robo:
        return verify_store(robo.store, robo.keep, robo.settings, given)


@app.command(help=_("Write the log into a folder that others verify, as c2sp.org/tlog-tiles says."))
def export(
    folder: Annotated[Path, typer.Argument(help=_("a folder that is not there yet"), metavar=_("FOLDER"))],
    *,
    region: Annotated[str, typer.Option("--region", "-r", help=_("only this region's entries, with their proof"))] = "",
    proof: Annotated[
        str, typer.Option("--proof", help=_("only the entries of this item or event, each with its proof"))
    ] = "",
    payloads: Annotated[
        bool, typer.Option("--payloads", help=_("what is personal too; that is logged"), show_default=False)
    ] = False,
    as_json: Json = False,
) -> None:
    """What waits is ordered and sealed first. The folder is there whole, or not at all."""
    from robo.cli.person import actor
    from robo.cli.trouble import tell
    from robo.errors import UsageError
    from robo.services.auditing.exporting import Wanted
    from robo.services.auditing.exporting import export as write
    from robo.services.auditing.sealing import seal
    from robo.services.witnessing.trust import policy_if_any

    if region and proof:
        raise UsageError("RB668", "--region and --proof are two exports", remedy="export one of them, then the other")
    wanted = Wanted(region=region, proof=proof, payloads=payloads)
    with opened() as robo, writing(folder):
        store, settings = robo.store, robo.settings
        sealed, policy = partial(seal, store, robo.keep, settings.audit), policy_if_any(settings)
        done = write(store, folder, wanted, sealed, policy, actor=actor(robo))
    if done.unsealed is not None:
        tell(done.unsealed)
    facts = {"log": done.origin, "entries": done.entries, "size": done.size, "folder": str(folder)}
    if as_json:
        emit("audit-exported", {**facts, "payloads": payloads, "unsealed": done.unsealed and done.unsealed.code})
    verdict(
        say("%(entries)s entries of %(log)s in %(folder)s · robo audit verify --export %(folder)s --policy …", facts),
        good=done.unsealed is None,
    )


@app.command(help=_("Look into the log, the newest first; at what is personal only when you ask, which is logged."))
def show(
    number: Annotated[int | None, typer.Argument(help=_("one entry by its number, with all it says"))] = None,
    *,
    region: Annotated[str, typer.Option("--region", "-r", help=_("only of this region"))] = "",
    process: Annotated[str, typer.Option("--process", help=_("only of this process"))] = "",
    run: Annotated[str, typer.Option("--run", help=_("only of this run; its first letters are enough"))] = "",
    item: Annotated[str, typer.Option("--item", help=_("only of this item: its key, or its id"))] = "",
    kind: Annotated[str, typer.Option("--type", help=_("only of this type, or of those that begin so: once."))] = "",
    since: Annotated[str, typer.Option("--since", help=_("only from this day or instant on"), metavar=_DAY)] = "",
    until: Annotated[str, typer.Option("--until", help=_("only before this day or instant"), metavar=_DAY)] = "",
    limit: Annotated[int, typer.Option("--limit", help=_("at most so many"), min=1)] = 50,
    payload: Annotated[
        bool, typer.Option("--payload", help=_("what is personal too; that is logged"), show_default=False)
    ] = False,
    as_json: Json = False,
) -> None:
    """Times are those of each entry's region. What has no number yet waits for its place in the log."""
    from robo.cli.person import actor
    from robo.services.auditing.looking import look, look_inside
    from robo.store.audit_search import Wanted

    with opened() as robo:
        wanted = Wanted(
            region=region,
            process=process,
            run=run,
            item=item,
            kind=kind,
            since=_instant(robo, since, "--since", region),
            until=_instant(robo, until, "--until", region),
            number=number,
        )
        found = (
            look_inside(robo.store, wanted, limit, actor=actor(robo)) if payload else look(robo.store, wanted, limit)
        )
        zones = {name: _zone(robo, name) for name in {each.entry["region"] for each in found}}
        people = robo.people() if payload else {}
    if as_json:
        emit("audit-entries", {"entries": [_as_json(each, payload=payload) for each in found]})
    elif not found:
        verdict(_("nothing in the log is so"), good=True)
    elif number is not None:
        for each in found:
            _tell(each, zones, people)
    else:
        _table(found, zones, people, payload=payload)


def _table(found: Sequence[Shown], zones: Mapping[str, ZoneInfo], people: Mapping[str, str], *, payload: bool) -> None:
    from robo.cli.audit_words import sentence

    several = len(zones) > 1
    headers = [_("entry"), _("when"), *([_("region")] if several else []), _("about"), _("what"), _("who")]
    rows = []
    for each in found:
        entry = each.entry
        about = each.key or _short(entry["obj"])
        row = [_number(each), _when(entry, zones), *([entry["region"]] if several else [])]
        who = people.get(entry["actor"]) or _short(entry["actor"])
        rows.append([*row, about, sentence(entry) + _beside(each, payload=payload), who])
    table(headers, rows)


def _tell(each: Shown, zones: Mapping[str, ZoneInfo], people: Mapping[str, str]) -> None:
    """One entry with every member."""
    from robo.cli.audit_words import sentence
    from robo.cli.console import printable

    entry = each.entry
    data(f"{_number(each)} · {_when(entry, zones)} · {printable(sentence(entry))}")
    for name in ("type", "id", "region", "obj", "cause", "actor", "rseq", "prev", "pc", "key"):
        if entry.get(name) not in {None, ""}:
            known = people.get(entry[name], "") if name == "actor" else ""
            data(f"  {name}: {printable(str(entry[name]))}" + (f" ({printable(known)})" if known else ""))
    for name, value in entry["data"].items():
        data(f"  data.{name}: {printable(str(value))}")
    for name, value in (each.payload or {}).items():
        data(f"  payload.{name}: {printable(str(value))}")
    if each.gone:
        data(f"  payload: {_('purged')}")


def _as_json(each: Shown, *, payload: bool) -> Mapping[str, Any]:
    from robo.cli.audit_words import sentence

    beside = {"item_key": each.key, "payload": each.payload, "payload_gone": each.gone} if payload else {}
    return {"seq": each.seq, "pending": each.seq is None, **each.entry, "sentence": sentence(each.entry), **beside}


def _number(each: Shown) -> str:
    return _("waits") if each.seq is None else str(each.seq)


def _beside(each: Shown, *, payload: bool) -> str:
    if each.payload is not None:
        return " · " + ", ".join(f"{name}: {value}" for name, value in each.payload.items())
    return f" · {_('purged')}" if payload and each.gone else ""


def _short(name: str) -> str:
    """Enough of an id to tell it from its neighbours: ids of one second begin alike."""
    return f"…{name[-_ENOUGH:]}" if len(name) > 2 * _ENOUGH else name


def _when(entry: Mapping[str, Any], zones: Mapping[str, ZoneInfo]) -> str:
    at = datetime.fromtimestamp(entry["ts"] / 1_000_000, UTC)
    return f"{at.astimezone(zones[entry['region']]):%Y-%m-%d %H:%M:%S}"


def _zone(robo: App, region: str) -> ZoneInfo:
    """The zone of a region; of one that has no file here, and of what belongs to none, the first region's."""
    from robo.errors import RoboError

    for name in (region, *robo.region_ids()):
        try:
            return ZoneInfo(robo.region(name).zone)
        except RoboError:
            continue
    return ZoneInfo("Europe/Paris")


def _instant(robo: App, said: str, place: str, region: str) -> datetime | None:
    from robo.errors import UsageError

    if not said:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise UsageError(
            "RB669",
            "%(said)s is no day and no instant",
            place=place,
            remedy="write it as 2026-11-26, or 2026-11-26T14:30",
            said=said,
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=_zone(robo, region))
