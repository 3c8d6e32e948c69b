"""A process that writes mails, as its author tries it: cases with a post office, a dry run, a trial, and doctor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from robo.sandbox.post import PostOffice
from tests.unit.cli.conftest import Robo

PROCESS = """\
robo: 1
process: accuses
title: Accuser réception
inputs: {export: {type: file}}
items:
  from: {files.rows: {file: "${{ inputs.export }}"}}
  fields: {number: N°, email: Courriel, last: Nom}
  key: ${{ item.number }}
steps:
  - id: sent
    mail.send:
      to: ${{ item.email }}
      subject: Demande ${{ item.number }}
      body: {file: templates/accuse.md}
finish:
  - mail.send:
      to: chef@exemple.fr
      subject: Bilan
      body: Voici le bilan.
      table: {rows: "${{ run.items }}", columns: {Dossier: key, Issue: outcome}}
"""
LETTER = "Bonjour ${{ item.last }},\n\nvotre demande **${{ item.number }}** est arrivée.\n"
REGION = """\
robo: 1
region: ma-region
title: Ma région
mail: {server: 127.0.0.1, port: %s, security: none, from: robot@exemple.fr, domains: [exemple.fr]%s}
"""
HEAD = "robo: 1\nsays: On accuse réception une fois\nregion: ma-region\n"
ONE = "items:\n  - {N°: A-1, Courriel: lea@exemple.fr, Nom: '*Léa*'}\n"
FOR_LEA = "{to: lea@exemple.fr, subject: Demande A-1, says: 'Bonjour *Léa*, votre demande A-1 est arrivée.'}"
SUMMARY = "{to: chef@exemple.fr, subject: Bilan, says: %s}"


@pytest.fixture
def writing(project: Path) -> Path:
    folder = project / "processes/accuses"
    (folder / "templates").mkdir(parents=True)
    (folder / "cases").mkdir()
    (folder / "process.yaml").write_text(PROCESS, encoding="utf-8")
    (folder / "templates/accuse.md").write_text(LETTER, encoding="utf-8")
    region(project)
    return project


@pytest.fixture
def post() -> Iterator[PostOffice]:
    with PostOffice() as post:
        yield post


def region(project: Path, port: int = 1, more: str = "") -> None:
    (project / "config/regions/ma-region.yaml").write_text(REGION % (port, more), encoding="utf-8")


def played(project: Path, robo: Robo, text: str) -> list[str]:
    (project / "processes/accuses/cases/01-essai.yaml").write_text(HEAD + text, encoding="utf-8")
    said = robo("test", "accuses", "--json")
    (case,) = said.json["cases"]
    found: list[str] = case["problems"]
    return found


def expects(item: str, *mails: str) -> str:
    return f"expect:\n  A-1: {item}\n  mails: [{', '.join(mails)}]\n"


DONE = "{outcome: done}"
STRANGER = "items:\n  - {N°: A-1, Courriel: lea@ailleurs.fr, Nom: Léa}\n"
CRASH = "faults: [{step: sent, after: %s, do: crash}]\n"
CASES = {
    # a case that is killed is resumed, and its source run once more: what is unknown holds what follows
    "sent": (ONE + expects(DONE, FOR_LEA, SUMMARY % "done"), ""),
    "twice the same source": (
        ONE + "runs: 2\n" + expects(DONE, FOR_LEA, SUMMARY % "A-1", SUMMARY % "Voici"),
        "",
    ),
    "one too many": (ONE + expects(DONE), "mails: to lea@exemple.fr « Demande A-1 »"),
    "one that is not there": (ONE + expects(DONE, FOR_LEA.replace("lea@", "a@")), "mails: none to a@exemple.fr"),
    "not granted": (
        STRANGER + expects("{outcome: rejected, code: recipient-not-granted}", SUMMARY % "rejected"),
        "",
    ),
    "killed after the mail": (
        ONE + CRASH % "submit" + expects("{outcome: held}", FOR_LEA, SUMMARY % "unknown", SUMMARY % "held"),
        "",
    ),
    "killed after its receipt": (
        ONE + CRASH % "receipt" + expects(DONE, FOR_LEA, SUMMARY % "done", SUMMARY % "Voici"),
        "",
    ),
}


@pytest.mark.parametrize(("text", "told"), CASES.values(), ids=CASES)
def test_cases_have_a_post_office_and_look_at_every_mail(writing: Path, robo: Robo, text: str, told: str) -> None:
    found = played(writing, robo, text)
    assert bool(told) is bool(found), found
    assert told in "".join(found)


SUBJECT = "${{ read.subject }}\n      body"
READ = """\
  - id: read
    review:
      title: Relire
      show: {Nom: "${{ item.last }}"}
      edit: {subject: "Demande ${{ item.number }}"}
      choices: {ok: Envoyer}
      recheck: yes
"""


def test_a_letter_that_was_read_is_sent_once_whatever_dies_behind_the_answer(writing: Path, robo: Robo) -> None:
    read = PROCESS.replace("steps:\n", "steps:\n" + READ).replace("Demande ${{ item.number }}\n      body", SUBJECT)
    (writing / "processes/accuses/process.yaml").write_text(read, encoding="utf-8")
    answer = "reviews: [{step: read, choice: ok, edit: {subject: Votre demande}}]\n"
    mail = FOR_LEA.replace("subject: Demande A-1", "subject: Votre demande")
    told = expects(DONE, mail, SUMMARY % "waiting", SUMMARY % "Voici")
    assert played(writing, robo, ONE + CRASH % "receipt" + answer + told) == []


@pytest.fixture
def source(writing: Path) -> Path:
    file = writing / "demandes.csv"
    file.write_text("N°;Courriel;Nom\nA-1;lea@exemple.fr;Léa\n", encoding="utf-8")
    return file


def test_a_trial_goes_where_the_region_says(writing: Path, robo: Robo, post: PostOffice, source: Path) -> None:
    region(writing, post.port, ", redirect_all_to: essais@exemple.fr")
    said = robo("run", "accuses", "-r", "ma-region", "-i", f"export={source}", "--json")
    assert (said.code, said.json["items"]["done"]) == (0, 1)
    assert [(mail.to, mail.subject) for mail in post.mails] == [
        (("essais@exemple.fr",), "[essai → lea@exemple.fr] Demande A-1"),
        (("essais@exemple.fr",), "[essai → chef@exemple.fr] Bilan"),
    ]
    assert post.mails[0].text.startswith("Essai. Ce message serait parti à : lea@exemple.fr.\n\nBonjour Léa,")


def test_a_trial_without_an_address_for_it_writes_to_nobody(
    writing: Path, robo: Robo, post: PostOffice, source: Path
) -> None:
    region(writing, post.port)
    said = robo("run", "accuses", "-r", "ma-region", "-i", f"export={source}")
    assert (said.code, post.mails) == (2, ())
    assert "RB513" in said.err


def test_a_dry_run_shows_the_mails_and_sends_none(writing: Path, robo: Robo, post: PostOffice, source: Path) -> None:
    region(writing, post.port, ", redirect_all_to: essais@exemple.fr")
    said = robo("run", "accuses", "-r", "ma-region", "-i", f"export={source}", "--dry-run", "--diff")
    assert post.mails == ()
    assert "to lea@exemple.fr (redirected to essais@exemple.fr) subject = «Demande A-1»" in said.out + said.err
    assert "votre demande A-1 est arrivée." in said.out + said.err


def test_a_process_that_writes_is_valid_only_where_the_region_has_an_account(writing: Path, robo: Robo) -> None:
    assert robo("process", "validate", "accuses").code == 0
    region(writing)
    file = writing / "config/regions/ma-region.yaml"
    file.write_text(file.read_text(encoding="utf-8").partition("mail:")[0], encoding="utf-8")
    said = robo("process", "show", "accuses", "--region", "ma-region")
    assert (said.code, "RB480" in said.err) == (2, True)


def test_the_manual_says_what_to_write_to_whom(writing: Path, robo: Robo) -> None:
    told = robo("process", "manual", "accuses", "--region", "ma-region").out
    assert "Demande" in told
    assert "est arrivée" in told


def test_doctor_connects_to_the_server_of_each_region(writing: Path, robo: Robo, post: PostOffice) -> None:
    region(writing, post.port)
    found = {check["name"]: check for check in robo("doctor", "--json").json["checks"]}
    assert found["mail ma-region"]["ok"]
    region(writing, 1, ", environment: production")
    found = {check["name"]: check for check in robo("doctor", "--json").json["checks"]}
    assert not found["mail ma-region"]["ok"]
    assert "127.0.0.1:1" in found["mail ma-region"]["says"]
    region(writing, 1)
    found = {check["name"]: check for check in robo("doctor", "--json").json["checks"]}
    assert (found["mail ma-region"]["ok"], "robo sandbox" in found["mail ma-region"]["says"]) == (True, True)
