"""How steps are performed: conditions, variables, finders, places, history, setup."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from robo.engine.calls import make_call
from robo.engine.history import Mask
from robo.engine.pieces import perform_setup
from robo.engine.scope import base_names
from robo.errors import Failure, NotFound, PageError, PortalDown, SessionLost, UndeclaredEffect
from robo.model.base import ItemState
from robo.model.process import Step, StepKind
from robo.model.text import Expr
from robo.plan.model import Group, Segment, Unit
from robo.sdk.targets import Target


async def test_a_step_whose_when_does_not_hold_is_skipped_and_said_to_be(world: Any) -> None:
    await world.run(world.plan(world.tail(world.step("t.next", when=Expr("item.row == 8")))))
    assert world.log == []
    assert [line.state for line in world.book.traces] == ["skipped"]


async def test_an_optional_step_that_finds_nothing_is_skipped(world: Any) -> None:
    world.portal.drafts.append(NotFound("RB703", "no button"))
    item = await world.run(world.plan(world.tail(world.step("t.next", optional=True))))
    assert item.state is ItemState.DONE


@pytest.mark.parametrize("trouble", [SessionLost("RB700", "gone"), UndeclaredEffect("RB710", "POST")], ids=repr)
async def test_optional_swallows_nothing_else(world: Any, trouble: Exception) -> None:
    world.item.left = 0
    world.portal.drafts.append(trouble)
    item = await world.run(world.plan(world.tail(world.step("t.next", optional=True))))
    assert item.state is ItemState.FAILED


async def test_a_step_leaves_its_values_under_its_id_and_the_last_ones_under_last(world: Any) -> None:
    world.reading = Decimal("12.50")
    steps = [world.step("t.read", "balance"), world.set(a="${{ balance.seen }}", b="${{ last.seen }}")]
    rule = world.control(StepKind.SKIP_IF, "a == b and a == 12.5", "equal")
    item = await world.run(world.plan(world.tail(*steps, rule)))
    assert item.end.code == "equal"


async def test_a_finder_is_asked_at_its_first_mention_once_and_again_after_a_submit(world: Any) -> None:
    ask = world.control(StepKind.SKIP_IF, "find.created.found and item.row == 8", "x")
    plan = world.plan(world.once(lead=[ask, ask]), world.tail(ask, ask))
    await world.run(plan)
    assert world.log == ["find created", "find created", "click created.send 10", "find created"]


async def test_a_finder_that_cannot_tell_makes_the_step_fail_not_go_on(world: Any) -> None:
    from robo.sdk.runner import Finding

    world.portal.looks.append(Finding(None, why="500"))
    ask = world.control(StepKind.SKIP_IF, "not find.created.found", "x")
    await world.attempt(world.plan(world.once(lead=[ask])))
    assert (world.book.commits, "RB550" in world.item.reason) == (["postpone 30 costs"], True)


async def test_what_a_finder_read_is_a_value_of_it(world: Any) -> None:
    world.portal.file("created", "K", by="agent")
    rule = world.control(StepKind.REJECT_IF, "find.created.by == 'agent'", "taken", "${{ find.created.number }}")
    item = await world.run(world.plan(world.once(lead=[rule])))
    assert (item.end.code, item.end.facts["says"]) == ("taken", "N1")


async def test_a_group_runs_under_its_when_and_in_its_place(world: Any) -> None:
    seen: list[Target | None] = []
    session = await world.sessions.get("t")
    perform = session.perform

    async def noting(calls: Any) -> Any:
        seen.extend(call.within for call in calls)
        return await perform(calls)

    session.perform = noting
    inner = world.step("t.next", within={"row": {"N°": "1"}})
    block = Step(id="b", kind=StepKind.BLOCK, path=("steps",), do=(inner,), within="Demandeur")
    group = Group(block, (Unit((inner,)), Unit((world.step("t.next"),))))
    await world.run(world.plan(Segment(index=0, id="end", lead=(group,))))
    around = Target(name="Demandeur")
    assert seen == [Target(row={"N°": "1"}, within=around), around]


async def test_entries_are_one_trip(world: Any) -> None:
    trips: list[int] = []
    session = await world.sessions.get("t")
    perform = session.perform

    async def counting(calls: Any) -> Any:
        trips.append(len(calls))
        return await perform(calls)

    session.perform = counting
    unit = Unit(tuple(world.step("t.fill", f"f{n}", "x") for n in range(7)))
    await world.run(world.plan(Segment(index=0, id="end", lead=(unit,))))
    assert trips == [7]
    assert len(world.book.traces) == 7


async def test_a_call_carries_its_time_out_its_watch_and_whether_it_is_in_a_once_block(world: Any) -> None:
    segment = world.once()
    plan = world.plan(segment)
    names = _names({"item": {"key": "K"}})
    call = await make_call(plan, segment.once.submit, names, in_once=True)
    assert (call.timeout, call.in_once, call.step) == (10, True, "created.send")
    assert list(call.watch.read) == ["number"]
    assert [(each.code, each.ends_only) for each in call.watch.refused] == [("already-known", False), ("alert", True)]


def _names(values: dict[str, Any]) -> Any:
    from robo.engine.scope import Names

    async def never(name: str) -> Any:
        raise AssertionError(name)

    return Names(values, never)


async def test_history_has_one_masked_line_a_step(world: Any) -> None:
    world.work["sensitive"] = ("Martin",)
    await world.run(world.plan(world.tail(world.step("t.fill", "name", "${{ item.last }}", title="Nom de Martin"))))
    (line,) = world.book.traces
    assert (line.step, line.title, line.state, line.note) == ("name", "Nom de •••", "ok", "name = «•••»")


async def test_the_entry_that_failed_is_blamed_and_not_the_last_of_its_trip(world: Any) -> None:
    first, second = world.step("t.fill", "name"), world.step("t.fill", "town")
    world.portal.drafts.append(NotFound("RB701", "no field", place="name"))
    plan = world.plan(Segment(index=9, id="end", lead=(Unit((first, second)),)))
    await world.run(plan)
    assert (world.book.traces[0].step, world.book.traces[0].state) == ("name", "failed")


def test_a_mask_hides_longer_values_first_and_looks_into_lists_and_mappings() -> None:
    mask = Mask(["Jean", "Jean Dupont", "12", ""])
    assert mask.value({"a": ["Jean Dupont", 12, 13, True, None], "b": date(2026, 3, 12)}) == {
        "a": ["•••", "•••", 13, True, None],
        "b": "2026-03-•••",
    }


async def test_every_unit_waits_for_the_person_at_step(world: Any) -> None:
    asked: list[tuple[str, str]] = []

    async def stepwise(step: str, note: str) -> None:
        asked.append((step, note))

    world.work["stepwise"] = stepwise
    world.work["sensitive"] = ("secrète",)
    once = world.once(lead=[world.step("t.open", "o")], entries=[world.step("t.fill", "name", "Nom secrète")])
    await world.run(world.plan(once, world.tail(world.step("t.next", "n", title="Suivant"))))
    assert asked == [
        ("K", "t.open"),
        ("K", "t.fill «Nom •••»"),
        ("K", "t.send «Enregistrer»"),
        ("K · Suivant", "t.next"),
    ]


async def test_now_and_run_are_what_they_say(world: Any) -> None:
    rule = world.control(
        StepKind.SKIP_IF, "run.date == now.date and region.id == 'occitanie' and process.id == 'p'", "same"
    )
    item = await world.run(world.plan(world.tail(rule)))
    assert item.end.code == "same"


async def test_setup_performs_its_steps_with_the_names_of_the_run(world: Any) -> None:
    step = world.step("t.open", params="${{ inputs.portal }}")
    plan = world.plan(world.tail(), setup=(Unit((step,)),))
    base = base_names(plan, world.clock, inputs={"portal": "http://x"}, run_facts={}, environment="test")
    await perform_setup(plan, base, sessions=world.sessions, clock=world.clock)
    assert world.log == ["open http://x"]


async def test_a_refused_setup_is_a_failure_that_says_why(world: Any, refusal: Any) -> None:
    world.portal.drafts.append(refusal("closed", "Fermé"))
    plan = world.plan(world.tail(), setup=(Unit((world.step("t.next"),)),))
    base = base_names(plan, world.clock, inputs={}, run_facts={}, environment="test")
    with pytest.raises(Failure, match="Fermé"):
        await perform_setup(plan, base, sessions=world.sessions, clock=world.clock)


async def test_a_page_that_is_broken_on_the_way_in_holds_the_process_and_spends_no_item(world: Any) -> None:
    world.portal.drafts.append(PageError("RB716", "%(url)s answers with HTTP 500", url="/in"))
    plan = world.plan(world.tail(), setup=(Unit((world.step("t.next"),)),))
    base = base_names(plan, world.clock, inputs={}, run_facts={}, environment="test")
    with pytest.raises(PortalDown, match="/in answers with HTTP 500"):
        await perform_setup(plan, base, sessions=world.sessions, clock=world.clock)


@pytest.mark.parametrize("answer", ["ok", "filed, browser gone"])
async def test_what_an_effect_left_is_read_by_what_follows(world: Any, answer: str) -> None:
    world.portal.answers.append(answer)
    rule = world.control(StepKind.SKIP_IF, "created.number == 'N2'", "x")
    step = world.step("t.fill", "f", "${{ created.number }}")
    item = await world.run(world.plan(world.once(), world.tail(rule, step)))
    assert item.state is ItemState.DONE
    assert world.log[-1] == "fill N1"
