"""`robo demo`: a portal, a real workbook, a real browser, and what came out of it, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from robo.cli.console import data, paint, table, talk, verdict
from robo.cli.here import verb
from robo.cli.language import _, say

if TYPE_CHECKING:
    from robo.app import App
    from robo.sandbox.handle import RunningSandbox
    from robo.services.worker.requests import RunReport

PROCESS: Final = "titre-sejour-saisie"
REGION: Final = "occitanie"
ACCOUNT: Final = "robot.occitanie"
ALREADY: Final = "2026-TS-0004"
"""An agent keyed this application by hand before the robot came."""
LOST: Final = "2026-TS-0006"
"""The portal takes this one, and its answer never arrives."""
NUMBERED: Final = "2026-TS-0003"
"""Its row in the workbook has a receipt from before, so the run leaves it alone."""

app = verb()


@app.command(
    help=_("Run the first process of this project on the practice portal, from nothing to the minutes gained.")
)
def demo(*, headed: Annotated[bool, typer.Option("--headed", help=_("show the browser at work"))] = False) -> None:
    """Begins afresh each time, in a folder of its own; the portal ends with the command, the workbook stays."""
    from robo.sandbox.handle import spawn

    folder = _fresh_project()
    with ExitStack() as stack:
        portal = stack.enter_context(spawn(folder / "portal.db"))
        _stage(portal)
        rehearsal = _rehearsal(folder, portal)
        stack.callback(rehearsal.close)
        _announce(portal, folder)
        report = _run(rehearsal, portal, folder, headed=headed)
        _show(rehearsal, report, portal)
    raise SystemExit(0 if report.exit_code in {0, 3} else report.exit_code)


def _fresh_project() -> Path:
    """A copy of the project's first process and its regions, with a state of its own."""
    from robo.app import open_app
    from robo.errors import UsageError

    here = open_app()
    if PROCESS not in here.process_ids():
        raise UsageError(
            "RB940",
            "the demonstration plays the process %(name)s, and this project does not have it",
            place=str(here.settings.processes),
            remedy="run it in a copy of robo's own repository; robo process list shows what there is here",
            name=PROCESS,
        )
    folder = here.settings.state / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(here.project / "config", folder / "config")
    shutil.copytree(here.settings.processes / PROCESS, folder / "processes" / PROCESS)
    shutil.copy(folder / "processes" / PROCESS / "fixtures" / "demandes.xlsx", folder / "demandes.xlsx")
    return folder


def _stage(portal: RunningSandbox) -> None:
    """What makes the day interesting: one application is there already, one answer will be lost."""
    from robo.sandbox.faults import Fault

    portal.file_by_hand(ALREADY)
    portal.faults.script(LOST, Fault(kind="lost"))


class _DemoVault:
    """The portal's fresh password, in memory for as long as the demonstration lasts."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = parts

    def read(self, name: str) -> Mapping[str, str] | None:
        return self._parts if name == "portal" else None

    def write(self, name: str, parts: Mapping[str, str]) -> None:
        self._parts = parts

    def names(self) -> list[str]:
        return ["portal"]


def _rehearsal(folder: Path, portal: RunningSandbox) -> App:
    from robo.app import App
    from robo.services.secrets import SecretBook
    from robo.services.settings import Backend, load_settings

    environ = {name: value for name, value in os.environ.items() if name != "ROBO_STORE"}
    vault = _DemoVault({"username": ACCOUNT, "password": portal.accounts[ACCOUNT]})
    return App(folder, load_settings(folder, environ=environ), secrets=SecretBook(vault, Backend.ENV))


def _announce(portal: RunningSandbox, folder: Path) -> None:
    talk(say("A practice portal is open at %(url)s; everything in it is invented.", {"url": portal.url}))
    facts = {"file": _short(folder / "demandes.xlsx"), "already": ALREADY, "lost": LOST}
    talk(say("The robot takes the 13 applications of %(file)s and enters them with a real browser.", facts))
    talk(say("Two traps: %(already)s was keyed by an agent before; the answer for %(lost)s will be lost.", facts))
    talk()


def _run(rehearsal: App, portal: RunningSandbox, folder: Path, *, headed: bool) -> RunReport:
    from robo.cli.words import outcome_word
    from robo.services.worker.requests import RunRequest

    inputs = {"export": str(folder / "demandes.xlsx"), "portal": portal.url, "account": ACCOUNT}

    def told(what: str, facts: Mapping[str, Any]) -> None:
        if what == "item":
            became = outcome_word(facts["state"]) if facts["state"] else _("no answer: the robot will look again")
            talk(paint(f"  · {facts['key']}  {became}", "faint"))

    request = RunRequest(process=PROCESS, region=REGION, inputs=inputs, actor="demo", headed=headed)
    return rehearsal.run(request, told)


def _show(rehearsal: App, report: RunReport, portal: RunningSandbox) -> None:
    """Each item with its outcome and reason, what the portal counts, the minutes and where they come from."""
    from robo.cli.run_ import tell_troubles

    tell_troubles(report)
    twice = _show_items(rehearsal, report, portal)
    _show_lost(rehearsal, portal)
    _show_minutes(report)
    _show_next(rehearsal, report)
    verdict(_verdict(report, twice), good=not twice and report.exit_code in {0, 3})


def _show_next(rehearsal: App, report: RunReport) -> None:
    """What a person does next, as she can type it here."""
    folder = _short(rehearsal.project)
    robo = f"{_command()} --project {folder}"
    rows = {
        f"{folder}{os.sep}demandes.xlsx": _("the workbook with its receipt numbers: open it"),
        f"{robo} items show {LOST}": _("every step of the one whose answer was lost"),
        f"{robo} runs show {report.run}": _("the report of the run"),
        f"{folder}{os.sep}processes{os.sep}{PROCESS}{os.sep}process.yaml": _("what the robot followed, in words"),
        f"{_command()} demo --headed": _("the same, with the browser before your eyes"),
        f"{_command()} init mes-robots": _("a project of your own"),
    }
    talk()
    talk(_("Look further:"))
    room = max(map(len, rows))
    for where, what in rows.items():
        talk(f"  {where:<{room}}  {what}")
    talk()


def _command() -> str:
    """`robo` as it can be typed here: by its name when the shell finds it, else by its path."""
    called = Path(sys.argv[0])
    known = shutil.which(called.stem)
    return "robo" if called.stem != "robo" or (known and Path(known).samefile(called)) else _short(called.absolute())


def _verdict(report: RunReport, twice: list[str]) -> str:
    """Whether the demonstration showed what it promises."""
    if twice or report.exit_code not in {0, 3}:
        return _("The demonstration did not end as it should: what stands above says why.")
    return _("Nothing was done twice, nothing was lost.")


def _show_items(rehearsal: App, report: RunReport, portal: RunningSandbox) -> list[str]:
    """The table; the keys of done items that the portal does not hold exactly once."""
    from robo.cli.words import outcome_word, why_of

    items = rehearsal.items(run=report.run)
    receipts = [rehearsal.item_story(item)["result"].get("receipt", {}) for item in items]
    data()
    rows = [
        [item.key, outcome_word(item.state), receipt.get("number", ""), why_of(item)]
        for item, receipt in zip(items, receipts, strict=True)
    ]
    rows.append([NUMBERED, _("left alone"), "", _("its row has a receipt number already")])
    table([_("application"), _("outcome"), _("receipt"), _("why")], sorted(rows))
    done = [item.key for item in items if item.state == "done"]
    twice = [key for key in done if portal.dossiers(key) != 1]
    told = _("yes") if not twice else say("no, look at %(keys)s", {"keys": ", ".join(twice)})
    data()
    facts = {"done": len(done), "proved": told}
    data(say("%(done)s done; the portal holds exactly one dossier for each of them: %(proved)s", facts))
    return twice


def _show_lost(rehearsal: App, portal: RunningSandbox) -> None:
    """What became of the application whose answer was lost, as the journal and the portal have it."""
    rows = rehearsal.item_story(rehearsal.find_item(LOST))["journal"]
    sent = sum(request.reference == LOST for request in portal.requests())
    closed = rows[-1].closed_by if rows else ""
    told = _("found again by `verify`") if closed == "verify" else closed or _("still open")
    facts = {"key": LOST, "told": told, "sent": sent}
    data(say("The answer for %(key)s was lost: %(told)s; the portal received it %(sent)s time(s).", facts))


def _show_minutes(report: RunReport) -> None:
    from robo.cli.words import method_word
    from robo.services.baselines import provenance

    minutes = report.minutes
    facts = {"net": minutes.net, "gross": minutes.gross, "auditable": minutes.auditable}
    data(say("Minutes gained: %(net)s net (%(gross)s gross), of which %(auditable)s timed", facts))
    if report.baseline is not None:
        known = report.baseline
        times = {"before": known.before, "after": known.after, "method": method_word(known.method)}
        data(say("  %(before)s min by hand, %(after)s with the robot; %(method)s", times))
        data(say("  source: %(origin)s", {"origin": provenance(known)}))
    data(_("  none of them counts outside this demonstration: a practice portal proves nothing about hours"))


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
