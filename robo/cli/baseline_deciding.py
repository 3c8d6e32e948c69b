"""What people decide about baselines: approve, sign, supersede, withdraw. Each is a row and an event of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from robo.cli.console import emit, talk, verdict
from robo.cli.here import Json, noun, opened
from robo.cli.language import _, say
from robo.cli.words import standing_word

if TYPE_CHECKING:
    from robo.app import App
    from robo.model.baseline import Verdict

app = noun(_("What people decide about baselines."))
Which = Annotated[str, typer.Argument(help=_("the first letters of its id"))]
Role = Annotated[
    str, typer.Option("--role", help=_("what you do in the service, as cheffe-de-bureau; kept instead of a name"))
]
From = Annotated[
    str, typer.Option("--from", help=_("the day from which it counts: today or later"), metavar="YYYY-MM-DD")
]


@app.command(help=_("Approve a baseline: somebody of the service who did not add it."))
def approve(which: Which, role: Role, day: From = "", as_json: Json = False) -> None:
    """Credits of that day and later stand on it; none of before is changed."""
    from robo.app import measuring
    from robo.cli.person import actor
    from robo.services.baselines import deciding

    with opened() as robo:
        record = measuring.find(robo, which)
        done = measuring.decide(
            robo, record, actor(robo), role, lambda tx, record, by: deciding.approve(tx, record, by, day)
        )
        _tell(robo, done, as_json=as_json)


@app.command(help=_("The head of the service signs that nothing is left to do with the robot."))
def sign(which: Which, role: Role, as_json: Json = False) -> None:
    """Needed before an after of 0 can be approved."""
    from robo.app import measuring
    from robo.cli.person import actor
    from robo.services.baselines import deciding

    with opened() as robo:
        record = measuring.find(robo, which)
        done = measuring.decide(robo, record, actor(robo), role, deciding.sign)
        _tell(robo, done, as_json=as_json)


@app.command(help=_("Approve a baseline in the place of another one."))
def supersede(
    which: Which,
    by: Annotated[str, typer.Option("--by", help=_("the baseline that takes its place"))],
    role: Role,
    day: From = "",
    as_json: Json = False,
) -> None:
    """Both in one commit; what was credited keeps the old one."""
    from robo.app import measuring
    from robo.cli.person import actor
    from robo.services.baselines import deciding

    with opened() as robo:
        old, new = measuring.find(robo, which), measuring.find(robo, by)
        done = measuring.decide(
            robo, new, actor(robo), role, lambda tx, record, who: deciding.supersede(tx, old, record, who, day)
        )
        _tell(robo, done, as_json=as_json)


@app.command(help=_("Nothing stands on this baseline any more."))
def withdraw(which: Which, role: Role, day: From = "", as_json: Json = False) -> None:
    """What was credited keeps it; from that day on nothing stands on it."""
    from robo.app import measuring
    from robo.cli.person import actor
    from robo.services.baselines import deciding

    with opened() as robo:
        record = measuring.find(robo, which)
        done = measuring.decide(
            robo, record, actor(robo), role, lambda tx, record, by: deciding.withdraw(tx, record, by, day)
        )
        _tell(robo, done, as_json=as_json)


def _tell(robo: App, done: Verdict, *, as_json: bool) -> None:
    """What was decided, and how the baseline stands now: an approval alone makes nothing proven."""
    from robo.app import measuring

    found = measuring.one(robo, done.record)
    stands = standing_word(found.standing.value)
    if as_json:
        emit("baseline-decided", {**done.said, "actor": done.actor, "standing": found.standing.value})
    facts = {"what": standing_word(done.kind.value), "id": done.record[:8], "day": done.day, "standing": stands}
    if found.standing.value not in {"valid", done.kind.value}:
        talk(say("its standing today: %(standing)s", facts))
    verdict(say("%(id)s: %(what)s from %(day)s on", facts), good=True)
