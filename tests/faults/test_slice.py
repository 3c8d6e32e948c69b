"""A short slice of `make faults`: an answer lost, a zombie, a late filing, a torn opening, a torn write-back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from robo.sandbox.handle import RunningSandbox, spawn
from tests.faults import deaths
from tests.faults.plan import ARRIVALS, KINDS, Plan
from tests.faults.trial import Trial


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with spawn(tmp_path_factory.mktemp("portal") / "portal.db") as running:
        running.faults.accept_duplicates()
        yield running


@pytest.mark.skipif(os.name == "nt", reason="signals that stop and kill are POSIX")
@pytest.mark.parametrize(
    "plan",
    [
        Plan(number=90001, kind="after effect", faults=("lost", "none", "none")),
        Plan(number=90002, kind="zombie", at="before effect", nth=2),
        pytest.param(Plan(number=90003, kind="intent", nth=2, faults=("late", "none", "lost")), marks=pytest.mark.long),
        pytest.param(Plan(number=90004, kind="chunk"), marks=pytest.mark.long),
        pytest.param(Plan(number=90005, kind="write-back", nth=2), marks=pytest.mark.long),
    ],
    ids=[
        "killed after an effect whose answer was lost",
        "a zombie",
        "killed after an intent, late filing",
        "killed while opening",
        "killed between a workbook and the store",
    ],
)
def test_nothing_is_lost_nothing_is_done_twice_and_credits_are_the_truth(
    plan: Plan, portal: RunningSandbox, tmp_path: Path
) -> None:
    verdict = Trial(plan, portal, tmp_path / "trial").play()
    assert verdict.died
    assert verdict.violations == []


@pytest.mark.skipif(os.name == "nt", reason="signals that stop and kill are POSIX")
def test_what_a_killed_run_owed_to_its_workbook_is_written_by_the_next_run(
    portal: RunningSandbox, tmp_path: Path
) -> None:
    trial = Trial(Plan(number=90006, kind="write-back"), portal, tmp_path / "trial")
    trial.prepare()
    assert deaths.at_point(trial)
    assert trial.finish(trial.start()) == 0
    assert trial.violations() == []
    assert trial.store.open_runs() == []


def test_a_trial_follows_from_its_number_and_every_kind_has_its_turn() -> None:
    plans = [Plan.of(number) for number in range(len(KINDS) * 12)]
    assert {plan.kind for plan in plans} == set(KINDS)
    assert [Plan.of(plan.number) for plan in plans] == plans
    assert all(plan.nth <= ARRIVALS.get(plan.kind, 3) for plan in plans)
