"""Every row of the journal's table in the once protocol, one test each."""

from __future__ import annotations

from typing import Any

import pytest

from robo.engine.ports import JournalState
from robo.errors import PortalDown, SessionLost
from robo.model.base import ItemState
from robo.model.process import Verify
from robo.model.text import Expr
from robo.sdk.runner import Finding

MARKED = Verify(finder="created", ours_if=Expr("by == 'robot'"))
UNTOLD = Finding(None, why="the search page answers 500")


async def test_none_goes_to_open_just_before_the_submit_and_to_done_with_the_receipt_read(world: Any) -> None:
    plan = world.plan(world.once(entries=[world.step("t.fill", params="Nom")]))
    item = await world.run(plan)
    assert item.state is ItemState.DONE
    assert world.log == ["find created", "fill Nom", "click created.send 10"]
    assert world.book.commits == ["intent created 1", "done created", "end done"]
    row = await world.row()
    assert (row.state, row.n, row.closed_by, row.ours, row.receipt) == (
        JournalState.DONE, 1, "answer", True, {"number": "N1"},
    )  # fmt: skip
    assert item.end.ours
    assert item.end.receipt == {"number": "N1"}


async def test_found_before_any_intent_closes_the_row_as_not_ours_and_skips_the_item(world: Any) -> None:
    world.portal.file("created", "K", by="agent")
    item = await world.run(world.plan(world.once(verify=MARKED)))
    assert (item.state, item.end.code, item.end.ours) == (ItemState.SKIPPED, "already-there", False)
    row = await world.row()
    assert (row.state, row.n, row.closed_by, row.ours) == (JournalState.DONE, 0, "verify", False)
    assert world.clicks == 0


@pytest.mark.parametrize(
    "answer",
    ["filed, no answer", "filed, browser gone", "filed, then refused", "an alert", RuntimeError("page crashed")],
    ids=str,
)
async def test_an_open_row_without_a_receipt_waits_until_it_is_ripe_and_is_verified(world: Any, answer: Any) -> None:
    world.portal.answers.append(answer)
    if isinstance(answer, Exception):
        world.portal.answers[0] = _filed_then(world, answer)
    item = await world.run(world.plan(world.once(verify=MARKED)))
    assert (item.state, item.end.ours) == (ItemState.DONE, True)
    assert world.clicks == 1
    assert "postpone 40" in world.book.commits
    assert world.clock.time == 1040
    assert (await world.row()).closed_by == "verify"


def _filed_then(world: Any, trouble: Exception) -> Any:
    async def answer(_call: Any) -> Any:
        world.portal.file("created", "K")
        raise trouble

    return answer


async def test_found_after_a_doubt_earns_nothing_without_the_mark_of_our_account(world: Any) -> None:
    world.portal.answers.append("not filed, no answer")
    plan = world.plan(world.once(verify=MARKED))
    await world.attempt(plan)
    world.portal.file("created", "K", by="agent")
    world.clock.time += 60
    item = await world.run(plan)
    assert (item.state, item.end.ours, world.clicks) == (ItemState.DONE, False, 1)


async def test_found_after_a_doubt_earns_nothing_when_no_mark_is_declared(world: Any) -> None:
    world.portal.answers.append("filed, no answer")
    item = await world.run(world.plan(world.once()))
    assert (item.state, item.end.ours) == (ItemState.DONE, False)


async def test_absent_is_committed_before_the_segment_starts_again_with_all_its_drafts(world: Any) -> None:
    world.portal.answers.append("not filed, no answer")
    plan = world.plan(world.once(body=[world.step("t.open")], entries=[world.step("t.fill", params="Nom")]))
    item = await world.run(plan)
    assert item.state is ItemState.DONE
    assert world.book.commits == [
        "intent created 1", "postpone 40", "absent created", "intent created 2", "done created", "end done",
    ]  # fmt: skip
    start = ["find created", "open open", "fill Nom", "click created.send 10"]
    assert world.log == [*start, "find created", *start]


async def test_a_refusal_the_author_says_nothing_about_is_told_in_the_declared_words(world: Any) -> None:
    world.portal.answers.append("refused")
    item = await world.run(world.plan(world.once(says="")))
    assert (item.state, item.end.facts["says"]) == (ItemState.REJECTED, "Dossier déjà existant")


async def test_absent_after_a_refusal_closes_the_row_as_refused_and_rejects_the_item_in_one_commit(world: Any) -> None:
    world.portal.answers.append("refused")
    item = await world.run(world.plan(world.once()))
    assert (item.state, item.end.code) == (ItemState.REJECTED, "already-known")
    assert item.end.facts["says"] == "Le dossier existe déjà"
    assert world.book.commits[-2:] == ["refused created", "end rejected"]
    assert (await world.row()).state is JournalState.REFUSED


async def test_a_refused_row_opens_again_with_the_next_number_when_a_later_item_comes(world: Any) -> None:
    world.portal.answers.append("refused")
    plan = world.plan(world.once())
    await world.run(plan)
    world.book.requeue("I")
    item = await world.run(plan)
    assert (item.state, (await world.row()).n) == (ItemState.DONE, 2)


@pytest.mark.parametrize("trouble", [UNTOLD, PortalDown("RB702", "no answer"), KeyError("x")], ids=repr)
async def test_when_verify_cannot_tell_it_looks_again_after_5_30_and_120_minutes_then_the_item_is_unknown(
    world: Any, trouble: Any
) -> None:
    world.portal.answers.append("filed, no answer")
    plan = world.plan(world.once())
    await world.attempt(plan)
    world.clock.time += 60
    world.portal.looks.extend([trouble] * 9)
    item = await world.run(plan)
    assert (item.state, item.end.code) == (ItemState.UNKNOWN, "cannot-tell")
    assert [commit for commit in world.book.commits if "postpone" in commit] == [
        "postpone 40", "postpone 300", "postpone 1800", "postpone 7200",
    ]  # fmt: skip
    assert (await world.row()).state is JournalState.OPEN
    assert item.left == 2
    assert world.clicks == 1


async def test_a_done_row_skips_its_segment_and_what_it_left_is_there_for_the_next(world: Any) -> None:
    first, second = world.once("created"), world.once("sent", lead=[world.set(of="${{ created.number }}")])
    reads = world.tail(world.set(last="${{ of }}"))
    plan = world.plan(first, second, reads)
    world.portal.drafts.append(SessionLost("RB700", "gone"))
    broken = world.once("sent", lead=[world.set(of="${{ created.number }}"), world.step("t.next")])
    await world.attempt(world.plan(first, broken))
    world.clock.time = world.item.not_before
    world.log.clear()
    item = await world.run(plan)
    assert item.state is ItemState.DONE
    assert world.log == ["find sent", "click sent.send 10"]
    assert (await world.row("sent")).outputs["of"] == "N1"
    assert item.end.ours
