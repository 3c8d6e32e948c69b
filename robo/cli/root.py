"""The `robo` command: its nouns by name, loaded one at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from robo.cli.language import _


def _summaries() -> dict[str, str]:
    """Every noun in the order of `robo --help`, with its line there. The module is `robo.cli.<noun>`."""
    return {
        "demo": _("a portal, a workbook, a browser and the minutes gained, in one command"),
        "init": _("make a new project with a first process"),
        "doctor": _("what is missing on this machine, and how to get it"),
        "run": _("run a process"),
        "test": _("play the cases of a process"),
        "fmt": _("put definitions into their usual form, comments kept"),
        "process": _("list, show, compare, validate, begin processes; print a manual"),
        "runs": _("list, show, cancel, retry, flush runs"),
        "items": _("list, show, answer, retry, resolve items"),
        "ledger": _("the book of minutes: look, log time, correct, close, attest"),
        "baseline": _("human minutes of one unit: observed, added, approved"),
        "report": _("hours given back, by process, region and month"),
        "audit": _("the audit log: show, verify, export, seal, purge it"),
        "db": _("copy, restore, check, upgrade the store"),
        "actions": _("the actions a step may use"),
        "explain": _("what an error code means, and what to do"),
        "secrets": _("set, list, check secrets"),
        "sandbox": _("the practice portal"),
    }


RENAMED: Final = {"init": "init_", "test": "test_", "run": "run_"}
"""Nouns whose module has another name: pytest collects `test`, and `run` and `init` read as verbs in imports."""


class Nouns(TyperGroup):
    """A group that knows its commands' names and lines, and imports a command when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_summaries())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _summaries():
            return None
        module = import_module(f"robo.cli.{RENAMED.get(cmd_name, cmd_name)}")
        command = get_command(module.app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of nouns, without loading any."""
        with formatter.section(_("Commands")):
            formatter.write_dl(list(_summaries().items()))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args and args[0] not in _summaries():
            _no_such_command(args[0])
        return super().resolve_command(ctx, args)


def _no_such_command(said: str) -> None:
    from difflib import get_close_matches

    from robo.errors import UsageError

    near = get_close_matches(said, _summaries(), n=1)
    raise UsageError(
        "RB960",
        "%(said)s is not a robo command",
        remedy="robo %(near)s --help" if near else "robo --help",
        said=said,
        near=near[0] if near else "",
    )


app = typer.Typer(
    name="robo",
    cls=Nouns,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=_("robo runs declarative processes and proves what they did."),
)


def _show_version(asked: bool) -> None:
    if asked:
        from robo import __version__
        from robo.cli.console import data

        data(f"robo {__version__}")
        raise typer.Exit


@app.callback()
def root(
    project: Annotated[
        Path | None, typer.Option("--project", help=_("the project's folder"), metavar=_("FOLDER"))
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=_("robo's version"))
    ] = False,
) -> None:
    """Options that come before the command. They pass through the environment, so that child processes agree."""
    if project is not None:
        os.environ["ROBO_PROJECT"] = str(project)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code. Errors come out as exceptions."""
    code = get_command(app).main(args=list(arguments), prog_name="robo", standalone_mode=False)
    return code if isinstance(code, int) else 0
