"""`robo test`: the cases of a process, each on a project, a portal and a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from robo.cli.complete import processes, regions
from robo.cli.console import data, emit, paint, printable, talk, verdict
from robo.cli.here import Json, opened, verb
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.app import App
    from robo.definition.diagnostics import Diagnostic
    from robo.errors import Words
    from robo.model.case import Case
    from robo.services.cases import CaseReport

app = verb()


@app.command(help=_("Play the cases of a process, or of all. Exit 1 when one does not hold."))
def play_cases(
    process: Annotated[str | None, typer.Argument(help=_("without one: all"), autocompletion=processes)] = None,
    *,
    region: Annotated[
        str | None, typer.Option("--region", "-r", help=_("only the cases of this region"), autocompletion=regions)
    ] = None,
    case: Annotated[str, typer.Option("--case", "-k", help=_("only cases with this in their name"))] = "",
    as_json: Json = False,
) -> None:
    """A case that does not hold says what was expected and what came, with its file."""
    reports = []
    with opened() as robo:
        for report in _played(robo, process, region, case):
            reports.append(report)
            if not as_json:
                _tell(report)
    if as_json:
        emit("test", {"cases": [_as_dict(report) for report in reports]})
    broken = [report for report in reports if not report.holds]
    facts = {"count": len(reports), "broken": len(broken), "seconds": f"{sum(each.seconds for each in reports):.1f}"}
    if not reports:
        verdict(_("no case to play: write one in cases/"), good=False)
        raise typer.Exit(2)
    verdict(say("%(count)s case(s), %(broken)s broken, %(seconds)s s", facts), good=not broken)
    if broken:
        raise typer.Exit(1)


def _played(robo: App, process: str | None, region: str | None, wanted: str) -> Iterator[CaseReport]:
    """Cases one after the other. What is wrong with any of them is told before the first is played."""
    from robo.cli.staging import staged
    from robo.services.cases import play

    for name, case in _cases(robo, process, region, wanted):
        yield play(case, lambda case, name=name: staged(robo, name, case))  # type: ignore[misc] # a bound default


def _cases(robo: App, process: str | None, region: str | None, wanted: str) -> list[tuple[str, Case]]:
    from robo.errors import DefinitionError

    found: list[tuple[str, Case]] = []
    problems: list[Diagnostic] = []
    for name in [process] if process else robo.process_ids():
        try:
            cases = robo.cases(name)
        except DefinitionError as broken:
            problems += broken.diagnostics
            continue
        found += [(name, case) for case in cases if wanted in case.id and region in (None, case.region)]
    if problems:
        raise DefinitionError(tuple(problems))
    return found


def _tell(report: CaseReport) -> None:
    mark = paint(_("holds "), "good") if report.holds else paint(_("BROKEN"), "bad")
    data(f"{mark}  {report.process} · {report.case} · {report.region}: {report.says}  ({report.seconds:.1f} s)")
    for problem in report.problems:
        talk(f"        {printable(_told(problem))}")
    if not report.holds:
        talk(f"        {report.file}")


def _told(problem: Words) -> str:
    """A problem in the reader's language."""
    return say("%(problem)s", {"problem": problem})


def _as_dict(report: CaseReport) -> dict[str, Any]:
    return {
        "process": report.process,
        "case": report.case,
        "region": report.region,
        "says": report.says,
        "holds": report.holds,
        "problems": [_told(problem) for problem in report.problems],
        "seconds": round(report.seconds, 3),
        "file": report.file,
    }
