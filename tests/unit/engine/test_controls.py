"""Control steps: checks, hand-overs, notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from robo.engine.pieces import perform_setup
from robo.errors import Failure
from robo.model.base import ItemState
from robo.model.process import Rule, Step, StepKind
from robo.model.text import Expr
from robo.plan.model import Repeat

from .conftest import text


def check(*rules: tuple[str, str, str], otherwise: str = "reject", id_: str = "seen") -> Step:
    made = tuple(Rule(condition=Expr(condition), code=code, says=text(says)) for condition, code, says in rules)
    return Step(id=id_, named=True, kind=StepKind.CHECK, path=("steps",), rules=made, otherwise=otherwise)


BOTH = (
    ("item.last == 'Martin'", "no-martin", "${{ item.last }} ne va pas"),
    ("item.row == 8", "row", "ligne 8"),
    ("item.number is missing or item.row == 7", "row-7", ""),
)


def hand_over(world: Any, condition: str = "1 == 1", code: str = "by-hand", message: str = "à voir") -> Step:
    step: Step = world.control(StepKind.HAND_OVER_IF, condition, code, message)
    return step


async def test_a_check_tries_every_rule_and_rejects_with_all_of_them(world: Any) -> None:
    item = await world.run(world.plan(world.once(lead=[check(*BOTH)])))
    assert (item.state, item.end.code) == (ItemState.REJECTED, "no-martin")
    assert item.end.facts["codes"] == ["no-martin", "row-7"]
    assert item.end.facts["says"] == "Martin ne va pas; row-7"
    assert world.clicks == 0


async def test_a_check_that_holds_is_said_to_and_its_verdict_can_be_read(world: Any) -> None:
    rule = world.control(StepKind.SKIP_IF, "not seen.failed and seen.lines | length == 0", "good")
    item = await world.run(world.plan(world.tail(check(("item.row == 8", "row", "x")), rule)))
    assert item.end.code == "good"
    assert next((line.step, line.state) for line in world.book.traces) == ("seen", "ok")


async def test_a_check_may_go_on_and_leave_its_verdict(world: Any) -> None:
    seen = check(*BOTH, otherwise="continue")
    rule = world.control(
        StepKind.REJECT_IF, "seen.failed and 'row-7' in seen.codes", "late", "${{ seen.lines | join('/') }}"
    )
    item = await world.run(world.plan(world.tail(seen, rule)))
    assert item.end.facts["says"] == "Martin ne va pas/row-7"
    assert [line.note for line in world.book.traces if line.step == "seen"] == ["Martin ne va pas; row-7"]


async def test_what_a_check_found_can_be_put_into_a_table(world: Any) -> None:
    seen = check(*BOTH, otherwise="continue")
    titled = seen.rules[0].model_copy(update={"title": text("${{ item.number }}")})
    seen = seen.model_copy(update={"rules": (titled, *seen.rules[1:])})
    told = (
        "${{ seen.rows | map('title') | first }}|${{ seen.rows | map('says') | join('/') }}|${{ seen.lines | first }}"
    )
    item = await world.run(world.plan(world.tail(seen, world.control(StepKind.REJECT_IF, "seen.failed", "late", told))))
    number = item.end.facts["says"].split("|")[0]
    assert item.end.facts["says"] == f"{number}|Martin ne va pas/row-7|{number} : Martin ne va pas"


async def test_a_handed_over_item_goes_on_ends_done_and_says_what_is_left(world: Any) -> None:
    item = await world.run(world.plan(world.once(lead=[hand_over(world)])))
    assert world.clicks == 1
    assert (item.state, item.end.code, item.end.ours) == (ItemState.DONE, "handed-over", True)
    assert item.end.facts["code"] == "by-hand"
    assert item.end.facts["happened"] == {"created": {"number": "N1"}}


async def test_an_item_left_to_a_person_sends_and_earns_nothing_where_that_is_under_the_opposite_condition(
    world: Any,
) -> None:
    left = hand_over(world, "item.row == 7")
    item = await world.run(world.plan(world.once(lead=[left], when=Expr("not (item.row == 7)"))))
    assert (item.state, item.end.code, item.end.ours, world.clicks) == (ItemState.DONE, "handed-over", False, 0)


async def test_several_reasons_of_a_hand_over_are_told_together(world: Any) -> None:
    seen = check(("item.row == 7", "row-7", "ligne 7"), otherwise="hand_over")
    item = await world.run(world.plan(world.once(lead=[seen]), world.tail(hand_over(world))))
    assert item.end.facts["says"] == "ligne 7; à voir"
    assert [other["code"] for other in item.end.facts["others"]] == ["by-hand"]
    assert item.end.place.endswith("seen")


async def test_what_a_finished_segment_hands_over_is_not_forgotten_by_the_next_attempt(world: Any) -> None:
    first = world.once("created", lead=[hand_over(world)])
    second = world.once("sent")
    world.portal.answers.extend(["ok", "not filed, no answer"])
    item = await world.run(world.plan(first, second))
    assert world.book.commits.count("intent created 1") == 1
    assert any(commit.startswith("postpone") for commit in world.book.commits)
    assert (item.state, item.end.code, item.end.facts["code"]) == (ItemState.DONE, "handed-over", "by-hand")


async def test_what_an_abandoned_start_of_a_segment_handed_over_is_told_once(world: Any) -> None:
    world.portal.answers.append("not filed, no answer")
    item = await world.run(world.plan(world.once(lead=[hand_over(world)])))
    assert world.clicks == 2
    assert item.end.facts["says"] == "à voir"
    assert "others" not in item.end.facts


async def test_a_failed_check_after_a_receipt_is_handed_over(world: Any) -> None:
    item = await world.run(world.plan(world.once(), world.tail(check(*BOTH))))
    assert (item.state, item.end.code, item.end.facts["code"]) == (ItemState.DONE, "handed-over", "no-martin")


async def test_a_note_is_a_masked_line_of_the_history(world: Any) -> None:
    world.work["sensitive"] = ("Martin",)
    note = Step(id="remark", kind=StepKind.NOTE, path=("steps",), message=text("Vu: ${{ item.last }}"))
    item = await world.run(world.plan(world.tail(note)))
    assert item.state is ItemState.DONE
    assert [(line.step, line.state, line.note) for line in world.book.traces] == [("remark", "ok", "Vu: •••")]


async def test_a_dry_run_hands_nothing_over(world: Any) -> None:
    world.work["dry_run"] = True
    item = await world.run(world.plan(world.tail(hand_over(world))))
    assert (item.state, item.end.code) == (ItemState.SKIPPED, "dry-run")


async def test_a_failed_check_of_setup_holds_nobodys_item(world: Any) -> None:
    plan = world.plan(world.tail(), setup=world.units(check(("1 == 1", "closed", "fermé"))))
    with pytest.raises(Failure) as caught:
        await perform_setup(plan, {}, sessions=world.sessions, clock=world.clock)
    assert (caught.value.code, caught.value.facts["says"]) == ("RB560", "fermé")


def repeat(world: Any, until: str, most: int = 3, between: tuple[Step, ...] = ()) -> Any:
    step = Step(id="wait", kind=StepKind.REPEAT, path=("steps",), until=Expr(until), most=most)
    return replace(world.tail(), lead=(Repeat(step, world.units(world.step("t.read", "look")), world.units(*between)),))


async def test_a_repetition_does_tests_and_goes_between(world: Any) -> None:
    session = await world.sessions.get("t")
    perform = session._one

    async def one(call: Any) -> Any:
        if call.action == "t.next":
            world.reading = "ready"
        return await perform(call)

    session._one = one
    item = await world.run(world.plan(repeat(world, "look.seen == 'ready'", between=(world.step("t.next"),))))
    assert item.state is ItemState.DONE
    assert world.log == ["read look", "next next", "read look"]
    assert [line.note for line in world.book.traces if line.step == "wait"] == ["2 ×"]


async def test_a_repetition_that_reaches_its_max_fails_and_nothing_stands_behind_the_last_time(world: Any) -> None:
    world.item.left = 0
    item = await world.run(world.plan(repeat(world, "look.seen == 'ready'", between=(world.step("t.next"),))))
    assert (item.state, item.end.code) == (ItemState.FAILED, "RB561")
    assert world.log == ["read look", "next next", "read look", "next next", "read look"]


async def test_a_finder_that_is_waited_for_is_asked_each_time(world: Any) -> None:
    world.item.left = 0
    plan = world.plan(world.once(), repeat(world, "find.created.by == 'nobody'"))
    await world.run(plan)
    assert world.log.count("find created") == 4


async def test_what_finish_gives_is_the_result_of_the_run(world: Any) -> None:
    world.work |= {"finish": True, "sensitive": ("Martin",)}
    given = {"done": text("${{ 1 + 1 }}"), "who": text("${{ item.last }}"), "none": text("${{ item.absent }}")}
    step = Step(id="out", kind=StepKind.OUTPUT, path=("finish",), assign=given)
    item = await world.run(world.plan(finish=(world.tail(step),)))
    assert (item.state, item.end.output) == (ItemState.DONE, {"done": 2, "who": "•••"})


async def test_what_a_finished_segment_of_finish_gave_is_not_forgotten_by_the_next_attempt(world: Any) -> None:
    world.work["finish"] = True
    step = Step(id="out", kind=StepKind.OUTPUT, path=("finish",), assign={"a": "b"})
    first, second = world.once("created", lead=[step]), world.once("sent")
    world.portal.answers.extend(["ok", "not filed, no answer"])
    item = await world.run(world.plan(finish=(first, second)))
    assert item.end.output == {"a": "b"}
