"""A region changes what the author opened, and nothing that protects."""

from __future__ import annotations

from typing import Any

import pytest

from robo.definition.versions import satisfies
from robo.model.base import Environment


def test_an_input_marked_overlay_takes_the_regions_value(bench: Any) -> None:
    plan = bench.plan(region=bench.overlay("inputs: {portal: 'https://ici.exemple'}"))
    assert plan.inputs["portal"].default == "https://ici.exemple"


def test_an_input_not_marked_is_refused(bench: Any) -> None:
    assert bench.problems(region=bench.overlay("inputs: {quiet: y}")) == [("RB440", "inputs: {quiet: y}")]


def test_a_misspelt_input_gets_a_suggestion(bench: Any) -> None:
    assert "did you mean: portal" in bench.messages(region=bench.overlay("inputs: {portall: y}"))


def test_a_value_of_another_type_is_refused_where_it_stands(bench: Any) -> None:
    assert bench.problems(region=bench.overlay("inputs: {portal: pas une adresse}")) == [
        ("RB452", "inputs: {portal: pas une adresse}")
    ]


def test_a_table_is_extended_only_if_its_author_opened_it(bench: Any) -> None:
    plan = bench.plan(region=bench.overlay("tables: {pays: {Surinamaise: SUR}}"))
    assert plan.tables["pays"] == {"Britannique": "GBR", "Surinamaise": "SUR"}
    assert [code for code, _ in bench.problems(region=bench.overlay("tables: {fixe: {a: c}}"))] == ["RB442"]
    assert [code for code, _ in bench.problems(region=bench.overlay("tables: {payz: {a: c}}"))] == ["RB443"]


def test_extending_a_table_never_changes_a_row_of_its_author(bench: Any) -> None:
    assert bench.problems(region=bench.overlay("tables: {pays: {Britannique: XXX, Surinamaise: SUR}}")) == [
        ("RB449", "tables: {pays: {Britannique: XXX, Surinamaise: SUR}}")
    ]
    same = bench.plan(region=bench.overlay("tables: {pays: {rows: {Britannique: GBR}}}"))
    assert same.tables["pays"] == {"Britannique": "GBR"}


def test_a_table_that_may_be_replaced_holds_only_the_regions_rows(bench: Any) -> None:
    head = bench.head.replace("overlay: extend", "overlay: replace")
    assert bench.plan(head=head, region=bench.overlay("tables: {pays: {a: b}}")).tables["pays"] == {"a": "b"}


def test_a_label_changes_pages_everywhere_and_workbooks_nowhere(bench: Any) -> None:
    steps = bench.created + '  - files.update_row: {set: {N° dossier: "${{ created.agdref }}"}}\n'
    plan = bench.plan(
        steps, region=bench.overlay("labels: [{from: N° dossier, to: Numéro}, {from: Nom, to: Nom de famille}]")
    )
    assert plan.finders["dossier"].step.params["read"]["agdref"] == "Numéro"
    once = plan.segments[0].once
    assert set(once.entries[0].params) == {"Nom de famille"}
    assert set(plan.segments[1].lead[0].steps[0].params["set"]) == {"N° dossier"}


def test_what_is_entered_is_never_relabelled(bench: Any) -> None:
    steps = bench.created.replace('{Nom: "${{ item.last }}"}', "{Nom: Nom}")
    plan = bench.plan(steps, region=bench.overlay("labels: [{from: Nom, to: Nom de famille}]"))
    assert plan.segments[0].once.entries[0].params == {"Nom de famille": "Nom"}


def test_labels_do_not_chain(bench: Any) -> None:
    steps = bench.created.replace('{Nom: "${{ item.last }}"}', "{Nom: a, Prénom: b}")
    plan = bench.plan(steps, region=bench.overlay("labels: [{from: Nom, to: Prénom}, {from: Prénom, to: Nom}]"))
    assert plan.segments[0].once.entries[0].params == {"Prénom": "a", "Nom": "b"}


def test_a_label_may_change_in_one_step_only(bench: Any) -> None:
    steps = """\
        steps:
          - page.open: https://a.exemple
          - page.click: Voir
          - id: second
            page.click: Voir
        """
    plan = bench.plan(steps, region=bench.overlay("labels: [{from: Voir, to: Consulter, step: second}]"))
    assert [unit.steps[0].params for unit in plan.segments[0].lead[1:]] == ["Voir", "Consulter"]


def test_a_label_that_stands_nowhere_is_an_error_with_a_suggestion(bench: Any) -> None:
    text = bench.messages(region=bench.overlay("labels: [{from: Enregister, to: Valider}]"))
    assert "RB444" in text
    assert "did you mean: Enregistrer" in text


def test_the_label_of_a_submit_needs_a_reason_and_a_second_person(bench: Any) -> None:
    found = bench.problems(region=bench.overlay("labels: [{from: Enregistrer, to: Valider, why: constaté}]"))
    assert [code for code, _ in found] == ["RB445"]
    region = bench.overlay("labels: [{from: Enregistrer, to: Valider, why: constaté, second: cheffe}]")
    assert bench.plan(region=region).segments[0].once.submit.params == "Valider"


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ("[{from: Nom, to: A}, {from: Nom, to: B}]", "RB446"),
        ("[{from: Nom, to: Prénom}]", "RB447"),
        ("[{from: Nom, to: A, step: nowhere}]", "RB448"),
    ],
    ids=["twice", "two fields become one", "no such step"],
)
def test_labels_that_cannot_be_meant_are_refused(bench: Any, labels: str, code: str) -> None:
    steps = bench.created.replace('{Nom: "${{ item.last }}"}', "{Nom: a, Prénom: b}")
    assert code in [each for each, _ in bench.problems(steps, region=bench.overlay(f"labels: {labels}"))]


def test_the_version_the_region_uses_is_the_one_that_is_here(bench: Any) -> None:
    assert [code for code, _ in bench.problems(region=bench.overlay("use: ^1.2"))] == ["RB453"]
    bench.plan(region=bench.overlay("use: ^0.1"))


@pytest.mark.parametrize(
    ("version", "wanted", "answer"),
    [
        ("1.4.2", "^1.2", True),
        ("1.1.9", "^1.2", False),
        ("2.0.0", "^1.2", False),
        ("0.1.5", "^0.1", True),
        ("0.2.0", "^0.1", False),
        ("0.1.0", "^0", True),
        ("1.0.0", "^0", False),
        ("0.0.3", "^0.0", True),
        ("0.0.3", "^0.0.2", False),
        ("1.4.2", "1.4", True),
        ("1.4.2", "1.4.1", False),
        ("3.0.0", "*", True),
        ("1.4.0-rc.1", "^1.2", False),
        ("1.4.0-rc.1", "*", True),
    ],
)
def test_a_caret_keeps_the_first_number_that_is_not_zero(version: str, wanted: str, answer: bool) -> None:
    assert satisfies(version, wanted) is answer


def test_the_regions_settings_and_grants_are_the_plans(bench: Any) -> None:
    plan = bench.plan(
        region="""\
        robo: 1
        region: ici
        title: Ici
        zone: America/Cayenne
        holidays: "973"
        date_format: yyyy-mm-dd
        grants: {hosts: {"https://Portail.Exemple:443": production, "http://localhost:8000": test}}
        """
    )
    assert (plan.region, plan.zone, plan.holidays, plan.date_format) == ("ici", "America/Cayenne", "973", "%Y-%m-%d")
    assert plan.grants == {
        "https://portail.exemple": Environment.PRODUCTION,
        "http://localhost:8000": Environment.TEST,
    }
