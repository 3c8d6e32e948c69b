"""Actions that prove themselves: journaled like every effect, and asked instead of `verify`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from robo.engine.ports import JournalState, OnceKey
from robo.errors import Failure, Rejection, StoreConflict
from robo.model.base import ItemState, Outcome
from robo.model.process import StepKind, Verify
from robo.sdk.runner import Answer, Call, Finding, Gate, Result

REFUSED_FOR_NOW = Failure("RB900", "the server says: 451 try again later")


def answered(answer: Answer) -> Any:
    async def give(_call: Call) -> Answer:
        return answer

    return give


async def test_an_answer_is_the_receipt_and_nobody_looks_before_or_after(world: Any) -> None:
    item = await world.run(world.plan(world.mail()))
    assert (item.state, item.end.ours) == (ItemState.DONE, True)
    assert item.end.receipt == {"id": world.portal.sent[0]}
    assert world.book.commits == ["intent sent 1", "done sent", "end done"]
    assert world.log == ["click sent 10"]


async def test_an_effect_has_one_id_in_every_attempt_and_another_effect_has_another(world: Any) -> None:
    await world.run(world.plan(world.mail(), world.mail("told")))
    first, second = world.portal.sent
    assert first == OnceKey("test", "p", "occitanie", "sent", "K").effect_id
    assert second != first
    assert len(first) == 64


async def test_what_the_session_saw_not_leave_is_absent_at_once_and_tried_again_by_the_policy(world: Any) -> None:
    world.portal.answers.append(answered(Answer(absent=REFUSED_FOR_NOW)))
    item = await world.run(world.plan(world.mail()))
    assert item.state is ItemState.DONE
    assert world.book.commits == [
        "intent sent 1",
        "absent sent",
        "postpone 30 costs",
        "intent sent 2",
        "done sent",
        "end done",
    ]
    assert world.clock.slept == []
    assert len(world.portal.sent) == 1


async def test_a_refusal_for_good_that_the_session_saw_rejects_the_item_at_once(world: Any) -> None:
    refused = Rejection("mail-refused", "the server says: 554 no")
    world.portal.answers.append(answered(Answer(absent=refused)))
    item = await world.run(world.plan(world.mail()))
    assert (item.state, item.end.code) == (ItemState.REJECTED, "mail-refused")
    assert (await world.row("sent")).state is JournalState.NONE


async def test_after_two_intents_that_came_to_nothing_a_person_is_asked(world: Any) -> None:
    world.portal.answers.extend([answered(Answer(absent=REFUSED_FOR_NOW))] * 2)
    item = await world.run(world.plan(world.mail()))
    assert (item.state, item.end.code, world.clicks) == (ItemState.UNKNOWN, "not-there", 2)


async def test_only_the_attempt_that_opened_an_intent_may_say_before_its_time_that_nothing_left(world: Any) -> None:
    row = await world.open_intent("sent")
    fence = world.book.claim("I")
    with pytest.raises(StoreConflict) as caught:
        await world.book.absent(fence, row, "I saw nothing", witnessed=True)
    assert caught.value.code == "RB614"


async def test_whoever_takes_over_asks_the_proof_and_what_it_finds_is_ours(world: Any) -> None:
    row = await world.open_intent("sent")
    world.portal.sent.append(row.once.effect_id)
    item = await world.run(world.plan(world.mail()))
    assert (item.state, item.end.ours, item.end.receipt) == (ItemState.DONE, True, {"id": row.once.effect_id})
    assert world.log == ["prove sent 30"]


async def test_an_answer_that_never_came_is_proven_after_act_by_and_settle(world: Any) -> None:
    world.portal.answers.append("filed, no answer")
    world.portal.proofs.append(Finding(True))
    item = await world.run(world.plan(world.mail()))
    assert item.state is ItemState.DONE
    assert world.log == ["click sent 10", "prove sent 30"]
    assert world.book.commits[1] == "postpone 40"


async def test_what_the_proof_finds_absent_is_sent_again(world: Any) -> None:
    world.portal.answers.append("not filed, no answer")
    item = await world.run(world.plan(world.mail()))
    assert item.state is ItemState.DONE
    assert world.log == ["click sent 10", "prove sent 30", "click sent 10"]


@pytest.mark.parametrize(
    "said", [Finding(None, why="the mailbox is down"), Finding(True, several=True), RuntimeError("broken")], ids=repr
)
async def test_a_proof_that_cannot_tell_sends_nothing_and_in_the_end_asks_a_person(world: Any, said: Any) -> None:
    world.portal.answers.append("filed, no answer")
    world.portal.proofs.extend([said] * 4)
    item = await world.run(world.plan(world.mail()))
    assert (item.state, item.end.code, world.clicks) == (ItemState.UNKNOWN, "cannot-tell", 1)
    assert world.book.commits[2::2] == ["cannot tell sent"] * 3 + ["cannot tell sent"]


async def test_a_proof_that_never_will_be_able_to_tell_asks_a_person_at_once(world: Any) -> None:
    world.portal.answers.append("filed, no answer")
    world.portal.proofs.append(Finding(None, why="no mailbox is declared", for_good=True))
    item = await world.run(world.plan(world.mail()))
    assert (item.state, item.end.code) == (ItemState.UNKNOWN, "unverifiable")
    assert world.book.commits == ["intent sent 1", "postpone 40", "end unknown"]


async def test_the_verify_that_an_author_writes_stands_above_the_proof(world: Any) -> None:
    world.portal.file("created", "K")
    plan = world.plan(world.mail("created", verify=Verify(finder="created")))
    item = await world.run(plan)
    assert (item.end.code, world.log) == ("already-there", ["find created"])


async def test_a_dry_run_shows_what_the_act_itself_holds(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def submit(_session: Any, _entries: Any, _call: Call, gate: Gate) -> Answer:
        await gate(["to a@exemple.fr"])
        raise AssertionError

    world.work["dry_run"] = True
    session = await world.sessions.get("t")
    monkeypatch.setattr(type(session), "submit", submit)
    item = await world.run(world.plan(world.mail()))
    assert (item.end.outcome, item.end.facts["entered"]) == (Outcome.SKIPPED, ["to a@exemple.fr"])
    assert [line.note for line in world.book.traces] == ["to a@exemple.fr"]


async def test_the_proof_is_asked_about_the_place_that_the_act_was_in(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, asked = await world.sessions.get("t"), []

    async def prove(_session: Any, call: Call, _age: float) -> Result:
        asked.append(call.within)
        return Result(values={"id": "m"}, finding=Finding(True))

    monkeypatch.setattr(type(session), "prove", prove)
    world.portal.answers.append("filed, no answer")
    segment = world.mail()
    block = segment.once.step.model_copy(update={"kind": StepKind.BLOCK, "within": {"section": "Envoi"}})
    item = await world.run(world.plan(replace(segment, once=replace(segment.once, step=block))))
    assert (item.state, [str(place.name) for place in asked]) == (ItemState.DONE, ["Envoi"])
