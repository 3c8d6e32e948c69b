"""A short slice of `make faults`: one death after an effect with a lost answer, one zombie, one late filing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from robo.sandbox.handle import RunningSandbox, spawn
from tests.faults.trial import Plan, Trial

ACCOUNT = "robot.occitanie"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with spawn(tmp_path_factory.mktemp("portal") / "portal.db") as running:
        running.faults.accept_duplicates()
        yield running


@pytest.mark.skipif(os.name == "nt", reason="signals that stop and kill are POSIX")
@pytest.mark.parametrize(
    "plan",
    [
        Plan(number=90001, kind="after effect", nth=1, faults=("lost", "none", "none")),
        Plan(number=90002, kind="zombie", nth=2, faults=("none", "none", "none")),
        Plan(number=90003, kind="intent", nth=2, faults=("late", "none", "lost")),
        Plan(number=90004, kind="chunk", nth=1, faults=("none", "none", "none")),
    ],
    ids=[
        "killed after an effect whose answer was lost",
        "a zombie",
        "killed after an intent, late filing",
        "killed while opening",
    ],
)
def test_nothing_is_lost_nothing_is_done_twice_and_credits_are_the_truth(
    plan: Plan, portal: RunningSandbox, tmp_path: Path
) -> None:
    verdict = Trial(plan, portal, (ACCOUNT, portal.accounts[ACCOUNT]), tmp_path / "trial").play()
    assert verdict.died
    assert verdict.violations == []
