"""The editor's schema: it knows every key and action, tells what each is for, and never complains of what is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from robo.cli.schema import process_schema
from robo.definition import keys
from robo.services.guests import installed_actions
from tests.unit.cli.test_docs import WHOLE
from tests.unit.definition.conftest import CATALOGUE

ROOT = Path(__file__).parents[3]
HEAD = "robo: 1\nprocess: essai\ntitle: Essai\n"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return process_schema(installed_actions())


@pytest.fixture(scope="module")
def editor(schema: dict[str, Any]) -> Draft7Validator:
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def corpus() -> Iterator[tuple[str, str]]:
    """Every feature of the language, with the actions of the corpus."""
    for file in sorted((ROOT / "tests/unit/definition/corpus/valid").glob("*.yaml")):
        yield file.name, file.read_text(encoding="utf-8-sig")


def real() -> Iterator[tuple[str, str]]:
    """Definitions with the actions that are installed: of the documentation, the library, the starter."""
    yield from ((name, block) for name, block in WHOLE if "\nprocess: " in block)
    for file in (*ROOT.glob("processes/*/process.yaml"), *ROOT.glob("robo/cli/starter/processes/*/process.yaml")):
        yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")


def complaints(editor: Draft7Validator, text: str) -> list[str]:
    tree = YAML(typ="safe", pure=True).load(text)
    return [f"{'/'.join(map(str, found.absolute_path))}: {found.message}" for found in editor.iter_errors(tree)]


def test_an_editor_complains_of_nothing_that_is_right(editor: Draft7Validator) -> None:
    of_corpus = Draft7Validator(process_schema(CATALOGUE))
    wrong = {name: found for name, text in corpus() if (found := complaints(of_corpus, text))}
    wrong |= {name: found for name, text in real() if (found := complaints(editor, text))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("etapes: []\nsteps: []\n", "etapes"),
        ("steps:\n  - browser.fil: {Nom: a}\n", "browser.fil"),
        ("steps:\n  - browser.login: {at: 'https://a.fr', secre: b}\n", "secre"),
        ("steps:\n  - {browser.click: A, effect: redd}\n", "redd"),
        ("inputs: {a: {type: dat}}\nsteps: []\n", "dat"),
        ("steps:\n  - repeat: {do: [], untl: x}\n", "untl"),
        ("items: {from: {files.rows: a}, fields: {n: {colum: N}}, key: a}\nsteps: []\n", "colum"),
        ("steps:\n  - {for_each: '${{ item.l }}', as: g, do: [{nte: x}]}\n", "nte"),
    ],
)
def test_an_editor_shows_what_is_misspelt(editor: Draft7Validator, text: str, word: str) -> None:
    assert any(word in each for each in complaints(editor, HEAD + text)), complaints(editor, HEAD + text)


def test_every_key_and_every_action_is_offered_with_what_it_is_for(schema: dict[str, Any]) -> None:
    step, top = schema["$defs"]["step"]["properties"], schema["properties"]
    assert set(step) == {*keys.STEP, *installed_actions()}
    assert set(top) == set(keys.TOP)
    for name, shape in (*step.items(), *top.items(), *top["items"]["properties"].items()):
        assert shape.get("description"), name


def test_sources_and_finders_are_offered_where_they_belong(schema: dict[str, Any]) -> None:
    actions = installed_actions()
    assert set(schema["$defs"]["source"]["properties"]) == {name for name, spec in actions.items() if spec.source}
    assert set(schema["$defs"]["finder"]["properties"]) == {name for name, spec in actions.items() if spec.finder}


def test_what_an_editor_shows_and_what_actions_do_is_said_in_the_language_of_the_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROBO_LANG", "fr")
    parts = process_schema(installed_actions())["$defs"]
    step = parts["step"]["properties"]
    assert step["browser.submit"]["description"].startswith("Appuyer sur le bouton qui enregistre.")
    assert step["once"]["description"].startswith("Ceci n'a lieu qu'une fois")
    targets = parts["target"]["anyOf"][1]["properties"]
    assert targets["button"]["description"] == "Un élément « button » de la page, par son nom."
