"""Once keys and units of credit are the same tomorrow."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "key",
    ["${{ item.key }}-${{ run.date }}", "${{ run.id }}", "${{ item.key }} ${{ now.date }}"],
)
def test_a_once_key_never_moves(bench: Any, key: str) -> None:
    steps = bench.created.replace("once: ${{ item.key }}", f'once: "{key}"')
    assert [code for code, _ in bench.problems(steps)] == ["RB410"]


def test_a_date_is_found_behind_the_items_key(bench: Any) -> None:
    head = bench.head.replace("key: ${{ item.number }}", 'key: "${{ item.number }}-${{ run.date }}"')
    assert "RB410" in [code for code, _ in bench.problems(head=head)]


def test_a_date_is_found_behind_a_calculated_value(bench: Any) -> None:
    let = 'let: {day: "${{ run.date }}", mark: "${{ item.number }}-${{ item.day }}"}'
    head = bench.head.replace("key: ${{ item.number }}", f'{let}\n  key: "${{{{ item.mark }}}}"')
    assert "RB410" in [code for code, _ in bench.problems(head=head)]


def test_a_date_is_found_behind_a_variable(bench: Any) -> None:
    steps = bench.created.replace("steps:\n", 'steps:\n  - set: {jour: "${{ run.date }}"}\n')
    steps = steps.replace("once: ${{ item.key }}", 'once: "${{ item.key }}-${{ jour }}"')
    assert [code for code, _ in bench.problems(steps)] == ["RB410"]


def test_the_same_key_for_every_item_would_do_only_the_first(bench: Any) -> None:
    steps = bench.created.replace("once: ${{ item.key }}", "once: inscription")
    assert bench.problems(steps) == [("RB428", "once: inscription")]


def test_what_is_counted_does_not_move_unless_a_period_is_declared(bench: Any) -> None:
    steps = bench.created + 'counts: {key: "${{ item.key }}-${{ run.date }}"}\n'
    assert [code for code, _ in bench.problems(steps)] == ["RB421"]
    bench.plan(bench.created + 'counts: {key: "${{ item.key }}-${{ run.date }}", period: month}\n')


def test_a_bad_row_is_only_left_out_of_a_group_that_is_taken_again(bench: Any) -> None:
    grouped = "group: {by: kind, as: lines}\n  bad_rows: row\n  key: ${{ item.kind }}"
    head = bench.head.replace("key: ${{ item.number }}", grouped)
    steps = bench.created.replace("item.last", "item.kind")
    assert bench.problems(steps, head=head) == [("RB470", "bad_rows: row")]
    bench.plan(steps, head=head + "again: each_run\n")


def test_a_once_key_holds_the_milestone(bench: Any) -> None:
    dated = 'milestones: {before: "${{ item.kind | to_date }}", at: [60 days, 30 days]}'
    head = bench.head.replace(
        "key: ${{ item.number }}", f"{dated}\n  key: ${{{{ item.number }}}}-${{{{ item.milestone }}}}"
    )
    bench.plan(bench.created, head=head)
    steps = bench.created.replace("once: ${{ item.key }}", "once: ${{ item.number }}")
    assert bench.problems(steps, head=head) == [("RB471", "once: ${{ item.number }}")]


def test_the_parts_that_are_counted_do_not_move_either(bench: Any) -> None:
    counts = """counts:
  each: "${{ [item.number, run.date] }}"
  as: l
  key: "${{ l.number }}"
"""
    assert bench.problems(bench.created + counts) == [("RB421", 'key: "${{ l.number }}"')]
    bench.plan(bench.created + counts + "  period: day\n")
