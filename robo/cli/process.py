"""`robo process`: list, show, compare, validate, begin processes; print a manual."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from robo.cli.complete import processes, regions, shape_names
from robo.cli.console import data, emit, near, table, talk, verdict
from robo.cli.here import Json, noun, opened
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.app import App
    from robo.cli.differing import Difference
    from robo.cli.effective import Found

app = noun(_("Processes: list, show, compare, validate, begin one, print a manual."))
Name = Annotated[str, typer.Argument(help=_("the process"), autocompletion=processes)]
Where = Annotated[str | None, typer.Option("--region", "-r", help=_("as it is in this region"), autocompletion=regions)]


@app.command("list", help=_("The processes of this project."))
def list_(as_json: Json = False) -> None:
    """A process that cannot be read is listed with its number of problems."""
    with opened() as robo:
        found = [_line(robo, name) for name in robo.process_ids()]
    if as_json:
        emit("processes", {"processes": found})
        return
    headers = (_("process"), _("version"), _("title"))
    table(headers, [(each["process"], each["version"], each["title"] or each["problem"]) for each in found])


def _line(robo: App, name: str) -> dict[str, Any]:
    from robo.errors import DefinitionError

    try:
        process = robo.process(name)
    except DefinitionError as broken:
        problem = say(broken.message, broken.facts)
        return {"process": name, "version": "", "title": "", "problem": problem}
    return {"process": name, "version": process.version, "title": process.title, "problem": ""}


@app.command(help=_("One process with every default and, in a region, every overlay written out."))
def show(
    name: Name,
    region: Where = None,
    *,
    explain: Annotated[bool, typer.Option("--explain", help=_("say where each value comes from"))] = False,
    as_json: Json = False,
) -> None:
    """What will really run: nothing is left implicit."""
    from robo.cli.effective import effective, lines

    with opened() as robo:
        plan = robo.plan(name, region)
        process = robo.process(name)
        here = robo.region(region) if region else None
    found = effective(plan, process, here)
    if as_json:
        emit("process", {"process": name, "region": region or "", "digest": plan.digest, "values": found})
        return
    for line in lines(found, explain=explain):
        data(line)


@app.command(help=_("What differs between two processes, or between two regions of one."))
def diff(
    name: Name,
    other: Annotated[str | None, typer.Argument(help=_("another process"), autocompletion=processes)] = None,
    *,
    region: Where = None,
    regions: Annotated[str | None, typer.Option("--regions", help=_("two regions, by a comma"))] = None,
    as_json: Json = False,
) -> None:
    """The plans that would run: with every default and overlay. Exit 1 when they differ."""
    from robo.cli.differing import differences

    with opened() as robo:
        sides = _sides(name, other, region, regions)
        found = differences(*(_effective(robo, *side) for side in sides))
    here, there = (where or what for what, where in sides) if other is None else (sides[0][0], sides[1][0])
    if as_json:
        emit("diff", {"here": here, "there": there, "differences": [asdict(each) for each in found]})
    for each in found if not as_json else ():
        data(_difference(each, here, there))
    facts = {"count": len(found), "here": here, "there": there}
    verdict(say("%(count)s difference(s) between %(here)s and %(there)s", facts), good=not found)
    if found:
        raise typer.Exit(1)


def _sides(name: str, other: str | None, region: str | None, regions: str | None) -> tuple[tuple[str, str | None], ...]:
    """The process and region of either side. Raises `UsageError` RB979."""
    from robo.errors import UsageError

    two = [each.strip() for each in (regions or "").split(",") if each.strip()]
    if other is not None and regions is None:
        return (name, region), (other, region)
    if other is None and region is None and len(two) == 2:  # noqa: PLR2004 - two sides
        return (name, two[0]), (name, two[1])
    raise UsageError(
        "RB979",
        "two things are compared: two processes, or two regions of one",
        remedy="robo process diff A B, or robo process diff A --regions occitanie,guyane",
    )


def _effective(robo: App, name: str, region: str | None) -> Found:
    from robo.cli.effective import effective

    return effective(robo.plan(name, region), robo.process(name), robo.region(region) if region else None)


def _difference(each: Difference, here: str, there: str) -> str:
    """One difference in words, with both places."""
    places = " · ".join(near(place) for place in each.places if place)
    facts = {"name": each.name, "value": each.here if each.there is None else each.there, "here": here, "there": there}
    if each.there is None:
        said = say("only in %(here)s: %(name)s = %(value)s", facts)
    elif each.here is None:
        said = say("only in %(there)s: %(name)s = %(value)s", facts)
    else:
        said = say("%(name)s: %(before)s → %(value)s", {**facts, "before": each.here})
    return f"{said}   # {places}"


@app.command(help=_("Every problem of one process or of all, in every region that knows it."))
def validate(
    name: Annotated[str | None, typer.Argument(help=_("without one: all"), autocompletion=processes)] = None,
    as_json: Json = False,
) -> None:
    """All problems at once. Exit 2 when there is one."""
    from robo.definition.diagnostics import render

    with opened() as robo:
        count = 1 if name else len(robo.process_ids())
        problems = robo.validate(name)
    if as_json:
        emit("validation", {"processes": count, "problems": [found.as_json(_) for found in problems]})
    elif problems:
        data(near(render(problems, _)))
        talk()
    if problems:
        codes = " ".join(sorted({found.code for found in problems}))
        verdict(
            say("%(count)s problem(s) · robo explain %(codes)s", {"count": len(problems), "codes": codes}), good=False
        )
        raise typer.Exit(2)
    verdict(say("%(count)s process(es): no problem", {"count": count}), good=True)


@app.command(help=_("Begin a process: some questions, then a definition that is valid from the first minute."))
def new(
    name: Annotated[str, typer.Argument(help=_("its name: lower-case letters, digits, hyphens"))],
    *,
    title: Annotated[str | None, typer.Option("--title", help=_("what it does, as the service says it"))] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            "--shape",
            help=_("what it begins as: file, form, wizard, table, reminders, folder, api"),
            autocompletion=shape_names,
        ),
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", help=_("columns of the workbook, by commas; the key first"))
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", "-r", help=_("where its cases are played"), autocompletion=regions)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=_("ask nothing: take what would be offered"))] = False,
) -> None:
    """What is not given is asked. Nothing that exists is overwritten."""
    from robo.cli.beginning import Answers, asks_columns, check_process_name, check_shape, has_example, write_process

    check_process_name(name)
    with opened() as robo:
        where = region or next(iter(robo.region_ids()), "")
        mail = robo.region(where).mail if where else None
        title = title or _answer(_("What does it do, in a few words"), name.replace("-", " ").capitalize(), yes=yes)
        shape = check_shape(shape or _shape(yes=yes))
        if columns is None and asks_columns(shape):
            offered = "" if has_example(shape) else "N° demande, Nom"
            more = f" ({_('Enter: those of the example')})" if has_example(shape) else ""
            columns = _answer(_("Columns of the workbook, by commas, the key first") + more, offered, yes=yes)
        domain = mail.domains[0].removeprefix("*.") if mail is not None and mail.domains else ""
        answers = Answers(name, title, shape, _split(columns or ""), where, domain)
        written = write_process(robo.settings.processes, answers)
        problems = robo.validate(name)
    for file in written:
        data(str(file))
    facts = {"name": name, "count": len(problems)}
    verdict(say("%(name)s is begun, %(count)s problem(s) · robo test %(name)s", facts), good=not problems)


def _answer(question: str, offered: str, *, yes: bool) -> str:
    """What a person says to a question; Enter, and --yes, take what is offered."""
    return offered if yes else _asked(question, offered)


def _asked(question: str, offered: str) -> str:
    """The answer of whoever is there; `UsageError` RB962 when nobody is."""
    import sys

    from robo.errors import UsageError

    try:
        return str(typer.prompt(question, default=offered, show_default=bool(offered), err=True))
    except typer.Abort:
        if sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty():
            raise
        raise UsageError(
            "RB962",
            "this asks questions, and nobody is here to answer them",
            remedy="give the answers as options, or add --yes to take what would be offered",
        ) from None


def _shape(*, yes: bool) -> str:
    """What the process begins as: by its number or its name."""
    from robo.cli.beginning import shapes

    known = list(shapes())
    if yes:
        return known[0]
    talk(_("What it begins as:"))
    for number, (name, what) in enumerate(shapes().items(), 1):
        talk(f"  {number}  {name:<10} {what}")
    chosen = _asked(_("Number or name"), "1").strip()
    return known[int(chosen) - 1] if chosen.isdecimal() and 0 < int(chosen) <= len(known) else chosen


def _split(said: str) -> tuple[str, ...]:
    return tuple(column.strip() for column in said.split(",") if column.strip())


@app.command(help=_("The same work done by hand: the procedure, and the script of a time study."))
def manual(name: Name, region: Where = None) -> None:
    """Markdown, from the definition itself, so it never says something else than what the robot does."""
    from robo.cli.manual import manual_markdown

    with opened() as robo:
        plan = robo.plan(name, region)
    data(manual_markdown(plan))
