"""`robo ledger export | verify`: every hour, for those who recompute it without our store."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from robo.cli.console import data, emit, paint, printable, table, talk, verdict
from robo.cli.here import Json, Region, noun, opened, region_of, writing
from robo.cli.language import _, located, say
from robo.cli.ledger_rows import checked_month, example, hours

if TYPE_CHECKING:
    from robo.app import App
    from robo.errors import RoboError
    from robo.proof.ledger import Proven
    from robo.services.auditing.verifying import Verified

app = noun(_("The book of hours for those who recompute it."))
_UNKNOWN: Final = frozenset({"RB648", "RB649"})
"""What is only not known of a log: its key is missing in the policy, or enough witnesses."""
TO_HANDLE: Final = 3
"""The exit code of a verification that was carried out, and found something a person must look at."""
_LIMIT: Final = "2026-10"


@app.command(
    help=_("Write the hours of a region into a folder from which others recompute them, without our store."),
    epilog=example("robo ledger export --region occitanie -o occitanie-2026"),
)
def export(
    folder: Annotated[
        Path, typer.Option("--output", "-o", help=_("a folder that is not there yet"), metavar=_("FOLDER"))
    ],
    region: Region = None,
    first: Annotated[
        str, typer.Option("--from", help=_("the first month whose figures are claimed"), metavar=_LIMIT)
    ] = "",
    last: Annotated[str, typer.Option("--to", help=_("the last month whose figures are claimed"), metavar=_LIMIT)] = "",
    as_json: Json = False,
) -> None:
    """What waits is ordered and sealed first. The folder is there whole, or not at all; nothing in it is personal."""
    from robo.cli.trouble import tell
    from robo.services.auditing.sealing import seal
    from robo.services.proving import Wanted, export_ledger
    from robo.services.witnessing.trust import policy_if_any

    with opened() as robo, writing(folder):
        where = region_of(robo, region)
        wanted = Wanted(
            region=where, zone=robo.region(where).zone, first=checked_month(first), last=checked_month(last)
        )
        sealed = partial(seal, robo.store, robo.keep, robo.settings.audit)
        done = export_ledger(robo.store, folder, wanted, sealed, policy_if_any(robo.settings))
    if done.unsealed is not None:
        tell(done.unsealed)
    facts = {"rows": done.rows, "region": where, "log": done.origin, "folder": str(folder)}
    if as_json:
        emit("ledger-exported", {**facts, "entries": done.entries, "unsealed": done.unsealed and done.unsealed.code})
    verdict(
        say("%(rows)s rows of %(region)s in %(folder)s · robo ledger verify %(folder)s --policy …", facts),
        good=done.unsealed is None,
    )


@app.command(
    help=_("Recompute every hour: of this project, or of an export with nothing but its folder and a policy."),
    epilog=example("robo ledger verify occitanie-2026 --policy auditor.policy"),
)
def verify(
    folder: Annotated[
        Path | None, typer.Argument(help=_("the folder of an export"), metavar=_("FOLDER"), show_default=False)
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help=_("whom you trust: logs, witnesses, quorum"), metavar="FILE")
    ] = None,
    origin: Annotated[str, typer.Option("--origin", help=_("the log it must be of; else the one it names"))] = "",
    *,
    as_json: Json = False,
) -> None:
    """Exit 0: whole. 3: something is wrong, and the first difference is named. 4: it could not be verified."""
    if folder is None:
        log, found = _books(policy)
    else:
        log, found = None, [_export(folder, policy, origin)]
    whole = all(each.whole for each in found) and (log is None or log.report.whole)
    if as_json:
        from robo.cli import audit_verdict

        told = {} if log is None else {"log": audit_verdict.as_json(log)}
        emit("ledger-verified", {"whole": whole, **told, "regions": [_as_json(each) for each in found]})
    else:
        if log is not None:
            from robo.cli import audit_verdict

            audit_verdict.tell(log)
        for each in found:
            _tell(each)
    if not whole:
        raise typer.Exit(TO_HANDLE)


def no_policy() -> RoboError:
    """Nobody said by whose word an export is to be believed."""
    from robo.errors import UsageError

    return UsageError(
        "RB667",
        "an export is verified by the policy of who receives it, and none is named",
        place="--policy",
        remedy="--policy FILE: the log's key as its owner publishes it, your witnesses, the quorum",
    )


def _export(folder: Path, policy: Path | None, origin: str) -> Proven:
    """No project, no store, no settings."""
    from robo.proof.ledger import verify_ledger
    from robo.services.witnessing.trust import policy_at

    if policy is None:
        raise no_policy()
    return verify_ledger(folder, policy_at(policy), int(time.time()), origin)


def _books(policy: Path | None) -> tuple[Verified, Sequence[Proven]]:
    from robo.services.proving import verify_books
    from robo.services.witnessing.trust import policy_at

    given = None if policy is None else policy_at(policy)
    with opened() as robo:
        return verify_books(robo.store, robo.keep, robo.settings, _zones(robo), given)


def _zones(robo: App) -> Mapping[str, str]:
    return {name: robo.region(name).zone for name in robo.region_ids()}


def _tell(found: Proven) -> None:
    """The verdict on standard output, advice on standard error."""
    from robo.proof.hours import total

    if found.difference is not None:
        _tell_difference(found, found.difference)
        return
    everything = total(found.figures.values())
    facts: dict[str, Any] = {
        "region": found.manifest.region,
        "rows": found.rows,
        "proven": hours(everything.proven),
        "unreconciled": hours(everything.unreconciled),
        "unmeasured": hours(everything.unmeasured),
    }
    message = (
        "Hours of %(region)s recomputed from %(rows)s rows: %(proven)s proven, %(unreconciled)s not reconciled, "
        "%(unmeasured)s not measured"
    )
    data(paint(say(message, facts), "good"))
    closed = [closing.month for closing, _at in found.closings]
    facts = {
        "zone": found.manifest.zone,
        "log": found.manifest.origin,
        "by": ", ".join(sorted(found.log.by)) or _("nobody"),
    }
    facts |= {"closed": closed[-1] if closed else "-"}
    data(say("log %(log)s, countersigned by %(by)s; calendar %(zone)s; closed up to %(closed)s", facts))
    table(
        [_("month"), _("process"), _("units"), _("proven"), _("not reconciled"), _("not measured")],
        [
            [key.month, key.process or _("all"), each.units, *map(hours, _sides(each))]
            for key, each in sorted(found.figures.items(), key=lambda pair: (pair[0].month, pair[0].process))
        ],
    )


def _tell_difference(found: Proven, wrong: RoboError) -> None:
    place = located(wrong.place)
    told = printable(say(wrong.message, wrong.facts))
    facts = {"region": found.manifest.region or "?", "what": f"{place}: {told}" if place else told}
    if wrong.facts.get("log") in _UNKNOWN:
        data(paint(say("THE HOURS of %(region)s CANNOT BE JUDGED: %(what)s", facts), "bad"))
    else:
        data(paint(say("THE HOURS of %(region)s ARE NOT PROVEN: %(what)s", facts), "bad"))
    if found.rows:
        talk(say("%(rows)s rows before it are right", {"rows": found.rows}))
    verdict(say(wrong.remedy, wrong.facts), good=False)


def _sides(each: Any) -> tuple[int, int, int]:
    return each.proven, each.unreconciled, each.unmeasured


def _as_json(found: Proven) -> dict[str, Any]:
    from robo.proof.hours import as_members, total

    listed = [{**key._asdict(), **as_members(each)} for key, each in sorted(found.figures.items())]
    return {
        "region": found.manifest.region,
        "log": found.manifest.origin,
        "zone": found.manifest.zone,
        "whole": found.whole,
        "entries": found.log.regions.get(found.manifest.region, 0),
        "countersigned": sorted(found.log.by),
        "rows": found.rows,
        "closed": [closing.month for closing, _at in found.closings],
        "figures": listed,
        "total": as_members(total(found.figures.values())),
        "difference": None if found.difference is None else _difference(found.difference),
    }


def _difference(wrong: RoboError) -> dict[str, Any]:
    return {
        "code": wrong.code,
        "message": say(wrong.message, wrong.facts),
        "place": wrong.place,
        "row": wrong.facts.get("row", ""),
        "says": wrong.facts.get("says"),
        "should": wrong.facts.get("should"),
        "remedy": say(wrong.remedy, wrong.facts),
    }
