"""`robo secrets`: names are shown, values never."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from robo.cli.console import data, emit, talk, verdict
from robo.cli.here import Json, noun, opened
from robo.cli.language import _, say

app = noun(_("Secrets by name. Values are asked for, stored and never shown."))


@app.command("set", help=_("Store a secret: its user name and its password are asked for."))
def set_(
    name: Annotated[str, typer.Argument(help=_("the name a process uses"))],
    username: Annotated[str | None, typer.Option("--username", "-u", help=_("not secret, so it may be given"))] = None,
) -> None:
    """The password comes from the keyboard, unseen, or from standard input; never from the command line, where every
    other process could read it."""
    from robo.cli.person import actor
    from robo.services.secrets import check_name

    check_name(name)
    with opened() as robo:
        user, password = _ask(username)
        robo.secrets.set(name, username=user, password=password)
        queued = robo.secret_replaced(name, actor())
        facts = {"name": name, "backend": robo.secrets.backend.value}
    if queued:
        talk(say("%(count)s held item(s) are queued again", {"count": queued}))
    verdict(say("the secret %(name)s is set (%(backend)s); robo secrets check %(name)s looks at it", facts), good=True)


def _ask(username: str | None) -> tuple[str, str]:
    """User name and password: two lines of standard input, or asked at the terminal."""
    if not sys.stdin.isatty():
        lines = sys.stdin.read().splitlines()
        user = username if username is not None else (lines.pop(0) if lines else "")
        return user, lines[0] if lines else ""
    user = username or typer.prompt(_("User name"), err=True)
    return user, typer.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True)


@app.command("list", help=_("The names of the secrets there are."))
def list_(as_json: Json = False) -> None:
    """Names only."""
    with opened() as robo:
        names, backend = list(robo.secrets.list()), robo.secrets.backend.value
    if as_json:
        emit("secrets", {"backend": backend, "names": names})
        return
    for name in names:
        data(name)
    talk(say("%(count)s secret(s) in %(backend)s", {"count": len(names), "backend": backend}))


@app.command("check", help=_("Whether every secret that processes name is there and whole."))
def check(
    name: Annotated[str | None, typer.Argument(help=_("only this one"))] = None,
    as_json: Json = False,
) -> None:
    """Looks into the backend only; no application is asked, so no account can be locked by it."""
    with opened() as robo:
        users = robo.secrets_needed()
        needed = {name: users.get(name, [])} if name is not None else users
        found = {each: robo.secrets.has(each) for each in needed}
        marked = robo.secrets_refused()
        refused = {each: each in marked for each in needed}
    if as_json:
        shown = [
            {"name": each, "there": there, "refused": refused[each], "processes": needed[each]}
            for each, there in found.items()
        ]
        emit("secrets-check", {"secrets": shown})
    for each, there in found.items():
        state = _("refused by the application") if refused[each] else _("there") if there else _("missing")
        if not as_json:
            data(f"{each}: {state}")
        if not there or refused[each]:
            talk(f"  robo secrets set {each}")
    good = all(found.values()) and not any(refused.values())
    verdict(_("every secret is there") if good else _("some secrets must be set"), good=good)
    if not good:
        raise typer.Exit(4)
