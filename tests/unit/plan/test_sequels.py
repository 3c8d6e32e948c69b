"""What may be done about an item that has ended already."""

from __future__ import annotations

from typing import Any

import pytest

from robo.plan.columns import noted_columns, written_columns
from robo.plan.manual import manual

NOTED = """\
on_rejected:
  - set: {why: "${{ item.code }}"}
  - files.update_row: {set: {Motif: "${{ why }}"}}
on_skipped:
  - when: item.code != 'already-done'
    mail.send: {to: chef@exemple.fr, subject: Laissée}
"""


def test_local_steps_and_those_with_a_proof_follow_an_end(bench: Any) -> None:
    plan = bench.plan(bench.created + NOTED)
    assert [(outcome, [each.id for each in segments]) for outcome, segments in plan.sequels.items()] == [
        ("rejected", ["end"]),
        ("skipped", ["mail.send"]),
    ]
    assert {"files", "mail", "page"} == set(plan.runners)
    assert plan.done_by == "created"
    assert plan.where("rejected2").startswith("essai.yaml:")


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("skip_if: item.number == 'x'", "RB472"),
        ("{reject_if: item.number == 'x', code: mineur}", "RB472"),
        ("{do: [{page.open: x}, {page.next: Suivant}]}", "RB473"),
        ('{id: sent, once: "${{ item.key }}", mail.send: a@exemple.fr}', "RB473"),
        ("{do: [{page.open: x}, {page.submit: Envoyer}]}", "RB473"),
    ],
)
def test_nothing_that_decides_or_submits_follows_an_end(bench: Any, step: str, code: str) -> None:
    assert [code for code, _ in bench.problems(bench.created + f"on_skipped:\n  - {step}\n")] == [code]


def test_a_page_is_opened_there_as_anywhere(bench: Any) -> None:
    assert [code for code, _ in bench.problems(bench.created + "on_rejected: [{page.fill: {a: b}}]\n")] == ["RB416"]


def test_the_digest_of_a_plan_knows_what_follows(bench: Any) -> None:
    bare, noted = bench.plan(bench.created), bench.plan(bench.created + NOTED)
    assert bare.digest != noted.digest


def test_the_columns_of_notes_are_wanted_and_known(bench: Any) -> None:
    steps = bench.created + '  - files.update_row: {set: {Reçu: oui, Motif: ""}}\n'
    assert written_columns(bench.plan(bench.created + NOTED)) == ("Motif",)
    assert noted_columns(bench.plan(bench.created + NOTED)) == ("Motif",)
    assert noted_columns(bench.plan(steps + NOTED)) == ()


def test_the_manual_says_what_follows(bench: Any) -> None:
    chapters = {
        each.title: [sentence.text for sentence in each.sentences] for each in manual(bench.plan(bench.created + NOTED))
    }
    assert chapters["When a row was set aside"] == [
        "Note: « why » = the reason.",
        "In the column « Motif » of the row write « why ».",
    ]
    assert chapters["When a row was left"] == [
        "If the reason is not « already-done »: Write a mail to « chef@exemple.fr » with the subject « Laissée », once:"
    ]
