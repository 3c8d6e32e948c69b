"""The cases of the library, played on their portals: one of each region in every suite, all with `--long`."""

from __future__ import annotations

from pathlib import Path

import pytest

from robo.app import open_app
from robo.cli.staging import staged
from robo.definition.case import load_cases
from robo.errors import fill
from robo.model.case import Case
from robo.services.cases import play

ROOT = Path(__file__).parents[2]
PROCESSES = sorted(path.parent for path in (ROOT / "processes").glob("*/process.yaml"))


def sample(cases: tuple[Case, ...]) -> list[Case]:
    """The first of each region: what a service sees on an ordinary day."""
    return list({case.region: case for case in reversed(cases)}.values())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.getoption("--long")
    found = [(home, case) for home in PROCESSES for case in (load_cases if every else _sampled)(home)]
    metafunc.parametrize(("home", "case"), found, ids=[f"{home.name}:{case.id}" for home, case in found])


def _sampled(home: Path) -> list[Case]:
    return sample(load_cases(home))


def test_a_case_holds(home: Path, case: Case) -> None:
    project = open_app(ROOT)
    report = play(case, lambda case: staged(project, home.name, case))
    assert [fill(problem.message, problem.facts) for problem in report.problems] == []
