"""A process of the library, as its tests look at it: its definition, its plan in a region, what its cases try."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

from robo.definition.baseline import read_baseline
from robo.definition.case import load_cases
from robo.definition.loading import load_process
from robo.definition.region import load_region
from robo.model.base import ItemState
from robo.model.baseline import BaselineRecord
from robo.model.case import Case, Mishap
from robo.model.process import Process, Step, StepKind
from robo.plan.build import build
from robo.plan.model import Plan
from robo.plan.steps import walk
from robo.services.guests import installed_actions

ROOT: Final = Path(__file__).parents[2]
REGIONS: Final = [path.stem for path in sorted((ROOT / "config" / "regions").glob("*.yaml"))]


class Published:
    """One process by its name. Read when it is asked for, once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.home = ROOT / "processes" / name

    @cached_property
    def process(self) -> Process:
        return load_process(self.home / "process.yaml", actions=installed_actions())

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        return load_cases(self.home)

    def plan(self, region: str | None) -> Plan:
        here = load_region(ROOT / "config" / "regions" / f"{region}.yaml") if region else None
        return build(self.process, here, installed_actions())

    def steps(self) -> Iterator[Step]:
        yield from walk(self.process.setup)
        yield from walk(self.process.steps)

    def decided(self) -> set[str]:
        """Codes with which a step rejects or skips."""
        return {step.code for step in self.steps() if step.kind in {StepKind.REJECT_IF, StepKind.SKIP_IF}}

    def refused(self) -> set[str]:
        """Codes of the application's refusals."""
        return {refusal.code for step in self.steps() for refusal in step.refused}

    def ruled(self) -> set[str]:
        """Codes of the rules of its checks."""
        return {rule.code for step in self.steps() for rule in step.rules}

    def tried(self) -> set[str]:
        """Codes that a case expects."""
        return {expected.code for case in self.cases for expected in case.expect.values()}

    def outcomes(self) -> set[ItemState]:
        """How items end in the cases."""
        return {expected.outcome for case in self.cases for expected in case.expect.values()}

    def faults(self) -> set[tuple[str, str, Mishap]]:
        """What goes wrong in the cases: at which step, behind or before what."""
        return {(fault.step, fault.after or fault.before, fault.do) for case in self.cases for fault in case.faults}

    def regions(self) -> set[str]:
        """Where its cases are played."""
        return {case.region for case in self.cases}

    def baseline(self) -> BaselineRecord:
        """What it ships as the time the work takes by hand."""
        record = read_baseline(self.home / "baseline.yaml", self.name, "occitanie")
        assert record is not None
        return record
