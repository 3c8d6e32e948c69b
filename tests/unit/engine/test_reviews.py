"""A review: the item waits outside of any session; its answer is given once, and nothing before it happens again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robo.engine.ports import JournalState, OnceKey, Wish
from robo.engine.reviewing import deadline
from robo.errors import NotFound
from robo.model.base import HANDED_OVER, ItemState
from robo.model.process import Editable, Kind, Review, Step, StepKind
from robo.model.review import ReviewState
from robo.model.text import Expr
from robo.plan.model import Segment

from .conftest import World, text

KEY = OnceKey("test", "p", "occitanie", "reading", "K")


def question(**more: Any) -> Review:
    whole: dict[str, Any] = {"title": "Relire", "show": {"Vu": text("${{ seen.seen }}")}, "choices": {"ok": "Oui"}}
    return Review(**{**whole, "answer_in": timedelta(days=10), **more})


def asks(world: Any, *lead: Step, when: Expr | None = None, **more: Any) -> Segment:
    """A segment that reads `seen` and shows it to a person."""
    step = Step(id="reading", named=True, kind=StepKind.REVIEW, path=("steps",), review=question(**more), when=when)
    steps = lead or (world.step("t.open"), world.step("t.read", "seen"))
    return Segment(index=0, id="reading", lead=world.units(*steps), review=step)


async def answered(world: Any, plan: Any, choice: str = "ok", **values: Any) -> Any:
    """Brought to the question, answered, and brought to rest."""
    item = await world.run(plan)
    assert item.state is ItemState.WAITING
    await world.book.answer(KEY, choice, **values)
    world.log.clear()
    return await world.run(plan)


async def test_the_item_waits_with_what_is_shown_and_nothing_behind_it_happens(world: Any) -> None:
    edit = (
        Editable(name="due", value="12/03/2026", type=Kind.DATE),
        Editable(name="why", value=text("${{ item.no }}")),
    )
    world.work = {"item": {"no": 7}, "row_digest": "d1"}
    item = await world.run(world.plan(asks(world, edit=edit), world.once()))
    assert (item.state, world.clicks, world.book.commits) == (ItemState.WAITING, 0, ["ask reading 1"])
    asked = await world.book.review(KEY)
    assert (asked.question.shown, asked.row_digest, asked.item) == ({"Vu": "seen"}, "d1", "I")
    starts = {name: str(field.start) for name, field in asked.question.fields.items()}
    assert starts == {"due": "2026-03-12", "why": "7"}


async def test_the_question_says_whose_it_is_in_one_line_without_what_is_sensitive(world: Any) -> None:
    world.work = {"item": {"no": 7, "name": "Martin\n"}, "sensitive": ("Martin",)}
    await world.run(world.plan(asks(world, title=text("Relire ${{ item.no }} de ${{ item.name }}" + "x" * 200))))
    asked = (await world.book.review(KEY)).question.title
    assert asked.startswith("Relire 7 de ••• x")
    assert (len(asked), asked[-1]) == (120, "…")


async def test_the_answer_is_read_and_what_came_before_is_not_repeated(world: Any) -> None:
    world.portal.answers.append("ok")
    tail = world.tail(
        world.set(why="${{ reading.choice ~ ' ' ~ reading.why ~ ' ' ~ seen.seen }}"),
        world.control(StepKind.HAND_OVER_IF, "why == 'ok Bon seen'", "said", "${{ why }}"),
    )
    edit = (Editable(name="why"),)
    item = await answered(world, world.plan(world.once(), asks(world, edit=edit), tail), why="Bon")
    assert (item.state, item.end.facts["says"]) == (ItemState.DONE, "ok Bon seen")
    assert world.log == []
    assert world.book.commits.count("intent created 1") == 1


async def test_write_backs_before_the_question_are_kept_for_the_end(world: Any) -> None:
    note = world.step("t.update", "noted", {"column": "Vu", "new": "oui"})
    item = await answered(world, world.plan(asks(world, world.step("t.read", "seen"), note), world.once()))
    assert [change.column for change in item.end.changes] == ["Vu"]


@pytest.mark.parametrize(("now", "asked"), [("seen", False), ("changed", True)])
async def test_what_is_read_again_and_changed_is_asked_again(world: Any, now: str, asked: bool) -> None:
    plan = world.plan(asks(world, recheck=True), world.once())
    await world.run(plan)
    await world.book.answer(KEY, "ok")
    world.reading = now
    item = await world.run(plan)
    assert (item.state is ItemState.WAITING, world.clicks) == (asked, 0 if asked else 1)
    assert (await world.book.review(KEY)).n == (2 if asked else 1)


async def test_once_an_effect_behind_it_has_begun_the_answer_stands(world: Any) -> None:
    """Otherwise a person would be asked about what the robot itself has changed."""
    world.portal.answers.append("filed, no answer")
    plan = world.plan(asks(world, recheck=True), world.once(read=False))
    await world.run(plan)
    await world.book.answer(KEY, "ok")
    await world.attempt(plan)
    assert (await world.row()).state is JournalState.OPEN
    world.reading, world.work = "changed", {"row_digest": "another"}
    world.clock.time = world.item.not_before
    item = await world.run(plan)
    assert (item.state, (await world.book.review(KEY)).n, world.clicks) == (ItemState.DONE, 1, 1)


async def test_a_row_that_changed_is_asked_about_anew(world: Any) -> None:
    plan = world.plan(asks(world), world.once())
    await world.run(plan)
    await world.book.answer(KEY, "ok")
    world.work = {"row_digest": "another"}
    assert (await world.run(plan)).state is ItemState.WAITING


@pytest.mark.parametrize(
    ("way", "state", "code"),
    [
        ("reject", ItemState.REJECTED, "no-answer"),
        ("skip", ItemState.SKIPPED, "no-answer"),
        ("hand_over", ItemState.DONE, HANDED_OVER),
    ],
)
async def test_the_end_of_the_time_does_what_the_process_says(world: Any, way: str, state: Any, code: str) -> None:
    plan = world.plan(asks(world, on_timeout=way), world.once())
    await world.run(plan)
    await world.book.answer(KEY, "", overdue=True)
    item = await world.run(plan)
    assert (item.state, item.end.code, world.clicks, item.end.ours) == (state, code, 0, False)
    assert item.end.place == "processes/p/process.yaml · reading"


async def test_after_a_receipt_the_end_of_the_time_is_a_hand_over(world: Any) -> None:
    """The definition says so (RB407); a plan that says otherwise is not believed."""
    plan = world.plan(world.once(), asks(world, on_timeout="reject"))
    await world.run(plan)
    await world.book.answer(KEY, "", overdue=True)
    item = await world.run(plan)
    assert (item.state, item.end.code, item.end.ours) == (ItemState.DONE, HANDED_OVER, True)
    assert item.end.facts["happened"] == {"created": {"number": "N1"}}


async def test_nobody_is_asked_where_its_condition_does_not_hold(world: Any) -> None:
    item = await world.run(world.plan(asks(world, when=Expr("seen.seen == 'other'")), world.once()))
    assert (item.state, world.clicks) == (ItemState.DONE, 1)


async def test_a_dry_run_asks_nobody(world: Any) -> None:
    world.work = {"dry_run": True}
    item = await world.run(world.plan(asks(world), world.once()))
    assert (item.state, item.end.code, item.end.facts["title"]) == (ItemState.SKIPPED, "dry-run", "Relire")
    assert (await world.book.review(KEY)).state is ReviewState.NONE


async def test_a_wish_to_cancel_is_heeded_before_anybody_is_asked(world: Any) -> None:
    world.item.wish = Wish.CANCEL
    assert (await world.run(world.plan(asks(world), world.once()))).state is ItemState.CANCELLED


async def test_sensitive_values_are_shown_to_whoever_answers_and_to_no_log(world: Any) -> None:
    world.reading, world.work = "Martin", {"sensitive": ("Martin",)}
    await world.run(world.plan(asks(world)))
    assert (await world.book.review(KEY)).question.shown == {"Vu": "Martin"}
    assert "Martin" not in "".join(f"{line.title}{line.note}" for line in world.book.traces)


async def test_an_effect_that_an_older_definition_begun_is_not_asked_about_afterwards(world: Any) -> None:
    world.portal.answers.append("filed, no answer")
    await world.attempt(world.plan(world.once(read=False)))
    world.clock.time = world.item.not_before
    item = await world.run(world.plan(asks(world), world.once(read=False)))
    assert item.state is ItemState.UNKNOWN


@pytest.mark.parametrize(
    ("asked", "answer_in", "until"),
    [
        ("2026-04-30T08:00", timedelta(days=1), "2026-05-04T22:00"),  # a Thursday before 1 May: the Monday, whole
        ("2026-03-02T08:00", timedelta(days=10), "2026-03-16T23:00"),
        ("2026-03-02T08:00", timedelta(hours=4), "2026-03-02T12:00"),
        ("2026-03-02T23:30", timedelta(days=1), "2026-03-04T23:00"),  # in Paris it is the third of March
        ("2026-03-02T08:00", None, None),
    ],
)
def test_the_time_is_counted_in_working_days_of_the_region(asked: str, answer_in: Any, until: str | None) -> None:
    plan: Any = SimpleNamespace(zone="Europe/Paris", holidays="")
    found = deadline(question(answer_in=answer_in), plan)(datetime.fromisoformat(asked).replace(tzinfo=UTC))
    assert found == (None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC))


MOVES = st.lists(st.sampled_from(["answer", "crash", "gone", "changed", "lost", "refused"]), max_size=8)


@settings(max_examples=60, deadline=None)
@given(MOVES, st.booleans())
def test_whatever_happens_each_effect_happens_once_and_only_after_an_answer(moves: list[str], recheck: bool) -> None:
    asyncio.run(_whatever(moves, recheck=recheck))


async def _whatever(moves: list[str], *, recheck: bool) -> None:
    world = World()
    plan = world.plan(world.once("first", read=False), asks(world, recheck=recheck), world.once("second", read=False))
    answers = 0
    for move in moves:
        if move == "crash" and world.item.state is ItemState.QUEUED:
            world.book.claim("I")
            world.book.requeue("I")
        elif move == "gone":
            world.portal.drafts.append(NotFound("RB703", "gone"))
        elif move == "changed":
            world.reading = f"{world.reading}!"
        elif move in {"lost", "refused"}:
            world.portal.answers.append("filed, no answer" if move == "lost" else "not filed, no answer")
        elif world.item.state is ItemState.WAITING:
            await world.book.answer(KEY, "ok")
            answers += 1
        if world.item.state is ItemState.QUEUED:
            world.clock.time = max(world.clock.time, world.item.not_before)
            await world.attempt(plan)
        first, second = len(world.portal.of("first")), len(world.portal.of("second"))
        assert first <= 1, world.book.commits
        assert second <= (1 if answers else 0), world.book.commits
    assert world.item.state is not ItemState.REJECTED
