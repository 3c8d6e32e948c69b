"""One trial: a small run of the real process, something dies, then rest, then the invariants."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from openpyxl import Workbook

from robo.proof.checkpoint import Checkpoint
from robo.sandbox.handle import RunningSandbox
from tests.faults import checks, deaths
from tests.faults.plan import FAULTS, ROWS, Plan

PROJECT: Final = Path(__file__).with_name("project")
ACCOUNT: Final = "robot.occitanie"
AGAIN: Final = 5
"""How often what is left is taken up again before the trial is judged."""


@dataclass(slots=True)
class Verdict:
    """What the invariants say of one trial. No violations: it held."""

    plan: Plan
    died: bool
    states: dict[str, str]
    seconds: float
    violations: list[str] = field(default_factory=list)


class Trial:
    """The folder, the processes and the checks of one trial."""

    patience: Final = 120
    """Seconds one robo process may take before the trial is called stuck."""

    def __init__(self, plan: Plan, portal: RunningSandbox, folder: Path) -> None:
        self.plan = plan
        self.portal = portal
        self.folder = folder
        self.store = checks.Store(folder)
        self.sealed: list[Checkpoint] = []
        self.references = [f"F{plan.number:05d}-{row}" for row in range(1, ROWS + 1)]

    def play(self) -> Verdict:
        """Prepare, break, bring to rest, check."""
        began = time.monotonic()
        self.prepare()
        died = deaths.WAYS.get(self.plan.kind, deaths.at_point)(self)
        left = deaths.clean_up(self.folder)
        self.sealed = checks.sealed(self.store)
        self._to_rest()
        verdict = Verdict(self.plan, died, self._states(), 0.0)
        verdict.violations = self.violations()
        verdict.violations += [f"{left} process(es) left behind"] if left else []
        verdict.seconds = time.monotonic() - began
        return verdict

    @property
    def workbook(self) -> Path:
        return self.folder / "demandes.xlsx"

    def prepare(self) -> None:
        """The project, its workbook, and what the portal will do to each row."""
        shutil.copytree(PROJECT, self.folder)
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "Demandes"
        sheet.append(["N° demande", "Nom", "Date de naissance", "N° dossier"])
        for reference, fault in zip(self.references, self.plan.faults, strict=True):
            sheet.append([reference, "Exemple", date(1990, 5, 17), None])
            if fault != "none":
                self.portal.faults.script(reference, FAULTS[fault])
        book.save(self.workbook)

    def start(self, *, crash: str = "", resume: str = "") -> subprocess.Popen[bytes]:
        """A robo of its own process group: a new run of the workbook, or the run to resume."""
        password = self.portal.accounts[ACCOUNT]
        named = [f"export={self.workbook}", f"portal={self.portal.url}", f"account={ACCOUNT}"]
        command = [sys.executable, "-m", "robo", "run", "trial", "--region", "occitanie", "--json"]
        command += ["--slots", str(self.plan.slots)]
        command += ["--resume", resume] if resume else [word for name in named for word in ("-i", name)]
        environment = {
            **os.environ,
            "ROBO_PROJECT": str(self.folder),
            "ROBO_TESTING": "1",
            "ROBO_CRASH_AT": crash,
            "ROBO_SECRET_PORTAL_USERNAME": ACCOUNT,
            "ROBO_SECRET_PORTAL_PASSWORD": password,
        }
        with (self.folder / "log.txt").open("ab") as log:
            log.write(f"--- {resume or 'new'} {crash}\n".encode())
            log.flush()
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for its end; its exit code."""
        try:
            return process.wait(self.patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"trial {self.plan.number}: stuck, see {self.folder / 'log.txt'}") from None

    def first_run(self) -> str:
        """The oldest run, "" when there is none yet."""
        found = self.store.rows("SELECT id FROM runs ORDER BY created LIMIT 1")
        return str(found[0]["id"]) if found else ""

    def violations(self) -> list[str]:
        """What does not hold now."""
        return list(checks.violations(self.store, self._truth(), self.workbook, self.sealed))

    def _to_rest(self) -> None:
        """What a person does afterwards: start anew when nothing was begun, and resume what is not over."""
        for _ in range(AGAIN):
            if not self.first_run():
                self.finish(self.start())
            for run in self.store.open_runs():
                self.finish(self.start(resume=run))
        self._looked_at()

    def _looked_at(self) -> None:
        """Somebody asks what became of it: any command orders what a dead one left in the audit log's outbox."""
        command = [sys.executable, "-m", "robo", "--project", str(self.folder), "runs", "list"]
        with (self.folder / "log.txt").open("ab") as log:
            subprocess.run(command, stdout=log, stderr=log, check=True, timeout=self.patience)

    def _states(self) -> dict[str, str]:
        return {key: " ".join(item["state"] for item in self.store.items(key)) for key in self.references}

    def _truth(self) -> dict[str, list[str]]:
        accepted = self.portal.truth()
        return {key: [effect.number for effect in accepted if effect.reference == key] for key in self.references}


def describe(verdict: Verdict) -> str:
    """One line of the record."""
    plan = verdict.plan
    return json.dumps(
        {
            "trial": plan.number,
            "kind": plan.kind,
            "nth": plan.nth,
            "at": plan.at if plan.kind == "zombie" else "",
            "variant": plan.variant,
            "slots": plan.slots,
            "faults": plan.faults,
            "died": verdict.died,
            "states": verdict.states,
            "seconds": round(verdict.seconds, 1),
            "violations": verdict.violations,
        },
        ensure_ascii=False,
    )
