"""How steps become segments, pieces and units."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from robo.model.base import Effect
from robo.model.process import StepKind
from robo.plan.model import Group, Piece, Plan


def shape(pieces: tuple[Piece, ...]) -> list[Any]:
    """Units as lists of action names (or kinds), groups as tuples."""
    return [
        tuple(shape(piece.pieces))
        if isinstance(piece, Group)
        else [step.action or step.kind.value for step in piece.steps]
        for piece in pieces
    ]


def once_of(plan: Plan, index: int = 0) -> Any:
    once = plan.segments[index].once
    assert once is not None
    return once


def test_a_segment_ends_with_its_effect_and_the_rest_is_one_without(bench: Any) -> None:
    plan = bench.plan(bench.created + '  - files.update_row: {set: {N° dossier: "${{ created.agdref }}"}}\n')
    assert [(segment.id, segment.once is not None) for segment in plan.segments] == [("created", True), ("end", False)]
    assert plan.done_by == "created"


def test_nothing_after_the_last_effect_means_no_empty_segment(bench: Any) -> None:
    assert [segment.id for segment in bench.plan().segments] == ["created"]


def test_a_process_without_effects_is_one_segment(bench: Any) -> None:
    plan = bench.plan("steps:\n  - page.open: https://a.exemple\n")
    assert [segment.once for segment in plan.segments] == [None]
    assert plan.done_by is None


def test_entries_directly_before_the_submit_travel_with_it(bench: Any) -> None:
    once = once_of(bench.plan())
    assert shape(once.body) == [["page.open"]]
    assert [step.action for step in once.entries] == ["page.fill"]
    assert once.submit.action == "page.submit"


def test_consecutive_entries_are_one_unit(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - page.open: https://a.exemple
          - page.fill: {Nom: a}
          - page.fill: {Prénom: b}
          - page.next: Suivant
          - page.fill: {Motif: c}
        """)
    assert shape(plan.segments[0].lead) == [
        ["page.open"], ["page.fill", "page.fill"], ["page.next"], ["page.fill"],
    ]  # fmt: skip


def test_an_entry_that_waits_for_something_or_may_be_skipped_stands_alone(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - page.open: https://a.exemple
          - page.fill: {Nom: a}
          - page.fill: {Prénom: b}
            when: item.kind == 'x'
          - page.fill: {Motif: c}
            expect: {text: Merci}
          - page.fill: {Ville: d}
        """)
    assert shape(plan.segments[0].lead) == [
        ["page.open"], ["page.fill"], ["page.fill"], ["page.fill"], ["page.fill"],
    ]  # fmt: skip


def test_a_block_without_once_is_a_group(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - when: item.kind == 'x'
            do:
              - page.open: https://a.exemple
              - page.fill: {Nom: a}
              - page.fill: {Ville: b}
        """)
    (group,) = plan.segments[0].lead
    assert isinstance(group, Group)
    assert shape(group.pieces) == [["page.open"], ["page.fill", "page.fill"]]


def test_the_place_of_a_block_moves_into_its_steps(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - page.open: https://a.exemple
          - within: {section: Identité}
            do:
              - page.click: Modifier
              - page.click: Enregistrer
                within: {dialog: Nom}
        """)
    group = plan.segments[0].lead[1]
    assert isinstance(group, Group)
    assert group.step.within is None
    assert [step.within for unit in group.pieces for step in unit.steps] == [
        {"section": "Identité"},
        {"dialog": "Nom", "within": {"section": "Identité"}},
    ]


def test_a_place_that_cannot_be_nested_stays_with_the_block(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - page.open: https://a.exemple
          - within: {section: Identité}
            do:
              - page.click: Modifier
                within: Adresse
        """)
    group = plan.segments[0].lead[1]
    assert isinstance(group, Group)
    assert group.step.within == {"section": "Identité"}


def test_a_block_around_an_effect_decides_its_condition_once(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - id: only_x
            when: item.kind == 'x'
            do:
              - id: created
                once: ${{ item.key }}
                verify: dossier
                do:
                  - page.open: https://a.exemple
                  - page.submit: Enregistrer
              - page.open: https://a.exemple/fin
                when: item.last is not missing
        """)
    first, last = plan.segments
    (decision,) = first.lead[0].steps
    assert decision.kind is StepKind.SET
    assert set(decision.assign) == {"when_only_x"}
    assert once_of(plan).step.when.source == "when_only_x"
    assert last.lead[0].steps[0].when.source == "when_only_x and (item.last is not missing)"


def test_what_the_block_says_about_the_answer_is_the_submits(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - id: created
            once: ${{ item.key }}
            settle: 5s
            do:
              - page.open: https://a.exemple
              - page.submit: Enregistrer
                expect: {text: Merci}
            read: {agdref: N° dossier}
            refused: [{text: Déjà là, code: already-known}]
            verify: dossier
        """)
    once = once_of(plan)
    assert once.submit.read == {"agdref": "N° dossier"}
    assert [refusal.code for refusal in once.submit.refused] == ["already-known"]
    assert once.submit.expect == ({"text": "Merci"},)
    assert once.settle == timedelta(seconds=5)


def test_an_action_may_carry_once_itself_and_keeps_the_page_it_needs_after_verify(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - set: {x: "${{ item.last }}"}
          - page.open: https://a.exemple
          - page.fill: {Nom: "${{ x }}"}
          - page.submit: Enregistrer
            id: created
            once: ${{ item.key }}
            verify: dossier
        """)
    (segment,) = plan.segments
    assert shape(segment.lead) == [["set"]]
    assert shape(once_of(plan).body) == [["page.open"]]
    assert [step.action for step in once_of(plan).entries] == ["page.fill"]
    assert once_of(plan).submit is once_of(plan).step


def test_when_verify_is_asked_only_afterwards_the_lead_stays_where_it_is(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - page.open: https://a.exemple
          - page.submit: Enregistrer
            id: created
            once: ${{ item.key }}
            verify: {finder: dossier, asks: after}
        """)
    assert shape(plan.segments[0].lead) == [["page.open"]]


def test_every_step_has_its_final_effect_and_time_out(bench: Any) -> None:
    plan = bench.plan("""\
        steps:
          - page.open: https://a.exemple
          - page.click: Continuer
            effect: draft
            timeout: 3s
        """)
    opened, clicked = (unit.steps[0] for unit in plan.segments[0].lead)
    assert (opened.effect, opened.timeout) == (Effect.READ, timedelta(seconds=10))
    assert (clicked.effect, clicked.timeout) == (Effect.DRAFT, timedelta(seconds=3))


def test_an_action_with_a_built_in_proof_closes_a_segment_without_once(bench: Any) -> None:
    plan = bench.plan("steps:\n  - mail.send: a@exemple.fr\n")
    once = once_of(plan)
    assert once.key.source == "${{ item.key }}"
    assert once.verify is None


def test_it_is_known_by_its_action_wherever_it_stands(bench: Any) -> None:
    sent = bench.plan("steps:\n  - page.open: https://a.exemple\n  - mail.send: a@exemple.fr\n")
    assert (once_of(sent).id, sent.segments[0].id) == ("mail.send", "mail.send")
    named = bench.plan("steps:\n  - {id: sent, was: mail.send, mail.send: a@exemple.fr}\n")
    assert (once_of(named).id, once_of(named).was) == ("sent", ("mail.send",))


def test_a_proof_that_needs_a_parameter_holds_only_with_it(bench: Any) -> None:
    assert once_of(bench.plan("steps:\n  - web.post: {url: a, key: k}\n")).id == "web.post"
    assert [code for code, _ in bench.problems("steps:\n  - web.post: {url: a}\n")] == ["RB403"]


def test_in_finish_it_happens_once_a_run(bench: Any) -> None:
    plan = bench.plan(bench.created + "finish:\n  - mail.send: a@exemple.fr\n")
    assert plan.finish[0].once is not None
    assert plan.finish[0].once.key.source == "${{ run.id }}"


def test_outputs_of_an_effect_are_what_answer_and_verify_both_read(bench: Any) -> None:
    text = bench.created + "    read: {agdref: N° dossier, date: Enregistrée le}\n"
    assert once_of(bench.plan(text)).outputs == ("created.agdref",)
    assert once_of(bench.plan()).outputs == ("created.agdref", "created.creator")
