"""Repetitions, and the result of a run."""

from __future__ import annotations

from typing import Any

from robo.plan.manual import manual
from robo.plan.model import Repeat, performed

REPEAT = """\
steps:
  - page.open: https://a.exemple
  - id: wait
    repeat:
      do: [{id: seen, page.read: {state: État}}]
      until: seen.state == 'fini'
      next: [{id: again, page.click: Actualiser}]
      max: 4
"""


def codes(bench: Any, steps: str) -> list[str]:
    return [code for code, _ in bench.problems(steps)]


def test_a_repetition_is_one_piece_with_what_stands_between_two_times(bench: Any) -> None:
    (segment,) = bench.plan(REPEAT).segments
    piece = segment.lead[-1]
    assert isinstance(piece, Repeat)
    assert (piece.step.most, [step.id for step in performed([piece])]) == (4, ["wait", "seen", "again"])


def test_what_is_read_in_a_repetition_is_there_behind_it_what_stands_between_may_not_be(bench: Any) -> None:
    assert bench.plan(REPEAT + "  - note: ${{ seen.state }}\n")
    between = REPEAT.replace("page.click: Actualiser", "page.read: {n: N}")
    assert codes(bench, between + "  - note: ${{ again.n }}\n") == ["RB423"]


def test_until_uses_what_is_always_there(bench: Any) -> None:
    steps = REPEAT.replace("do: [{id: seen,", "do: [{id: seen, when: item.last == 'a',")
    assert codes(bench, steps) == ["RB423"]


def test_no_effect_is_repeated(bench: Any) -> None:
    effect = '{id: sent, once: "${{ item.key }}", page.submit: A, verify: dossier}'
    steps = REPEAT.replace("{id: seen, page.read: {state: État}}", effect).replace(
        "seen.state == 'fini'", "item.last == 'a'"
    )
    assert "RB438" in codes(bench, steps)


def test_a_repetition_stands_in_a_once_block_before_its_submit(bench: Any) -> None:
    loop = (
        "      - repeat: {do: [{page.click: Ajouter}, {id: seen, page.read: {n: N}}], until: seen.n == '3', max: 3}\n"
    )
    (segment,) = bench.plan(bench.created.replace("      - page.submit", loop + "      - page.submit")).segments
    assert isinstance(segment.once.body[-1], Repeat)


def test_a_repetition_does_not_open_the_page_it_needs(bench: Any) -> None:
    assert codes(bench, REPEAT.replace("  - page.open: https://a.exemple\n", "")) == ["RB416"]


def test_the_manual_tells_a_repetition(bench: Any) -> None:
    told = [sentence.text for chapter in manual(bench.plan(REPEAT)) for sentence in chapter.sentences]
    assert told[2].startswith("Do the next 1 point(s) until ")
    assert told[2].endswith("at most 4 times.")
    assert told[4] == "Not yet? Do the next 1 point(s), and begin again."


def test_the_result_of_a_run_is_told_and_is_part_of_the_plan(bench: Any) -> None:
    finish = 'finish:\n  - output: {done: "${{ run.items | length }}"}\n'
    one, two = bench.plan(bench.created + finish), bench.plan(bench.created)
    assert one.digest != two.digest
    told = [sentence.text for chapter in manual(one) for sentence in chapter.sentences]
    assert told[-1].startswith("Report: « done » = ")
