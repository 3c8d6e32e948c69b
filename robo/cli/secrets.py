"""`robo secrets`: names are shown, values never."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from robo.cli.console import data, emit, talk, verdict
from robo.cli.here import Json, noun, opened
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.errors import InfrastructureError

app = noun(_("Secrets by name. Values are asked for, stored and never shown."))


@app.command("set", help=_("Store a secret: its user name and its password, or a certificate."))
def set_(
    name: Annotated[str, typer.Argument(help=_("the name a process uses"))],
    username: Annotated[str | None, typer.Option("--username", "-u", help=_("not secret, so it may be given"))] = None,
    otp: Annotated[bool, typer.Option("--otp", help=_("and the seed of its one-time codes"))] = False,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", help=_("a certificate with its key (.p12, .pfx, .pem)"), metavar="FILE"),
    ] = None,
) -> None:
    """What is secret comes from the keyboard, unseen, or from standard input; never from the command line, where every
    other process could read it."""
    from robo.cli.person import whole
    from robo.cli.trouble import tell
    from robo.errors import InfrastructureError, UsageError
    from robo.services.secrets import check_name

    check_name(name)
    if certificate is not None and (otp or username is not None):
        raise UsageError(
            "RB779",
            "a certificate is a secret of its own: it has no user name and no codes",
            place=f"secrets/{name}",
            remedy="leave out %(given)s; the account beside it is another secret, with another name",
            given=", ".join((["--username"] if username is not None else []) + (["--otp"] if otp else [])),
        )
    with opened() as robo:
        kind, parts = _account(username, otp=otp) if certificate is None else _certificate(name, certificate)
        robo.secrets.set(name, kind, **parts)
        queued = 0
        try:
            queued = robo.secret_replaced(name, kind, whole())
        except InfrastructureError as trouble:
            tell(trouble)
            tell(_untold(name))
        facts = {"name": name, "backend": robo.secrets.backend.value}
    if queued:
        talk(say("%(count)s held item(s) are queued again", {"count": queued}))
    verdict(say("the secret %(name)s is set (%(backend)s); robo secrets check %(name)s looks at it", facts), good=True)


def _untold(name: str) -> InfrastructureError:
    from robo.errors import InfrastructureError

    return InfrastructureError(
        "RB689",
        "the secret %(name)s is set, but the store could not be told: its log does not have it, and what was held for "
        "the secret stays held",
        place=f"secrets/{name}",
        remedy="once the store answers (`robo doctor`), `robo secrets set %(name)s` again",
        name=name,
    )


def _account(username: str | None, *, otp: bool) -> tuple[str, dict[str, str]]:
    """User name, password and perhaps the seed: lines of standard input, or asked at the terminal."""
    kind = "password+otp" if otp else "password"
    if not sys.stdin.isatty():
        lines = [*([] if username is None else [username]), *sys.stdin.read().splitlines(), "", "", ""]
        user, password, seed = lines[:3]
    else:
        user = username or typer.prompt(_("User name"), err=True)
        password = typer.prompt(_("Password"), hide_input=True, confirmation_prompt=True, err=True)
        seed = typer.prompt(_("Seed of the codes"), hide_input=True, err=True) if otp else ""
    return kind, {"username": user, "password": password, **({"otp": seed} if otp else {})}


def _certificate(name: str, file: Path) -> tuple[str, dict[str, str]]:
    """A certificate and its key; the passphrase of the file is asked for and not kept."""
    from robo.services.certificates import read_certificate

    if sys.stdin.isatty():
        passphrase = typer.prompt(
            _("Passphrase of the file"), hide_input=True, default="", show_default=False, err=True
        )
    else:
        passphrase = next(iter(sys.stdin.read().splitlines()), "")
    return "certificate", dict(read_certificate(file, passphrase, name))


@app.command("list", help=_("The names of the secrets there are."))
def list_(
    own: Annotated[bool, typer.Option("--own", help=_("robo's own keys too"))] = False,
    as_json: Json = False,
) -> None:
    """Names only."""
    with opened() as robo:
        names, backend = list(robo.secrets.list(own=own)), robo.secrets.backend.value
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
    from robo.services.secrets import OPTIONS

    with opened() as robo:
        users = robo.secrets_needed()
        needed = {name: users.get(name, ("password", []))} if name is not None else users
        found = {each: robo.secrets.has(each, kind) for each, (kind, _processes) in needed.items()}
        marked = robo.secrets_refused()
        refused = {each: each in marked for each in needed}
    if as_json:
        shown = [
            {"name": each, "there": there, "refused": refused[each], "processes": needed[each][1]}
            for each, there in found.items()
        ]
        emit("secrets-check", {"secrets": shown})
    for each, there in found.items():
        state = _("refused by the application") if refused[each] else _("there") if there else _("missing")
        if not as_json:
            data(f"{each}: {state}")
        if not there or refused[each]:
            talk(f"  robo secrets set {each}{OPTIONS.get(needed[each][0], '')}")
    good = all(found.values()) and not any(refused.values())
    verdict(_("every secret is there") if good else _("some secrets must be set"), good=good)
    if not good:
        raise typer.Exit(4)
