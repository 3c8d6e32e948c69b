"""`robo items`: each unit of work, everything that was tried on it, and what a person decides or answers about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from robo.cli.console import emit, table, verdict
from robo.cli.here import Json, Yes, noun, opened, sure
from robo.cli.language import _, say
from robo.cli.reviews import review_facts, show_waiting
from robo.cli.story import in_words, tell_held, tell_item
from robo.cli.words import decision_word, outcome_word

if TYPE_CHECKING:
    from robo.model.run import Item

app = noun(_("Items: list, look, answer, retry, resolve."))
Name = Annotated[str, typer.Argument(help=_("the item's key, or its id"))]
InRun = Annotated[str, typer.Option("--run", help=_("only in this run"))]
Choice = Annotated[
    str,
    typer.Argument(help=_("what a look into the application showed"), metavar="there|not-there|look-again|cancel"),
]
Receipt = Annotated[list[str] | None, typer.Option("--receipt", help=_("the number found there"), metavar="NAME=VALUE")]
Why = Annotated[str, typer.Option("--why", help=_("a sentence for the log"))]
CHOICES = {"there": "done", "not-there": "not-done", "look-again": "look-again", "cancel": "cancel"}


def as_dict(item: Item) -> dict[str, Any]:
    """One item as JSON shows it, its message said and filled."""
    return {
        "item": item.id,
        "run": item.run,
        "key": item.key,
        "state": item.state,
        "code": item.code,
        "message": say(item.message, item.facts),
        "place": item.place,
        "remedy": say(item.remedy, item.facts),
        "tries": item.tries,
        "opened": item.opened,
        "ended": item.ended,
        "purged": item.purged,
    }


@app.command("list", help=_("Items of a run in the order of their source, or of all runs."))
def list_(
    run: InRun = "",
    *,
    state: Annotated[list[str] | None, typer.Option("--state", "-s", help=_("only those in this state"))] = None,
    key: Annotated[str, typer.Option("--key", help=_("only those with this key"))] = "",
    limit: Annotated[int, typer.Option("--limit", help=_("at most so many"), min=1)] = 1000,
    waiting: Annotated[bool, typer.Option("--waiting", help=_("only those that wait for a person's answer"))] = False,
    as_json: Json = False,
) -> None:
    """With --json each item carries its result too."""
    states = [_state(each) for each in state or ()]
    if waiting:
        with opened() as robo:
            asked = robo.waiting(run) if not states or "waiting" in states else []
        show_waiting([each for each in asked if key in {"", each[0].key}][:limit], as_json=as_json)
        return
    with opened() as robo:
        found = robo.items(run=run, states=states, key=key, limit=limit)
        results = [robo.item_story(item)["result"] for item in found] if as_json else []
    if as_json:
        shown = [{**as_dict(item), "result": result} for item, result in zip(found, results, strict=True)]
        emit("items", {"items": shown})
        return
    table((_("key"), _("state"), _("code"), _("what")), [_row(item) for item in found])


def _row(item: Item) -> Sequence[str]:
    return (item.key, outcome_word(item.state.value), item.code, say(item.message, item.facts))


def _state(said: str) -> Any:
    from robo.errors import UsageError
    from robo.model.base import ItemState

    try:
        return ItemState(said)
    except ValueError:
        raise UsageError(
            "RB967",
            "%(said)s is not a state of an item",
            place="--state",
            remedy="one of: %(states)s",
            said=said,
            states=", ".join(ItemState),
        ) from None


@app.command(help=_("One item: every attempt, every step, what the journal holds, its pictures."))
def show(name: Name, run: InRun = "", as_json: Json = False) -> None:
    """What already happened comes first."""
    with opened() as robo:
        item = robo.find_item(name, run)
        story = robo.item_story(item)
        review = robo.asked(item)
        behind, held = robo.held_by(item)
    if as_json:
        emit("item", {**as_dict(item), **in_words(story), **({"review": review_facts(review)} if review else {})})
        return
    tell_item(item, story, review)
    tell_held(item, behind, held)


@app.command(help=_("Answer the question an item waits for; it goes on with the next run of its process."))
def answer(
    name: Name,
    *,
    choice: Annotated[str, typer.Option("--choice", help=_("the answer, by its short name"))],
    corrections: Annotated[
        list[str] | None, typer.Option("--set", help=_("a value that is corrected"), metavar="NAME=VALUE")
    ] = None,
    role: Annotated[str, typer.Option("--role", help=_("the role in which you answer"))] = "",
    run: InRun = "",
    as_json: Json = False,
) -> None:
    """Given once: whoever comes second is told what the first one said."""
    from robo.cli.person import account, actor
    from robo.cli.run_ import parse_inputs
    from robo.model.review import Person

    with opened() as robo:
        item = robo.find_item(name, run)
        by = Person(name=account(), role=role)
        robo.answer(item, choice, parse_inputs(corrections or (), "--set"), actor=actor(robo), by=by)
    _decided(item, "queued", as_json=as_json)


@app.command(help=_("Take an item again; finished effects are not repeated."))
def retry(name: Name, run: InRun = "", as_json: Json = False) -> None:
    """For a rejected or failed item; `robo run --resume RUN` then works on it."""
    from robo.cli.person import actor

    with opened() as robo:
        item = robo.find_item(name, run)
        state = robo.decide(item, "retry", actor=actor(robo), receipt={}, why="")
    _decided(item, state, as_json=as_json)


@app.command(help=_("Say what became of an effect that robo cannot know: there, not-there, look-again, cancel."))
def resolve(
    name: Name,
    choice: Choice,
    *,
    receipt: Receipt = None,
    why: Why = "",
    run: InRun = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """`there` closes the effect without credit; `not-there` lets it be done again: so look first."""
    from robo.cli.person import actor
    from robo.cli.run_ import parse_inputs
    from robo.errors import UsageError

    if choice not in CHOICES:
        raise UsageError(
            "RB968", "%(said)s is not an answer", remedy="one of: %(known)s", said=choice, known=", ".join(CHOICES)
        )
    with opened() as robo:
        item = robo.find_item(name, run)
        if choice == "not-there":
            sure(
                say("%(key)s: the effect is NOT in the application, and robo may do it again?", {"key": item.key}),
                yes=yes,
            )
        state = robo.decide(
            item, CHOICES[choice], actor=actor(robo), receipt=parse_inputs(receipt or (), "--receipt"), why=why
        )
    _decided(item, state, as_json=as_json)


def _decided(item: Item, state: str, *, as_json: bool) -> None:
    if as_json:
        emit("item-decided", {"item": item.id, "key": item.key, "run": item.run, "state": state})
    facts = {"key": item.key, "state": decision_word(state), "run": item.run}
    verdict(say("%(key)s: %(state)s · robo run --resume %(run)s", facts), good=True)
