"""Loops: with effects each turn is cut into segments of its own; what a second attempt could not bear is refused."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from robo.plan.manual import manual
from robo.plan.model import Loop, Segment, Turns, every

SENT = """\
  - id: parts
    for_each: ${{ item.kind | split(';') }}
    as: part
    key: ${{ part }}
    do:
      - page.open: https://a.exemple
      - id: sent
        once: ${{ item.key }}
        page.submit: Ajouter
        verify: {page.find: {at: https://a.exemple/r, where: {Part: "${{ part }}"}, read: {n: N°}}}
      - note: ${{ sent.n }}
"""
STEPS = "steps:\n" + SENT


def codes(bench: Any, steps: str) -> list[str]:
    return [code for code, _ in bench.problems(steps)]


def test_a_loop_with_effects_stands_between_segments_and_its_turns_have_their_own(bench: Any) -> None:
    plan = bench.plan("steps:\n  - note: avant\n" + SENT + "  - note: après\n")
    before, turns, after = plan.segments
    assert isinstance(turns, Turns)
    assert [(part.id, part.once is not None) for part in (before, after)] == [("parts-before", False), ("end", False)]
    assert [(part.id, part.once is not None) for part in turns.segments] == [("sent", True), ("parts-end", False)]
    assert [segment.id for segment in every(plan.segments)] == ["parts-before", "sent", "parts-end", "end"]
    assert plan.done_by == "sent"


def test_a_loop_without_an_effect_is_a_piece(bench: Any) -> None:
    plan = bench.plan("steps:\n  - for_each: \"${{ ['a', 'b'] }}\"\n    as: x\n    do: [{note: \"${{ x }}\"}]\n")
    (segment,) = plan.segments
    assert isinstance(segment, Segment)
    assert isinstance(segment.lead[0], Loop)


def test_a_mail_in_a_loop_is_an_effect_of_its_turn(bench: Any) -> None:
    steps = """\
        steps:
          - for_each: ${{ item.kind | split(';') }}
            as: to
            key: ${{ to }}
            do: [{do: [{mail.send: "${{ to }}"}]}]
        """
    (turns,) = bench.plan(steps).segments
    assert isinstance(turns, Turns)
    assert turns.segments[0].once is not None


def test_loops_stand_in_loops(bench: Any) -> None:
    inner = textwrap.indent(
        SENT.replace("parts", "inner").replace("as: part", "as: part").replace("item.kind", "g"), "    "
    )
    steps = "steps:\n  - for_each: ${{ item.kind | split('/') }}\n    as: g\n    key: ${{ g }}\n    do:\n" + inner
    (outer,) = bench.plan(steps).segments
    assert isinstance(outer.segments[0], Turns)


def test_turns_with_effects_need_a_key(bench: Any) -> None:
    assert codes(bench, STEPS.replace("    key: ${{ part }}\n", "")) == ["RB434"]


def test_a_loop_of_a_once_block_needs_none(bench: Any) -> None:
    loop = '      - {for_each: "${{ [\'a\'] }}", as: x, do: [{page.fill: {Nom: "${{ x }}"}}]}\n'
    steps = bench.created.replace("      - page.submit", loop + "      - page.submit")
    (segment,) = bench.plan(steps).segments
    assert isinstance(segment.once.body[-1], Loop)


def test_the_submit_of_a_once_block_stands_in_no_loop(bench: Any) -> None:
    loop = "      - {for_each: \"${{ ['a'] }}\", as: x, do: [{page.submit: Enregistrer}]}\n"
    steps = bench.created.replace("      - page.submit: Enregistrer\n", loop)
    assert codes(bench, steps) == ["RB406"]


def test_a_key_names_the_element(bench: Any) -> None:
    assert codes(bench, STEPS.replace("key: ${{ part }}", "key: ${{ item.number }}")) == ["RB435"]


def test_a_key_of_a_turn_is_the_same_tomorrow(bench: Any) -> None:
    assert codes(bench, STEPS.replace("key: ${{ part }}", "key: ${{ part }} ${{ run.date }}")) == ["RB410"]


def test_elements_read_from_a_page_keep_their_keys(bench: Any) -> None:
    assert bench.plan(STEPS.replace("item.kind", "find.dossier.agdref"))


def test_a_list_of_today_is_no_identity(bench: Any) -> None:
    assert codes(bench, STEPS.replace("item.kind | split(';')", "[now.date | date]")) == ["RB410"]


@pytest.mark.parametrize(
    ("when", "refused"),
    [
        ("item.last == 'a'", False),
        ("inputs.quiet == 'a' and run.date is not missing", False),
        ("find.dossier.found", True),
        ("now.date > run.date", True),
        ("x == 'a'", False),
        ("y == 'a'", True),
        ("seen.failed", False),
    ],
)
def test_whether_a_loop_with_effects_runs_is_the_same_in_each_attempt(bench: Any, when: str, refused: bool) -> None:
    names = """\
steps:
  - set: {x: "${{ item.last }}", y: "${{ find.dossier.agdref }}"}
  - id: seen
    check: [{not: item.last is missing, code: nom}]
    else: continue
"""
    steps = names + SENT.replace("    as: part", f"    when: {when}\n    as: part")
    assert (codes(bench, steps) if refused else bench.plan(steps) and []) == (["RB436"] if refused else [])


def test_so_is_a_block_around_it(bench: Any) -> None:
    around = "steps:\n  - when: find.dossier.found\n    do:\n" + textwrap.indent(SENT, "    ")
    assert "RB436" in codes(bench, around)


def test_a_verify_in_a_loop_looks_for_its_own_turn(bench: Any) -> None:
    finder = SENT[: SENT.index("        verify")] + "        verify: dossier\n"
    assert codes(bench, "steps:\n" + finder) == ["RB437"]
    same = STEPS.replace('where: {Part: "${{ part }}"}', 'where: {Part: "${{ item.number }}"}')
    assert codes(bench, same) == ["RB437"]


def test_nothing_rejects_in_a_loop_with_effects(bench: Any) -> None:
    rule = "      - {reject_if: part == 'x', code: x}\n"
    steps = STEPS.replace("    do:\n", "    do:\n" + rule)
    assert codes(bench, steps) == ["RB407"]
    assert "after the first one the item already left its trace" in bench.messages(steps)


def test_nothing_rejects_behind_a_loop_with_effects(bench: Any) -> None:
    assert codes(bench, STEPS + "  - {reject_if: item.last == 'x', code: x}\n") == ["RB407"]


def test_a_loop_without_effects_may_reject(bench: Any) -> None:
    loop = "  - {for_each: \"${{ ['a'] }}\", as: x, do: [{reject_if: x == 'b', code: b}]}\n"
    assert bench.plan("steps:\n" + loop + SENT)


def test_a_loop_with_effects_is_not_optional(bench: Any) -> None:
    assert codes(bench, STEPS.replace("    as: part", "    optional: yes\n    as: part")) == ["RB425"]


def test_each_turn_begins_on_a_page_of_its_own(bench: Any) -> None:
    without = STEPS.replace("      - page.open: https://a.exemple\n", "")
    assert codes(bench, "steps:\n  - page.open: https://a.exemple\n" + without.removeprefix("steps:\n")) == ["RB416"]


def test_setup_has_no_effect_in_a_loop(bench: Any) -> None:
    setup = "setup:\n  - {for_each: \"${{ ['a'] }}\", as: x, do: [{page.submit: A}]}\n"
    assert "RB408" in codes(bench, setup + bench.created)


TOLD = """\
on_rejected:
  - for_each: ${{ item.kind | split(';') }}
    as: to
    key: ${{ to }}
    do: [{mail.send: "${{ to }}"}]
"""


def test_mails_of_a_loop_about_a_rejected_item_are_turns_too(bench: Any) -> None:
    (turns,) = bench.plan(bench.created + TOLD).sequels["rejected"]
    assert isinstance(turns, Turns)
    assert codes(bench, bench.created + TOLD.replace("    key: ${{ to }}\n", "")) == ["RB434"]
    assert codes(bench, bench.created + TOLD.replace("key: ${{ to }}", "key: ${{ to }} ${{ now.date }}")) == ["RB410"]


def test_the_manual_says_for_what_the_next_points_are_done(bench: Any) -> None:
    sentences = [sentence for chapter in manual(bench.plan(STEPS)) for sentence in chapter.sentences]
    asked = "« part » of « Motif » of the row | split(« ; »)"
    assert sentences[1].text == f"Do the next 4 point(s) for each {asked}, one after the other."
    looks = [sentence.notes[0] for sentence in sentences if sentence.title == "Is it already there?"]
    assert looks == ["It is there: go on with the next one."]


def test_labels_of_a_region_reach_into_loops(bench: Any) -> None:
    region = bench.overlay("labels: [{from: Ajouter, to: Joindre, why: écran, second: B. Leroy}]")
    (turns,) = bench.plan(STEPS, region=region).segments
    assert turns.segments[0].once.submit.params == "Joindre"
