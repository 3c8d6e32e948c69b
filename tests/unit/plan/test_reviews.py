"""Where a person may be asked, and how the steps around the question become segments."""

from __future__ import annotations

from typing import Any

import pytest

from robo.plan.manual import manual

ASK = "review: {title: Relire, show: {Nom: '${{ item.last }}'}, edit: {no: a}, choices: {ok: Vu}, answer_in: 2 days}"
ONCE = ASK.replace("2 days}", "2 days, on_timeout: %s}")
EFFECT = """\
  - id: created
    once: ${{ item.key }}
    do:
      - page.open: ${{ inputs.portal }}/n
      - page.submit: Enregistrer
    verify: dossier
"""


def steps(*lines: str) -> str:
    return "steps:\n" + "".join(f"  - {line}\n" for line in lines)


def test_a_review_ends_a_segment_and_what_follows_begins_anew(bench: Any) -> None:
    plan = bench.plan(steps("page.open: https://a.exemple", f"{{id: avis, {ASK}}}") + EFFECT)
    assert [(each.id, each.review is not None, each.once is not None) for each in plan.segments] == [
        ("avis", True, False),
        ("created", False, True),
    ]
    late = bench.problems(steps("page.open: x", f"{{id: avis, {ASK}}}", "page.fill: {Nom: a}"))
    assert [code for code, _ in late] == ["RB416"]


def test_a_block_around_a_review_is_taken_apart_and_decided_once(bench: Any) -> None:
    plan = bench.plan(steps(f"{{when: item.kind == 'x', do: [{{note: vu}}, {{id: avis, {ASK}}}]}}"))
    (segment,) = plan.segments
    assert segment.review is not None
    assert segment.review.when is not None
    assert [piece.steps[0].id for piece in segment.lead] == ["when_s1", "s1-1"]


@pytest.mark.parametrize("section", ["setup", "start", "finish", "on_rejected", "on_skipped"])
def test_only_an_item_can_wait_for_a_person(bench: Any, section: str) -> None:
    asked = ASK.replace("${{ item.last }}", "Martin")
    text = f"{bench.created}{section}:\n  - {{id: avis, {asked}}}\n"
    assert [code for code, _ in bench.problems(text)] == ["RB482"]


@pytest.mark.parametrize(
    "around",
    [
        "{for_each: \"${{ item.kind | split(';') }}\", as: g, do: [{id: avis, %s}]}",
        "{repeat: {do: [{id: avis, %s}], until: item.kind == 'x', max: 3}}",
        "{do: [{id: avis, %s}], rescue: [{on: [timeout], do: [{note: a}]}]}",
        '{id: c, once: "${{ item.key }}", verify: dossier, do: [{page.open: x}, {id: avis, %s}, {page.submit: a}]}',
    ],
    ids=["for_each", "repeat", "rescue", "once"],
)
def test_nobody_is_asked_in_the_middle_of_something(bench: Any, around: str) -> None:
    assert [code for code, _ in bench.problems(steps(around % ASK))] == ["RB482"]


def test_no_page_is_kept_while_an_item_waits(bench: Any) -> None:
    head = bench.head + "sessions: {page: kept}\n"
    assert [code for code, _ in bench.problems(steps(f"{{id: avis, {ASK}}}"), head=head)] == ["RB483"]


@pytest.mark.parametrize("way", ["reject", "skip"])
def test_after_an_effect_the_end_of_the_time_is_a_hand_over(bench: Any, way: str) -> None:
    after = f"  - {{id: avis, {ONCE}}}\n"
    assert [code for code, _ in bench.problems(bench.created + after % way)] == ["RB407"]
    assert bench.plan(bench.created + after % "hand_over").segments[1].id == "avis"
    assert bench.plan(steps(f"{{id: avis, {ONCE % way}}}") + EFFECT).segments[0].id == "avis"


@pytest.mark.parametrize("key", ["${{ avis.no }}", "${{ item.key }}-${{ name }}"])
def test_what_a_person_answers_is_no_key_of_an_effect(bench: Any, key: str) -> None:
    """Somebody who is asked again may answer otherwise, and the effect would have another key."""
    text = steps(f"{{id: avis, {ASK}}}", 'set: {name: "${{ avis.no }}"}') + EFFECT.replace("${{ item.key }}", key)
    assert [code for code, _ in bench.problems(text)] == ["RB410"]


def test_an_answer_that_was_not_asked_for_on_every_path_is_told(bench: Any) -> None:
    asked = "{id: avis, when: item.kind == 'x', %s}" % ASK  # noqa: UP031 - the text has braces of its own
    assert [code for code, _ in bench.problems(steps(asked, 'note: "${{ avis.no }}"'))] == ["RB423"]
    assert bench.plan(steps(asked, "note: \"${{ avis.no | default('-') }}\""))


def test_the_procedure_by_hand_asks_too(bench: Any) -> None:
    plan = bench.plan(steps(f"{{id: avis, {ONCE % 'reject'}}}", "{reject_if: avis.choice != 'ok', code: non}"))
    asked, decided = manual(plan)[0].sentences[1:]
    assert asked.text == "Ask somebody of the service: « Relire »."
    assert asked.notes == (
        "Show « Nom »: « Nom » of the row.",
        "To correct: « no », which is « a ».",
        "Answers: « Vu ».",
        "No answer within 2 working days: set the row aside for a person.",
    )
    assert decided.text.startswith("If the answer to « Relire » is not « ok »")


def test_another_question_is_another_plan(bench: Any) -> None:
    one, two = (bench.plan(steps(f"{{id: avis, {ASK}}}".replace("Relire", title))) for title in ("Relire", "Vérifier"))
    assert one.digest != two.digest
