"""Plays cases: each on a project and a portal of its own, through the real engine, browser and store; then looks at
what became of every item, and at the world.

Waiting costs nothing: the database clock of a case jumps to the next due attempt, so that "5, 30, 120 minutes, then
unknown" is played in a second. It never jumps over what the portal itself takes its time for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from robo.model.base import ItemState
from robo.model.case import Case, CaseFault, Expected, Mishap
from robo.model.process import Kind
from robo.model.run import Item
from robo.model.scalars import parse
from robo.plan.model import Plan


class JumpClock:
    """The database clock of a case: real time plus what was jumped over."""

    def __init__(self, *, least: float = 0.0) -> None:
        self._offset = 0.0
        self._least = least

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def jump(self, seconds: float) -> bool:
        """Over `seconds` of waiting; False when they must be waited for (the portal is slow on purpose)."""
        if seconds <= self._least:
            return False
        self._offset += seconds
        return True


class Portal(Protocol):
    """The practice portal as a case needs it."""

    url: str

    def strike(self, fault: CaseFault, references: Sequence[str], *, search: bool) -> None:
        """Make this go wrong, for these references, or for everybody (`fault.every`)."""
        ...

    def hold(self, reference: str, created_by: str, shown_after: float) -> None:
        """A dossier that is there before the robot comes."""
        ...

    def dossiers(self, reference: str) -> int: ...


class Stage(Protocol):
    """A project of its own for one case."""

    folder: Path
    plan: Plan

    def run(self, inputs: Mapping[str, str], *, today: Any, only: str | None) -> str:
        """Run to rest; the run's id."""
        ...

    def crash(self, inputs: Mapping[str, str], *, today: Any, only: str | None, point: str) -> None:
        """Run in a process that dies at `point`, then go on with what it left."""
        ...

    def items(self, key: str) -> Sequence[Item]: ...

    def credited(self, item: str) -> bool: ...

    def not_taken(self, run: str) -> Mapping[str, int]: ...

    def cell(self, file: Path, key: str, column: str) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """What came of one case. No problems: it holds."""

    case: str
    process: str
    region: str
    says: str
    problems: tuple[str, ...]
    seconds: float
    file: str = ""

    @property
    def holds(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class Player:
    """Plays one case on a stage and a portal."""

    case: Case
    stage: Stage
    portal: Portal
    process_folder: Path
    write_rows: Callable[[Path, str, Sequence[Mapping[str, str]]], None]
    """Makes a workbook: file, sheet, rows by header."""
    problems: list[str] = field(default_factory=list)

    def play(self) -> CaseReport:
        began = time.monotonic()
        for given in self.case.given:
            self.portal.hold(given.reference, given.created_by, given.shown_after.total_seconds())
        inputs = self._inputs()
        last = ""
        for number in range(1, self.case.runs + 1):
            last = self._run(inputs, [fault for fault in self.case.faults if fault.run == number])
        self._look_at_items()
        self._look_at_the_world(inputs)
        self._look_at_not_taken(last)
        return CaseReport(
            case=self.case.id,
            process=self.stage.plan.process,
            region=self.case.region,
            says=self.case.says,
            problems=tuple(self.problems),
            seconds=time.monotonic() - began,
            file=self.case.file,
        )

    # ---- before -----------------------------------------------------------------------------------------
    def _inputs(self) -> dict[str, str]:
        """The case's inputs: its own workbook for the first `file`, its portal for every `url` it leaves out."""
        inputs = dict(self.case.inputs)
        for name, wanted in self.stage.plan.inputs.items():
            if wanted.type is Kind.FILE and self.case.items and name not in inputs:
                file = self.stage.folder / f"{name}.xlsx"
                self.write_rows(file, self._sheet(), self.case.items)
                inputs[name] = str(file)
            elif wanted.type is Kind.FILE and name in inputs:
                inputs[name] = str(self._own_copy(inputs[name]))
            elif wanted.type is Kind.URL and name not in inputs:
                inputs[name] = self.portal.url
        return inputs

    def _sheet(self) -> str:
        params = self.stage.plan.items.source.params if self.stage.plan.items else None
        sheet = params.get("sheet", "") if isinstance(params, Mapping) else ""
        return sheet if isinstance(sheet, str) and sheet else "Feuille1"

    def _own_copy(self, name: str) -> Path:
        source = self.process_folder / name
        copy = self.stage.folder / source.name
        copy.write_bytes(source.read_bytes())
        return copy

    def _run(self, inputs: Mapping[str, str], faults: Sequence[CaseFault]) -> str:
        crashes = [fault for fault in faults if fault.do is Mishap.CRASH]
        for fault in faults:
            if fault.do is not Mishap.CRASH:
                keys = [fault.key] if fault.key else list(self.case.expect)
                self.portal.strike(fault, keys, search=fault.step in self.stage.plan.finders)
        for fault in crashes:
            point = {"submit": "after effect", "receipt": "after receipt"}.get(fault.after, "before effect")
            self.stage.crash(inputs, today=self.case.today, only=fault.key or None, point=point)
        return self.stage.run(inputs, today=self.case.today, only=None)

    # ---- after ------------------------------------------------------------------------------------------
    def _look_at_items(self) -> None:
        for key, wanted in self.case.expect.items():
            found = self.stage.items(key)
            if not found:
                self.problems.append(f"{key}: no item of this key was opened")
            newest = [item for item in found if item.run == found[0].run]
            for item in newest:
                self._look_at(key, item, wanted)

    def _look_at(self, key: str, item: Item, wanted: Expected) -> None:
        state = ItemState(item.state)
        told = item.message % item.facts if item.facts else item.message
        if state is not wanted.outcome or (wanted.code and item.code != wanted.code):
            expected = f"{wanted.outcome} {wanted.code}".strip()
            self.problems.append(f"{key}: {state} {item.code} ({told}), expected {expected}")
            return
        if wanted.says and wanted.says not in told:
            self.problems.append(f"{key}: says {told!r}, expected {wanted.says!r} in it")
        if wanted.credited is not None and self.stage.credited(item.id) is not wanted.credited:
            self.problems.append(f"{key}: {'not ' if wanted.credited else ''}credited")

    def _look_at_the_world(self, inputs: Mapping[str, str]) -> None:
        for reference, wanted in self.case.world.dossiers.items():
            found = self.portal.dossiers(reference)
            if found != wanted:
                self.problems.append(f"portal: {found} dossier(s) of {reference}, expected {wanted}")
        files = [name for name, wanted in self.stage.plan.inputs.items() if wanted.type is Kind.FILE]
        for key, cells in self.case.world.cells.items():
            for column, text in cells.items():
                value = self.stage.cell(Path(inputs[files[0]]), key, column)
                shown = "" if value is None else str(parse(Kind.STR, value))
                holds = {"filled": bool(shown), "empty": not shown}.get(text, shown == text)
                if not holds:
                    self.problems.append(f"file: {key}, column {column}: {shown!r}, expected {text!r}")

    def _look_at_not_taken(self, run: str) -> None:
        if not self.case.not_taken:
            return
        left = self.stage.not_taken(run)
        if sum(left.values()) != len(self.case.not_taken):
            self.problems.append(f"not taken: {dict(left)}, expected {len(self.case.not_taken)}")


Staging = Callable[[Case], AbstractContextManager[Player]]
"""How the composition root stages a case."""


def play(case: Case, staging: Staging) -> CaseReport:
    """One case, on a stage that is torn down afterwards."""
    with staging(case) as player:
        return player.play()
