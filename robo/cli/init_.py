"""`robo init`: a new project with a first process that runs at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from robo.cli.console import data, emit, verdict
from robo.cli.here import Json, verb, writing
from robo.cli.language import _, say

app = verb()
STARTER: Final = Path(__file__).parent / "starter"
RENAMED: Final = {"gitignore": ".gitignore", "vscode": ".vscode"}
"""Names that a package of files should not carry as they are."""
NOTHING: Final = frozenset({".git", ".gitignore", "LICENSE", "README.md"})
"""What may be in the folder already: a fresh repository."""


@app.command(help=_("Make a new project, with a first process to run and to change."))
def init(
    folder: Annotated[Path, typer.Argument(help=_("the folder to make; it may exist if it is empty"))],
    as_json: Json = False,
) -> None:
    """Nothing that exists is overwritten."""
    written = write_starter(folder)
    write_schema(folder)
    if as_json:
        emit("init", {"project": str(folder), "files": [str(file) for file in written]})
    else:
        for file in written:
            data(str(file))
    facts = {"folder": str(folder)}
    verdict(say("the project is there · cd %(folder)s, then read README.md", facts), good=True)


def write_starter(folder: Path) -> list[Path]:
    """Copy the starter; the files written. RB974: something is there already. RB970: it cannot be written."""
    from robo.errors import UsageError

    there = {entry.name for entry in folder.iterdir()} - NOTHING if folder.is_dir() else set()
    if there or folder.is_file():
        raise UsageError(
            "RB974",
            "%(folder)s is not empty",
            place=str(folder),
            remedy="name a new folder, or an empty one",
            folder=str(folder),
        )
    written = []
    with writing(folder):
        for source in sorted(STARTER.rglob("*")):
            parts = [RENAMED.get(part, part) for part in source.relative_to(STARTER).parts]
            target = folder.joinpath(*parts)
            if source.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
                written.append(target)
    return written


def write_schema(folder: Path) -> None:
    """The schema the editor completes from, for the actions installed now; `robo actions schema -o` renews it."""
    import json

    from robo.cli.schema import process_schema
    from robo.services.guests import installed_actions

    file = folder / ".robo" / "process.schema.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(process_schema(installed_actions()), ensure_ascii=False), encoding="utf-8")
