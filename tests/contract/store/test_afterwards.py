"""What a person is told of a run when its worker leaves it."""

from __future__ import annotations

from typing import Any

from robo.engine.ports import ItemEnd
from robo.model.base import Outcome
from robo.services.worker import afterwards
from robo.store import attempts, outcomes
from robo.store.engine import Store


def test_a_run_whose_items_are_over_has_nothing_to_tell(lab: Any, store: Store) -> None:
    claimed = lab.item()
    lab.end(claimed)
    with store.read() as tx:
        assert list(afterwards.notes(tx, claimed.run)) == []
        assert afterwards.never_opened(tx, claimed.run) is None


def test_what_is_due_later_is_told_with_its_time_and_its_command(lab: Any, store: Store) -> None:
    claimed = lab.item()
    with store.write() as tx:
        attempts.postpone(tx, claimed.fence, 290, "cannot tell", costs=False)
        (note,) = afterwards.notes(tx, claimed.run)
    assert (note.code, note.facts["count"], note.facts["minutes"]) == ("RB547", 1, 5)
    assert f"--resume {claimed.run}" in note.advice


def test_what_is_unknown_is_told(lab: Any, store: Store) -> None:
    claimed = lab.unknown()
    with store.read() as tx:
        (note,) = afterwards.notes(tx, claimed.run)
    assert (note.code, note.facts["count"]) == ("RB548", 1)


def test_a_run_that_another_holds_up_names_it(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    later, _ = lab.open("k1")
    with store.read() as tx:
        (note,) = afterwards.notes(tx, later)
    assert (note.code, note.facts["run"]) == ("RB538", claimed.run)


def test_a_run_whose_opening_failed_says_why_when_it_is_resumed(lab: Any, store: Store) -> None:
    run = lab.create()
    fence = lab.begin(run)
    with store.write() as tx:
        outcomes.abandon(tx, fence, ItemEnd(outcome=Outcome.FAILED, code="RB530"), {"error": "RB530"})
        told = afterwards.never_opened(tx, run)
    assert told is not None
    assert (told.code, told.facts["why"]) == ("RB546", "RB530")
