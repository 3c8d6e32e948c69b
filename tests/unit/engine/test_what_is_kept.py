"""What the journal keeps of a finished segment: what is read behind it, bounded, and told when it is not enough."""

from __future__ import annotations

from robo.engine import kept
from robo.model.base import ItemState, Outcome
from robo.model.process import Step, StepKind
from tests.unit.engine.conftest import World, text


def note(words: str) -> Step:
    return Step(id="told", named=True, kind=StepKind.NOTE, path=("steps",), message=text(words))


async def test_of_an_answer_the_journal_keeps_what_later_steps_read(world: World) -> None:
    world.reading = {"number": "A-7", "rows": "x" * 100_000}
    lead = world.step("t.read", "page")
    plan = world.plan(world.once(lead=(lead,)), world.tail(note("${{ page.seen.number }}")))
    await world.run(plan)
    row = await world.row("created")
    assert row.outputs["page"] == {"seen": {"number": "A-7"}}
    assert kept.size_of(row.outputs) < 1000
    assert [line.note for line in world.book.traces if line.step == "told"] == ["A-7"]


async def test_too_much_of_it_fails_before_anything_is_sent(world: World) -> None:
    world.reading = "x" * (kept.MOST_KEPT + 1)
    plan = world.plan(world.once(lead=(world.step("t.read", "page"),)), world.tail(note("${{ page.seen }}")))
    item = await world.run(plan)
    assert (item.state, item.end and item.end.code) == (ItemState.FAILED, "RB780")
    assert world.portal.filed == []
    assert not any(commit.startswith("intent") for commit in world.book.commits)


async def test_what_nobody_reads_later_may_be_as_large_as_it_likes(world: World) -> None:
    world.reading = "x" * (kept.MOST_KEPT + 1)
    item = await world.run(world.plan(world.once(lead=(world.step("t.read", "page"),))))
    assert item.state is ItemState.DONE
    assert (await world.row("created")).outputs.get("page") is None


async def test_a_plan_that_reads_more_than_an_older_one_kept_asks_a_person(world: World) -> None:
    lead = world.step("t.read", "page")
    world.reading = {"number": "A-7", "office": "31"}
    await world.run(world.plan(world.once(lead=(lead,)), world.tail(note("${{ page.seen.number }}"))))
    world.book.add("J")
    newer = world.plan(world.once(lead=(lead,)), world.tail(note("${{ page.seen.office | default('-') }}")))
    await world.attempt(newer, "J")
    end = world.book.items["J"].end
    assert end is not None
    assert (end.outcome, end.code, end.facts["names"]) == (Outcome.FAILED, "RB556", "page.seen.office")
