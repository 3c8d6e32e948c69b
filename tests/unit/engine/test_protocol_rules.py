"""The rules of the once protocol that one attempt can keep or break by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from robo.engine.ports import JournalState, Wish
from robo.errors import CredentialsRefused, InfrastructureError, NotFound, PortalDown, SessionLost, UndeclaredEffect
from robo.model.base import ItemState
from robo.model.process import StepKind, Verify
from robo.model.text import Expr
from robo.sdk.runner import Answer, Finding


async def test_an_open_intent_of_anybody_is_verified_before_any_step_of_its_segment(world: Any) -> None:
    await world.open_intent()
    world.clock.time += 60
    plan = world.plan(world.once(lead=[world.step("t.open")]))
    await world.run(plan)
    assert world.log == ["find created", "open open", "find created", "click created.send 10"]


async def test_what_the_steps_before_a_lost_submit_had_read_is_known_to_whoever_verifies(world: Any) -> None:
    await world.open_intent(outputs={"balance": {"seen": 12}})
    world.portal.file("created", "K")
    world.clock.time += 60
    verify = Verify(finder="created", ours_if=Expr("balance.seen == 12"))
    item = await world.run(world.plan(world.once(verify=verify), world.tail(world.set(x="${{ balance.seen }}"))))
    assert (item.state, item.end.ours, world.clicks) == (ItemState.DONE, True, 0)


async def test_nobody_verifies_before_act_by_and_settle_and_the_wait_costs_no_attempt(world: Any) -> None:
    await world.open_intent()
    world.clock.time += 15
    await world.attempt(world.plan(world.once()))
    assert world.book.commits == ["postpone 25"]
    assert world.log == []
    assert world.item.left == 2


async def test_a_wait_of_two_seconds_is_waited_in_place(world: Any) -> None:
    await world.open_intent()
    world.clock.time += 38.5
    item = await world.run(world.plan(world.once()))
    assert world.clock.slept == [1.5]
    assert item.state is ItemState.DONE


async def test_after_the_database_clock_jumped_nobody_verifies_for_budget_and_settle(world: Any) -> None:
    await world.open_intent()
    world.clock.time += 60
    world.clock.jumped = world.clock.time
    await world.attempt(world.plan(world.once()))
    assert world.book.commits == ["postpone 40"]
    assert world.log == []


async def test_when_the_look_before_the_first_intent_cannot_tell_nothing_is_submitted(world: Any) -> None:
    world.portal.looks.append(Finding(None, why="500"))
    await world.attempt(world.plan(world.once()))
    assert world.book.commits == ["postpone 30 costs"]
    assert world.clicks == 0


async def test_several_findings_cannot_tell(world: Any) -> None:
    world.portal.file("created", "K")
    world.portal.file("created", "K")
    await world.attempt(world.plan(world.once()))
    assert (world.clicks, world.book.commits) == (0, ["postpone 30 costs"])


async def test_verify_that_asks_only_after_does_not_look_before(world: Any) -> None:
    plan = world.plan(world.once(verify=Verify(finder="created", asks="after")))
    await world.run(plan)
    assert world.log == ["click created.send 10"]


@pytest.mark.parametrize(
    ("found_if", "absent_if", "clicks"),
    [
        ("last.seen == 'yes'", "last.seen == 'no'", 1),
        ("last.seen == 'yes'", None, 0),
        ("seen == 'no'", "seen == 'no'", 0),
    ],
    ids=["absent by its condition", "only found_if: cannot tell", "both hold: cannot tell"],
)
async def test_a_verify_of_actions_is_decided_by_its_conditions(
    world: Any, found_if: str, absent_if: str | None, clicks: int
) -> None:
    world.reading = "no"
    verify = Verify(
        steps=(world.step("t.read", "look"),),
        found_if=Expr(found_if),
        absent_if=Expr(absent_if) if absent_if else None,
    )
    await world.attempt(world.plan(world.once(verify=verify)))
    assert world.clicks == clicks


async def test_without_read_the_effect_is_verified_right_after_the_act_and_its_values_are_the_receipt(
    world: Any,
) -> None:
    verify = Verify(finder="created", ours_if=Expr("by == 'robot'"))
    item = await world.run(world.plan(world.once(read=False, verify=verify)))
    assert (item.state, item.end.ours) == (ItemState.DONE, True)
    assert item.end.receipt == {"number": "N1", "by": "robot"}
    assert world.clock.time == 1000


async def test_absent_right_after_the_act_is_no_evidence_and_waits(world: Any) -> None:
    async def later(_call: Any) -> Answer:
        return Answer(values={}, requests=1)

    world.portal.answers.append(later)
    plan = world.plan(world.once(read=False))
    await world.attempt(plan)
    assert world.book.commits == ["intent created 1", "postpone 40"]


async def test_after_two_intents_that_were_not_there_a_person_is_asked(world: Any) -> None:
    world.portal.answers.extend(["not filed, no answer"] * 5)
    item = await world.run(world.plan(world.once()))
    assert (item.state, item.end.code, world.clicks) == (ItemState.UNKNOWN, "not-there", 2)


async def test_a_person_who_said_not_there_lets_the_robot_act_once_more(world: Any) -> None:
    world.portal.answers.extend(["not filed, no answer"] * 2)
    plan = world.plan(world.once())
    await world.run(plan)
    row = await world.row()
    world.book._rows[row.once].row = replace(row, closed_by="person")
    world.book.requeue("I")
    assert (await world.run(plan)).state is ItemState.DONE


async def test_the_page_gets_what_is_left_of_its_budget_counted_from_before_the_commit(world: Any) -> None:
    intent = world.book.intent

    async def slow(*args: Any, **more: Any) -> Any:
        row = await intent(*args, **more)
        world.clock.time += 4
        return row

    world.book.intent = slow
    await world.run(world.plan(world.once()))
    assert world.log[-1] == "click created.send 6"


async def test_an_intent_committed_too_late_is_not_acted_on_but_verified(world: Any) -> None:
    intent = world.book.intent

    async def slow(*args: Any, **more: Any) -> Any:
        row = await intent(*args, **more)
        world.clock.time += 11
        return row

    world.book.intent = slow
    await world.attempt(world.plan(world.once()))
    assert world.clicks == 0
    assert world.book.commits == ["intent created 1", "postpone 29"]


async def test_an_intent_of_unknown_fate_is_read_again_and_verified_if_it_was_committed(world: Any) -> None:
    intent = world.book.intent

    async def torn(*args: Any, **more: Any) -> Any:
        await intent(*args, **more)
        raise ConnectionError

    world.book.intent = torn
    await world.attempt(world.plan(world.once()))
    assert (world.clicks, world.book.commits) == (0, ["intent created 1", "postpone 40"])


async def test_a_stale_token_at_the_gate_sends_nothing_and_writes_nothing(world: Any) -> None:
    taken = world.step("t.fill", params="Nom")
    world.portal.drafts.clear()
    original = world.book.intent

    async def taken_over(*args: Any, **more: Any) -> Any:
        world.book.requeue("I")
        return await original(*args, **more)

    world.book.intent = taken_over
    await world.attempt(world.plan(world.once(entries=[taken])))
    assert (world.clicks, world.book.commits) == (0, [])


async def test_an_answer_whose_receipt_is_refused_is_kept_as_evidence_never_as_state(world: Any) -> None:
    async def swept(_call: Any) -> Answer:
        world.portal.file("created", "K")
        world.book.requeue("I")
        return Answer(values={"number": "N1"}, requests=1)

    world.portal.answers.append(swept)
    await world.attempt(world.plan(world.once()))
    assert world.book.commits == ["intent created 1"]
    assert world.book.kept == {"answer.json": b'{"number": "N1"}'}
    assert (await world.row()).state is JournalState.OPEN


async def test_a_row_that_somebody_else_changed_is_left_alone_and_the_item_let_go(world: Any) -> None:
    row = await world.open_intent()
    world.clock.time += 39
    stored = world.book._rows[row.once]

    async def changed(seconds: float) -> None:
        world.clock.time += seconds
        stored.row = replace(stored.row, state=JournalState.NONE)

    world.clock.sleep = changed
    await world.attempt(world.plan(world.once()))
    assert (world.book.commits, world.clicks) == (["postpone 0"], 0)


async def test_an_unverifiable_effect_in_doubt_is_unknown_at_once(world: Any) -> None:
    world.portal.answers.append("filed, no answer")
    item = await world.run(world.plan(world.once(verify=None)))
    assert (item.state, item.end.code) == (ItemState.UNKNOWN, "unverifiable")


async def test_out_of_attempts_with_no_intent_open_is_failed(world: Any) -> None:
    world.item.left = 0
    world.portal.drafts.append(NotFound("RB703", "no button"))
    item = await world.run(world.plan(world.once(body=[world.step("t.next")])))
    assert (item.state, item.end.code) == (ItemState.FAILED, "RB703")


async def test_no_outcome_but_unknown_while_an_intent_is_open_even_one_not_reached(world: Any) -> None:
    await world.open_intent("sent")
    world.item.left = 0
    world.portal.drafts.append(NotFound("RB703", "no button"))
    plan = world.plan(world.once("created", body=[world.step("t.next")]), world.once("sent"))
    item = await world.run(plan)
    assert (item.state, item.end.code) == (ItemState.UNKNOWN, "RB703")


async def test_refused_credentials_hold_the_item_even_while_an_intent_is_open(world: Any) -> None:
    await world.open_intent()
    world.clock.time += 60
    world.sessions.troubles.append(CredentialsRefused("RB900", "wrong password"))
    await world.attempt(world.plan(world.once()))
    assert world.item.state is ItemState.HELD
    assert world.item.left == 2


async def test_a_browser_lost_while_verifying_is_opened_again_once(world: Any) -> None:
    await world.open_intent()
    world.portal.file("created", "K")
    world.clock.time += 60
    world.portal.looks.append(SessionLost("RB700", "gone"))
    item = await world.run(world.plan(world.once()))
    assert (item.state, world.sessions.opened, world.sessions.lost_ones) == (ItemState.DONE, 2, 1)


@pytest.mark.parametrize("wish", [Wish.CANCEL, Wish.STOP])
async def test_a_wish_waits_until_no_intent_is_open(world: Any, wish: Wish) -> None:
    await world.open_intent()
    world.portal.file("created", "K")
    world.clock.time += 60
    world.item.wish = wish
    plan = world.plan(world.once(), world.once("sent"))
    await world.attempt(plan)
    assert world.book.commits[0] == "done created"
    assert world.log == ["find created"]
    if wish is Wish.CANCEL:
        assert world.item.state is ItemState.CANCELLED
        assert world.item.end.facts["happened"] == {"created": {"number": "N1", "by": "robot"}}
    else:
        assert (world.item.state, world.book.commits[-1]) == (ItemState.QUEUED, "postpone 0")


async def test_a_wish_read_at_the_gate_stops_the_submit_before_its_intent(world: Any) -> None:
    async def wish(fence: Any) -> Any:
        return Wish.CANCEL if "fill Nom" in world.log else None

    world.book.wish = wish
    item = await world.run(world.plan(world.once(entries=[world.step("t.fill", params="Nom")])))
    assert (item.state, world.clicks, world.book.commits) == (ItemState.CANCELLED, 0, ["end cancelled"])


async def test_an_undeclared_effect_before_the_intent_fails_the_item_without_another_try(world: Any) -> None:
    world.portal.drafts.append(UndeclaredEffect("RB710", "POST /x"))
    item = await world.run(world.plan(world.once(body=[world.step("t.next")])))
    assert (item.state, item.end.code) == (ItemState.FAILED, "RB710")


async def test_an_undeclared_effect_while_the_intent_is_open_is_unknown(world: Any) -> None:
    world.portal.answers.append(UndeclaredEffect("RB710", "POST /x"))
    item = await world.run(world.plan(world.once()))
    assert (item.state, item.end.code) == (ItemState.UNKNOWN, "RB710")


async def test_a_runner_that_submits_without_its_gate_is_caught(world: Any) -> None:
    session = await world.sessions.get("t")

    async def ungated(entries: Any, call: Any, gate: Any) -> Answer:
        return Answer(values={"number": "N1"})

    session.submit = ungated
    item = await world.run(world.plan(world.once()))
    assert (item.state, item.end.code) == (ItemState.FAILED, "RB558")


async def test_a_gate_is_passed_once(world: Any) -> None:
    async def twice(entries: Any, call: Any, gate: Any) -> Answer:
        await gate()
        await gate()
        raise AssertionError

    session = await world.sessions.get("t")
    session.submit = twice
    await world.attempt(world.plan(world.once()))
    assert world.book.commits == ["intent created 1", "postpone 40"]


async def test_a_portal_that_is_down_holds_the_item_and_costs_it_nothing(world: Any) -> None:
    world.portal.looks.append(PortalDown("RB702", "no answer"))
    await world.attempt(world.plan(world.once()))
    assert (world.item.state, world.item.left) == (ItemState.HELD, 2)


async def test_cancelled_in_the_middle_of_a_submit_it_closes_the_session_and_leaves_the_intent_open(
    world: Any, hung: Any
) -> None:
    world.portal.answers.append(hung)
    task = asyncio.create_task(world.attempt(world.plan(world.once())))
    await hung.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.sessions.lost_ones == 1
    assert (await world.row()).state is JournalState.OPEN


async def test_a_renamed_once_step_goes_on_with_the_row_of_a_former_name(world: Any) -> None:
    await world.run(world.plan(world.once("created")))
    world.book.requeue("I")
    world.log.clear()
    world.portal.filed[0]["step"] = "filed"
    item = await world.run(world.plan(world.once("filed", was=("sent", "created"), outputs=())))
    assert (item.state, world.log) == (ItemState.DONE, [])


async def test_one_request_too_many_is_recorded_on_the_row(world: Any) -> None:
    async def twice(_call: Any) -> Answer:
        return Answer(values={"number": "N1"}, requests=2)

    world.portal.answers.append(twice)
    await world.run(world.plan(world.once()))
    assert (await world.row()).sends == 2


async def test_a_refusal_whose_note_is_refused_is_kept_as_evidence(world: Any) -> None:
    async def refused_but_taken_over(call: Any) -> Answer:
        world.portal.file("created", "K")
        world.book.requeue("I")
        return Answer(refused=call.watch.refused[0], words="Dossier déjà existant")

    world.portal.answers.append(refused_but_taken_over)
    await world.attempt(world.plan(world.once()))
    assert b"already-known" in world.book.kept["answer.json"]
    assert world.book.commits == ["intent created 1"]


async def test_when_what_robo_stands_on_is_missing_no_look_is_spent_on_it(world: Any) -> None:
    await world.open_intent()
    world.clock.time += 60
    world.sessions.troubles.append(InfrastructureError("RB720", "there is no browser"))
    with pytest.raises(InfrastructureError):
        await world.attempt(world.plan(world.once()))
    assert world.book.commits == []


async def test_an_intent_of_a_step_the_plan_does_not_name_any_more_leaves_the_item_unknown(world: Any) -> None:
    """A definition that dropped a step while its effect was in doubt: the store still knows."""
    await world.open_intent("dropped")
    item = await world.run(world.plan(world.once(), world.tail(world.control(StepKind.REJECT_IF, "1 == 1", "no"))))
    assert item.state is ItemState.UNKNOWN
