"""The project the command stands in, opened the one way every noun opens it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from robo.cli.language import _, prefer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from robo.app import App

Json = Annotated[bool, typer.Option("--json", help=_("data as JSON with a versioned schema"))]
Region = Annotated[str | None, typer.Option("--region", "-r", help=_("the territory; not needed when there is one"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=_("answer yes to what would be asked"))]


@contextmanager
def opened() -> Iterator[App]:
    """The application of the project found here (`--project`, `ROBO_PROJECT`, upwards), closed at the end."""
    from robo.app import open_app

    app = open_app()
    prefer(app.settings.language)
    try:
        yield app
    finally:
        app.close()


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Around the writing of a file or folder a person asked for. Raises `InfrastructureError` RB970 when it fails."""
    from robo.errors import InfrastructureError

    try:
        yield
    except OSError as broken:
        raise InfrastructureError(
            "RB970",
            "%(file)s cannot be written: %(cause)s",
            place=str(place),
            remedy="choose another place, or give this user the right to write there",
            file=str(place),
            cause=broken.strerror or str(broken),
        ) from broken


def region_of(app: App, said: str | None) -> str:
    """The region that was named, or the only one there is. Raises `UsageError` RB961."""
    from robo.errors import UsageError

    if said is not None:
        return said
    regions = app.region_ids()
    if len(regions) == 1:
        return str(regions[0])
    raise UsageError(
        "RB961",
        "this project has %(count)s regions: say which one",
        remedy="--region with one of: %(regions)s",
        count=len(regions),
        regions=", ".join(regions) or "-",
    )


def sure(question: str, *, yes: bool) -> None:
    """Ask before what cannot be undone. Without a terminal and without --yes nothing is done (`UsageError` RB962)."""
    import sys

    from robo.errors import UsageError

    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("RB962", "this needs a yes, and nobody is here to give it", remedy="add --yes if you are sure")
    typer.confirm(question, abort=True, err=True)


def noun(summary: str) -> typer.Typer:
    """A noun with several commands, in robo's usual way."""
    return typer.Typer(help=summary, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def verb() -> typer.Typer:
    """A noun that is a command by itself."""
    return typer.Typer(add_completion=False, rich_markup_mode=None)
