"""What follows a rejection or a skip: queued in the same commit, an item of its own, in nobody's way."""

from __future__ import annotations

from typing import Any

import pytest

from robo.model.base import ItemState, Outcome
from robo.model.run import ItemKind, NewItem, RunState, Trouble
from robo.services.worker import afterwards
from robo.store import decisions, items, runs, sequels
from robo.store.attempts import Claimed
from robo.store.engine import Store

BOTH = {sequels.OPTION: ["rejected", "skipped"]}
BAD = Trouble(code="bad-field", message="%(cell)s is empty", facts={"cell": "A7"})


def rejected(lab: Any, key: str = "k1", **values: Any) -> Claimed:
    claimed: Claimed = lab.item(key, options=BOTH, **values)
    lab.end(claimed, Outcome.REJECTED, code="minor", message="too young")
    return claimed


def sequel_of(lab: Any, run: str) -> Claimed:
    claimed: Claimed | None = lab.claim(run)
    assert claimed is not None
    assert claimed.kind is ItemKind.SEQUEL
    return claimed


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.SKIPPED])
def test_an_end_is_followed_by_what_it_is_about(lab: Any, outcome: Outcome) -> None:
    claimed = lab.item("k1", options=BOTH)
    (woken,) = lab.end(claimed, outcome, code="minor", message="%(a)s", facts={"a": 1})
    sequel = sequel_of(lab, claimed.run)
    assert (sequel.fence.attempt, sequel.key, dict(sequel.row)) == (woken, "k1", {"n": "k1"})
    assert dict(sequel.about) == {"outcome": outcome.value, "code": "minor", "message": "%(a)s", "facts": {"a": 1}}


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.FAILED, Outcome.CANCELLED])
def test_nothing_follows_another_end(lab: Any, outcome: Outcome) -> None:
    claimed = lab.item("k1", options=BOTH)
    assert lab.end(claimed, outcome) == ()
    assert lab.claim(claimed.run) is None


def test_nothing_follows_in_a_run_that_has_no_such_steps_or_is_a_rehearsal(lab: Any) -> None:
    none, dry = {"options": {sequels.OPTION: ["skipped"]}}, {"options": BOTH, "dry_run": True}
    for key, values in (("k1", none), ("k2", dry)):
        claimed = lab.item(key, **values)
        assert lab.end(claimed, Outcome.REJECTED, code="minor") == ()
        assert lab.claim(claimed.run) is None


def test_a_row_that_is_refused_at_the_opening_is_followed_too(lab: Any) -> None:
    run, (verdict,) = lab.open(NewItem(key="k1", row={"n": 1}, digest="d", place="A7", trouble=BAD), options=BOTH)
    sequel = sequel_of(lab, run)
    assert (sequel.about["code"], sequel.place, dict(sequel.row)) == ("bad-field", "A7", {"n": 1})
    assert lab.state(verdict.item) is ItemState.REJECTED


def test_two_rows_of_one_key_that_are_refused_are_both_followed(lab: Any) -> None:
    twins = [NewItem(key="k1", digest=f"d{n}", place=f"A{n}", trouble=BAD) for n in (2, 3)]
    run, _ = lab.open(*twins, options=BOTH)
    found = [sequel_of(lab, run) for _ in twins]
    assert [(sequel.place, sequel.doing) for sequel in found] == [("A2", 0), ("A3", 0)]


def test_a_key_that_is_not_taken_because_it_is_done_is_followed_in_each_run(lab: Any) -> None:
    lab.end(lab.item("k1"))
    for doing in range(2):
        run, (verdict,) = lab.open("k1", options=BOTH)
        sequel = sequel_of(lab, run)
        assert (verdict.item, sequel.about["code"], dict(sequel.row), sequel.doing) == (
            "",
            "already-done",
            {"n": "k1"},
            doing,
        )
        lab.end(sequel)


def test_a_row_that_was_told_already_is_not_told_again(lab: Any) -> None:
    lab.end(sequel_of(lab, rejected(lab).run))
    run, _ = lab.open("k1", options=BOTH)
    assert lab.claim(run) is None


def test_it_owns_no_key_and_counts_for_nothing(lab: Any, store: Store) -> None:
    claimed = rejected(lab)
    assert lab.open(NewItem(key="k1", row={}, digest="another"))[1][0].attempt
    with store.read() as tx:
        counts = runs.counts(tx, claimed.run)
        assert (counts[ItemState.REJECTED], sum(counts.values())) == (1, 1)
        assert [item.kind for item in items.of_run(tx, claimed.run)] == [ItemKind.ITEM]


def test_the_run_goes_on_until_it_is_done(lab: Any, store: Store) -> None:
    claimed = rejected(lab)
    with store.write() as tx:
        assert not runs.close(tx, claimed.run)
    lab.end(sequel_of(lab, claimed.run))
    with store.write() as tx:
        assert runs.close(tx, claimed.run)
        assert runs.get(tx, claimed.run).summary == {"rejected": 1}


def test_nothing_follows_a_sequel(lab: Any) -> None:
    claimed = rejected(lab)
    assert lab.end(sequel_of(lab, claimed.run), Outcome.REJECTED, code="missing-value") == ()
    assert lab.claim(claimed.run) is None


def test_one_that_came_to_no_good_end_is_told_and_may_be_done_again(lab: Any, store: Store) -> None:
    claimed = rejected(lab)
    sequel = sequel_of(lab, claimed.run)
    lab.end(sequel, Outcome.FAILED, code="RB559")
    with store.write() as tx:
        (note,) = afterwards.notes(tx, claimed.run)
        assert (note.code, note.facts["item"], note.facts["kind"]) == ("RB544", sequel.fence.item, "failed")
        runs.close(tx, claimed.run)
        decisions.retry(tx, decision_of(lab, sequel), actor="person-1")
        assert runs.get(tx, claimed.run).state is RunState.RUNNING
    again = sequel_of(lab, claimed.run)
    assert (again.about, again.doing) == (sequel.about, sequel.doing)


def decision_of(lab: Any, claimed: Claimed) -> Any:
    return lab.saw(claimed.fence.item)


def test_a_second_rejection_is_an_occasion_of_its_own(lab: Any) -> None:
    lab.end(sequel_of(lab, rejected(lab).run))
    second = lab.item(NewItem(key="k1", row={}, digest="corrected"), options=BOTH)
    lab.end(second, Outcome.REJECTED, code="minor")
    assert sequel_of(lab, second.run).doing == 1
