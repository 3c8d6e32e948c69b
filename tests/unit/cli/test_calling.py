"""A process of the library used in another one, as its author tries it: alone, called, killed inside, and edited."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Robo
from tests.unit.cli.test_mail import CRASH, DONE, FOR_LEA, HEAD, ONE, SUMMARY, expects, region

CALLED = """\
robo: 1
process: accuser
title: Accuser réception d'une demande
version: 1.3.0
inputs: {to: {title: Courriel}, number: {title: N°}, last: {title: Nom}}
steps:
  - set: {subject: "Demande ${{ inputs.number }}"}
  - id: sent
    mail.send: {to: "${{ inputs.to }}", subject: "${{ subject }}", body: {file: templates/accuse.md}}
  - output: {subject: "${{ subject }}", message: "${{ sent.message_id }}"}
"""
LETTER = "Bonjour ${{ inputs.last }},\n\nvotre demande **${{ inputs.number }}** est arrivée.\n"
CALLER = """\
robo: 1
process: demandes
title: Répondre aux demandes
inputs: {export: {type: file}}
items:
  from: {files.rows: {file: "${{ inputs.export }}"}}
  fields: {number: N°, email: Courriel, last: Nom}
  key: ${{ item.number }}
steps:
  - call: {process: accuser@^1.2, as: accuse, with: {to: "${{ item.email }}", number: "${{ item.number }}", last: "${{ item.last }}"}}
  - note: Envoi de ${{ accuse.subject }}
finish:
  - mail.send:
      to: chef@exemple.fr
      subject: Bilan
      body: Voici le bilan.
      table: {rows: "${{ run.items }}", columns: {Dossier: key, Issue: outcome}}
"""  # noqa: E501 - a call as an author writes it


@pytest.fixture
def library(project: Path) -> Path:
    processes = project / "processes"
    (processes / "accuser/templates").mkdir(parents=True)
    (processes / "demandes/cases").mkdir(parents=True)
    (processes / "accuser/process.yaml").write_text(CALLED, encoding="utf-8")
    (processes / "accuser/templates/accuse.md").write_text(LETTER, encoding="utf-8")
    (processes / "demandes/process.yaml").write_text(CALLER, encoding="utf-8")
    region(project)
    return project


@pytest.mark.parametrize(
    "text",
    [
        ONE + expects(DONE, FOR_LEA, SUMMARY % "done"),
        ONE
        + CRASH.replace("sent", "accuse_sent") % "submit"
        + expects("{outcome: held}", FOR_LEA, SUMMARY % "unknown", SUMMARY % "held"),
        ONE
        + CRASH.replace("sent", "accuse_sent") % "receipt"
        + expects(DONE, FOR_LEA, SUMMARY % "done", SUMMARY % "Voici"),
    ],
    ids=["sent", "killed after the mail", "killed after its receipt"],
)
def test_an_effect_inside_a_call_happens_once_whatever_is_killed(library: Path, robo: Robo, text: str) -> None:
    (library / "processes/demandes/cases/01-essai.yaml").write_text(HEAD + text, encoding="utf-8")
    (case,) = robo("test", "demandes", "--json").json["cases"]
    assert case["problems"] == []


def test_a_called_process_is_shown_and_told_with_the_one_that_calls(library: Path, robo: Robo) -> None:
    shown = robo("process", "show", "demandes", "--region", "ma-region", "--explain").out
    assert "accuser/process.yaml:8" in shown
    manual = robo("process", "manual", "demandes").out
    assert "chef@exemple.fr" in manual
    assert "inputs." not in manual
    assert robo("process", "validate", "demandes").code == 0


QUESTION = """\
  - id: lu
    review: {title: Relire, show: {Nom: "${{ item.last }}"}, choices: {ok: Oui}}
"""
FILLED = """\
  - files.update_row: {set: {Réponse: "${{ accuse.subject }}"}}
"""
QUIET = CALLED[: CALLED.index("  - id: sent")] + '  - output: {subject: "${{ subject }}"}\n'


def test_a_run_goes_on_with_the_called_text_it_began_with(library: Path, robo: Robo) -> None:
    caller = CALLER[: CALLER.index("  - note: ")].replace("steps:\n", "steps:\n" + QUESTION) + FILLED
    called = library / "processes/accuser/process.yaml"
    called.write_text(QUIET, encoding="utf-8")
    (library / "processes/demandes/process.yaml").write_text(caller, encoding="utf-8")
    source = library / "demandes-a-lire.csv"
    source.write_text("N°;Courriel;Nom;Réponse\nA-1;lea@exemple.fr;Léa;\n", encoding="utf-8")
    run = robo("run", "demandes", "--region", "ma-region", "-i", f"export={source}", "--json").json["run"]
    called.write_text(QUIET.replace("Demande $", "Dossier $"), encoding="utf-8")
    assert robo("items", "answer", "A-1", "--choice", "ok").code == 0
    said = robo("run", "--resume", run, "--json")
    assert said.json["items"]["done"] == 1, said.err
    assert "Demande A-1" in source.read_text(encoding="utf-8")


def test_a_process_that_is_called_runs_alone_too_and_says_its_result(library: Path, robo: Robo) -> None:
    (library / "processes/accuser/process.yaml").write_text(QUIET, encoding="utf-8")
    given = ("-i", "to=a@exemple.fr", "-i", "number=A-1", "-i", "last=Léa")
    said = robo("run", "accuser", "--region", "ma-region", *given, "--json")
    assert said.json["output"] == {"subject": "Demande A-1"}, said.err


def test_a_problem_of_a_called_process_is_told_once_with_its_place(library: Path, robo: Robo) -> None:
    (library / "processes/accuser/process.yaml").write_text(CALLED.replace("inputs.to ", "inputs.too "), "utf-8")
    said = robo("process", "validate")
    assert (said.out + said.err).count(": RB304 ") == 1
    assert (said.out + said.err).count(": RB241 ") == 1
