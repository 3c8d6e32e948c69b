"""One trial: a small run of the real process, one death or one zombie, then rest, then the invariants."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from openpyxl import Workbook

from robo.engine.faultpoints import POINTS
from robo.sandbox.faults import Fault
from robo.sandbox.handle import RunningSandbox

PROJECT: Final = Path(__file__).with_name("project")
ROWS: Final = 3
PATIENCE: Final = 90
"""Seconds one robo process may take before the trial is called stuck."""
OTHER: Final = ("random", "zombie")
CREDITS: Final = (
    "SELECT 1 FROM ledger JOIN items ON items.id = ledger.item WHERE ledger.kind = 'credit' AND items.key = ?"
)
FAULTS: Final = {"lost": Fault("lost"), "late": Fault("late", seconds=1.2)}
"""`late` files within the process's settle time (2 s): assumption A1 of the once protocol holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens in one trial; everything follows from its number, so a failure can be played again."""

    number: int
    kind: str
    """A crash point's name, `random` or `zombie`."""
    nth: int
    faults: tuple[str, ...]
    """One per row: `none`, `lost` (accepted, no answer) or `late` (no answer, filed within the settle time)."""

    @classmethod
    def of(cls, number: int) -> Plan:
        chance = random.Random(number)  # noqa: S311 - a seed that repeats is the point
        kinds = (*POINTS, *OTHER)
        return cls(
            number=number,
            kind=kinds[number % len(kinds)],
            nth=chance.randint(1, ROWS),
            faults=tuple(chance.choice(("none", "none", "lost", "late")) for _ in range(ROWS)),
        )


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

    def __init__(self, plan: Plan, portal: RunningSandbox, account: tuple[str, str], folder: Path) -> None:
        self.plan = plan
        self.portal = portal
        self.account = account
        self.folder = folder
        self.references = [f"F{plan.number:05d}-{row}" for row in range(1, ROWS + 1)]

    def play(self) -> Verdict:
        """Prepare, break, bring to rest, check."""
        began = time.monotonic()
        self._prepare()
        died = self._zombie() if self.plan.kind == "zombie" else self._death()
        for _ in range(4):
            if self._at_rest():
                break
            self._finish(self._start(resume=bool(self._run())))
        verdict = Verdict(self.plan, died, self._states(), 0.0)
        verdict.violations = list(self._violations(verdict.states))
        verdict.seconds = time.monotonic() - began
        return verdict

    def _prepare(self) -> None:
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
        book.save(self.folder / "demandes.xlsx")

    def _start(self, *, crash: str = "", resume: bool = False) -> subprocess.Popen[bytes]:
        user, password = self.account
        named = [
            f"export={self.folder / 'demandes.xlsx'}",
            f"portal={self.portal.url}",
            f"account={user}",
        ]
        command = [sys.executable, "-m", "robo", "run", "trial", "--region", "occitanie", "--json"]
        command += ["--resume", self._run()] if resume else [word for name in named for word in ("-i", name)]
        environment = {
            **os.environ,
            "ROBO_PROJECT": str(self.folder),
            "ROBO_TESTING": "1",
            "ROBO_CRASH_AT": crash,
            "ROBO_SECRET_PORTAL_USERNAME": user,
            "ROBO_SECRET_PORTAL_PASSWORD": password,
        }
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def _finish(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            _kill_group(process)
            raise AssertionError(f"trial {self.plan.number}: stuck, see {self.folder / 'log.txt'}") from None

    def _death(self) -> bool:
        """Die at the named point, or at any moment; whatever the process started dies with it."""
        if self.plan.kind != "random":
            process = self._start(crash=f"{self.plan.kind}:{self.plan.nth}")
            code = self._finish(process)
        else:
            process = self._start()
            time.sleep(random.Random(self.plan.number).uniform(0.3, 6.0))  # noqa: S311 - a seed that repeats
            process.kill()
            code = process.wait()
        _kill_group(process)
        return code == -signal.SIGKILL

    def _zombie(self) -> bool:
        """Stop before an effect, let somebody else take over past `act_by`, then wake the first one up."""
        zombie = self._start(crash=f"before effect:{self.plan.nth}:STOP")
        stopped = self._wait_stopped(zombie)
        if stopped:
            self._finish(self._start(resume=True))
            os.kill(zombie.pid, signal.SIGCONT)
        self._finish(zombie)
        return stopped

    def _wait_stopped(self, process: subprocess.Popen[bytes]) -> bool:
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            if Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
                return True
            time.sleep(0.02)
        return False

    # ---- what the store and the portal say --------------------------------------------------------------
    def _rows(self, query: str, *values: str) -> list[sqlite3.Row]:
        path = self.folder / ".robo" / "robo.db"
        if not path.exists():
            return []
        with sqlite3.connect(path, timeout=20) as base:
            base.row_factory = sqlite3.Row
            try:
                return base.execute(query, values).fetchall()
            except sqlite3.OperationalError as missing:
                if "no such table" in str(missing):
                    return []
                raise

    def _run(self) -> str:
        rows = self._rows("SELECT id FROM runs ORDER BY created LIMIT 1")
        return rows[0]["id"] if rows else ""

    def _states(self) -> dict[str, str]:
        return {row["key"]: row["state"] for row in self._rows("SELECT key, state FROM items WHERE kind = 'item'")}

    def _at_rest(self) -> bool:
        states = self._states()
        return len(states) == ROWS and not {"queued", "running", "held"} & set(states.values()) and self._flushed()

    def _flushed(self) -> bool:
        return not self._rows("SELECT 1 FROM writebacks WHERE state = 'pending'")

    def _violations(self, states: dict[str, str]) -> Sequence[str]:
        said = []
        for reference in self.references:
            state, effects = states.get(reference, "lost"), self.portal.dossiers(reference)
            credited = self._rows(CREDITS, reference)
            open_ = self._rows("SELECT 1 FROM journal WHERE key = ? AND state = 'open'", reference)
            facts = f"{reference} {state}, {effects} effect(s), {len(credited)} credit(s)"
            if state == "lost":
                said.append(f"I1 lost: {facts}")
            if effects > 1:
                said.append(f"I2 twice: {facts}")
            if state == "done" and (effects != 1 or len(credited) != 1):
                said.append(f"I3 ledger is not the truth: {facts}")
            if state != "done" and credited:
                said.append(f"I3 credit without done: {facts}")
            if state not in {"done", "unknown"} or (state == "unknown" and not open_):
                said.append(f"I5 neither finished nor unknown with a reason: {facts}")
        return said


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what a dead robo left (its browser): the process group that we made for it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def describe(verdict: Verdict) -> str:
    """One line of the record."""
    plan = verdict.plan
    return json.dumps(
        {
            "trial": plan.number,
            "kind": plan.kind,
            "nth": plan.nth,
            "faults": plan.faults,
            "died": verdict.died,
            "states": verdict.states,
            "seconds": round(verdict.seconds, 1),
            "violations": verdict.violations,
        },
        ensure_ascii=False,
    )
