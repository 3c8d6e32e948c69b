"""Choices, rescues and leftovers, as they are performed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from robo.errors import NotFound, PageError, SessionLost, TimedOut
from robo.model.base import ItemState
from robo.model.process import Leftover, Step, StepKind
from robo.model.text import Expr
from robo.plan.model import Choice, Group
from robo.sdk.runner import Finding


def choice(world: Any, *ways: tuple[str | None, str], **more: Any) -> Any:
    step = Step(id="way", kind=StepKind.CHOOSE, path=("steps",), **more)
    made = tuple((Expr(when) if when else None, world.units(world.step("t.next", params=word))) for when, word in ways)
    return replace(world.tail(), lead=(Choice(step, made),))


async def test_the_first_way_whose_condition_holds_is_gone_and_no_other(world: Any) -> None:
    await world.run(
        world.plan(choice(world, ("item.row == 8", "a"), ("item.row == 7", "b"), ("1 == 1", "c"), (None, "d")))
    )
    assert world.log == ["next b"]
    assert [line.note for line in world.book.traces if line.step == "way"] == ["2/4"]


async def test_else_is_gone_when_no_condition_holds(world: Any) -> None:
    await world.run(world.plan(choice(world, ("item.row == 8", "a"), (None, "d"))))
    assert world.log == ["next d"]


async def test_without_else_nothing_may_be_done(world: Any) -> None:
    item = await world.run(world.plan(choice(world, ("item.row == 8", "a"))))
    assert (item.state, world.log) == (ItemState.DONE, [])
    assert [(line.step, line.state) for line in world.book.traces] == [("way", "skipped")]


async def test_a_choice_under_a_when_that_does_not_hold_is_left_out(world: Any) -> None:
    await world.run(world.plan(choice(world, (None, "d"), when=Expr("item.row == 8"))))
    assert world.log == []


def rescued(world: Any, *on: str) -> Any:
    step = Step(id="try", kind=StepKind.BLOCK, path=("steps",))
    note = Step(id="told", kind=StepKind.SET, path=("steps",), assign={})
    do = world.units(world.step("t.next", "press", "a"), world.step("t.next", params="b"))
    return replace(world.tail(), lead=(Group(step, do, ((on, world.units(note, world.step("t.next", params="c"))),)),))


@pytest.mark.parametrize(
    ("trouble", "on"),
    [(NotFound("RB703", "no button"), "not_found"), (TimedOut("RB551", "late"), "timeout")],
    ids=["not_found", "timeout"],
)
async def test_a_rescue_is_done_instead_of_what_was_left(world: Any, trouble: Exception, on: str) -> None:
    world.portal.drafts.append(trouble)
    item = await world.run(world.plan(rescued(world, on)))
    assert (item.state, world.log) == (ItemState.DONE, ["next a", "next c"])
    assert ("try", "failed") in [(line.step, line.state) for line in world.book.traces]


@pytest.mark.parametrize(
    ("trouble", "on"),
    [
        (NotFound("RB703", "no button"), "timeout"),
        (TimedOut("RB551", "late"), "not_found"),
        (SessionLost("RB700", "gone"), "timeout"),
        (PageError("RB740", "500"), "not_found"),
    ],
    ids=repr,
)
async def test_a_rescue_swallows_nothing_else(world: Any, trouble: Exception, on: str) -> None:
    world.item.left = 0
    world.portal.drafts.append(trouble)
    item = await world.run(world.plan(rescued(world, on)))
    assert (item.state, world.log) == (ItemState.FAILED, ["next a"])


async def test_a_rescue_that_goes_wrong_fails(world: Any) -> None:
    world.item.left = 0
    world.portal.drafts.extend([NotFound("RB703", "a"), NotFound("RB704", "c")])
    item = await world.run(world.plan(rescued(world, "not_found")))
    assert (item.state, item.end.code) == (ItemState.FAILED, "RB704")


async def test_a_rescue_knows_what_happened_and_where(world: Any) -> None:
    world.portal.drafts.append(NotFound("RB703", "no button"))
    segment = rescued(world, "not_found")
    rule = world.control(StepKind.REJECT_IF, "error.step == 'press'", "x", "${{ error.code }} ${{ error.message }}")
    group = segment.lead[0]
    segment = replace(segment, lead=(replace(group, rescues=((("not_found",), world.units(rule)),)),))
    item = await world.run(world.plan(segment))
    assert item.end.facts["says"] == "RB703 no button"


def with_leftover(world: Any, when: str | None = None) -> Any:
    segment = world.once(body=[world.step("t.fill", params="form")])
    leftover = Leftover(finder="draft", when=Expr(when) if when else None)
    step = segment.once.step.model_copy(update={"leftover": leftover})
    pieces = world.units(world.step("t.next", params="remove"))
    return replace(segment, once=replace(segment.once, step=step, leftover=pieces))


def plan(world: Any, segment: Any) -> Any:
    made = world.plan(segment)
    finder = made.finders["created"]
    draft = finder.model_copy(update={"step": world.step("t.find", "find draft", "draft")})
    return replace(made, finders={**made.finders, "draft": draft})


async def test_a_leftover_is_put_in_order_before_the_block_begins(world: Any) -> None:
    world.portal.file("draft", "K")
    await world.run(plan(world, with_leftover(world)))
    assert world.log == ["find created", "find draft", "next remove", "fill form", "click created.send 10"]


async def test_without_a_leftover_the_block_begins_at_once(world: Any) -> None:
    await world.run(plan(world, with_leftover(world)))
    assert world.log == ["find created", "find draft", "fill form", "click created.send 10"]


async def test_a_leftover_that_is_not_meant_is_left_alone(world: Any) -> None:
    world.portal.file("draft", "K", by="agent")
    await world.run(plan(world, with_leftover(world, "find.draft.by == 'robot'")))
    assert "next remove" not in world.log


async def test_each_start_of_the_block_looks_for_a_leftover(world: Any) -> None:
    world.portal.answers.append("not filed, no answer")
    await world.run(plan(world, with_leftover(world)))
    assert world.log.count("find draft") == 2


async def test_a_leftover_that_cannot_be_told_stops_before_anything_is_sent(world: Any) -> None:
    world.item.left = 0
    world.portal.looks.extend([None, Finding(None, why="500")])
    item = await world.run(plan(world, with_leftover(world)))
    assert (item.state, item.end.code, world.clicks) == (ItemState.FAILED, "RB562", 0)
