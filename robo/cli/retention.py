"""`robo audit purge`: what tells of persons and is over goes, and the log says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from robo.cli.console import data, emit, paint, printable, table, talk, verdict
from robo.cli.here import Json, Yes, noun, opened, sure
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.services.retention import Purged

app = noun(_("What is over goes, and the log says so."))
Until = Annotated[
    str, typer.Option("--until", help=_("no month behind this one, though it is over"), metavar="YYYY-MM")
]
Dry = Annotated[bool, typer.Option("--dry-run", help=_("only tell what would go; nothing is changed"))]


@app.command(help=_("Destroy what tells of persons and is over; the log still verifies."))
def purge(until: Until = "", *, dry_run: Dry = False, yes: Yes = False, as_json: Json = False) -> None:
    """Exit 4 when something that is over could not go."""
    from robo.app import keeping

    with opened() as robo:
        found = keeping.purge(robo, until=until, dry=True, told=_quiet)
        if not dry_run:
            if not found.nothing:
                if not as_json:
                    _show(found)
                sure(_("this cannot be undone: destroy it?"), yes=yes)
            found = keeping.purge(robo, until=until, dry=False, told=_quiet if as_json else _progress)
    if as_json:
        emit("audit-purge", as_dict(found))
    elif dry_run:
        _show(found)
    _verdict(found)
    if found.troubles:
        raise typer.Exit(4)


def as_dict(found: Purged) -> dict[str, Any]:
    """A purge, done or only looked at, as JSON shows it."""
    return {
        "dry_run": found.dry,
        "periods": [
            {
                "region": each.region,
                "class": each.kept.value,
                "month": each.month,
                "payloads": each.payloads,
                "bytes": each.size,
            }
            for each in found.periods
        ],
        "regions": {
            region: {
                "until": found.until[region],
                "items": found.items.get(region, 0),
                "runs": found.runs.get(region, 0),
                "files": found.files.get(region, 0),
            }
            for region in found.until
        },
        "file_bytes": found.size,
        "units": found.units,
        "leftovers": found.leftovers,
        "copies": found.copies,
        "rebuilt": found.rebuilt,
        "troubles": [
            {"code": each.code, "place": each.place, "message": say(each.message, each.facts)}
            for each in found.troubles
        ],
    }


def _show(found: Purged) -> None:
    """What goes, by region, class and month; then items and files by region."""
    headers = (_("region"), _("class"), _("month"), _("payloads"), _("kB"))
    lines = [(each.region, each.kept.value, each.month, each.payloads, _kb(each.size)) for each in found.periods]
    if lines:
        table(headers, lines)
    for region in found.until:
        facts = {
            "region": region,
            "until": found.until[region],
            "items": found.items.get(region, 0),
            "files": found.files.get(region, 0),
        }
        if facts["items"] or facts["files"]:
            data(say("%(region)s, ended up to %(until)s: %(items)s item(s), %(files)s file(s)", facts))


def _verdict(found: Purged) -> None:
    for trouble in found.troubles:
        talk(paint(f"{trouble.code}: {printable(say(trouble.message, trouble.facts))}", "bad"))
        if trouble.remedy:
            talk(f"  {_('do')}: {say(trouble.remedy, trouble.facts)}")
    if not found.rebuilt:
        talk(_("pieces of what was deleted are still in the store's file: purge again when no robot works"))
    gone = {
        "payloads": sum(each.payloads for each in found.periods),
        "items": sum(found.items.values()),
        "files": sum(found.files.values()),
    }
    what = say("%(payloads)s payload(s), %(items)s item(s), %(files)s file(s)", gone)
    if found.troubles:
        facts = {"what": what, "count": len(found.troubles)}
        verdict(say("gone: %(what)s; %(count)s trouble(s)", facts), good=False)
    elif found.nothing:
        verdict(_("nothing is over: nothing was purged"), good=True)
    elif found.dry:
        verdict(say("would go: %(what)s · robo audit purge", {"what": what}), good=True)
    else:
        verdict(say("gone: %(what)s · copy the store now: robo db backup", {"what": what}), good=True)


def _kb(size: int) -> str:
    return f"{size / 1000:.0f}"


def _quiet(_what: str, _facts: Mapping[str, Any]) -> None:
    """Tells nobody."""


def _progress(what: str, facts: Mapping[str, Any]) -> None:
    if what == "payloads":
        talk(say("%(period)s: %(count)s payload(s)", facts))
