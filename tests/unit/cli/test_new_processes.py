"""A new process holds from its first minute: it validates and its cases pass, in either language."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from robo.cli.beginning import SHAPES, shapes

Robo = Any
MAIL = """\
mail: {server: 127.0.0.1, port: 8025, security: none, from: robot@exemple.fr, domains: [exemple.fr], \
redirect_all_to: essais@exemple.fr}
"""


@pytest.fixture
def writing(project: Path) -> Path:
    """A project whose region has an account."""
    file = project / "config/regions/ma-region.yaml"
    file.write_text(file.read_text(encoding="utf-8") + MAIL, encoding="utf-8")
    return project


@pytest.mark.parametrize("shape", ["form", "file"])
def test_a_new_process_is_valid_whatever_its_columns_are_called(shape: str, project: Path, robo: Robo) -> None:
    columns = "N° demande, Nom d'usage, 2e prénom, item, « Montant : total », inputs"
    told = robo(
        "process", "new", "mon-essai", "--title", "L'essai : un « test »", "--columns", columns, "--shape", shape
    )
    assert told.code == 0
    assert "0 problem" in told.verdict
    assert robo("process", "validate", "mon-essai").code == 0
    assert robo("process", "manual", "mon-essai").out.startswith("# L'essai : un « test »")
    played = robo("test", "mon-essai", "--json").json["cases"]
    assert [case["problems"] for case in played] == [[]] * (1 if shape == "form" else 2)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_shape_is_valid_with_its_cases_and_speaks_one_language(language: str, writing: Path, robo: Robo) -> None:
    for shape in shapes():
        told = robo("process", "new", f"un-{shape}", "--shape", shape, "--yes", ROBO_LANG=language)
        assert told.code == 0, told.err
    texts = [file.read_bytes() for kind in ("yaml", "md") for file in (writing / "processes").rglob(f"*.{kind}")]
    assert not [text for text in texts if b"[[" in text or "¦".encode() in text]
    french = "Le classeur" in (writing / "processes/un-form/process.yaml").read_text(encoding="utf-8")
    assert french is (language == "fr")
    assert robo("process", "validate").code == 0


@pytest.mark.parametrize(
    "shape", ["form", *(pytest.param(each, marks=pytest.mark.long) for each in ("table", "reminders", "folder", "api"))]
)
def test_the_cases_of_a_shape_hold(shape: str, writing: Path, robo: Robo) -> None:
    robo("process", "new", "essai", "--shape", shape, "--yes", ROBO_LANG="fr")
    played = robo("test", "essai", "--json").json["cases"]
    assert [case["problems"] for case in played] == [[]] * len(list((SHAPES / shape / "cases").iterdir()))


def test_what_is_not_given_is_asked_in_the_language_of_the_reader(
    project: Path, robo: Robo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Saisir\n2\n\n"))
    told = robo("process", "new", "essai", ROBO_LANG="fr")
    assert told.code == 0, told.err
    assert "plusieurs pages" in told.err
    text = (project / "processes/essai/process.yaml").read_text(encoding="utf-8")
    assert "title: 'Saisir'" in text
    assert "dotations" in text


def test_what_is_no_shape_what_takes_no_columns_and_what_has_no_account_is_told(project: Path, robo: Robo) -> None:
    assert "RB984" in robo("process", "new", "essai", "--shape", "forme", "--yes").err
    assert "RB972" in robo("process", "new", "essai", "--shape", "wizard", "--columns", "N°", "--yes").err
    assert "RB985" in robo("process", "new", "essai", "--shape", "reminders", "--yes").err
    assert not (project / "processes/essai").exists()
