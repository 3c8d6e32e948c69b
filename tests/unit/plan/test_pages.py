"""Each segment begins on a page of its own, because anything may begin again after a crash."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_segment_that_uses_a_page_opens_it(bench: Any) -> None:
    assert bench.problems("steps:\n  - page.fill: {Nom: a}\n") == [("RB416", "- page.fill: {Nom: a}")]


def test_the_segment_after_an_effect_opens_its_page_again(bench: Any) -> None:
    assert bench.problems(bench.created + "  - page.click: Fermer\n") == [("RB416", "- page.click: Fermer")]
    bench.plan(bench.created + "  - page.open: https://a.exemple\n  - page.click: Fermer\n")


def test_an_action_with_an_address_of_its_own_opens_a_page(bench: Any) -> None:
    bench.plan('steps:\n  - page.find: {at: "https://a.exemple", where: {a: b}}\n  - page.click: Voir\n')


def test_a_page_opened_under_a_condition_is_open_under_that_condition(bench: Any) -> None:
    opened = "steps:\n  - page.open: https://a.exemple\n    when: item.kind == 'x'\n"
    bench.plan(opened + "  - page.click: Voir\n    when: item.kind == 'x'\n")
    assert [code for code, _ in bench.problems(opened + "  - page.click: Voir\n")] == ["RB416"]


def test_with_page_kept_the_first_step_goes_on_where_the_last_item_ended(bench: Any) -> None:
    plan = bench.plan("sessions: {page: kept}\nsteps:\n  - page.fill: {Nom: a}\n")
    assert plan.sessions.slots == 1
    assert [
        code for code, _ in bench.problems("sessions: {page: kept, slots: 2}\nsteps:\n  - page.fill: {Nom: a}\n")
    ] == ["RB429"]


def test_an_exclusive_account_is_one_session_at_a_time(bench: Any) -> None:
    opened = "steps:\n  - page.open: https://a.exemple\n"
    assert bench.plan("sessions: {account: exclusive}\n" + opened).sessions.slots == 1
    told = bench.problems("sessions: {account: exclusive, slots: 2}\n" + opened)
    assert [code for code, _ in told] == ["RB479"]


def test_a_finder_has_an_address_because_it_may_be_asked_first(bench: Any) -> None:
    head = bench.head.replace("      at: ${{ inputs.portal }}/recherche\n", "")
    assert [code for code, _ in bench.problems(head=head)] == ["RB416"]


def test_a_verify_of_steps_opens_its_page(bench: Any) -> None:
    steps = bench.created.replace("verify: dossier", "verify: {page.find: {where: {a: b}, read: {n: N}}}")
    assert [code for code, _ in bench.problems(steps)] == ["RB416"]


@pytest.mark.parametrize(
    "line",
    ["when: find.dossier.found", "expect: {text: x}"],
    ids=["mentioned", "not mentioned"],
)
def test_a_finder_mentioned_in_the_middle_leaves_the_page(bench: Any, line: str) -> None:
    steps = f"steps:\n  - page.open: https://a.exemple\n  - page.click: Voir\n    {line}\n"
    if "find." in line:
        assert [code for code, _ in bench.problems(steps)] == ["RB430"]
    else:
        bench.plan(steps)


def test_a_finder_asked_before_the_page_is_opened_is_not_asked_again(bench: Any) -> None:
    bench.plan("""\
        steps:
          - skip_if: find.dossier.found
            code: there
            message: Déjà là
          - page.open: https://a.exemple
          - page.click: Voir
            when: find.dossier.agdref is missing
        """)


def test_the_conditions_of_a_block_around_an_effect_hold_for_its_steps(bench: Any) -> None:
    bench.plan("""\
        steps:
          - when: item.kind == 'x'
            do:
              - page.open: https://a.exemple
              - page.click: Voir
              - id: created
                once: ${{ item.key }}
                do:
                  - page.open: https://a.exemple
                  - page.submit: Enregistrer
                verify: dossier
        """)


def test_what_is_done_at_the_first_use_of_a_host_begins_on_a_page_of_its_own(bench: Any) -> None:
    hosts = "hosts: {a: {url: https://a.exemple}, b: {url: https://b.exemple}}\n"
    steps = "steps:\n  - page.open: https://a.exemple\n"
    opened = "setup:\n  a:\n    - page.open: https://a.exemple\n    - page.click: Entrer\n"
    plan = bench.plan(hosts + opened + steps)
    assert ([*plan.by_host], plan.every_session) == (["a"], ())
    told = bench.problems(f"{hosts}{opened}  b:\n    - page.click: Entrer\n{steps}")
    assert told == [("RB498", "b:"), ("RB416", "- page.click: Entrer")]


def test_a_host_is_set_up_without_effects_like_a_session(bench: Any) -> None:
    told = bench.problems(
        "hosts: {a: {url: https://a.exemple}}\nsetup:\n  a:\n    - page.open: https://a.exemple\n"
        "    - page.submit: Envoyer\nsteps:\n  - page.open: https://a.exemple\n"
    )
    assert told == [("RB408", "- page.submit: Envoyer")]
