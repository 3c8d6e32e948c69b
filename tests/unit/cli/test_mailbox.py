"""A process that reads mails, as its author tries it: a case fills a mailbox and says what lies in it afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Robo

PROCESS = """\
robo: 1
process: demandes
title: Répondre aux demandes
inputs: {filed: {type: folder}}
items:
  from: {mail.messages: {folder: Demandes, since: 7 days, from: "@exemple.fr", unread: yes}}
  fields:
    {number: id, who: from, subject: subject, text: {column: text, required: no}, came: {column: date, type: datetime}}
  key: ${{ item.number }}
steps:
  - id: saved
    mail.attach: {message: "${{ item.number }}", folder: Demandes, match: "(?i)pdf$"}
  - files.copy: {file: "${{ saved.file }}", to: "${{ inputs.filed }}"}
  - id: answered
    mail.send:
      {to: "${{ item.who }}", subject: "Re: ${{ item.subject }}", body: "Le ${{ item.came }} : ${{ item.text }}"}
"""
COPY = '  - files.copy: {file: "${{ saved.file }}", to: "${{ inputs.filed }}"}\n'
REGION = """\
robo: 1
region: ma-region
title: Ma région
mail:
  {server: 127.0.0.1, port: 1, security: none, from: robot@exemple.fr, domains: [exemple.fr]%s}
"""
BOX = ", mailbox: {server: 127.0.0.1, port: 1, security: none, secret: mail, sent: Envoyés%s}"
HEAD = 'robo: 1\nsays: On répond une fois\nregion: ma-region\ntoday: "2026-03-12"\n'
GIVEN = """\
mailbox:
  Demandes:
    - id: <a@x>
      from: Léa <lea@exemple.fr>
      subject: Congés été
      date: 10/03/2026 09:30
      body: Bonjour,
      attach: [fixtures/cv.pdf]
    - {from: tom@exemple.fr, subject: Trop ancienne, date: 01/03/2026, attach: fixtures/cv.pdf}
    - {from: max@ailleurs.fr, subject: Publicité}
    - {from: zoe@exemple.fr, subject: Lue, read: yes}
  Traitées: []
"""
HERE = "  Traitées"
TWICE = "    - {file: fixtures/autre.eml, run: 2}\n"
EML = b"""\
Date: Wed, 11 Mar 2026 10:00:00 +0100
From: ia@exemple.fr
To: robot@exemple.fr
Subject: Autre
Message-ID: <b@x>

sans fichier
"""
ANSWER = "{to: lea@exemple.fr, subject: 'Re: Congés été', says: 'Le 10/03/2026 09:30 : Bonjour,'}"
KEPT = (
    "{from: lea@exemple.fr, subject: Congés été, attached: cv.pdf, read: no}, {subject: Trop ancienne}, "
    "{from: max@ailleurs.fr}, {subject: Lue, read: yes}"
)


@pytest.fixture
def reading(project: Path) -> Path:
    folder = project / "processes/demandes"
    (folder / "cases").mkdir(parents=True)
    (folder / "fixtures").mkdir()
    (folder / "process.yaml").write_text(PROCESS, encoding="utf-8")
    (folder / "fixtures/cv.pdf").write_bytes(b"%PDF-1.4 vide")
    (folder / "fixtures/autre.eml").write_bytes(EML)
    region(project, BOX % ", kept_by: server")
    return project


def region(project: Path, box: str) -> None:
    (project / "config/regions/ma-region.yaml").write_text(REGION % box, encoding="utf-8")


def write(project: Path, text: str) -> Path:
    file = project / "processes/demandes/cases/01-essai.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return file


def problems(robo: Robo) -> list[str]:
    said = robo("test", "demandes", "--json")
    assert "cases" in said.json, said.json
    (case,) = said.json["cases"]
    found: list[str] = case["problems"]
    return found


DONE = '  "<a@x>": {outcome: done}\n'
WORLD = f"""\
  folders: {{filed: [cv.pdf]}}
  mails: [{ANSWER}]
  mailbox: {{Demandes: [{KEPT}], Traitées: [], Envoyés: [{ANSWER}]}}
"""
LATER = '  "<b@x>": {outcome: rejected, code: no-attachment}\n  not_taken: ["<a@x>"]\n'
PLAYS = {
    "read, filed and answered": (
        f"{GIVEN}expect:\n{DONE}{WORLD}",
        "",
    ),
    "what comes later is there in the second run": (
        f"{GIVEN.replace(HERE, TWICE + HERE)}runs: 2\nexpect:\n{DONE}{LATER}",
        "",
    ),
    "killed after the mail, proven by its copy": (
        f"{GIVEN}faults: [{{step: answered, after: submit, do: crash}}]\nexpect:\n{DONE}  mails: [{ANSWER}]\n",
        "",
    ),
    "the mailbox is down at first": (
        f"{GIVEN}faults: [{{step: items, do: down}}]\nexpect:\n  mails: []\n",
        "",
    ),
    "no such folder": (f"{GIVEN}expect:\n  mailbox: {{Traites: []}}\n", "no folder Traites"),
}


@pytest.mark.parametrize(("text", "told"), PLAYS.values(), ids=PLAYS)
def test_a_case_fills_the_mailbox_and_looks_into_it_afterwards(reading: Path, robo: Robo, text: str, told: str) -> None:
    write(reading, text)
    found = problems(robo)
    assert bool(told) is bool(found), found
    assert told in "".join(found)


@pytest.mark.parametrize("after", ["submit", "receipt"])
def test_what_was_taken_of_a_mail_is_there_after_a_kill_for_the_steps_behind_the_effect(
    reading: Path, robo: Robo, after: str
) -> None:
    file = reading / "processes/demandes/process.yaml"
    filing = '  - files.move: {file: "${{ saved.file }}", to: "${{ inputs.filed }}"}\n'
    kept = PROCESS.replace(COPY, "")
    assert kept != PROCESS
    file.write_text(kept + filing, encoding="utf-8")
    write(reading, f"{GIVEN}faults: [{{step: answered, after: {after}, do: crash}}]\nexpect:\n{DONE}{WORLD}")
    assert problems(robo) == []


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("mailbox: {INBOX: [{body: x, attach: fixtures/non.pdf}]}\nexpect: {}\n", "RB776", "no file fixtures/non.pdf"),
        ("mailbox: {INBOX: [{body: {file: fixtures/non.txt}}]}\nexpect: {}\n", "RB776", "no file fixtures/non.txt"),
        ("mailbox: {INBOX: [{file: fixtures/autre.eml, subject: x}]}\nexpect: {}\n", "RB203", "no subject here"),
        ("mailbox: {INBOX: [{date: hier}]}\nexpect: {}\n", "RB201", "hier"),
        ("mailbox: {INBOX: [{from: Zoé <zoé@exemple.fr>}]}\nexpect: {}\n", "RB201", "an address"),
        ("mailbox: {INBOX: [{run: 2}]}\nexpect: {}\n", "RB464", "before run 2"),
        ("expect: {mails: {in_order: [{subject: x}]}}\n", "RB202", "needs to"),
        ("faults: [{step: items, do: crash}]\nexpect: {}\n", "RB778", "only `down`"),
    ],
)
def test_what_a_case_says_wrongly_of_mails_is_told_before_it_is_played(
    reading: Path, robo: Robo, text: str, code: str, told: str
) -> None:
    write(reading, text)
    found = robo("process", "validate", "demandes", "--json").json["problems"]
    assert [one["code"] for one in found] == [code]
    assert told in found[0]["message"]


def test_a_case_in_a_region_without_a_mailbox_speaks_of_none(reading: Path, robo: Robo) -> None:
    process = reading / "processes/demandes/process.yaml"
    process.write_text(PROCESS[: PROCESS.index("items:")] + "steps: [{note: rien}]\n", encoding="utf-8")
    region(reading, "")
    write(reading, "expect: {mailbox: {INBOX: []}}\n")
    (found,) = robo("process", "validate", "demandes", "--json").json["problems"]
    assert found["code"] == "RB777"
