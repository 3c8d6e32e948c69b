"""The effect rules: each is a load error with its place."""

from __future__ import annotations

from typing import Any

import pytest

ONCE = """\
          - id: {id}
            once: ${{{{ item.key }}}}
            do:
              - page.open: https://a.exemple
              - page.submit: Enregistrer
            verify: dossier
"""


def once(name: str) -> str:
    return ONCE.format(id=name)


def test_a_submit_needs_once(bench: Any) -> None:
    steps = """\
        steps:
          - page.open: https://a.exemple
          - page.submit: Enregistrer
        """
    assert bench.problems(steps) == [("RB403", "- page.submit: Enregistrer")]


def test_an_action_raised_to_submit_needs_once_too(bench: Any) -> None:
    steps = """\
        steps:
          - page.open: https://a.exemple
          - page.click: Valider
            effect: submit
        """
    assert bench.problems(steps) == [("RB403", "- page.click: Valider")]


def test_an_effect_is_never_lowered(bench: Any) -> None:
    steps = """\
        steps:
          - page.open: https://a.exemple
          - page.next: Suivant
            effect: read
        """
    assert bench.problems(steps) == [("RB402", "effect: read")]


def test_drafts_may_stand_outside_a_once_block(bench: Any) -> None:
    bench.plan("steps:\n  - page.open: https://a.exemple\n  - page.next: Suivant\n")


def test_a_once_block_has_a_submit(bench: Any) -> None:
    steps = """\
        steps:
          - id: created
            once: ${{ item.key }}
            do: [{page.open: "https://a.exemple"}]
            verify: dossier
        """
    assert bench.problems(steps) == [("RB409", "once: ${{ item.key }}")]


def test_a_once_block_has_exactly_one_submit(bench: Any) -> None:
    steps = """\
        steps:
          - id: created
            once: ${{ item.key }}
            do:
              - page.open: https://a.exemple
              - page.submit: Un
              - page.submit: Deux
            verify: dossier
        """
    assert bench.problems(steps) == [("RB405", "- page.submit: Deux")]


@pytest.mark.parametrize(
    "last",
    [
        "- page.submit: Un\n              - page.click: Fermer",
        "- page.submit: Un\n                when: item.kind == 'x'",
    ],
    ids=["something follows", "it may be skipped"],
)
def test_the_submit_is_last_on_every_path(bench: Any, last: str) -> None:
    steps = f"""\
        steps:
          - id: created
            once: ${{{{ item.key }}}}
            do:
              - page.open: https://a.exemple
              {last}
            verify: dossier
        """
    assert bench.problems(steps) == [("RB406", "- page.submit: Un")]


def test_a_submit_in_a_plain_block_at_the_end_is_last(bench: Any) -> None:
    bench.plan("""\
        steps:
          - id: created
            once: ${{ item.key }}
            do:
              - page.open: https://a.exemple
              - do:
                  - page.fill: {Nom: a}
                  - page.submit: Un
            verify: dossier
        """)


def test_no_once_inside_once(bench: Any) -> None:
    steps = """\
        steps:
          - id: created
            once: ${{ item.key }}
            do:
              - page.open: https://a.exemple
              - page.submit: Un
                id: inner
                once: ${{ item.key }}
            verify: dossier
        """
    assert "RB404" in [code for code, _ in bench.problems(steps)]


@pytest.mark.parametrize("word", ["skip_if", "reject_if"])
def test_nothing_rejects_or_skips_after_the_first_effect(bench: Any, word: str) -> None:
    steps = "steps:\n" + once("created").replace("          -", "  -").replace("            ", "    ")
    steps += f"  - {word}: item.kind == 'x'\n    code: non\n    message: Non\n"
    assert bench.problems(steps) == [("RB407", f"- {word}: item.kind == 'x'")]


def test_inside_the_first_once_block_an_item_may_still_be_rejected(bench: Any) -> None:
    bench.plan("""\
        steps:
          - id: created
            once: ${{ item.key }}
            do:
              - page.open: https://a.exemple
              - reject_if: item.kind == 'x'
                code: non
                message: Non
              - page.submit: Un
            verify: dossier
        """)


@pytest.mark.parametrize("section", ["setup", "start"])
def test_setup_and_start_never_submit(bench: Any, section: str) -> None:
    steps = bench.created + f"{section}:\n  - page.open: https://a.exemple\n  - page.submit: Accepter\n"
    assert bench.problems(steps) == [("RB408", "- page.submit: Accepter")]


def test_once_without_verify_says_why(bench: Any) -> None:
    assert bench.problems(bench.created.replace("    verify: dossier\n", "")) == [("RB412", "once: ${{ item.key }}")]


def test_unverifiable_needs_something_that_tells_it_worked(bench: Any) -> None:
    reason = "    unverifiable: le portail ne garde rien\n"
    steps = bench.created.replace("    verify: dossier\n", reason)
    assert bench.problems(steps) == [("RB427", reason.strip())]
    bench.plan(steps + "    expect: {text: Merci}\n")


def test_a_receipt_holds_a_value(bench: Any) -> None:
    head = bench.head.replace("      read: {agdref: N° dossier, creator: Créé par}\n", "")
    assert bench.problems(head=head) == [("RB411", "verify: dossier")]
    bench.plan(bench.created + "    read: {agdref: N° dossier}\n", head=head)


def test_an_effect_has_an_id_of_its_own(bench: Any) -> None:
    steps = bench.created.replace("  - id: created\n    once", "  - once")
    assert bench.problems(steps) == [("RB424", "- once: ${{ item.key }}")]


def test_of_several_effects_that_prove_themselves_each_has_an_id(bench: Any) -> None:
    one, two = "  - mail.send: a@exemple.fr\n", "  - mail.send: b@exemple.fr\n"
    assert bench.problems(f"steps:\n{one}{two}") == [("RB424", one.strip()), ("RB424", two.strip())]
    bench.plan(f"steps:\n{one}" + "  - {id: told, mail.send: b@exemple.fr}\n")


def test_what_an_effect_was_called_no_other_one_is_or_was_called(bench: Any) -> None:
    first = "  - mail.send: a@exemple.fr\n"
    second = "  - id: told\n    was: mail.send\n    mail.send: b@exemple.fr\n"
    assert bench.problems(f"steps:\n{first}{second}") == [("RB213", "was: mail.send")]
    third = second.replace("told", "asked")
    assert bench.problems(f"steps:\n{second}{third}") == [("RB213", "was: mail.send")] * 2
    bench.plan(f"steps:\n{second}finish:\n{first}")


def test_an_effect_of_a_sequel_is_told_apart_from_those_of_the_steps(bench: Any) -> None:
    one, two = "  - mail.send: a@exemple.fr\n", "  - mail.send: b@exemple.fr\n"
    assert [code for code, _ in bench.problems(f"steps:\n{one}on_skipped:\n{two}")] == ["RB424", "RB424"]
    bench.plan(f"steps:\n{one}finish:\n{two}")


@pytest.mark.parametrize("line", ["settle: 5s", "was: old", "verify: dossier"])
def test_an_effect_that_proves_itself_takes_the_words_of_effects(bench: Any, line: str) -> None:
    bench.plan(f"steps:\n  - id: sent\n    mail.send: a@exemple.fr\n    {line}\n")


def test_an_effect_that_proves_itself_is_not_unverifiable(bench: Any) -> None:
    steps = "steps:\n  - mail.send: a@exemple.fr\n    unverifiable: non\n"
    assert bench.problems(steps) == [("RB431", "unverifiable: non")]


def test_nothing_rejects_after_an_effect_that_proves_itself(bench: Any) -> None:
    late = "  - reject_if: item.kind is missing\n    code: sans-motif\n"
    problems = bench.problems(f"steps:\n  - mail.send: a@exemple.fr\n{late}")
    assert problems == [("RB407", "- reject_if: item.kind is missing")]


def test_an_effect_is_not_optional(bench: Any) -> None:
    assert bench.problems(bench.created + "    optional: true\n") == [("RB425", "optional: true")]
    mail = "steps:\n  - mail.send: a@exemple.fr\n    optional: true\n"
    assert bench.problems(mail) == [("RB425", "optional: true")]


@pytest.mark.parametrize(
    ("line", "code"),
    [("settle: 5s", "RB419"), ("was: old", "RB419"), ("read: {a: Nom}", "RB420")],
)
def test_words_of_an_effect_belong_to_effects(bench: Any, line: str, code: str) -> None:
    steps = f"steps:\n  - page.open: https://a.exemple\n  - page.click: Continuer\n    {line}\n"
    found = bench.problems(steps)
    assert [line] == [place for _, place in found]
    assert all(each.startswith("RB") for each, _ in found)
    assert code in {each for each, _ in found}


def test_verify_ends_in_something_that_answers(bench: Any) -> None:
    steps = bench.created.replace("verify: dossier", "verify: {page.read: {x: Nom}}")
    assert "RB417" in [code for code, _ in bench.problems(steps)]


def test_looking_changes_nothing(bench: Any) -> None:
    look = '[{page.open: "https://a.exemple"}, {page.next: Suivant}, {page.find: {where: {a: b}, read: {n: N}}}]'
    steps = bench.created.replace("verify: dossier", f"verify: {look}")
    assert [code for code, _ in bench.problems(steps)] == ["RB414"]


@pytest.mark.parametrize(
    "how", ["{finder: dossier, found_if: find.dossier.found}", "{finder: dossier, absent_if: item.last == 'x'}"]
)
def test_found_and_absent_are_both_said(bench: Any, how: str) -> None:
    assert [code for code, _ in bench.problems(bench.created.replace("verify: dossier", f"verify: {how}"))] == ["RB415"]


def test_verify_and_unverifiable_exclude_each_other(bench: Any) -> None:
    assert bench.problems(bench.created + "    unverifiable: non\n") == [("RB431", "unverifiable: non")]


def test_done_by_names_an_effect(bench: Any) -> None:
    steps = bench.created + "  - page.open: https://a.exemple\n    id: later\ncounts: {done_by: later}\n"
    assert bench.problems(steps) == [("RB426", "counts: {done_by: later}")]


def test_all_problems_come_at_once_in_the_order_of_the_text(bench: Any) -> None:
    steps = """\
        setup:
          - page.open: https://a.exemple
          - page.submit: Accepter
        steps:
          - page.open: https://a.exemple
          - page.next: Suivant
            effect: read
          - page.submit: Enregistrer
        """
    assert [code for code, _ in bench.problems(steps)] == ["RB408", "RB402", "RB403"]
