"""`robo ledger log-time | correct | wrong | opening`: what people write into the book of minutes."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from robo.cli.console import emit, verdict
from robo.cli.here import Json, Region, Yes, noun, opened, region_of, sure
from robo.cli.language import _, say
from robo.cli.words import reason_word

if TYPE_CHECKING:
    from robo.app import App

app = noun(_("What people write into the book of minutes."))
MONTH: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_HOUR: Final = 60
_TIME: Final = "3h30"
Process = Annotated[str, typer.Option("--process", help=_("only of this process"))]
Month = Annotated[
    str,
    typer.Option("--month", help=_("an earlier month that is still open; else the one we are in"), metavar="YYYY-MM"),
]
Why = Annotated[str, typer.Option("--why", help=_("why, in a sentence; it is purged with other personal data"))]


def example(command: str) -> str:
    """The end of a command's help: how it is written, on a line that is not folded."""
    return f"\b\n{_('Example:')}\n  {command}"


def hours(minutes: int) -> str:
    """Minutes as people say them: `311 h`, `3 h 05`, `-2 h 30`."""
    whole, rest = divmod(abs(minutes), _HOUR)
    return f"{'-' if minutes < 0 else ''}{whole} h{f' {rest:02}' if rest else ''}"


def zone_of(robo: App, region: str) -> str:
    """The calendar that a region's months are of."""
    return robo.region(region).zone


def checked_month(said: str) -> str:
    """A month as it is written, or "" where none was named. RB028."""
    from robo.errors import UsageError

    if said and not MONTH.fullmatch(said):
        raise UsageError(
            "RB028",
            "%(said)s is not written like %(example)s",
            place="--month",
            remedy="write it so: %(example)s",
            said=said,
            example="2026-10",
        )
    return said


@app.command(
    "log-time",
    help=_("Log time that people spent on robots; 0 is logged too, and is what you sign."),
    epilog=example("robo ledger log-time --region occitanie --month 2026-10 --supervision 3h30 --maintenance 0"),
)
def log_time(
    *,
    region: Region = None,
    process: Annotated[str, typer.Option("--process", help=_("for this process; else for all of them"))] = "",
    month: Month = "",
    supervision: Annotated[str, typer.Option("--supervision", help=_("watching robots"), metavar=_TIME)] = "",
    maintenance: Annotated[str, typer.Option("--maintenance", help=_("keeping them going"), metavar=_TIME)] = "",
    build: Annotated[str, typer.Option("--build", help=_("building a process"), metavar=_TIME)] = "",
    replication: Annotated[str, typer.Option("--replication", help=_("bringing it to a region"), metavar=_TIME)] = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """For a month, all together: nobody's own time is kept, only what it was for."""
    from robo.cli.person import actor
    from robo.errors import UsageError
    from robo.services import bookkeeping
    from robo.services.bookkeeping import KINDS, Where, minutes_of

    given = dict(zip(KINDS, (supervision, maintenance, build, replication), strict=True))
    spent = {kind: minutes_of(said, f"--{kind}") for kind, said in given.items() if said}
    if not spent:
        raise UsageError(
            "RB026",
            "no time is given",
            place="robo ledger log-time",
            remedy="say for what: --supervision 3h30, --maintenance, --build, --replication; 0 says that there was "
            "none",
        )
    with opened() as robo:
        here = region_of(robo, region)
        if process:
            robo.process_file(process)
        where = Where(region=here, zone=zone_of(robo, here), process=process, month=checked_month(month))
        none = [kind for kind, minutes in spent.items() if not minutes]
        if none:
            facts = {"kinds": ", ".join(map(reason_word, none)), "region": here}
            sure(say("You sign that nobody spent time on %(kinds)s in %(region)s?", facts), yes=yes)
        mine = actor(robo)
        rows = robo.store.transact(lambda tx: bookkeeping.log_time(tx, where, spent, actor=mine))
    if as_json:
        emit("ledger-time", {"region": here, "process": process, "month": month, "minutes": spent, "rows": rows})
    told = ", ".join(f"{reason_word(kind)} {hours(minutes)}" for kind, minutes in spent.items())
    verdict(say("logged in %(region)s: %(told)s", {"region": here, "told": told}), good=True)


@app.command(
    help=_("Take a row of the book back: a new row names it, in the month that is open; both stay."),
    epilog=example('robo ledger correct h4k2m9zq --reason not-found --why "introuvable dans Chorus le 12"'),
)
def correct(
    row: Annotated[str, typer.Argument(help=_("the row's id, or its beginning or end"))],
    *,
    reason: Annotated[str, typer.Option("--reason", help=_("why"), metavar="not-found|wrong|slip")] = "slip",
    minutes: Annotated[
        str, typer.Option("--minutes", help=_("of logged time, only so much of it"), metavar=_TIME)
    ] = "",
    why: Why,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """A credit goes whole, with its unit: nobody can earn it again."""
    from robo.cli.person import actor
    from robo.errors import UsageError
    from robo.services import bookkeeping
    from robo.services.bookkeeping import REASONS, minutes_of

    if reason not in REASONS:
        raise UsageError(
            "RB028",
            "%(said)s is not written like %(example)s",
            place="--reason",
            remedy="one of: %(known)s",
            said=reason,
            example="not-found",
            known=", ".join(REASONS),
        )
    part = minutes_of(minutes, "--minutes") if minutes else None
    with opened() as robo:
        mine, zone = actor(robo), partial(zone_of, robo)
        sure(say("Take the row %(row)s back?", {"row": row}), yes=yes)
        old, new = robo.store.transact(
            lambda tx: bookkeeping.correct(tx, row, reason, zone_of=zone, actor=mine, why=why, minutes=part)
        )
    if as_json:
        emit("ledger-corrected", {"corrects": old["id"], "row": new, "reason": reason})
    verdict(say("%(old)s is taken back by %(new)s", {"old": old["id"], "new": new}), good=True)


@app.command(
    help=_("The robot got this wrong: it costs what the baseline says, and with --undone earns nothing."),
    epilog=example('robo ledger wrong 2026-TS-7731 --undone --why "saisi dans le mauvais service"'),
)
def wrong(
    item: Annotated[str, typer.Argument(help=_("the item's key, or its id"))],
    *,
    why: Why,
    undone: Annotated[
        bool, typer.Option("--undone", help=_("its work had to be done again: its credit is taken back too"))
    ] = False,
    run: Annotated[str, typer.Option("--run", help=_("only in this run"))] = "",
    as_json: Json = False,
) -> None:
    """For the service, of any item, at any time; it costs once."""
    from robo.cli.person import actor
    from robo.services import bookkeeping

    with opened() as robo:
        found = robo.find_item(item, run)
        region = robo.find_run(found.run)[0].region
        zone, mine = zone_of(robo, region), actor(robo)
        debit, back = robo.store.transact(
            lambda tx: bookkeeping.flag(tx, found, zone=zone, actor=mine, why=why, undone=undone)
        )
    if as_json:
        emit("ledger-wrong", {"item": found.id, "debit": debit, "corrections": back})
    facts = {"key": found.key, "debit": debit, "count": len(back)}
    verdict(say("%(key)s: wrong, row %(debit)s; %(count)s credit(s) taken back", facts), good=True)


@app.command(
    help=_("Declare what was gained before robo: shown apart, and never added to what is observed."),
    epilog=example("robo ledger opening config/ouverture-robo.yaml"),
)
def opening(
    file: Annotated[Path, typer.Argument(help=_("the opening balance"), metavar=_("FILE"))],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """One row a process, provenance `declared`; of a process it is declared once."""
    from robo.cli.person import actor
    from robo.definition.opening import read_opening
    from robo.services import bookkeeping
    from robo.services.bookkeeping import Where

    found = read_opening(file)
    total = sum(each.minutes for each in found.processes)
    with opened() as robo:
        where = Where(region=found.region, zone=zone_of(robo, found.region))
        mine = actor(robo)
        facts = {"total": hours(total), "region": found.region, "count": len(found.processes)}
        sure(say("Declare %(total)s from before robo in %(region)s (%(count)s row(s))?", facts), yes=yes)
        rows = robo.store.transact(lambda tx: bookkeeping.declare(tx, found, where, actor=mine))
    if as_json:
        emit("ledger-opening", {"region": found.region, "minutes": total, "rows": rows})
    verdict(say("%(region)s: %(total)s from before robo, declared, apart from all that is observed", facts), good=True)
