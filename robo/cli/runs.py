"""`robo runs`: what ran, how it stands, and how to end it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from robo.cli.console import emit, table, talk, verdict
from robo.cli.here import Json, Yes, noun, opened, sure
from robo.cli.language import _, say
from robo.cli.story import TOLD, counted, foremost, moment, tell_run, tell_steps
from robo.cli.words import run_word

if TYPE_CHECKING:
    from robo.model.base import ItemState
    from robo.model.run import Run

app = noun(_("Runs: list, look, end, retry, write what is owed."))
Id = Annotated[str, typer.Argument(help=_("the run, or the beginning or end of its id"))]


def as_dict(run: Run, counts: Mapping[ItemState, int]) -> dict[str, Any]:
    """One run as JSON shows it."""
    return {
        "run": run.id,
        "process": run.process,
        "version": run.version,
        "region": run.region,
        "environment": run.environment,
        "state": run.state,
        "reason": run.reason,
        "dry_run": run.dry_run,
        "items": {state.value: count for state, count in counts.items() if count},
        "not_taken": dict(run.not_taken),
        "created": run.created,
        "ended": run.ended,
        "purged": run.purged,
    }


@app.command("list", help=_("The latest runs, newest first."))
def list_(
    limit: Annotated[int, typer.Option("--limit", help=_("at most so many"), min=1)] = 20, as_json: Json = False
) -> None:
    """One line for each run."""
    with opened() as robo:
        found = robo.latest_runs(limit)
    if as_json:
        emit("runs", {"runs": [as_dict(run, counts) for run, counts in found]})
        return
    headers = (_("run"), _("process"), _("region"), _("begun"), _("state"), _("items"))
    table(
        headers,
        [
            (
                run.id,
                run.process,
                run.region,
                moment(run.created, seconds=False),
                run_word(run.state.value),
                counted(counts),
            )
            for run, counts in found
        ],
    )


@app.command(help=_("One run: its options, how it stands, and its items step by step: what needs a person first."))
def show(
    run: Id,
    every: Annotated[bool, typer.Option("--all", help=_("the steps of every item, not only of the first ten"))] = False,
    as_json: Json = False,
) -> None:
    """With --json how the run stands, without its items: `robo items list --run RUN --json` has those."""
    with opened() as robo:
        found, counts = robo.find_run(run)
        output = robo.output_of(found.id)
        if as_json:
            emit("run-state", {**as_dict(found, counts), "output": dict(output)})
            return
        items = foremost(robo.items(run=found.id, limit=sys.maxsize))
        shown = items if every else items[:TOLD]
        tell_run(found, counts, output)
        for item in shown:
            tell_steps(item, robo.item_story(item)["attempts"])
    if left := len(items) - len(shown):
        talk(say("%(count)s more items: --all, or robo items list --run %(run)s", {"count": left, "run": found.id}))
    talk(say("one item with its pictures: robo items show KEY --run %(run)s", {"run": found.id}))


@app.command(help=_("End a run. What is in the middle of an effect stops at the next safe point."))
def cancel(run: Id, yes: Yes = False, as_json: Json = False) -> None:
    """Cancelled items keep what they had already done; nothing is undone."""
    from robo.cli.person import actor

    with opened() as robo:
        found, counts = robo.find_run(run)
        facts = {"run": found.id, "process": found.process, "items": counted(counts)}
        sure(say("Cancel %(run)s of %(process)s (%(items)s)?", facts), yes=yes)
        now, wished = robo.cancel_run(found.id, actor(robo))
    if as_json:
        emit("run-cancelled", {"run": found.id, "cancelled": now, "stopping": wished})
    verdict(say("%(now)s item(s) cancelled, %(wished)s stopping", {"now": now, "wished": wished}), good=True)


@app.command(help=_("Take the failed items of a run again; finished effects are not repeated."))
def retry(run: Id, yes: Yes = False, as_json: Json = False) -> None:
    """Failed items only: a rejected one needs its data changed first, an unknown one a person's answer."""
    from robo.cli.person import actor
    from robo.model.base import ItemState

    with opened() as robo:
        found, _counts = robo.find_run(run)
        failed = robo.items(run=found.id, states=(ItemState.FAILED,))
        sure(say("Take %(count)s failed item(s) again?", {"count": len(failed)}), yes=yes)
        mine = actor(robo)
        for item in failed:
            robo.decide(item, "retry", actor=mine, receipt={}, why="")
    if as_json:
        emit("run-retried", {"run": found.id, "items": [item.key for item in failed]})
    facts = {"count": len(failed), "run": found.id}
    verdict(say("%(count)s item(s) queued · robo run --resume %(run)s", facts), good=True)


@app.command(help=_("Write what is owed to workbooks (they were open, or the disk was full)."))
def flush(
    run: Annotated[str, typer.Argument(help=_("only of this run"))] = "",
    as_json: Json = False,
) -> None:
    """Exit 3 while something is still owed or needs a look."""
    from robo.cli.trouble import tell

    with opened() as robo:
        flushed = robo.flush(run)
    if as_json:
        emit(
            "flush",
            {
                "done": flushed.done,
                "pending": flushed.pending,
                "conflicts": flushed.conflicts,
                "trouble": [say(each.message, each.facts) for each in flushed.trouble],
            },
        )
    for trouble in flushed.trouble:
        tell(trouble)
    facts = {"done": flushed.done, "pending": flushed.pending, "conflicts": flushed.conflicts}
    good = not flushed.pending and not flushed.conflicts
    verdict(say("%(done)s cell(s) written, %(pending)s still owed, %(conflicts)s to look at", facts), good=good)
    if not good:
        raise typer.Exit(3)
