"""Texts in files beside a process: read with it, checked like it, and kept with a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from robo.definition.expressions import render
from robo.definition.loading import check_process, load_process
from robo.definition.template import parse_template
from robo.errors import DefinitionError, MissingValue
from robo.model.base import MISSING, Effect
from robo.model.process import Process
from robo.sdk.action import ActionSpec, Params, Proof
from robo.sdk.markdown import literal


class Letter(Params):
    to: str
    body: str


ACTIONS = {
    "mail.send": ActionSpec(
        name="mail.send", params=Letter, effect=Effect.SUBMIT, summary="-", proof=Proof.JOURNALED, text_param="body"
    )
}
HEAD = """\
robo: 1
process: essai
title: Essai
inputs: {name: {default: Léa}}
steps:
  - mail.send: {to: a@exemple.fr, body: %s}
"""
FILE = "{file: templates/accuse.md}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "essai/templates").mkdir(parents=True)
    (tmp_path / "essai/templates/accuse.md").write_text("Bonjour ${{ inputs.name }}\n\nFin\n", encoding="utf-8")
    return tmp_path / "essai"


def load(folder: Path, body: str = FILE, **more: Any) -> Process:
    return load_process(folder / "process.yaml", HEAD % body, actions=ACTIONS, **more)


def body_of(process: Process) -> Any:
    params: Any = process.steps[0].params
    return params["body"]


def problems(folder: Path, body: str = FILE) -> list[tuple[str, str, int, str]]:
    _, found = check_process(folder / "process.yaml", HEAD % body, actions=ACTIONS)
    return [(one.code, Path(one.position.file).name, one.position.line, one.line) for one in found]


def test_the_text_of_the_file_stands_where_its_name_was(folder: Path) -> None:
    process = load(folder)
    assert body_of(process).source == "Bonjour ${{ inputs.name }}\n\nFin\n"
    assert process.beside == {"templates/accuse.md": "Bonjour ${{ inputs.name }}\n\nFin\n"}


def test_a_text_in_its_place_stays_as_it_is(folder: Path) -> None:
    process = load(folder, "Bonjour")
    assert (body_of(process), process.beside) == ("Bonjour", {})


def test_what_is_wrong_in_the_file_is_told_at_its_own_line(folder: Path) -> None:
    (folder / "templates/accuse.md").write_text("Bonjour\n\n${{ inputs.nom }} et {{ inputs.name }}\n", encoding="utf-8")
    assert problems(folder) == [("RB105", "accuse.md", 3, "${{ inputs.nom }} et {{ inputs.name }}")]
    (folder / "templates/accuse.md").write_text("Bonjour\n\n${{ inputs.nom }}\n", encoding="utf-8")
    assert problems(folder) == [("RB304", "accuse.md", 3, "${{ inputs.nom }}")]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("templates/absent.md", "RB228"),
        ("templates", "RB228"),
        ("../secret.md", "RB201"),
        ("/etc/passwd", "RB201"),
        ("C:/x.md", "RB201"),
        ('"${{ inputs.name }}.md"', "RB219"),
    ],
)
def test_only_a_file_of_the_process_s_own_folder_is_read(folder: Path, name: str, code: str) -> None:
    assert [found[0] for found in problems(folder, f"{{file: {name}}}")] == [code]


def test_another_mapping_is_no_text(folder: Path) -> None:
    assert [found[0] for found in problems(folder, "{text: a}")] == ["RB204"]


def test_a_file_that_is_edited_is_read_again(folder: Path) -> None:
    load(folder)
    (folder / "templates/accuse.md").write_text("Autre", encoding="utf-8")
    assert body_of(load(folder)) == "Autre"


def test_a_file_that_was_not_there_is_looked_for_again(folder: Path) -> None:
    letter = folder / "templates/accuse.md"
    letter.rename(folder / "ailleurs.md")
    with pytest.raises(DefinitionError) as absent:
        load(folder)
    assert [one.code for one in absent.value.diagnostics] == ["RB228"]
    (folder / "ailleurs.md").rename(letter)
    assert body_of(load(folder)).source.startswith("Bonjour")


def test_a_run_keeps_the_text_it_began_with(folder: Path) -> None:
    kept = load(folder).beside
    (folder / "templates/accuse.md").write_text("Autre", encoding="utf-8")
    assert body_of(load(folder, beside=kept)).source.startswith("Bonjour")


def test_values_in_marked_up_texts_are_no_markup_and_become_text() -> None:
    scope = {"inputs": {"name": "*Léa*", "count": 3, "gone": MISSING}}
    assert render(parse_template("**${{ inputs.name }}**"), scope, literal=literal) == r"**\*Léa\***"
    assert render(parse_template("${{ inputs.count }}"), scope, literal=literal) == "3"
    with pytest.raises(MissingValue):
        render(parse_template("${{ inputs.gone }}"), scope, literal=literal)
