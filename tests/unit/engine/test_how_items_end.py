"""How items end: refusals, rejections, hand-overs, retries, dry runs, write-backs, evidence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from robo.engine import stage
from robo.engine.ports import JournalState
from robo.errors import CredentialsRefused, InfrastructureError, MissingSecret, NotFound, Rejection, SessionLost
from robo.model.base import ItemState, Outcome
from robo.model.process import OnFailure, Refusal, StepKind
from robo.model.text import Expr
from robo.sdk.runner import Answer, Call, Refused
from robo.sdk.targets import Target, Watched

REFUSED = (Refusal(target="Champ invalide", code="bad-name", says="Le nom manque"),)


async def test_reject_if_before_any_receipt_rejects_with_the_authors_code_and_words(world: Any) -> None:
    rule = world.control(StepKind.REJECT_IF, "item.last == 'Martin'", "no-martin", "${{ item.last }} ne va pas")
    item = await world.run(world.plan(world.once(lead=[rule])))
    assert (item.state, item.end.code) == (ItemState.REJECTED, "no-martin")
    assert (item.end.message, item.end.facts["says"]) == ("%(says)s", "Martin ne va pas")
    assert world.log == []


async def test_skip_if_skips(world: Any) -> None:
    rule = world.control(StepKind.SKIP_IF, "item.row == 7", "seven")
    item = await world.run(world.plan(world.tail(rule)))
    assert (item.state, item.end.code) == (ItemState.SKIPPED, "seven")


async def test_a_refused_draft_rejects_at_once_with_no_intent(world: Any, refusal: Any) -> None:
    world.portal.drafts.append(refusal("bad-name"))
    item = await world.run(world.plan(world.once(body=[world.step("t.next", refused=REFUSED)])))
    assert (item.state, item.end.code, item.end.facts["says"]) == (ItemState.REJECTED, "bad-name", "Le nom manque")
    assert world.book.commits == ["end rejected"]


async def test_entries_refused_before_the_gate_reject_at_once(world: Any) -> None:
    world.portal.drafts.append(Refused(Watched(targets=(Target(name="x"),), code="already-known"), "déjà"))
    item = await world.run(world.plan(world.once(entries=[world.step("t.fill", params="Nom")])))
    assert (item.state, item.end.facts["says"]) == (ItemState.REJECTED, "Le dossier existe déjà")
    assert world.book.commits == ["end rejected"]


async def test_an_alert_that_only_ends_the_wait_of_a_draft_is_a_failure_not_a_rejection(world: Any) -> None:
    anything = Watched(targets=(Target(name="any", role="alert"),), code="alert", ends_only=True)
    world.portal.drafts.append(Refused(anything, "Service indisponible"))
    await world.attempt(world.plan(world.tail(world.step("t.next"))))
    assert world.book.commits == ["postpone 30 costs"]
    assert "Service indisponible" in world.item.reason


async def test_a_missing_value_before_any_receipt_rejects(world: Any) -> None:
    world.work["item"] = {"row": 7}
    item = await world.run(world.plan(world.once(entries=[world.step("t.fill", params="${{ item.last }}")])))
    assert (item.state, item.end.code) == (ItemState.REJECTED, "missing-value")


async def test_after_the_first_receipt_a_missing_value_hands_the_item_over_as_done(world: Any) -> None:
    plan = world.plan(world.once(), world.tail(world.step("t.fill", params="${{ item.nothing }}")))
    item = await world.run(plan)
    assert (item.state, item.end.code) == (ItemState.DONE, "handed-over")
    assert item.end.facts["code"] == "missing-value"
    assert item.end.facts["happened"] == {"created": {"number": "N1"}}
    assert item.end.ours


async def test_after_the_first_receipt_a_refused_effect_is_closed_and_handed_over_in_one_commit(world: Any) -> None:
    world.portal.answers.extend(["ok", "refused"])
    item = await world.run(world.plan(world.once("created"), world.once("sent")))
    assert (item.state, item.end.code, item.end.facts["code"]) == (ItemState.DONE, "handed-over", "already-known")
    assert not item.end.ours
    assert (await world.row("sent")).state is JournalState.REFUSED
    assert world.book.commits[-2:] == ["refused sent", "end done"]


async def test_a_failure_is_tried_again_with_growing_waits_then_fails_with_its_code(world: Any) -> None:
    world.portal.drafts.extend([NotFound("RB703", "no %(what)s", what="button")] * 3)
    item = await world.run(world.plan(world.tail(world.step("t.next"))))
    assert world.book.commits == ["postpone 30 costs", "postpone 60 costs", "end failed"]
    assert (item.end.code, item.end.message, item.end.facts) == ("RB703", "no %(what)s", {"what": "button"})


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("look", "p/process.yaml:9 · look"),
        ("", "p/process.yaml:12 · next"),
        ("https://a.fr/x", "p/process.yaml:12 · next · https://a.fr/x"),
    ],
    ids=["the step a runner blames", "the step that was performed", "a page"],
)
async def test_a_failure_stands_at_its_line_of_the_definition(world: Any, said: str, place: str) -> None:
    world.item.left = 0
    world.portal.drafts.append(NotFound("RB703", "no button", place=said))
    steps = world.tail(world.step("t.next", "next"))
    places = {"next": "p/process.yaml:12", "look": "p/process.yaml:9"}
    item = await world.run(world.plan(steps, places=places))
    assert (item.state, item.end.place) == (ItemState.FAILED, place)


async def test_a_defect_of_a_runner_is_a_failure_that_names_it(world: Any) -> None:
    world.item.left = 0
    world.portal.drafts.append(ZeroDivisionError("oops"))
    item = await world.run(world.plan(world.tail(world.step("t.next"))))
    assert (item.state, item.end.code, item.end.facts["kind"]) == (ItemState.FAILED, "RB559", "ZeroDivisionError")


@pytest.mark.parametrize("trouble", [CredentialsRefused("RB900", "wrong"), MissingSecret("RB901", "none")], ids=repr)
async def test_refused_credentials_and_missing_secrets_hold_and_are_not_tried_again(
    world: Any, trouble: Exception
) -> None:
    world.sessions.troubles.append(trouble)
    await world.attempt(world.plan(world.once()))
    assert (world.item.state, world.item.left, world.sessions.opened) == (ItemState.HELD, 2, 0)


async def test_infrastructure_that_is_missing_goes_up_and_decides_nothing(world: Any) -> None:
    world.sessions.troubles.append(InfrastructureError("RB704", "no browser"))
    with pytest.raises(InfrastructureError):
        await world.attempt(world.plan(world.once()))
    assert world.book.commits == []


async def test_a_rejection_a_session_raises_is_one(world: Any) -> None:
    world.portal.drafts.append(Rejection("bad-value", "%(x)s is not a date", x="soon"))
    item = await world.run(world.plan(world.tail(world.step("t.next"))))
    assert (item.state, item.end.facts) == (ItemState.REJECTED, {"x": "soon"})


async def test_a_session_that_hangs_is_closed_and_the_step_timed_out(
    world: Any, hung: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "GRACE", -9.99)
    session = await world.sessions.get("t")
    session.perform = hung
    await world.attempt(world.plan(world.tail(world.step("t.next"))))
    assert (world.book.commits, world.sessions.lost_ones) == (["postpone 30 costs"], 1)
    assert "RB551" in world.item.reason


async def test_a_submit_that_hangs_is_verified(world: Any, hung: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "GRACE", -9.99)
    world.portal.answers.append(hung)
    await world.attempt(world.plan(world.once()))
    assert (world.book.commits, world.sessions.lost_ones) == (["intent created 1", "postpone 40"], 1)


async def test_a_lost_session_is_closed_and_costs_a_try(world: Any) -> None:
    world.portal.drafts.append(SessionLost("RB700", "gone"))
    await world.attempt(world.plan(world.tail(world.step("t.next"))))
    assert (world.book.commits, world.sessions.lost_ones) == (["postpone 30 costs"], 1)


async def test_cancellation_between_steps_closes_the_session_in_use(world: Any, hung: Any) -> None:
    session = await world.sessions.get("t")
    session.perform = hung
    task = asyncio.create_task(world.attempt(world.plan(world.tail(world.step("t.next")))))
    await hung.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.sessions.lost_ones == 1


async def test_a_dry_run_enters_everything_submits_nothing_and_shows_it(world: Any) -> None:
    world.work |= {"dry_run": True, "sensitive": ("Martin",)}
    plan = world.plan(
        world.once(body=[world.step("t.next", "n")], entries=[world.step("t.fill", "name", "${{ item.last }}")])
    )
    item = await world.run(plan)
    assert (item.state, item.end.code) == (ItemState.SKIPPED, "dry-run")
    assert item.end.facts["entered"] == ["n = «»", "name = «•••»"]
    assert (world.clicks, world.book.commits) == (0, ["end skipped"])
    assert world.log[-1] == "fill Martin"
    assert [line.note for line in world.book.traces if " = " in line.note] == ["n = «»", "name = «•••»"]


async def test_what_was_entered_is_kept_with_the_intent(world: Any) -> None:
    """Whoever looks at an effect in doubt reads what was typed, even if whoever typed it died."""
    kept: list[str] = []

    async def answer(_call: Call) -> Answer:
        kept.extend(line.note for line in world.book.traces)
        return Answer(values={"number": "N-1"})

    world.portal.answers.append(answer)
    await world.run(world.plan(world.once(entries=[world.step("t.fill", "name", "Martin")])))
    assert "name = «Martin»" in kept


async def test_a_dry_run_leaves_the_journal_alone_when_the_effect_is_already_there(world: Any) -> None:
    world.portal.file("created", "K")
    world.work["dry_run"] = True
    item = await world.run(world.plan(world.once()))
    assert (item.end.code, world.book.commits) == ("already-there", ["end skipped"])


async def test_a_dry_run_without_any_submit_ends_as_one_and_writes_nothing_back(world: Any) -> None:
    world.work["dry_run"] = True
    item = await world.run(world.plan(world.tail(world.step("t.update", params={"column": "N°", "new": "1"}))))
    assert (item.state, item.end.code, item.end.changes) == (ItemState.SKIPPED, "dry-run", ())


async def test_a_dry_run_does_not_touch_an_effect_in_doubt(world: Any) -> None:
    await world.open_intent()
    world.clock.time += 60
    world.work["dry_run"] = True
    other = world.book.add("other")
    row = await world.row()
    await world.attempt(world.plan(world.once()), "other")
    assert (await world.row()) == row
    assert (other.state, other.end.code, world.log) == (ItemState.SKIPPED, "dry-run", [])


async def test_write_backs_are_committed_with_the_outcome_once(world: Any) -> None:
    update = world.step("t.update", params={"column": "N° dossier", "new": "${{ created.number }}"})
    item = await world.run(world.plan(world.once(), world.tail(update)))
    assert [(change.column, change.new) for change in item.end.changes] == [("N° dossier", "N1")]


async def test_write_backs_of_a_segment_that_is_skipped_after_a_crash_are_not_lost(world: Any) -> None:
    update = world.step("t.update", params={"column": "État", "new": "${{ created.number }}"})
    plan = world.plan(world.once("created"), world.once("sent", lead=[update]))
    crashed = world.plan(world.once("created"), world.once("sent", lead=[update]), world.tail(world.step("t.next")))
    world.portal.drafts.append(SessionLost("RB700", "gone"))
    await world.attempt(crashed)
    world.clock.time = world.item.not_before
    item = await world.run(plan)
    assert [(change.column, change.new, change.row) for change in item.end.changes] == [("État", "N1", 7)]


async def test_write_backs_of_a_segment_verified_after_a_crash_are_not_lost_either(world: Any) -> None:
    world.portal.answers.append("filed, browser gone")
    update = world.step("t.update", params={"column": "État", "new": "x"})
    item = await world.run(world.plan(world.once(lead=[update])))
    assert (item.state, [change.column for change in item.end.changes]) == (ItemState.DONE, ["État"])


async def test_a_segment_started_again_after_an_absence_writes_back_once(world: Any) -> None:
    world.portal.answers.append("not filed, no answer")
    update = world.step("t.update", params={"column": "État", "new": "x"})
    item = await world.run(world.plan(world.once(lead=[update])))
    assert [change.column for change in item.end.changes] == ["État"]


async def test_a_failed_item_writes_nothing_back(world: Any) -> None:
    world.item.left = 0
    world.portal.drafts.append(NotFound("RB703", "no button"))
    update = world.step("t.update", params={"column": "État", "new": "x"})
    item = await world.run(world.plan(world.tail(update, world.step("t.next"))))
    assert (item.state, item.end.changes) == (ItemState.FAILED, ())


async def test_the_credit_is_that_of_the_step_counts_names(world: Any) -> None:
    world.portal.answers.extend(["ok", "filed, no answer"])
    plan = world.plan(world.once("created"), world.once("sent"), done_by="created")
    item = await world.run(plan)
    assert (item.end.ours, item.end.receipt) == (True, {"number": "N1"})


async def test_when_false_leaves_the_effect_out_and_the_item_is_done_without_credit(world: Any) -> None:
    item = await world.run(world.plan(world.once(when=Expr("item.row == 8"))))
    assert (item.state, item.end.ours, world.clicks) == (ItemState.DONE, False, 0)


async def test_an_effect_whose_key_is_empty_rejects_the_item(world: Any) -> None:
    world.work["item"] = {"code": "  "}
    item = await world.run(world.plan(world.once(key="${{ item.code }}")))
    assert (item.state, item.end.code) == (ItemState.REJECTED, "no-key")


async def test_pictures_of_a_failure_are_kept_as_asked_and_a_done_item_has_none(world: Any) -> None:
    world.item.left = 0
    plan = world.plan(world.tail(world.step("t.next")), on_failure=OnFailure(keep=("screenshot",)))
    await world.attempt(plan)
    assert world.book.kept == {}
    world.book.requeue("I")
    world.portal.drafts.append(NotFound("RB703", "no button"))
    await world.attempt(plan)
    assert world.book.kept == {"t-screenshot.png": b"picture"}


async def test_pictures_that_cannot_be_kept_do_not_cost_the_item_its_end(world: Any) -> None:
    world.item.left = 0
    world.portal.drafts.append(NotFound("RB703", "no button"))

    async def full(*_: Any) -> None:
        raise OSError("disk full")

    world.book.evidence = full
    item = await world.run(world.plan(world.tail(world.step("t.next"))))
    assert item.state is ItemState.FAILED
    assert world.book.traces[-1].note == "disk full"


async def test_a_restored_segment_that_lacks_an_output_reads_it_again(world: Any) -> None:
    await world.run(world.plan(world.once(outputs=())))
    row = await world.row()
    world.book._rows[row.once].row = _without_outputs(row)
    world.book.requeue("I")
    item = await world.run(world.plan(world.once(), world.tail(world.set(x="${{ created.number }}"))))
    assert item.state is ItemState.DONE
    assert world.clicks == 1


async def test_a_restored_segment_whose_output_nobody_can_read_is_a_persons(world: Any) -> None:
    await world.run(world.plan(world.once(outputs=())))
    world.book.requeue("I")
    item = await world.run(world.plan(world.once(outputs=("created.date",))))
    assert (item.state, item.end.code) == (ItemState.FAILED, "RB556")


def _without_outputs(row: Any) -> Any:
    from dataclasses import replace

    return replace(row, outputs={})


async def test_an_item_that_was_already_there_stays_skipped_when_the_worker_died_before_saying_so(world: Any) -> None:
    world.portal.file("created", "K", by="agent")
    fence = world.book.claim("I")
    await world.book.done(
        fence, await world.row(), by="verify", ours=False, receipt={}, outputs={"created": {"number": "N1"}}
    )
    world.book.requeue("I")
    item = await world.run(world.plan(world.once(), world.tail(world.step("t.next"))))
    assert (item.state, item.end.code) == (ItemState.SKIPPED, "already-there")


async def test_the_outcome_says_what_happened_in_masked_facts(world: Any) -> None:
    world.work["sensitive"] = ("Martin",)
    rule = world.control(StepKind.REJECT_IF, "item.last == 'Martin'", "x", "${{ item.last }} 30 %")
    item = await world.run(world.plan(world.tail(rule)))
    assert item.end.facts["says"] == "••• 30 %"
    assert item.end.outcome is Outcome.REJECTED


async def test_the_finish_of_a_run_is_executed_as_an_item(world: Any) -> None:
    world.work["finish"] = True
    plan = world.plan(world.tail(world.step("t.next")), finish=(world.once("report", key="finish"),))
    item = await world.run(plan)
    assert (item.state, world.clicks) == (ItemState.DONE, 1)
