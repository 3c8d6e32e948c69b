from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import create_model

from robo.definition import keys
from robo.definition.diagnostics import Diagnostic
from robo.definition.loading import check_process, load_process
from robo.errors import DefinitionError, UsageError
from robo.model.base import Effect
from robo.model.process import Kind, Process, StepKind
from robo.model.text import Expr, Template
from robo.sdk.action import ActionSpec, Params

Check = Callable[[str], tuple[Process | None, tuple[Diagnostic, ...]]]
Load = Callable[[str], Process]

HEAD = "robo: 1\nprocess: essai\ntitle: Essai\n"
ITEMS = """
items:
  from: {files.rows: {file: a.xlsx}}
  fields: {number: N°, born: {column: Né le, type: date}, note: {column: Note, required: false}}
  key: ${{ item.number }}
"""
FINDER = 'finders: {dossier: {browser.find_row: {where: {N°: "${{ item.number }}"}, read: {numero: N°}}}}\n'
STEP = "steps:\n  - browser.open: https://exemple.fr\n"
SAMPLE = sorted((Path(__file__).parent / "corpus" / "valid").glob("*.yaml"))


def _codes(check: Check, text: str) -> list[str]:
    return [found.code for found in check(text)[1]]


def test_what_is_not_said_has_the_documented_default(load: Load) -> None:
    process = load(HEAD + STEP)
    assert (process.version, process.decision_role, process.again, process.owner) == ("0.1.0", "none", "never", "")
    assert (process.limits.items, process.limits.effects, process.limits.rows) == (500, 500, 5000)
    assert process.limits.stop_after.model_dump() == {
        "failed_in_a_row": 5,
        "rejected_percent": 30,
        "rejected_after": 20,
        "unknown": 3,
    }
    assert process.on_failure.model_dump() == {
        "retry": 2,
        "wait": timedelta(seconds=30),
        "backoff": 2,
        "keep": ("screenshot", "snapshot"),
    }
    assert process.sessions.model_dump() == {"span": "worker", "page": "opened", "slots": None, "account": "shared"}
    assert process.counts.unit == "item"
    assert process.items is None


def test_the_digest_is_of_the_bytes_and_positions_lead_back_to_the_text(load: Load) -> None:
    text = HEAD + STEP
    process = load(text)
    assert process.digest == hashlib.sha256(text.encode()).hexdigest()
    assert str(process.positions["title",]) == "process.yaml:3:8"
    assert str(process.positions["steps", 0, "browser.open"]) == "process.yaml:5:5"
    assert process.lines[4] == "  - browser.open: https://exemple.fr"


def test_fields_have_a_short_and_a_long_form(load: Load) -> None:
    items = load(HEAD + ITEMS + STEP).items
    assert items is not None
    number, born, note = items.fields
    assert (number.column, number.type, number.required) == ("N°", Kind.STR, True)
    assert (born.column, born.type) == ("Né le", Kind.DATE)
    assert note.required is False
    assert items.key == Template("${{ item.number }}", (Expr("item.number"),))
    assert items.source.action == "files.rows"


def test_steps_without_an_id_get_a_stable_one_from_their_place(load: Load) -> None:
    process = load(
        HEAD
        + "setup: [{browser.click: A}]\nfinish: [{browser.click: A}]\n"
        + "steps:\n  - browser.click: A\n  - do: [{browser.click: A}, {do: [{browser.click: B}]}]\n"
        + "  - {id: nommé, do: [{browser.click: A}]}\n"
    )
    assert [step.id for step in process.setup + process.finish] == ["setup1", "finish1"]
    assert [step.id for step in process.steps] == ["s1", "s2", "nommé"]
    assert [step.id for step in process.steps[1].do] == ["s2-1", "s2-2"]
    assert [step.id for step in process.steps[1].do[1].do] == ["s2-2-1"]
    assert [step.id for step in process.steps[2].do] == ["nommé-1"]
    assert [step.named for step in process.steps] == [False, False, True]


def test_a_generated_id_gives_way_to_a_given_one(load: Load) -> None:
    process = load(HEAD + "steps:\n  - browser.click: A\n  - {id: s1, browser.click: B}\n")
    assert [step.id for step in process.steps] == ["s1-bis", "s1"]


def test_an_action_keeps_its_parameters_as_they_were_written(load: Load) -> None:
    (step,) = load(HEAD + ITEMS + 'steps: [{browser.fill: {Nom: "${{ item.number }}", Âge: "12"}}]').steps
    assert step.kind is StepKind.ACTION
    assert step.params == {"Nom": Template("${{ item.number }}", (Expr("item.number"),)), "Âge": "12"}


def test_the_keys_of_a_step_are_typed(load: Load) -> None:
    (step,) = load(
        HEAD
        + "steps: [{browser.click: A, timeout: 20s, effect: draft, confirm: accept, optional: oui, "
        + "within: {dialog: D}, expect: [A, {heading: B}], read: {n: N°}, title: Cliquer}]"
    ).steps
    assert (step.timeout, step.effect, step.confirm, step.optional) == (
        timedelta(seconds=20),
        Effect.DRAFT,
        "accept",
        True,
    )
    assert (step.within, step.expect, step.read) == ({"dialog": "D"}, ("A", {"heading": "B"}), {"n": "N°"})


@pytest.mark.parametrize(
    ("written", "finder", "steps", "asks"),
    [
        ("dossier", "dossier", 0, "before and after"),
        ("{finder: dossier, asks: after}", "dossier", 0, "after"),
        ("[dossier, {ours_if: find.dossier.numero == item.number}]", "dossier", 0, "before and after"),
        ("{browser.find_row: {where: {a: b}, read: {n: N}}, ours_if: last.n == 'x'}", None, 1, "before and after"),
        (
            (
                "[{browser.open: https://exemple.fr}, {id: vu, browser.read: {n: N}}, "
                "{found_if: vu.n == 'x', absent_if: vu.n is missing}]"
            ),
            None,
            2,
            "before and after",
        ),
    ],
)
def test_verify_is_a_finder_an_action_or_a_list(
    load: Load, written: str, finder: str | None, steps: int, asks: str
) -> None:
    (step,) = load(
        HEAD
        + ITEMS
        + FINDER
        + f'steps: [{{id: a, once: "${{{{ item.key }}}}", browser.submit: OK, verify: {written}}}]'
    ).steps
    assert step.verify is not None
    assert (step.verify.finder, len(step.verify.steps), step.verify.asks) == (finder, steps, asks)
    assert step.verify.path == ("steps", 0, "verify")


def test_a_refusal_has_its_target_apart_from_its_code(load: Load) -> None:
    (step,) = load(
        HEAD + "steps: [{browser.next: Suivant, refused: {text: Non, nth: 2, code: non, says: Refusé}}]"
    ).steps
    (refusal,) = step.refused
    assert (refusal.target, refusal.code, refusal.says) == ({"text": "Non", "nth": "2"}, "non", "Refusé")


def test_a_secret_an_action_names_is_a_password_unless_declared_otherwise(load: Load) -> None:
    login = "{browser.login: {at: https://exemple.fr, secret: %s, username: A, password: B, button: C}}"
    process = load(
        HEAD + "secrets: {carte: {kind: password}}\n" + f"setup: [{login % 'portal'}, {login % 'carte'}]\n" + STEP
    )
    assert {name: need.kind for name, need in process.secrets.items()} == {"portal": "password", "carte": "password"}


def test_the_id_of_a_process_is_the_name_of_its_folder(actions: Mapping[str, ActionSpec]) -> None:
    process, problems = check_process("processes/saisir/process.yaml", HEAD + STEP, actions=actions)
    assert process is None
    assert [(str(each), each.meant) for each in problems] == [
        ("processes/saisir/process.yaml:2:10: RB201 essai is not the name of its folder", "saisir")
    ]


def test_conditions_stand_bare_or_in_braces(load: Load) -> None:
    steps = load(
        HEAD + ITEMS + "steps: [{skip_if: item.note is missing}, {skip_if: '${{ item.note is missing }}'}]"
    ).steps
    assert [step.condition for step in steps] == [Expr("item.note is missing")] * 2


def test_results_of_steps_are_known_by_name_and_type(check: Check) -> None:
    text = HEAD + "steps:\n  - {id: lu, browser.read: {total: {field: Total, type: money}, nom: Nom}}\n"
    assert _codes(check, text + "  - skip_if: lu.total > 3\n") == []
    assert _codes(check, text + "  - skip_if: lu.nom > 3\n") == ["RB308"]
    assert _codes(check, text + "  - skip_if: lu.date > 3\n") == ["RB304"]


def test_what_a_once_step_reads_or_verifies_can_be_read_later(check: Check) -> None:
    once = 'steps:\n  - {id: a, once: "${{ item.key }}", browser.submit: OK, verify: dossier, read: {recu: N°}}\n'
    for name, codes in {"numero": [], "recu": [], "autre": ["RB304"], "found": ["RB304"]}.items():
        assert _codes(check, HEAD + ITEMS + FINDER + once + f"  - skip_if: a.{name} is missing\n") == codes


def test_a_step_that_is_not_understood_does_not_cause_more_problems_below(check: Check) -> None:
    text = HEAD + "steps:\n  - {id: lu, browser.raed: {n: N°}}\n  - skip_if: lu.n is missing\n"
    assert _codes(check, text) == ["RB209"]


def test_a_broken_value_does_not_cause_a_second_problem(check: Check) -> None:
    assert _codes(check, HEAD + "steps:\n  - browser.click:\n") == ["RB118"]
    assert _codes(check, HEAD + "inputs:\n  a: {type: }\n" + STEP) == ["RB118"]


def test_loading_raises_every_problem_at_once_and_checking_returns_them(actions: Mapping[str, ActionSpec]) -> None:
    text = HEAD.replace("title", "titel") + "steps: [{browser.opne: x}]"
    with pytest.raises(DefinitionError) as raised:
        load_process("p.yaml", text, actions=actions)
    process, problems = check_process("p.yaml", text, actions=actions)
    assert process is None
    assert raised.value.diagnostics == problems
    assert [found.code for found in problems] == ["RB203", "RB209"]


def test_a_file_is_read_from_the_disk_and_one_that_is_not_there_is_told(
    actions: Mapping[str, ActionSpec], tmp_path: Path
) -> None:
    file = tmp_path / "essai" / "process.yaml"
    file.parent.mkdir()
    file.write_text(HEAD + STEP, encoding="utf-8")
    assert load_process(file, actions=actions).id == "essai"
    with pytest.raises(UsageError) as raised:
        load_process(tmp_path / "none.yaml", actions=actions)
    assert raised.value.code == "RB120"


KEYS = st.sampled_from(
    sorted(
        {key for group in vars(keys).values() if isinstance(group, tuple) for key in group}
        | {"browser.fill", "browser.read", "browser.click", "files.rows", "mail.send", "after", "kind", "button", "x"}
    )
)
VALUES = st.recursive(
    st.sampled_from(
        ["1", "x", "${{ item.x }}", "item.x == 1", "int", "20s", "oui", "https://a.fr", "''", "${{", "30 %"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: "[" + ", ".join(map(_flow, parts)) + "]"),
        st.dictionaries(KEYS, inner, max_size=4).map(
            lambda parts: "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in parts.items()) + "}"
        ),
    ),
    max_leaves=12,
)


def _flow(text: str) -> str:
    return text if text[:1] in "[{'" else f"'{text}'"


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_no_definition_makes_the_loader_fail_in_another_way(
    actions: Mapping[str, ActionSpec], parts: dict[str, Any]
) -> None:
    text = HEAD + "".join(f"{key}: {_flow(value)}\n" for key, value in parts.items() if key not in HEAD)
    process, problems = check_process("f.yaml", text, actions=actions)
    assert (process is None) == bool(problems)
    for found in problems:
        assert found.text()


@pytest.mark.parametrize("file", SAMPLE[:8], ids=lambda file: file.stem)
def test_a_small_process_loads_in_milliseconds(file: Path, actions: Mapping[str, ActionSpec]) -> None:
    text = file.read_text(encoding="utf-8")
    check_process("f.yaml", text, actions=actions)
    started = time.process_time()
    check_process("f.yaml", text + "# another text\n", actions=actions)
    assert time.process_time() - started < 0.06


def test_the_same_text_is_read_once_for_the_same_actions_only(actions: Mapping[str, ActionSpec]) -> None:
    text = HEAD + STEP
    first, _ = check_process("f.yaml", text, actions=actions)
    assert check_process("f.yaml", text, actions=actions)[0] is first
    fewer = {name: spec for name, spec in actions.items() if name != "browser.open"}
    assert [found.code for found in check_process("f.yaml", text, actions=fewer)[1]] == ["RB209"]
    assert check_process("g.yaml", text, actions=actions)[0] != first


WORDS = st.sampled_from(["x", "''", "[]", "{}", "[a]", "{a: b}", "${{ item.x }}", "~", "12", "{", "]", ":", "- a", "#"])


@given(st.sampled_from(SAMPLE), st.integers(0, 400), WORDS, st.booleans())
def test_no_slip_in_a_good_definition_makes_the_loader_fail_in_another_way(
    actions: Mapping[str, ActionSpec], file: Path, place: int, word: str, whole_line: bool
) -> None:
    text = file.read_text(encoding="utf-8")
    parts = re.split(r"(\n)" if whole_line else r"([\s,{}\[\]]+)", text)
    parts[place % len(parts)] = word
    process, problems = check_process("f.yaml", "".join(parts), actions=actions)
    assert (process is None) == bool(problems)
    for found in problems:
        assert found.text()
        assert found.as_json()


def test_what_an_action_awaits_itself_is_no_key_beside_it(actions: Mapping[str, ActionSpec]) -> None:
    asked = create_model("Asked", __base__=Params, expect=(str, ""))
    asks = actions["mail.send"].model_copy(update={"name": "http.get", "params": asked, "effect": Effect.READ})
    text = f"{HEAD}steps:\n  - http.get: {{expect: '200'}}\n    expect: [200]\n"
    _, (told,) = check_process("process.yaml", text, actions={**actions, "http.get": asks})
    assert (told.code, told.remedy) == ("RB214", "write it inside: `%(word)s: {%(key)s: …}`")
