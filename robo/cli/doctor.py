"""`robo doctor`: what is missing on this machine, and how to get it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from robo.cli.console import data, emit, paint, talk, verdict
from robo.cli.here import Json, verb
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.services.doctor import Finding

app = verb()


class Part(StrEnum):
    """What doctor can install."""

    BROWSER = "browser"


@app.command(help=_("Look at this machine; with --install, get what is missing."))
def doctor(
    install: Annotated[Part | None, typer.Option("--install", help=_("get this, then look at it"))] = None,
    as_json: Json = False,
) -> None:
    """Every check says what it found; a failed one says what to do. Exit 4 when something must be done."""
    from robo.services import doctor as clinic

    if install is Part.BROWSER:
        talk(_("Looking for a browser…"))
        findings = [clinic.install_browser(talk)]
    else:
        findings = clinic.examine()
    if as_json:
        emit("doctor", {"checks": [_as_json(found) for found in findings]})
    else:
        for found in findings:
            mark = paint("ok  ", "good") if found.ok else paint("MISS", "bad")
            data(f"{mark}  {found.name}: {say(found.says, found.facts)}")
            if found.remedy and not found.ok:
                data(f"      {_('do')}: {say(found.remedy, found.facts)}")
    missing = [found.name for found in findings if not found.ok]
    if missing:
        verdict(say("to be seen to: %(missing)s", {"missing": ", ".join(missing)}), good=False)
        raise typer.Exit(4)
    verdict(_("everything is here"), good=True)


def _as_json(found: Finding) -> dict[str, object]:
    return {
        "name": found.name,
        "ok": found.ok,
        "says": say(found.says, found.facts),
        "remedy": say(found.remedy, found.facts) if not found.ok else "",
    }
