"""`robo sandbox`: the practice portal, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robo.cli.console import data, emit, talk
from robo.cli.here import Json, verb, writing
from robo.cli.language import _, say

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
    as_json: Json = False,
) -> None:
    """Listens on loopback only. Everything in it is invented. Without --database it forgets everything at the end."""
    import tempfile
    import threading

    from robo import sandbox as portal

    if workbook is not None:
        _write_workbook(workbook)
    with tempfile.TemporaryDirectory(prefix="robo-sandbox-") as folder:
        kept = database or Path(folder) / "portal.db"
        with portal.start(kept, skin=skin, port=port) as running:
            if as_json:
                emit("sandbox", {"url": running.url, "skin": skin, "accounts": dict(running.accounts)})
            else:
                data(running.url)
                for login, password in running.accounts.items():
                    data(f"  {login}  {password}")
                talk(_("The portal runs until Ctrl-C. Its passwords are for this portal only."))
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                talk(_("The portal has ended."))


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
