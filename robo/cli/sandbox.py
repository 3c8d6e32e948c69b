"""`robo sandbox`: the practice portal, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from robo.cli.console import data, emit, printable, talk
from robo.cli.here import Json, verb, writing
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.sandbox import RunningSandbox
    from robo.sandbox.mailbox import Mailbox
    from robo.sandbox.post import Mail

SENT: Final = "Envoyés"
"""The folder of its mailbox in which copies of what was sent lie."""
STOCK: Final = 24
"""Invented records of each kind: some pages of them."""

app = verb()


@app.command(help=_("Start the practice portal on this machine; Ctrl-C ends it."))
def sandbox(
    *,
    port: Annotated[int, typer.Option("--port", help=_("0: any free one"), min=0, max=65535)] = 8765,
    skin: Annotated[
        str, typer.Option("--skin", help=_("occitanie or guyane: other colours, other labels"))
    ] = "occitanie",
    database: Annotated[Path | None, typer.Option("--database", help=_("where it keeps its dossiers"))] = None,
    workbook: Annotated[
        Path | None, typer.Option("--workbook", help=_("write invented applications there, to practise with"))
    ] = None,
    mail_port: Annotated[
        int, typer.Option("--mail-port", help=_("where its post office takes mails; 0: any free one"), min=0, max=65535)
    ] = 8025,
    mailbox_port: Annotated[
        int,
        typer.Option("--mailbox-port", help=_("where its mailbox answers; 0: any free one"), min=0, max=65535),
    ] = 8143,
    as_json: Json = False,
) -> None:
    """Listens on loopback only. Everything in it is invented. Without --database it forgets everything at the end."""
    import tempfile
    import threading

    from robo import sandbox as portal
    from robo.sandbox.imap import PostBox
    from robo.sandbox.mailbox import Mailbox
    from robo.sandbox.post import PostOffice

    if workbook is not None:
        _write_workbook(workbook)
    with tempfile.TemporaryDirectory(prefix="robo-sandbox-") as folder:
        kept = database or Path(folder) / "portal.db"
        box = Mailbox(SENT)
        with (
            portal.start(kept, skin=skin, port=port, stock=STOCK) as running,
            PostOffice(mail_port, lambda mail: _take(box, mail)) as post,
            PostBox(box, running.accounts, mailbox_port) as mails,
        ):
            if as_json:
                ports = {"mail_port": post.port, "mailbox_port": mails.port}
                emit("sandbox", {"url": running.url, "skin": skin, "accounts": dict(running.accounts), **ports})
            else:
                _announce(running, post.port, mails.port)
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                talk(_("The portal has ended."))


def _announce(running: RunningSandbox, mail_port: int, mailbox_port: int) -> None:
    from robo.sandbox.skins import SKINS
    from robo.sandbox.web import APPLICATIONS

    data(f"{running.url}  {SKINS[running.skin].service}")
    for each in APPLICATIONS:
        data(f"{running.url}{each.home}  {each.service}")
    for login, password in running.accounts.items():
        data(f"  {login}  {password}")
    talk(say("Mails go to port %(port)s; they are shown here and go nowhere else.", {"port": mail_port}))
    talk(
        say(
            "A mailbox keeps copies of them in « %(folder)s »: port %(port)s, each of those accounts.",
            {"folder": SENT, "port": mailbox_port},
        )
    )
    talk(_("The portal runs until Ctrl-C. Its passwords are for this portal only."))


def _take(box: Mailbox, mail: Mail) -> None:
    """A mail as it comes: its copy is kept, and it is shown."""
    from robo.sandbox.mailbox import SEEN

    box.put(SENT, mail.content, flags=(SEEN,))
    talk(printable(f"  {', '.join(mail.to)} · {mail.subject}"))
    for line in mail.text.splitlines():
        talk(printable(f"      {line}".rstrip()))


def _write_workbook(file: Path) -> None:
    """Applications the portal accepts, and one of a minor. A workbook that is there holds somebody's work: it stays.

    Raises `InfrastructureError` RB970: the file cannot be written."""
    from importlib.resources import files

    if file.exists():
        talk(say("%(file)s is there already and stays as it is", {"file": str(file)}))
        return
    with writing(file):
        file.write_bytes(files("robo.sandbox").joinpath("demandes.xlsx").read_bytes())
    talk(say("Six invented applications are in %(file)s", {"file": str(file)}))
