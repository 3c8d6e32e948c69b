"""`robo db`: the store as a whole: copied, put back, looked at, brought to this version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robo.cli.console import data, emit, near, paint, printable, talk, verdict
from robo.cli.here import Json, Yes, noun, opened, sure
from robo.cli.language import _, say

app = noun(_("The store: copy it, put it back, check it, upgrade it."))


@app.command(help=_("Copy the store while robots work. The copy is encrypted; its key stays with the secrets."))
def backup(
    to: Annotated[Path, typer.Argument(help=_("a file that is not there yet, or a folder"), metavar="FILE|FOLDER")],
    as_json: Json = False,
) -> None:
    """The copy lives as long as its key: `retention: {backups: …}`, and no longer than what was purged since."""
    from robo.app import keeping

    with opened() as robo:
        file, about, size, ended = keeping.backup(robo, to)
    if as_json:
        emit("db-backup", {"file": file, "made": about.made, "entries": about.size, "bytes": size, "ended": ended})
    if ended:
        talk(say("%(count)s earlier copy(ies) held what was purged: nobody can read them any more", {"count": ended}))
    facts = {"file": near(str(file)), "mb": f"{size / 1e6:.1f}", "entries": about.size}
    verdict(say("%(file)s: %(mb)s MB, %(entries)s entries of the log · keep the secrets elsewhere", facts), good=True)


@app.command(help=_("Put a copy in the place of the store. What was the store stays beside it."))
def restore(
    file: Annotated[Path, typer.Argument(help=_("what `robo db backup` wrote"), metavar="FILE")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """What happened in the applications since the copy was made is forgotten: the store is held until a person has
    looked."""
    from robo.app import keeping
    from robo.services.backups import about

    said = about(file)
    facts = {"made": said.made[:16].replace("T", " "), "size": said.size}
    with opened() as robo:
        sure(
            say("put the copy of %(made)s UTC (%(size)s entries of the log) in the place of the store?", facts), yes=yes
        )
        former, said, later = keeping.restore(robo, file)
    if as_json:
        emit("db-restore", {"made": said.made, "entries": said.size, "former": former, "forgotten": later})
    talk(say("the former store is %(file)s", {"file": near(str(former))}))
    if later:
        facts = {"later": later}
        talk(paint(say("%(later)s entries of the log are newer than the copy: they are forgotten here", facts), "warn"))
    if later != 0:
        verdict(
            _("the copy is in place, and held · look in the applications, then: robo audit witness reconcile"),
            good=False,
        )
        return
    verdict(_("the copy is in place · robo db check"), good=True)


@app.command(help=_("Whether the store is whole: its file, its tables, the head of its log, its keys."))
def check(as_json: Json = False) -> None:
    """Exit 4 when something is wrong."""
    from robo.app import keeping

    with opened() as robo:
        name = robo.found_store.name
        wrong = keeping.check(robo)
    if as_json:
        shown = [
            {"code": each.code, "message": say(each.message, each.facts), "remedy": say(each.remedy, each.facts)}
            for each in wrong
        ]
        emit("db-check", {"store": name, "wrong": shown})
    for each in wrong if not as_json else ():
        data(f"{each.code}: {printable(say(each.message, each.facts))}")
        data(f"  {_('do')}: {say(each.remedy, each.facts)}")
    verdict(_("something is wrong with the store") if wrong else _("the store is whole"), good=not wrong)
    if wrong:
        raise typer.Exit(4)


@app.command(help=_("Bring the tables of the store to this version of robo."))
def upgrade(as_json: Json = False) -> None:
    """Every other command does so by itself; this one does nothing else. All of it, or nothing."""
    from robo.app import keeping

    with opened() as robo:
        changed = keeping.upgrade(robo)
    if as_json:
        emit("db-upgrade", {"changed": changed})
    verdict(_("the tables are at this version now") if changed else _("the tables are at this version"), good=True)
