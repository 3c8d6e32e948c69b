"""What is used later is always there."""

from __future__ import annotations

from typing import Any

import pytest

NOTE = '  - files.update_row: {{set: {{N° dossier: "${{{{ {value} }}}}"}}}}\n'


def note(value: str) -> str:
    return NOTE.format(value=value)


def test_an_output_read_only_from_the_answer_is_lost_in_a_crash(bench: Any) -> None:
    steps = bench.created + "    read: {agdref: N° dossier, date: Enregistrée le}\n" + note("created.date")
    assert [code for code, _ in bench.problems(steps)] == ["RB422"]
    bench.plan(steps.replace("created.date", "created.agdref"))


def test_an_output_that_only_verify_reads_needs_no_answer(bench: Any) -> None:
    bench.plan(bench.created + note("created.creator"))


def test_a_step_that_may_be_skipped_gives_nothing_for_certain(bench: Any) -> None:
    read = "  - page.open: https://a.exemple\n  - id: seen\n    page.read: {n: Numéro}\n    when: item.kind == 'x'\n"
    assert [code for code, _ in bench.problems("steps:\n" + read + note("seen.n"))] == ["RB423"]
    bench.plan("steps:\n" + read + note("seen.n | default('')"))
    bench.plan("steps:\n" + read + note("seen.n") + "    when: item.kind == 'x'\n")


def test_a_variable_set_under_a_condition_is_not_always_there(bench: Any) -> None:
    steps = "steps:\n  - set: {x: a}\n    when: item.kind == 'x'\n"
    assert [code for code, _ in bench.problems(steps + note("x"))] == ["RB423"]


def test_inside_one_conditional_block_everything_is_there(bench: Any) -> None:
    bench.plan("""\
        steps:
          - when: item.kind == 'x'
            do:
              - set: {x: a}
              - files.update_row: {set: {N°: "${{ x }}"}}
        """)


def test_what_an_optional_step_reads_may_be_missing(bench: Any) -> None:
    steps = (
        "steps:\n  - page.open: https://a.exemple\n  - id: seen\n    page.read: {n: Numéro}\n    optional: true\n"
        + note("seen.n")
    )
    assert [code for code, _ in bench.problems(steps)] == ["RB423"]


READ = "steps:\n  - page.open: https://a.exemple\n  - id: seen\n    page.read: {n: Numéro}\n    optional: true\n"


@pytest.mark.parametrize(
    ("end", "codes"),
    [
        ("  - {reject_if: seen.n is missing, code: no}\n", []),
        ("  - {skip_if: item.kind == 'a or b' or seen is missing, code: no}\n", []),
        ("  - {check: [{not: seen.n is missing, code: no}], else: reject}\n", []),
        ("  - {hand_over_if: seen.n is missing, code: no}\n", ["RB423"]),
        ("  - {check: [{not: seen.n is missing, code: no}], else: continue}\n", ["RB423"]),
        ("  - {reject_if: seen.n is missing and item.kind == 'a', code: no}\n", ["RB423"]),
        ("  - {reject_if: not (item.kind == 'a' or seen is missing), code: no}\n", ["RB423"]),
        ("  - {reject_if: seen.n is missing, code: no, when: item.kind == 'x'}\n", ["RB423"]),
        (
            "  - {for_each: \"${{ item.kind | split(',') }}\", as: k, do: [{reject_if: seen.n is missing, code: n}]}\n",
            ["RB423"],
        ),
    ],
)
def test_behind_a_step_that_ends_the_item_without_it_a_value_is_there(bench: Any, end: str, codes: list[str]) -> None:
    steps = READ + end + note("seen.n")
    assert ([code for code, _ in bench.problems(steps)] if codes else bench.plan(steps) and []) == codes
