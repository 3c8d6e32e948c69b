"""`robo run`: start a process, or go on with a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from robo.cli.complete import processes, regions
from robo.cli.console import data, emit, near, paint, printable, talk, verdict
from robo.cli.here import Json, opened, region_of, verb
from robo.cli.language import _, said, say
from robo.cli.progress import Progress
from robo.cli.stepping import ask_each_step
from robo.cli.words import method_word, outcome_word

if TYPE_CHECKING:
    from robo.app import App
    from robo.model.run import Item
    from robo.services.worker.requests import RunReport, RunRequest

app = verb()


Process = Annotated[str | None, typer.Argument(help=_("the process"), autocompletion=processes)]
Region = Annotated[
    str | None,
    typer.Option("--region", "-r", help=_("the territory; not needed when there is one"), autocompletion=regions),
]
Inputs = Annotated[
    list[str] | None, typer.Option("--input", "-i", help=_("an input of the process"), metavar="NAME=VALUE")
]
Limit = Annotated[int | None, typer.Option("--limit", help=_("at most so many items"), min=1)]
Only = Annotated[str | None, typer.Option("--only", help=_("only the item with this key"), metavar="KEY")]
DryRun = Annotated[bool, typer.Option("--dry-run", help=_("stop every item before its first effect"))]
Diff = Annotated[bool, typer.Option("--diff", help=_("a dry run that shows what would have been entered"))]
Headed = Annotated[bool, typer.Option("--headed", help=_("show the browser"))]
Stepwise = Annotated[bool, typer.Option("--step", help=_("wait for Enter before each step"))]
Slots = Annotated[int | None, typer.Option("--slots", help=_("how many items at once"), min=1, max=64)]
Env = Annotated[
    str | None,
    typer.Option("--env", help=_("refuse unless the hosts are these"), metavar="test|production"),
]
Resume = Annotated[str | None, typer.Option("--resume", help=_("go on with this run"), metavar="RUN")]
LetGo = Annotated[bool, typer.Option("--yes", "-y", help=_("let a run that waits for a yes go on"))]


@app.command(help=_("Run a process in a region, or go on with a run (--resume)."))
def run(
    process: Process = None,
    *,
    region: Region = None,
    inputs: Inputs = None,
    limit: Limit = None,
    only: Only = None,
    dry_run: DryRun = False,
    diff: Diff = False,
    headed: Headed = False,
    step: Stepwise = False,
    slots: Slots = None,
    environment: Env = None,
    resume: Resume = None,
    yes: LetGo = False,
    as_json: Json = False,
) -> None:
    """Every option of a run. The exit code is the report's."""
    from robo.cli.person import whole

    watched = {"headed": headed, "stepwise": ask_each_step if step else None, "slots": slots, "account": whole()}
    chosen = {"limit": limit, "only": only, "dry_run": dry_run or diff, "diff": diff, "environment": environment}
    with opened() as robo:
        with Progress() as told, _goes_on(told):
            if resume is not None:
                report = robo.resume(resume, told, yes=yes, **watched)
            else:
                report = robo.run(_request(robo, process, region, inputs or (), {**watched, **chosen}), told)
        for earlier in report.earlier:
            talk(say("first went on: %(run)s, of which questions were answered", {"run": earlier.run}))
            tell_items(robo, earlier)
            tell_report(earlier, as_json=False)
        if diff and not as_json:
            show_diff(robo, report)
        tell_items(robo, report)
        tell_report(report, as_json=as_json)
    raise typer.Exit(report.exit_code)


@contextmanager
def _goes_on(told: Progress) -> Iterator[None]:
    """Whoever ends a run with Ctrl-C is told how to go on with it."""
    try:
        yield
    except KeyboardInterrupt:
        if told.run:
            talk(say("go on with it: robo run --resume %(run)s", {"run": told.run}))
        raise


def _request(
    robo: App, process: str | None, region: str | None, inputs: Sequence[str], options: Mapping[str, Any]
) -> RunRequest:
    """What is asked for. Relative files count from here. RB964 when no process is named."""
    from robo.errors import UsageError
    from robo.services.worker.requests import RunRequest

    if process is None:
        raise UsageError("RB964", "which process?", remedy="robo run PROCESS; robo process list shows all")
    where = region_of(robo, region)
    return RunRequest(process=process, region=where, inputs=parse_inputs(inputs), folder=Path.cwd(), **options)


def parse_inputs(given: Sequence[str], option: str = "-i") -> dict[str, str]:
    """`name=value` pairs of an option. Raises `UsageError` RB965, RB966 (one name twice)."""
    from robo.errors import UsageError

    found: dict[str, str] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                "RB965",
                "%(said)s gives no value to a name",
                place=option,
                remedy="write %(option)s name=value",
                said=pair,
                option=option,
            )
        if name.strip() in found:
            raise UsageError(
                "RB966", "%(name)s is given twice", place=option, remedy="leave one of them out", name=name.strip()
            )
        found[name.strip()] = value
    return found


def show_diff(robo: App, report: RunReport) -> None:
    """After a dry run: for each item, what its steps would have entered."""
    for item in robo.items(run=report.run):
        why = say(item.message, item.facts) if item.message else ""
        data(paint(f"{item.key}: {outcome_word(item.state)}  {why}".rstrip(), "strong"))
        for line in entered(robo.item_story(item)):
            data(f"  {line}")


def entered(story: Mapping[str, Any]) -> list[str]:
    """The notes of the steps of the last attempt: `Nom = «Martin»`."""
    lines = story["attempts"][-1]["traces"] if story["attempts"] else []
    return [f"{line['title'] or line['step']}: {said(line['note'])}" for line in lines if line["note"]]


def tell_report(report: RunReport, *, as_json: bool) -> None:
    """The report for a person, then (with --json) the object `robo.run/1` as the last thing on standard output."""
    tell_troubles(report)
    for name, value in report.output.items():
        talk(f"{name}: {printable(str(value))}")
    talk(minutes_line(report))
    if as_json:
        content = {name: value for name, value in report.as_json().items() if name != "schema"}
        emit("run", content)
    verdict(verdict_line(report), good=report.exit_code == 0)


def tell_items(robo: App, report: RunReport) -> None:
    """What did not go well or is left to a person, one line a reason with its first item: a night's log says why."""
    from robo.model.base import ItemState

    order = (ItemState.UNKNOWN, ItemState.FAILED, ItemState.REJECTED, ItemState.DONE)
    wanted = [state for state in order[:-1] if report.items.get(state)]
    found = robo.items(run=report.run, states=wanted, limit=sum(report.items.values())) if wanted else []
    found += robo.handed_over(report.run) if report.items.get(ItemState.DONE) else []
    reasons: dict[tuple[ItemState, str], list[Item]] = {}
    for item in found:
        reasons.setdefault((item.state, item.code), []).append(item)
    for state, code in sorted(reasons, key=lambda reason: (order.index(reason[0]), reason[1])):
        first, *others = reasons[state, code]
        more = " " + say("(and %(count)s more)", {"count": len(others)}) if others else ""
        talk(paint(f"{outcome_word(state.value)} {code} · {_told(first)}{more}", "warn"))


def _told(item: Item) -> str:
    """Its key, what happened and where; a bad row is called by its place, with which its message begins."""
    what = printable(say(item.message, item.facts))
    told = what if what.startswith(item.key) else f"{item.key}: {what}"
    return f"{told} ({near(item.place)})" if item.place and item.code != "bad-field" else told


def tell_troubles(report: RunReport) -> None:
    """What stopped the run, what holds the process, and what else a person should see to."""
    from robo.cli.trouble import tell

    for trouble in (report.trouble, *report.held, *report.notes):
        if trouble is not None:
            tell(trouble)
    if report.finish is not None and report.finish.state.value != "done":
        talk(paint(say("the end of the run (`finish`): %(state)s", {"state": _finish(report.finish)}), "warn"))
    if report.reason:
        talk(paint(report.reason, "warn"))


def _finish(item: Item) -> str:
    return f"{outcome_word(item.state.value)} {say(item.message, item.facts)}".rstrip()


def minutes_line(report: RunReport) -> str:
    """The minutes gained, with how far to trust them."""
    facts: dict[str, Any] = {
        "gross": report.minutes.gross,
        "net": report.minutes.net,
        "auditable": report.minutes.auditable,
    }
    line = say("minutes: %(gross)s gross, %(net)s net, of which %(auditable)s timed", facts)
    baseline = report.baseline
    if baseline is None:
        return f"{line} ({_('no measured time for this process here: nothing is credited')})"
    facts = {"before": baseline.before, "after": baseline.after, "method": method_word(baseline.method)}
    return f"{line} ({say('%(before)s min by hand, %(after)s with the robot; %(method)s', facts)})"


def verdict_line(report: RunReport) -> str:
    """`3 done, 1 rejected · robo items list --run 01J…`: what came out, and the command that comes next."""
    counts = [f"{count} {outcome_word(state.value)}" for state, count in report.items.items() if count]
    skipped = [say("%(count)s not taken: %(code)s", {"count": n, "code": code}) for code, n in report.not_taken.items()]
    stopped = report.trouble is not None or report.held
    done = ", ".join([*counts, *skipped]) or (_("nothing was begun") if stopped else _("nothing to do"))
    where = f"robo items list --run {report.run}"
    if any(note.code == "RB575" for note in report.notes):
        where = "robo items list --waiting"
    if report.state.value == "waiting":
        where = f"robo run --resume {report.run} --yes"
    elif report.is_open and (stopped or any(note.code == "RB547" for note in report.notes)):
        where = f"robo run --resume {report.run}"
    return f"{report.process} · {report.region} · {done} · {report.duration:.1f} s · {where}"
