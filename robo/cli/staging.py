"""Stages a case: a copy of the project, a portal in this process, a store whose clock jumps."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING, Any, Final

from robo.app import App
from robo.engine.faultpoints import KILL
from robo.model.case import Case, CaseFault, Mishap
from robo.sandbox.faults import Fault
from robo.sandbox.handle import RunningSandbox, start
from robo.services.cases import JumpClock, Player

if TYPE_CHECKING:
    from robo.model.run import Item
    from robo.plan.model import Plan

SKINS: Final = ("occitanie", "guyane")
STUCK: Final = 120
"""Seconds a crashed process may take before the case is called stuck."""


@contextmanager
def staged(project: App, process: str, case: Case) -> Iterator[Player]:
    """A player for `case`; everything it used is gone afterwards."""
    slow = any(fault.do in {Mishap.LATE, Mishap.TIMEOUT} for fault in case.faults)
    clock = JumpClock(least=60.0 if slow else 0.0)
    skin = case.region if case.region in SKINS else SKINS[0]
    with tempfile.TemporaryDirectory(prefix="robo-case-") as name:
        folder = Path(name)
        copytree(project.project / "config", folder / "config")
        copytree(project.settings.processes / process, folder / "processes" / process)
        with start(folder / "portal.db", skin=skin) as portal:
            login = f"robot.{skin}"
            stage = _Stage(folder, process, case.region, (login, portal.accounts[login]), clock)
            try:
                yield Player(case, stage, _Portal(portal), folder / "processes" / process, write_rows)
            finally:
                stage.app.close()


class _Portal:
    """The sandbox, as a case speaks of it."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.url = sandbox.url
        self._sandbox = sandbox
        self._scripts: dict[str, list[Fault]] = {}
        sandbox.faults.accept_duplicates()

    def strike(self, fault: CaseFault, references: Sequence[str], *, search: bool) -> None:
        at: Any = "search" if search or fault.before == "search" else "login" if fault.step == "setup" else "submit"
        struck = _fault(fault, at)
        if fault.every:
            self._sandbox.faults.set(struck, accept_duplicates=True)
            return
        for reference in references:
            self._scripts.setdefault(reference, []).extend([struck] * fault.times)
            self._sandbox.faults.script(reference, *self._scripts[reference])

    def hold(self, reference: str, created_by: str, shown_after: float) -> None:
        """One that the search does not show yet is what a portal refuses as a duplicate."""
        if shown_after:
            self._sandbox.faults.accept_duplicates(False)
        self._sandbox.file_by_hand(
            reference, shown_after=shown_after, **({"account": created_by} if created_by else {})
        )

    def dossiers(self, reference: str) -> int:
        return self._sandbox.dossiers(reference)


def _fault(fault: CaseFault, at: Any) -> Fault:
    before: Any = "before" if fault.before else "after"
    match fault.do:
        case Mishap.LOST:
            return Fault("lost", at=at, moment=before)
        case Mishap.LATE:
            return Fault("late", seconds=float(fault.seconds or 2))
        case Mishap.TIMEOUT:
            return Fault("slow", at=at, moment=before, seconds=float(fault.seconds or 15))
        case Mishap.ERROR500:
            return Fault("error500", at=at, moment=before)
        case Mishap.LOGGED_OUT:
            return Fault("logged_out", at=at)
        case _:
            return Fault("down", at=at)


class _Memory:
    """The portal's password, in memory."""

    def __init__(self, login: str, password: str) -> None:
        self._parts = {"username": login, "password": password}

    def read(self, name: str) -> Mapping[str, str] | None:
        return self._parts

    def write(self, name: str, parts: Mapping[str, str]) -> None:
        raise AssertionError(name)

    def names(self) -> list[str]:
        return []


@dataclass(slots=True)
class _Stage:
    folder: Path
    process: str
    region: str
    account: tuple[str, str]
    clock: JumpClock
    app: App = None  # type: ignore[assignment] # set in __post_init__
    plan: Plan = None  # type: ignore[assignment] # the same

    def __post_init__(self) -> None:
        from robo.services.secrets import SecretBook
        from robo.services.settings import Backend, load_settings

        environ = {name: value for name, value in os.environ.items() if name != "ROBO_STORE"}
        secrets = SecretBook(_Memory(*self.account), Backend.ENV)
        self.app = App(self.folder, load_settings(self.folder, environ=environ), secrets=secrets, clock=self.clock)
        self.plan = self.app.plan(self.process, self.region)

    def run(self, inputs: Mapping[str, str], *, today: Any, only: str | None) -> str:
        from robo.services.worker.requests import RunRequest

        request = RunRequest(
            process=self.process, region=self.region, inputs=inputs, today=today, only=only, slots=1, actor="case"
        )
        return self.app.run(request).run

    def crash(self, inputs: Mapping[str, str], *, today: Any, only: str | None, point: str) -> None:
        command = [sys.executable, "-m", "robo", "run", self.process, "--region", self.region, "--slots", "1"]
        command += [word for name, value in inputs.items() for word in ("-i", f"{name}={value}")]
        command += ["--only", only] if only else []
        login, password = self.account
        environment = {
            **{name: value for name, value in os.environ.items() if name != "ROBO_STORE"},
            "ROBO_PROJECT": str(self.folder),
            "ROBO_TESTING": "1",
            "ROBO_CRASH_AT": f"{point}:1",
            "ROBO_SECRETS": "env",
            **{
                f"ROBO_SECRET_{name.upper()}_{part}": value
                for name in self.plan.secrets
                for part, value in (("USERNAME", login), ("PASSWORD", password))
            },
        }
        done = subprocess.run(command, env=environment, capture_output=True, timeout=STUCK, check=False)
        if done.returncode not in {-KILL, KILL}:  # Windows tells it without a sign
            raise AssertionError(f"the run did not die at {point}: {done.stderr.decode()[-2000:]}")
        run = self.app.latest_runs(1)[0][0]
        self.app.resume(run.id, slots=1, today=today)

    def items(self, key: str) -> Sequence[Item]:
        return self.app.items(key=key)

    def credited(self, item: str) -> bool:
        return any(row["item"] == item and row["kind"] == "credit" for row in self.app.ledger_rows())

    def not_taken(self, run: str) -> Mapping[str, int]:
        return self.app.find_run(run)[0].not_taken

    def cell(self, file: Path, key: str, column: str) -> Any:
        from openpyxl import load_workbook

        for sheet in load_workbook(file).worksheets:
            rows = list(sheet.iter_rows(values_only=True))
            for row in rows[1:]:
                if key in row and column in rows[0]:
                    return row[rows[0].index(column)]
        return None


def write_rows(file: Path, sheet: str, rows: Sequence[Mapping[str, str]]) -> None:
    """A workbook of one sheet, every cell text, columns in the order of their first mention."""
    from openpyxl import Workbook

    headers = list(dict.fromkeys(header for row in rows for header in row))
    book = Workbook()
    page = book.active
    assert page is not None  # noqa: S101 - a new workbook has a sheet
    page.title = sheet
    page.append(headers)
    for row in rows:
        page.append([row.get(header) for header in headers])
    book.save(file)
