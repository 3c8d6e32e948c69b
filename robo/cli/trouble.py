"""How trouble is told: code, what, where, what to do; and which exit code it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from robo.cli.console import emit, finish, near, paint, prepare, printable, talk
from robo.cli.language import _, located, say
from robo.errors import DefinitionError, RoboError

INTERRUPTED: Final = 130
BROKEN: Final = 4


class _Usage(Protocol):
    """What typer raises for a wrong command line."""

    exit_code: int

    def show(self) -> None: ...


def guarded(arguments: Sequence[str]) -> int:
    """Run the command line and turn everything that can happen into words and an exit code."""
    as_json = "--json" in arguments
    prepare()
    try:
        from robo.cli.root import run_command

        code = run_command(arguments)
        finish()
        return _interrupted() if code == INTERRUPTED else code
    except RoboError as trouble:
        tell(trouble, as_json=as_json)
        return trouble.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except OSError as broken:
        from robo.services.disk import refused

        tell(refused(broken), as_json=as_json)
        return BROKEN
    except Exception as broken:
        if (shown := _shown_usage(broken, as_json=as_json)) is not None:
            return shown
        if os.environ.get("ROBO_DEBUG"):
            raise
        return _unexpected(broken, as_json=as_json)


def _interrupted() -> int:
    talk(_("Interrupted. What was finished is kept; robo runs list shows where things stand."))
    return INTERRUPTED


def _shown_usage(error: Exception, *, as_json: bool) -> int | None:
    """Typer's own complaint, shown its way; None when it is something else."""
    import typer

    if isinstance(error, typer.Abort):
        talk(_("Nothing was changed."))
        return INTERRUPTED
    if not hasattr(error, "show") or not hasattr(error, "exit_code"):
        return None
    usage: _Usage = error
    if as_json:
        emit("error", {"code": "RB900", "message": str(error), "place": "", "remedy": "", "problems": []})
    usage.show()
    return usage.exit_code


def tell(trouble: RoboError, *, as_json: bool = False) -> None:
    """One error for a person on standard error; with `--json` also as an object on standard output."""
    if isinstance(trouble, DefinitionError):
        _tell_problems(trouble, as_json=as_json)
        return
    message, remedy = say(trouble.message, trouble.facts), say(trouble.remedy, trouble.facts)
    if as_json:
        emit("error", {**_facts(trouble.code, message, remedy), "place": trouble.place})
    talk(f"{paint(trouble.code, 'bad')} {printable(message)}")
    if trouble.place:
        talk(f"  {_('where')}: {printable(near(located(trouble.place)))}")
    if remedy:
        talk(f"  {_('do')}: {printable(remedy)}")
    talk(paint(f"  robo explain {trouble.code}", "faint"))


def _facts(code: str, message: str, remedy: str) -> dict[str, Any]:
    return {"code": code, "message": message, "remedy": remedy, "problems": []}


def _tell_problems(trouble: DefinitionError, *, as_json: bool) -> None:
    from robo.definition.diagnostics import render

    if as_json:
        problems = [found.as_json(_) for found in trouble.diagnostics]
        message = say(trouble.message, trouble.facts)
        emit("error", {"code": trouble.code, "message": message, "place": "", "remedy": "", "problems": problems})
    talk(near(render(trouble.diagnostics, _)))
    codes = sorted({found.code for found in trouble.diagnostics})
    talk()
    talk(
        paint(
            say(
                "%(count)s problem(s); robo explain %(codes)s says more",
                {"count": len(trouble.diagnostics), "codes": " ".join(codes)},
            ),
            "bad",
        )
    )


def _unexpected(broken: Exception, *, as_json: bool) -> int:
    """An error nobody foresaw: a report for the maintainers, two lines for the person."""
    report = write_report(broken)
    facts = {"what": type(broken).__name__, "report": str(report)}
    message = say("robo met an error it does not know: %(what)s", facts)
    if as_json:
        emit("error", {**_facts("RB999", message, ""), "place": str(report)})
    talk(f"{paint('RB999', 'bad')} {message}")
    talk(f"  {_('where')}: {report}")
    talk(f"  {_('do')}: " + _("send that file to the maintainers; it holds no secret, but read it first"))
    return BROKEN


def write_report(broken: BaseException) -> Path:
    """The traceback in a file only its owner can read; the project's `.robo/reports`, else a temporary folder.

    Only the places and the error's type and text: no local values, so no secret and no citizen's data."""
    import platform
    import tempfile
    import traceback
    from datetime import UTC, datetime

    from robo import __version__
    from robo.errors import UsageError
    from robo.services.settings import STATE, find_project

    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    text = "".join(traceback.format_exception(broken))
    heading = f"robo {__version__} · Python {platform.python_version()} · {platform.platform()} · {stamp}\n\n"
    try:
        folder = find_project() / STATE / "reports"
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"robo-{stamp}-", suffix=".txt", dir=folder)
    except (UsageError, OSError):
        handle, name = tempfile.mkstemp(prefix=f"robo-{stamp}-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(heading + text)
    return Path(name)
