"""Choices, rescues and leftovers: how they are cut, and where no effect may stand."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from robo.plan.manual import manual
from robo.plan.model import Choice, Group

EFFECT = """\
- id: {id}
  once: ${{{{ item.key }}}}
  do:
    - page.open: https://a.exemple
    - page.submit: Enregistrer
  verify: dossier
"""


def codes(bench: Any, steps: str) -> list[str]:
    return [code for code, _ in bench.problems(steps)]


def effect(name: str, blanks: int) -> str:
    return textwrap.indent(EFFECT.format(id=name), " " * blanks)


def choice(one: str, two: str, when: str = "item.kind == 'a'") -> str:
    ways = f"steps:\n  - id: way\n    choose:\n      - when: {when}\n        do:\n"
    return ways + textwrap.indent(one, " " * 10) + "      - else:\n" + textwrap.indent(two, " " * 10)


BOTH = choice(EFFECT.format(id="one"), EFFECT.format(id="two"))


def test_a_choice_without_effects_is_one_piece(bench: Any) -> None:
    (segment,) = bench.plan(choice("- note: a\n", "- note: b\n")).segments
    (piece,) = segment.lead
    assert isinstance(piece, Choice)
    assert [when.source if when else None for when, _ in piece.ways] == ["item.kind == 'a'", None]


def test_a_choice_with_effects_is_decided_where_it_begins(bench: Any) -> None:
    one, two = bench.plan(BOTH).segments
    decisions = [piece.steps[0].assign for piece in one.lead if not isinstance(piece, (Choice, Group))]
    sources = [node.source for assigned in decisions for node in assigned.values()]
    assert sources == ["${{ (item.kind == 'a') }}", "${{ not when_way_1 }}"]
    assert [segment.once.step.when.source for segment in (one, two)] == ["when_way_1", "when_way_2"]


@pytest.mark.parametrize(
    ("when", "refused"),
    [("inputs.quiet == 'a'", False), ("find.dossier.found", True), ("now.date == run.date", True)],
)
def test_a_choice_with_effects_is_the_same_in_each_attempt(bench: Any, when: str, refused: bool) -> None:
    steps = choice(EFFECT.format(id="one"), EFFECT.format(id="two"), when)
    assert (codes(bench, steps) if refused else bench.plan(steps) and []) == (["RB436"] if refused else [])


def test_what_an_earlier_effect_left_may_decide(bench: Any) -> None:
    steps = choice(EFFECT.format(id="one"), "- note: b\n", "zero.agdref == 'a'")
    assert bench.plan(steps.replace("steps:\n", "steps:\n" + effect("zero", 2)))


def test_a_choice_without_effects_may_ask_the_page(bench: Any) -> None:
    assert bench.plan(choice("- note: a\n", "- note: b\n", "find.dossier.found"))


def test_one_way_may_reject_what_another_has_not_touched(bench: Any) -> None:
    steps = choice(EFFECT.format(id="one"), "- {reject_if: item.last == 'x', code: x}\n")
    assert bench.plan(steps)
    assert codes(bench, steps + "  - {reject_if: item.last == 'y', code: y}\n") == ["RB407"]


def test_a_loop_with_effects_in_a_choice_is_decided_alike_each_time(bench: Any) -> None:
    loop = """\
- for_each: ${{ item.kind | split(';') }}
  as: part
  key: ${{ part }}
  do:
    - page.open: https://a.exemple
    - id: sent
      once: ${{ item.key }}
      page.submit: Ajouter
      verify: {page.find: {at: https://a.exemple/r, where: {Part: "${{ part }}"}, read: {n: N°}}}
"""
    assert bench.plan(choice(loop, "- note: b\n"))
    assert "RB436" in codes(bench, choice(loop, "- note: b\n", "find.dossier.found"))


def test_the_submit_of_a_once_block_stands_in_no_choice(bench: Any) -> None:
    ways = "      - choose: [{when: item.last == 'a', do: [{page.submit: A}]}, {else: [{page.submit: B}]}]\n"
    steps = bench.created.replace("      - page.submit: Enregistrer\n", ways)
    assert set(codes(bench, steps)) <= {"RB405", "RB406"}


def test_a_choice_stands_in_a_once_block_before_its_submit(bench: Any) -> None:
    ways = "      - choose: [{when: item.last == 'a', do: [{page.fill: {A: b}}]}]\n"
    (segment,) = bench.plan(bench.created.replace("      - page.submit", ways + "      - page.submit")).segments
    assert isinstance(segment.once.body[-1], Choice)


def test_what_one_way_leaves_is_used_with_care(bench: Any) -> None:
    steps = choice("- {page.open: https://a.exemple}\n- {id: seen, page.read: {n: N}}\n", "- note: b\n")
    assert codes(bench, steps + "  - note: ${{ seen.n }}\n") == ["RB423"]


def test_a_page_that_one_way_opened_may_not_be_there(bench: Any) -> None:
    steps = choice("- page.open: https://a.exemple\n", "- note: b\n")
    assert codes(bench, steps + "  - page.click: Suivant\n") == ["RB416"]


RESCUE = """\
  - id: try
    do: [{id: seen, page.read: {n: N}}]
    rescue: [{on: [timeout, not_found], do: [{note: "${{ error.code }}"}]}]
"""
OPEN = "steps:\n  - page.open: https://a.exemple\n"


def test_a_block_with_a_rescue_is_a_group_with_two_ways(bench: Any) -> None:
    (segment,) = bench.plan(OPEN + RESCUE).segments
    group = segment.lead[-1]
    assert isinstance(group, Group)
    assert [on for on, _ in group.rescues] == [("timeout", "not_found")]


def test_what_a_rescued_block_leaves_is_used_with_care(bench: Any) -> None:
    assert codes(bench, OPEN + RESCUE + "  - note: ${{ seen.n }}\n") == ["RB423"]


def test_no_effect_is_rescued(bench: Any) -> None:
    block = "steps:\n  - do:\n" + effect("one", 6) + "    rescue: [{on: timeout, do: [{note: a}]}]\n"
    assert codes(bench, block) == ["RB439"]
    own = bench.created + "    rescue: [{on: timeout, do: [{note: a}]}]\n"
    assert codes(bench, own) == ["RB439"]
    instead = OPEN + "  - do: [{page.click: A}]\n    rescue:\n      - on: timeout\n        do:\n" + effect("one", 10)
    assert codes(bench, instead) == ["RB439"]


def test_no_submit_of_a_once_block_is_rescued(bench: Any) -> None:
    inner = "      - do: [{page.submit: Enregistrer}]\n        rescue: [{on: timeout, do: [{note: a}]}]\n"
    found = codes(bench, bench.created.replace("      - page.submit: Enregistrer\n", inner))
    assert "RB439" in found


def test_drafts_of_a_once_block_may_be_rescued(bench: Any) -> None:
    inner = "      - do: [{page.click: Bandeau}]\n        rescue: [{on: not_found, do: [{note: a}]}]\n"
    assert bench.plan(bench.created.replace("      - page.submit", inner + "      - page.submit"))


LEFTOVER = "    leftover: {finder: dossier, do: [{page.open: https://a.exemple/b}, {page.next: Supprimer}]}\n"


def test_a_leftover_is_part_of_its_effect(bench: Any) -> None:
    (segment,) = bench.plan(bench.created + LEFTOVER).segments
    assert [step.id for piece in segment.once.leftover for step in piece.steps] == [
        "created-leftover-1",
        "created-leftover-2",
    ]


def test_a_leftover_submits_nothing(bench: Any) -> None:
    assert codes(bench, bench.created + LEFTOVER.replace("page.next", "page.submit")) == ["RB450"]


def test_a_leftover_belongs_to_an_effect(bench: Any) -> None:
    steps = OPEN + "  - page.next: A\n    leftover: {finder: dossier, do: [{page.next: B}]}\n"
    assert codes(bench, steps) == ["RB419"]


def test_the_look_for_a_leftover_leaves_the_page(bench: Any) -> None:
    steps = OPEN + bench.created.removeprefix("steps:\n").replace("      - page.open: ${{ inputs.portal }}/n\n", "")
    steps = steps.replace("    verify: dossier", "    verify: {finder: dossier, asks: after}")
    assert bench.plan(steps)
    (segment,) = bench.plan(steps + LEFTOVER).segments
    assert [piece.steps[0].action for piece in segment.once.body] == ["page.open"]


def test_the_manual_tells_ways_rescues_and_leftovers(bench: Any) -> None:
    steps = choice("- note: a\n", "- note: b\n") + "  - page.open: https://a.exemple\n" + RESCUE
    told = [sentence.text for chapter in manual(bench.plan(steps)) for sentence in chapter.sentences]
    assert told[1].startswith("If ")
    assert told[1].endswith("do the next 1 point(s).")
    assert told[3] == "Otherwise do the next 1 point(s)."
    assert "If one of these does not come, do the next 1 point(s) instead." in told
    left = [sentence for chapter in manual(bench.plan(bench.created + LEFTOVER)) for sentence in chapter.sentences]
    assert "It is there: do the next 2 point(s) first." in [note for sentence in left for note in sentence.notes]


def test_labels_of_a_region_reach_into_ways_rescues_and_leftovers(bench: Any) -> None:
    region = bench.overlay("labels: [{from: Supprimer, to: Retirer}]")
    (segment,) = bench.plan(bench.created + LEFTOVER, region=region).segments
    assert segment.once.leftover[-1].steps[0].params == "Retirer"
