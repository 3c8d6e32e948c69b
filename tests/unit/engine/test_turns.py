"""Loops: each turn with an effect has a key of its own, whatever the list reads the next time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robo.engine.ports import JournalState, Wish
from robo.engine.turns import turn_key
from robo.errors import NotFound
from robo.model.base import ItemState
from robo.model.process import Step, StepKind
from robo.model.text import Expr
from robo.plan.model import Loop

from .conftest import World, text

LOST = "not filed, no answer"


def parts(world: Any, *names: str, step: str = "parts") -> Step:
    """Leaves the list; where it stands it is made anew in each attempt."""
    source = "[" + ", ".join(f"'{name}'" for name in names) + "]"
    return Step(id=f"set-{step}", kind=StepKind.SET, path=("steps",), assign={step: text("${{ " + source + " }}")})


def filed(world: Any, step: str = "sent") -> list[str]:
    return [each["key"] for each in world.portal.of(step)]


async def test_each_turn_is_an_effect_with_a_key_of_its_own(world: Any) -> None:
    item = await world.run(world.plan(world.tail(parts(world, "a", "b")), world.turns()))
    assert (item.state, filed(world)) == (ItemState.DONE, ["a", "b"])
    assert [(await world.row("sent", f"K › {part}")).state for part in "ab"] == [JournalState.DONE] * 2
    assert item.end.ours
    assert item.end.receipt == {"K › a number": "N1", "K › b number": "N2"}


async def test_turns_that_are_done_are_skipped_by_the_next_attempt(world: Any) -> None:
    world.portal.answers.extend(["ok", NotFound("RB703", "gone"), "ok"])
    item = await world.run(world.plan(world.tail(parts(world, "a", "b", "c")), world.turns()))
    assert (item.state, filed(world)) == (ItemState.DONE, ["a", "b", "c"])
    assert world.book.commits.count("intent sent 1") == 3


@pytest.mark.parametrize("second", [("b", "a"), ("c", "b"), ("b",), ("x", "a", "b")], ids="-".join)
async def test_a_list_that_changed_between_two_attempts_repeats_no_turn(world: Any, second: tuple[str, ...]) -> None:
    first = world.plan(world.tail(parts(world, "a", "b")), world.turns("parts", world.sent(), broken(world)))
    world.portal.drafts.append(NotFound("RB703", "gone"))
    await world.attempt(first)
    assert filed(world) == ["a"]
    world.clock.time = world.item.not_before
    item = await world.run(world.plan(world.tail(parts(world, *second)), world.turns("parts", world.sent())))
    assert item.state is ItemState.DONE
    assert sorted(filed(world)) == sorted({"a", *second})


def broken(world: Any) -> Any:
    """A step behind the effect of each turn; it fails when a draft is planned to."""
    return world.tail(world.step("t.next"))


async def test_an_open_turn_is_settled_before_any_step_even_if_it_left_the_list(world: Any) -> None:
    world.portal.answers.append("filed, no answer")
    plan = world.plan(world.tail(parts(world, "a", "b")), world.turns("parts", world.sent(read=False)))
    await world.attempt(plan)
    assert (await world.row("sent", "K › a")).state is JournalState.OPEN
    world.clock.time = world.item.not_before
    world.log.clear()
    changed = world.plan(
        world.tail(world.step("t.next"), parts(world, "c")), world.turns("parts", world.sent(read=False))
    )
    item = await world.run(changed)
    assert world.log[0] == "find sent a"
    assert (await world.row("sent", "K › a")).state is JournalState.DONE
    assert (item.state, filed(world)) == (ItemState.DONE, ["a", "c"])


async def test_what_a_look_needs_from_before_the_loop_is_there_when_it_settles_an_open_turn(world: Any) -> None:
    look = world.step("t.find", "sent-verify1", "${{ kind }} ${{ part }}")
    sent = world.sent(read=False)
    sent = replace(sent, once=replace(sent.once, verify=sent.once.verify.model_copy(update={"steps": (look,)})))
    names = Step(id="names", kind=StepKind.SET, path=("steps",), assign={"kind": "sent"})
    world.portal.answers.append("filed, no answer")
    plan = world.plan(world.tail(names, parts(world, "a")), world.turns("parts", sent))
    await world.attempt(plan)
    assert (await world.row("sent", "K › a")).state is JournalState.OPEN
    world.clock.time = world.item.not_before
    item = await world.run(plan)
    assert (item.state, filed(world)) == (ItemState.DONE, ["a"])
    assert not any(commit.startswith("cannot tell") for commit in world.book.commits)


async def test_an_open_turn_that_cannot_be_told_leaves_the_item_unknown(world: Any) -> None:
    from robo.sdk.runner import Finding

    world.portal.answers.extend(["ok", LOST])
    plan = world.plan(world.tail(parts(world, "a", "b")), world.turns("parts", world.sent()))
    world.portal.looks.extend([None, None, *[Finding(None, why="500")] * 4])
    item = await world.run(plan)
    assert (item.state, item.end.code, item.end.ours) == (ItemState.UNKNOWN, "cannot-tell", False)
    assert (item.end.facts["step"], list(item.end.facts["happened"])) == ("sent K › b", ["sent K › a"])


async def test_a_cancelled_item_with_an_open_turn_that_left_the_list_is_verified_first(world: Any) -> None:
    world.portal.answers.append(NotFound("RB703", "gone"))
    await world.attempt(world.plan(world.tail(parts(world, "a")), world.turns()))
    world.item.wish = Wish.CANCEL
    world.clock.time = world.item.not_before
    item = await world.run(world.plan(world.tail(parts(world, "z")), world.turns()))
    assert item.state is ItemState.CANCELLED
    assert world.book.commits[-2:] == ["absent sent", "end cancelled"]


async def test_between_two_turns_a_wish_is_heeded(world: Any) -> None:
    async def wish(call: Any) -> Any:
        world.item.wish = Wish.CANCEL
        return world.sessions._open._answer("ok", call)

    world.portal.answers.append(wish)
    item = await world.run(world.plan(world.tail(parts(world, "a", "b")), world.turns()))
    assert (item.state, filed(world)) == (ItemState.CANCELLED, ["a"])
    assert item.end.facts["happened"] == {"sent K › a": {"number": "N1"}}


async def test_a_turn_found_before_any_intent_closes_the_turn_and_the_loop_goes_on(world: Any) -> None:
    world.portal.file("sent", "a", by="agent")
    item = await world.run(world.plan(world.tail(parts(world, "a", "b")), world.turns()))
    assert (item.state, item.end.code, filed(world)) == (ItemState.DONE, "", ["a", "b"])
    assert not item.end.ours


async def test_after_a_turn_nothing_rejects_the_item_not_even_before_the_loop_in_the_next_attempt(world: Any) -> None:
    rule = world.control(StepKind.REJECT_IF, "last.seen == 'bad'", "bad", "mauvais")
    lead = world.tail(world.step("t.read", "look"), rule, parts(world, "a"))
    plan = world.plan(lead, world.turns("parts", world.sent(), broken(world)))
    world.portal.drafts.append(NotFound("RB703", "gone"))
    await world.attempt(plan)
    world.reading = "bad"
    world.clock.time = world.item.not_before
    item = await world.run(plan)
    assert (item.state, item.end.code, item.end.facts["code"]) == (ItemState.DONE, "handed-over", "bad")
    assert list(item.end.facts["happened"]) == ["sent K › a"]


async def test_a_list_in_which_a_key_comes_twice_is_rejected_before_its_first_turn(world: Any) -> None:
    item = await world.run(world.plan(world.tail(parts(world, "a", "b", "a")), world.turns()))
    assert (item.state, item.end.code, world.clicks) == (ItemState.REJECTED, "duplicate-in-list", 0)


async def test_an_element_without_a_key_is_rejected_before_the_first_turn(world: Any) -> None:
    item = await world.run(world.plan(world.tail(parts(world, "a", " ")), world.turns()))
    assert (item.state, item.end.code, world.clicks) == (ItemState.REJECTED, "no-key", 0)


async def test_a_refusal_in_a_turn_after_another_is_handed_over(world: Any) -> None:
    world.portal.answers.extend(["ok", "refused"])
    item = await world.run(world.plan(world.tail(parts(world, "a", "b", "c")), world.turns()))
    assert (item.state, item.end.code, filed(world)) == (ItemState.DONE, "handed-over", ["a"])
    assert (await world.row("sent", "K › b")).state is JournalState.REFUSED


async def test_a_refusal_of_the_first_turn_rejects(world: Any) -> None:
    world.portal.answers.append("refused")
    item = await world.run(world.plan(world.tail(parts(world, "a", "b")), world.turns()))
    assert (item.state, item.end.code) == (ItemState.REJECTED, "already-known")


async def test_a_value_that_is_no_list_fails_at_once(world: Any) -> None:
    item = await world.run(world.plan(world.turns("item.last")))
    assert (item.state, item.end.code, world.clicks) == (ItemState.FAILED, "RB563", 0)


async def test_a_list_that_is_not_there_rejects(world: Any) -> None:
    item = await world.run(world.plan(world.turns("item.parts")))
    assert (item.state, item.end.code) == (ItemState.REJECTED, "missing-value")


async def test_an_empty_list_is_nothing_to_do(world: Any) -> None:
    item = await world.run(world.plan(world.turns("[]"), world.tail(world.step("t.next"))))
    assert (item.state, world.clicks, item.end.ours) == (ItemState.DONE, 0, False)


async def test_a_loop_whose_when_does_not_hold_is_skipped(world: Any) -> None:
    await world.run(world.plan(world.tail(parts(world, "a")), world.turns(when=Expr("item.row == 8"))))
    assert world.clicks == 0


async def test_write_backs_of_turns_are_kept_and_those_behind_are_not_doubled(world: Any) -> None:
    update = world.step("t.update", "u", {"column": "${{ part }}", "new": "${{ sent.number }}"})
    before = world.step("t.update", "v", {"column": "before", "new": "${{ part }}"})
    plan = world.plan(
        world.tail(parts(world, "a", "b")), world.turns("parts", world.sent(lead=[before]), world.tail(update))
    )
    world.portal.answers.extend(["ok", NotFound("RB703", "gone"), "ok"])
    item = await world.run(plan)
    assert [(change.column, change.new) for change in item.end.changes] == [
        ("before", "a"),
        ("a", "N1"),
        ("before", "b"),
        ("b", "N2"),
    ]


async def test_a_turn_that_left_the_list_still_owes_its_cells(world: Any) -> None:
    before = world.step("t.update", "v", {"column": "before", "new": "${{ part }}"})
    turns = world.turns("parts", world.sent(lead=[before]), broken(world))
    world.portal.drafts.append(NotFound("RB703", "gone"))
    await world.attempt(world.plan(world.tail(parts(world, "a")), turns))
    world.clock.time = world.item.not_before
    item = await world.run(world.plan(world.tail(parts(world, "b")), turns))
    assert [change.new for change in item.end.changes] == ["a", "b"]


async def test_effects_in_a_loop_in_a_loop_have_both_keys(world: Any) -> None:
    inner = world.turns("parts")
    outer = world.turns("kinds", key="${{ kind }}")
    outer = replace(outer, step=outer.step.model_copy(update={"as_": "kind", "id": "outer"}), segments=(inner,))
    lead = world.tail(parts(world, "a"), parts(world, "x", "y", step="kinds"))
    await world.run(world.plan(lead, outer))
    assert [(await world.row("sent", f"K › {kind} › a")).state for kind in "xy"] == [JournalState.DONE] * 2


async def test_a_dry_run_ends_at_the_first_turn_that_is_not_there(world: Any) -> None:
    world.work["dry_run"] = True
    world.portal.file("sent", "a", by="agent")
    item = await world.run(world.plan(world.tail(parts(world, "a", "b")), world.turns()))
    assert (item.state, item.end.code, world.clicks) == (ItemState.SKIPPED, "dry-run", 0)
    assert [commit for commit in world.book.commits if not commit.startswith("end")] == []
    assert filed(world) == ["a"]


async def test_a_loop_without_effects_runs_for_each_element_where_it_stands(world: Any) -> None:
    loop = Step(id="each", kind=StepKind.FOR_EACH, path=("steps",), each=Expr("['a', 'b']"), as_="x")
    piece = Loop(loop, world.units(world.step("t.next", params="${{ x }}", when=Expr("x == 'b'"))))
    await world.run(world.plan(replace(world.tail(), lead=(piece,))))
    assert world.log == ["next b"]
    assert next((line.step, line.state, line.note) for line in world.book.traces) == ("each", "ok", "2 ×")


async def test_turns_of_what_follows_a_rejection_are_kept_apart(world: Any) -> None:
    world.work["sequel"] = "rejected"
    before = world.step("t.update", "v", {"column": "before", "new": "${{ part }}"})
    sequel = (world.tail(parts(world, "a", "b")), world.turns("parts", world.sent(lead=[before])))
    world.portal.answers.extend(["ok", NotFound("RB703", "gone"), "ok"])
    item = await world.run(world.plan(world.tail(), sequels={"rejected": sequel}))
    assert (item.state, filed(world)) == (ItemState.DONE, ["a", "b"])
    assert [change.new for change in item.end.changes] == ["a", "b"]


async def test_a_loop_inside_a_once_block_runs_before_its_submit(world: Any) -> None:
    loop = Step(id="each", kind=StepKind.FOR_EACH, path=("steps",), each=Expr("['a', 'b']"), as_="x")
    segment = world.once()
    body = (Loop(loop, world.units(world.step("t.fill", params="${{ x }}"))),)
    await world.run(world.plan(replace(segment, once=replace(segment.once, body=body))))
    assert world.log == ["find created", "fill a", "fill b", "click created.send 10"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("a", "b › c"), ("a › b", "c")),
        (("a", "b", "c"), ("a", "b › c")),
        (("a", "›", "b"), ("a › ›", "b")),
        (("a ", "b"), ("a", " b")),
        (("a›", "b"), ("a", "›b")),
    ],
)
def test_no_two_turns_have_one_key(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    assert whole(one) != whole(two)


def whole(keys: tuple[str, ...]) -> str:
    from robo.engine.turns import Turn

    loop = Step(id="l", kind=StepKind.FOR_EACH, path=())
    return turn_key(keys[0], [Turn(loop, key, key) for key in keys[1:]])


def test_a_key_outside_a_loop_stays_as_it_is() -> None:
    assert turn_key("a › b", []) == "a › b"


class Killed(BaseException):
    """The worker dies here."""


ANSWERS = (
    "ok",
    "filed, no answer",
    "not filed, no answer",
    "filed, browser gone",
    "deadline",
    "killed",
    "filed, killed",
)
LISTS = st.lists(st.sampled_from("abcd"), max_size=4, unique=True)
TRIES = st.tuples(LISTS, st.lists(st.sampled_from(ANSWERS), max_size=4), st.booleans())


def answering(world: World, answer: str) -> Any:
    """An answer of the portal; `killed` is none, and nobody is there to hear it."""

    async def killed(call: Any) -> Any:
        if answer == "filed, killed":
            world.portal.file("sent", call.params.text)
        raise Killed

    return killed if "killed" in answer else answer


async def attempted(world: World, plan: Any) -> None:
    """One attempt; a worker that dies leaves its item to the sweep."""
    try:
        await world.attempt(plan)
    except Killed:
        world.book.requeue("I")


@settings(max_examples=200, deadline=None)
@given(st.lists(TRIES, min_size=1, max_size=5))
def test_whatever_the_list_and_the_answers_no_turn_is_filed_twice(tries: list[Any]) -> None:
    world = World()
    world.item.left = 3
    names: list[str] = []
    for names, answers, fails in tries:
        world.portal.answers.extend(answering(world, answer) for answer in answers)
        world.portal.drafts.extend([NotFound("RB703", "gone")] if fails else [])
        lead = world.tail(parts(world, *names))
        asyncio.run(attempted(world, world.plan(lead, world.turns("parts", world.sent(), broken(world)))))
        world.portal.answers.clear()
        world.portal.drafts.clear()
        if world.item.state is not ItemState.QUEUED:
            break
        world.clock.time = max(world.clock.time, world.item.not_before)
    assert len(filed(world)) == len(set(filed(world)))
    if world.item.state is ItemState.DONE:
        assert set(names) <= set(filed(world))
    if filed(world):
        assert world.item.state not in {ItemState.REJECTED, ItemState.SKIPPED}
