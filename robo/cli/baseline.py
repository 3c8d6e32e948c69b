"""`robo baseline`: the human minutes of a unit: observed, added, listed, shown; `baseline_deciding` decides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from robo.cli import baseline_deciding
from robo.cli.complete import processes, regions
from robo.cli.console import data, emit, near, paint, table, talk, verdict
from robo.cli.here import Json, Region, noun, opened, region_of, writing
from robo.cli.language import _, chosen, say
from robo.cli.words import method_word, standing_word

if TYPE_CHECKING:
    from robo.app.measuring import Shown
    from robo.services.baselines.adding import Added
    from robo.services.baselines.study import Study

app = noun(_("Human minutes of one unit: observed, added, approved. What hours are counted by."))
app.add_typer(baseline_deciding.app)
Process = Annotated[str, typer.Argument(help=_("the process"), autocompletion=processes)]
Role = Annotated[
    str, typer.Option("--role", help=_("what whoever measures does, as agente-instructrice; never a name"))
]
SHORT: Final = 8
"""Letters of an id that are shown in a list."""


@app.command("list", help=_("The baselines there are, and which of them count today."))
def list_(
    process: Annotated[str, typer.Option("--process", help=_("only of this process"), autocompletion=processes)] = "",
    region: Annotated[str, typer.Option("--region", "-r", help=_("only of here"), autocompletion=regions)] = "",
    *,
    every: Annotated[bool, typer.Option("--all", help=_("those that do not count, too"))] = False,
    as_json: Json = False,
) -> None:
    """Without --all: those that apply today."""
    from robo.app import measuring

    with opened() as robo:
        found = [
            each for each in measuring.shown(robo, region=region, process=process) if every or as_json or each.applies
        ]
    if as_json:
        emit("baselines", {"baselines": [as_dict(each) for each in found]})
        return
    headers = (_("id"), _("process"), _("region"), _("unit"), _("before"), _("after"), _("known by"), _("standing"))
    table(headers, [(*_line(each), _counts(each)) for each in found])
    if not found:
        talk(_("no process here has a baseline yet: robo baseline time PROCESS --region REGION --role ROLE"))


@app.command(help=_("One baseline whole: its minutes, what was observed, what was decided."))
def show(which: Annotated[str, typer.Argument(help=_("the first letters of its id"))], as_json: Json = False) -> None:
    """What people decided is told by role; the pseudonym is that of the audit log."""
    from robo.app import measuring

    with opened() as robo:
        found = measuring.one(robo, which)
    if as_json:
        emit("baseline", as_dict(found) | {"record": dict(found.record.said)})
        return
    _show(found)


def as_dict(found: Shown) -> dict[str, Any]:
    """A baseline and how it stands, as JSON shows it."""
    from robo.proof.baselines import MEASURED, valid_to

    record = found.record
    return {
        "id": record.id,
        "digest": record.digest,
        "process": record.process,
        "region": record.region,
        "unit": record.unit,
        "method": record.method,
        "minutes": {what: record.said[what] for what in MEASURED if what in record.said},
        "standing": found.standing.value,
        "applies": found.applies,
        "valid_to": valid_to(record.said),
        "author": record.author,
        "verdicts": [{**each.said, "actor": each.actor} for each in found.verdicts],
    }


def _line(found: Shown) -> tuple[str, ...]:
    record = found.record
    return (
        record.id[:SHORT],
        record.process,
        record.region,
        record.unit,
        say("%(minutes)s min", {"minutes": record.before}),
        say("%(minutes)s min", {"minutes": record.after}),
        method_word(record.method),
    )


def _counts(found: Shown) -> str:
    stands = standing_word(found.standing.value)
    return say("%(standing)s, in use", {"standing": stands}) if found.applies else stands


def _show(found: Shown) -> None:
    from robo.proof.baselines import MEASURED, of, valid_to

    record, said = found.record, found.record.said
    data(paint(f"{record.id} · {record.process} · {record.region} · {record.unit}", "strong"))
    data(f"{method_word(record.method)} · {_counts(found)}")
    if said["role"]:
        data(say("measured by: %(role)s", {"role": said["role"]}))
    if said["source"]:
        data(say("source: %(origin)s", {"origin": said["source"]}))
    if said["note"]:
        data(say("note: %(words)s", {"words": said["note"]}))
    if said["first"]:
        days = {"first": said["first"], "last": said["last"], "until": valid_to(said) or "-"}
        data(say("measured from %(first)s to %(last)s, good until %(until)s", days))
    covers = {"procedure": said["procedure"], "steps": _ranges(said["steps"]), "whole": said["whole"] or record.before}
    data(say("procedure %(procedure)s, points %(steps)s, %(whole)s min in all", covers))
    data()
    headers = (_("minutes"), _("median"), _("from"), _("to"), _("observed"), _("days"))
    figures = [(what, of(said, what)) for what in MEASURED if what in said]
    table(headers, [(_what(what), *each.span, each.n or "-", each.days or "-") for what, each in figures])
    data()
    for each in found.verdicts:
        facts = {"what": standing_word(each.kind.value), "day": each.day, "role": each.role, "actor": each.actor}
        data(say("%(what)s from %(day)s on, by %(role)s (%(actor)s)", facts))


def _what(what: str) -> str:
    words = {
        "before": _("before: by hand"),
        "after": _("after: with the robot"),
        "triage": _("triage: one set aside"),
        "recovery": _("recovery: one that failed"),
        "wrong": _("wrong: a mistake of the robot"),
    }
    return words[what]


def _ranges(numbers: list[int]) -> str:
    """`1-4, 7`."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(f"{each[0]}-{each[-1]}" if len(each) > 1 else str(each[0]) for each in found) or "-"


@app.command(help=_("Make a baseline of a study file (YAML)."))
def add(
    file: Annotated[Path, typer.Argument(help=_("the study: written by hand, or by `robo baseline time`"))],
    region: Region = None,
    as_json: Json = False,
) -> None:
    """It counts as not measured until somebody else approves it."""
    from robo.app import measuring
    from robo.cli.person import actor

    with opened() as robo:
        added = measuring.add_file(robo, file, region_of(robo, region), actor(robo))
    _tell(added, as_json=as_json)


@app.command("import", help=_("Make a baseline of a filled time-study sheet, whole or not at all."))
def import_(
    file: Annotated[Path, typer.Argument(help=_("the workbook that `robo baseline sheet` wrote"))],
    role: Role,
    as_json: Json = False,
) -> None:
    """Every cell that cannot be right is named; then nothing was taken."""
    from robo.app import measuring
    from robo.cli.person import actor

    with opened() as robo:
        added = measuring.add_sheet(robo, file, role, actor(robo))
    _tell(added, as_json=as_json)


def _tell(added: Added, *, as_json: bool) -> None:
    record = added.record
    notes = [(each.code, say(each.message, each.facts), say(each.remedy, each.facts)) for each in added.notes]
    if as_json:
        told = [{"code": code, "message": message, "remedy": remedy} for code, message, remedy in notes]
        emit("baseline-added", {"id": record.id, "digest": record.digest, "new": added.is_new, "notes": told})
    for code, message, remedy in notes:
        talk(paint(f"{code} {message}", "warn"))
        talk(f"  {_('do')}: {remedy}")
    facts = {"id": record.id[:SHORT], "before": record.before, "after": record.after}
    if not added.is_new:
        verdict(say("this baseline is there already: %(id)s", facts), good=True)
        return
    told_ = say(
        "%(before)s min by hand, %(after)s with the robot · somebody else of the service, now: "
        "robo baseline approve %(id)s --role ROLE",
        facts,
    )
    verdict(told_, good=True)


@app.command(help=_("The stopwatch: a page on this machine. Go on with it on another day by the same command."))
def time(process: Process, role: Role, region: Region = None, as_json: Json = False) -> None:
    """Until Ctrl-C. Every observation is kept when it is stopped."""
    from contextlib import suppress

    from robo.app import measuring

    with opened() as robo:
        where = region_of(robo, region)
        plan = robo.plan(process, where)
        with measuring.stopwatch(robo, plan, role, say, chosen()) as (server, study):
            if as_json:
                emit("baseline-time", {"url": server.address, "file": str(study.file)})
            else:
                data(server.address)
                talk(_("Open this address in the browser of this machine; end with Ctrl-C."))
            with suppress(KeyboardInterrupt):  # that is how it ends
                server.serve_forever()
    _tell_study(study, where)


def _tell_study(study: Study, region: str) -> None:
    seen = study.seen()
    facts = {"before": seen["before"].n, "after": seen["after"].n, "file": near(str(study.file)), "region": region}
    verdict(
        say(
            "observed: %(before)s by hand, %(after)s with the robot · robo baseline add %(file)s --region %(region)s",
            facts,
        ),
        good=True,
    )


@app.command(help=_("Write a time-study sheet (XLSX) of what is done by hand, to be filled in."))
def sheet(
    process: Process,
    output: Annotated[Path, typer.Option("--output", "-o", help=_("the workbook to write"), metavar="FILE.xlsx")],
    region: Region = None,
    as_json: Json = False,
) -> None:
    """`robo baseline import` reads it back."""
    from robo.app import measuring

    with opened() as robo:
        plan = robo.plan(process, region_of(robo, region))
        with writing(output):
            measuring.sheet(plan, output, say, chosen())
    if as_json:
        emit("baseline-sheet", {"file": str(output), "process": process, "region": plan.region})
    facts = {"file": output}
    verdict(say("%(file)s is to be filled in; then: robo baseline import %(file)s --role ROLE", facts), good=True)
