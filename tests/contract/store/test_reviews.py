"""What a person is asked: kept with the key, answered once, over when its time is."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from robo.engine.ports import OnceKey
from robo.errors import RoboError, StaleToken, StoreConflict
from robo.model.base import ItemState, Outcome
from robo.model.process import Kind
from robo.model.review import Field, Person, Question, Reviewed, ReviewState
from robo.model.run import Decision, RunState
from robo.services.people import answer, asked
from robo.store import audit, decisions, items, reviews, runs, sweeps
from robo.store.attempts import Claimed
from robo.store.engine import Store
from robo.store.identity import Key

ASKED = Question(
    title="Relire",
    role="instructeur",
    shown={"Lettre": "Bonjour", "Lignes": ["a", "b"]},
    fields={
        "amount": Field(start=None, type=Kind.INT, title="Montant"),
        "why": Field(start="bon", choices=("bon", "non")),
    },
    choices={"ok": "Avis conforme", "wrong": "À corriger"},
)
BY = Person(name="dupont", role="instructeur")


def key_of(claimed: Claimed) -> OnceKey:
    return OnceKey(claimed.environment, claimed.process, claimed.region, "reading", claimed.key, claimed.doing)


def ask(store: Store, claimed: Claimed, *, days: int | None = 10, seen: Reviewed | None = None) -> Reviewed:
    def due(at: datetime) -> datetime | None:
        return None if days is None else at + timedelta(days=days)

    with store.write() as tx:
        before = seen or reviews.read(tx, key_of(claimed))
        reviews.ask(tx, claimed.fence, key_of(claimed), before, ASKED, outputs={"a": {"n": 1}}, row_digest="d", due=due)
    with store.read() as tx:
        return reviews.read(tx, key_of(claimed))


def answers(store: Store, claimed: Claimed, choice: str = "ok", *, by: Person = BY, **given: str) -> None:
    with store.write() as tx:
        answer(tx, items.get(tx, claimed.fence.item), choice, {"amount": "12", **given}, actor="person-1", by=by)


def test_a_question_frees_the_slot_and_its_run_waits(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    asked_ = ask(store, claimed)
    assert (asked_.state, asked_.n, asked_.question.shown, asked_.outputs) == (
        ReviewState.OPEN,
        1,
        ASKED.shown,
        {"a": {"n": 1}},
    )
    with store.read() as tx:
        item = items.get(tx, claimed.fence.item)
        assert (item.state, item.code, item.message, runs.at_rest(tx, claimed.run)) == (
            ItemState.WAITING,
            "reading",
            "%(title)s",
            True,
        )
        assert [each for each, _ in reviews.waiting(tx, run=claimed.run)] == [item.id]
    with store.write() as tx:
        assert not runs.close(tx, claimed.run)
    assert lab.claim(claimed.run) is None


def test_a_key_that_waits_is_held_for_a_later_run(lab: Any, store: Store) -> None:
    ask(store, lab.item("k1"))
    _, (later,) = lab.open("k1")
    assert lab.state(later.item) is ItemState.HELD


def resting(store: Store, claimed: Claimed, environment: str = "") -> list[str]:
    with store.read() as tx:
        return reviews.rested(tx, Key(environment or claimed.environment, claimed.process, claimed.region))


def test_a_run_that_rests_but_for_answers_goes_on_with_a_later_one(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    ask(store, claimed)
    assert resting(store, claimed) == []
    answers(store, claimed)
    assert resting(store, claimed) == [claimed.run]
    assert resting(store, claimed, "another") == []
    lab.claim(claimed.run)
    assert resting(store, claimed) == []  # somebody is at work on it


def test_a_run_that_was_stopped_in_the_middle_waits_for_a_person_however_much_was_answered(
    lab: Any, store: Store
) -> None:
    run, _ = lab.open("k1", "k2")
    claimed = lab.claim(run)
    ask(store, claimed)
    answers(store, claimed)
    assert resting(store, claimed) == []


def test_the_answer_is_kept_typed_with_who_gave_it_and_the_item_goes_on(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    ask(store, claimed)
    answers(store, claimed)
    again = lab.claim(claimed.run)
    assert again.fence.token == claimed.fence.token + 1
    with store.read() as tx:
        found = reviews.read(tx, key_of(claimed))
        bodies = "".join(audit.pending(tx))
    assert (found.state, found.choice, found.values) == (ReviewState.ANSWERED, "ok", {"amount": 12, "why": "bon"})
    assert (found.person, found.capacity, found.answered is not None) == ("dupont", "instructeur", True)
    assert "review.asked" in bodies
    assert '"decision":"answer"' in bodies
    assert "dupont" not in bodies


def test_of_two_people_the_second_is_told_what_the_first_said(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    ask(store, claimed)
    told: list[str] = []
    gate = threading.Barrier(2)

    def person(name: str, choice: str) -> None:
        gate.wait(10)
        try:
            answers(store, claimed, choice, by=Person(name=name, role="instructeur"))
        except RoboError as late:
            told.append(f"{late.code} {late.facts.get('person')}")

    both = [threading.Thread(target=person, args=one) for one in (("durand", "ok"), ("dupont", "wrong"))]
    for one in both:
        one.start()
    for one in both:
        one.join(20)
    with store.read() as tx:
        found = reviews.read(tx, key_of(claimed))
    assert told == [f"RB625 {found.person}"]
    assert {"ok": "durand", "wrong": "dupont"}[found.choice] == found.person


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("RB571", {"choice": "okk"}),
        ("RB572", {"amont": "3"}),
        ("RB573", {"amount": "beaucoup"}),
        ("RB573", {"amount": ""}),
        ("RB573", {"why": "peut-être"}),
        ("RB574", {"by": Person(name="dupont", role="chef")}),
    ],
)
def test_what_is_no_answer_is_refused_and_changes_nothing(lab: Any, store: Store, code: str, how: Any) -> None:
    claimed = lab.item("k1")
    ask(store, claimed)
    with pytest.raises(RoboError) as refused:
        answers(store, claimed, **how)
    assert (refused.value.code, lab.state(claimed.fence.item)) == (code, ItemState.WAITING)


def test_nothing_is_answered_where_nothing_was_asked(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    with pytest.raises(RoboError, match="asks nothing") as refused:
        answers(store, claimed)
    assert refused.value.code == "RB570"


def test_when_the_time_is_over_no_answer_counts_and_the_sweep_goes_on(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    ask(store, claimed, days=1)
    lab.timer.pass_(86_400)
    with pytest.raises(StoreConflict) as late:
        answers(store, claimed)
    assert late.value.code == "RB626"
    with store.write() as tx:
        sweeps.sweep(tx)
    assert lab.claim(claimed.run).fence.token == claimed.fence.token + 1
    with store.read() as tx:
        assert reviews.read(tx, key_of(claimed)).state is ReviewState.OVERDUE


def test_a_question_without_an_end_waits_for_ever(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    ask(store, claimed, days=None)
    lab.timer.pass_(86_400 * 1000)
    with store.write() as tx:
        sweeps.sweep(tx)
    assert lab.state(claimed.fence.item) is ItemState.WAITING


def test_whoever_asks_with_a_stale_token_or_a_second_time_writes_nothing(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    first = ask(store, claimed)
    with pytest.raises(StaleToken):
        ask(store, claimed, seen=first)
    answers(store, claimed)
    again = lab.claim(claimed.run)
    with pytest.raises(StaleToken):
        ask(store, again, seen=first)  # it was open then; it is answered now
    assert ask(store, again).n == 2


@pytest.mark.parametrize(
    ("outcome", "counts"), [(Outcome.FAILED, True), (Outcome.REJECTED, False), (Outcome.SKIPPED, False)]
)
def test_a_retry_keeps_the_answer_of_a_failure_and_that_of_a_refusal_only_for_what_it_began(
    lab: Any, store: Store, outcome: Outcome, counts: bool
) -> None:
    """The answer is still there for an effect behind it that has begun; it is one on another row for all else."""
    claimed = lab.item("k1")
    ask(store, claimed)
    answers(store, claimed)
    lab.end(lab.claim(claimed.run), outcome, code="minor")
    with store.write() as tx:
        decisions.retry(tx, lab.saw(claimed.fence.item), actor="person-1")
    with store.read() as tx:
        found = reviews.read(tx, key_of(claimed))
    assert (found.state, found.choice, found.row_digest == "d") == (ReviewState.ANSWERED, "ok", counts)


def test_a_retry_forgets_the_answer_that_an_earlier_item_of_the_key_was_given(lab: Any, store: Store) -> None:
    first = lab.item("k1")
    ask(store, first)
    answers(store, first)
    lab.end(lab.claim(first.run), Outcome.FAILED, code="gone")
    later = lab.item("k1")
    lab.end(later, Outcome.REJECTED, code="minor")
    with store.write() as tx:
        decisions.retry(tx, lab.saw(later.fence.item), actor="person-1")
    with store.read() as tx:
        assert reviews.read(tx, key_of(later)).row_digest != "d"


def test_a_retry_asks_anew_where_the_time_was_over(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    ask(store, claimed, days=1)
    lab.timer.pass_(86_400)
    with store.write() as tx:
        sweeps.sweep(tx)
    lab.end(lab.claim(claimed.run), Outcome.REJECTED, code="no-answer")
    with store.write() as tx:
        decisions.retry(tx, lab.saw(claimed.fence.item), actor="person-1")
    with store.read() as tx:
        assert reviews.read(tx, key_of(claimed)).state is ReviewState.NONE


def test_a_run_whose_items_wait_can_be_cancelled_and_nobody_is_asked_any_more(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    ask(store, claimed)
    with store.write() as tx:
        assert decisions.cancel_run(tx, claimed.run, actor="person-1")[0] == 1
    with store.read() as tx:
        assert reviews.waiting(tx) == []
        assert runs.get(tx, claimed.run).state is RunState.CANCELLED
    with pytest.raises(StoreConflict) as gone:
        answers(store, claimed)
    assert gone.value.code == "RB620"


def test_a_person_who_saw_an_older_question_is_told_to_look_again(lab: Any, store: Store) -> None:
    claimed = lab.item("k1")
    ask(store, claimed)
    with store.read() as tx:
        item, seen = items.get(tx, claimed.fence.item), asked(tx, items.get(tx, claimed.fence.item))
    assert seen is not None
    answers(store, claimed)
    ask(store, lab.claim(claimed.run))
    saw = Decision(item=item.id, state=ItemState.WAITING, token=item.token)
    with pytest.raises(StoreConflict) as changed, store.write() as tx:
        decisions.answer(tx, saw, seen, actor="person-1", choice="ok", values={}, by=BY)
    assert changed.value.code == "RB620"
