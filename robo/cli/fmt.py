"""`robo fmt`: definitions in their usual form; comments stay, meaning stays."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from robo.cli.console import data, emit, verdict
from robo.cli.here import Json, verb, writing
from robo.cli.language import _, say

app = verb()


@app.command(help=_("Quote what needs it and tidy definitions, in place; comments are kept."))
def fmt(
    files: Annotated[list[Path] | None, typer.Argument(help=_("files; without any, the whole project"))] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help=_("change nothing; exit 2 if something would change"))] = False,
    as_json: Json = False,
) -> None:
    """Writes a file only when its text changes, and only whole."""

    changed = []
    for file in files or _definitions():
        text = _tidied(file)
        if text is not None:
            changed.append(str(file))
            if not check:
                _replace(file, text)
    if as_json:
        emit("fmt", {"changed": changed, "written": not check})
    else:
        for name in changed:
            data(name)
    said = (
        say("%(count)s file(s) to tidy", {"count": len(changed)})
        if check
        else say("%(count)s file(s) tidied", {"count": len(changed)})
    )
    verdict(said, good=not (check and changed))
    if check and changed:
        raise typer.Exit(2)


def _tidied(file: Path) -> str | None:
    """The file's text in its usual form, None when it has it already. RB120 when the file cannot be read."""
    from robo.definition.diagnostics import Reporter
    from robo.definition.formatting import format_text
    from robo.definition.loading import content_of
    from robo.definition.yaml_text import decode

    reporter = Reporter()
    text = decode(content_of(file), str(file), reporter)
    reporter.finish()
    if text is None:
        return None
    better = format_text(text)
    return None if better == text else better


def _replace(file: Path, text: str) -> None:
    """Write `text` whole or not at all, with the rights the file had. Raises `InfrastructureError` RB970."""
    import os
    import shutil

    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with writing(file):
            beside.write_text(text, encoding="utf-8", newline="")
            shutil.copymode(file, beside)
            beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _definitions() -> list[Path]:
    """Processes, cases, baselines and regions of the project."""
    from robo.services.settings import find_project

    project = find_project()
    return sorted(
        [
            *project.glob("processes/*/*.yaml"),
            *project.glob("processes/*/cases/*.yaml"),
            *project.glob("config/**/*.yaml"),
        ]
    )
