"""A review as a user meets it: what waits is listed, answered once by its role, and goes on with a resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Robo = Any
RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")
ANSWER = ("items", "answer", "2026-AA-0001", "--role", "instructeur")
STEPS = """\
steps:
  - reject_if: item.amount > 5000
    code: plafond
  - id: avis
    review:
      title: Relire la lettre
      role: instructeur
      show: {Nom: "${{ item.last }}", Montant: "${{ item.amount | euros }}"}
      edit: {montant: {value: "${{ item.amount }}", title: Montant accordé, type: money}}
      choices: {ok: Avis conforme, wrong: À corriger}
      answer_in: 10 days
      on_timeout: skip
  - reject_if: avis.choice == 'wrong'
    code: avis-defavorable
  - files.update_row: {set: {Vérifiée le: "${{ avis.montant | euros }}"}}
counts: {unit: demande}
"""
CASE = """\
robo: 1
says: Un dossier est relu
region: ma-region
today: "2026-11-16"
items:
  - {N° demande: 2026-AA-0001, Nom: A, Date de naissance: 17/05/1984, Montant: 10, Vérifiée le: ''}
  - {N° demande: 2026-AA-0002, Nom: B, Date de naissance: 17/05/1984, Montant: 20, Vérifiée le: ''}
  - {N° demande: 2026-AA-0003, Nom: C, Date de naissance: 17/05/1984, Montant: 30, Vérifiée le: ''}
reviews:
REVIEWS
expect:
EXPECT
"""


WAITS = "  2026-AA-0001: {outcome: rejected, code: avis-defavorable}\n  2026-AA-0002: {outcome: waiting, code: avis}"


@pytest.fixture
def reviewed(project: Path) -> Path:
    file = project / "processes/verifier-demandes/process.yaml"
    before = file.read_text(encoding="utf-8").partition("steps:\n")[0]
    file.write_text(before + STEPS, encoding="utf-8")
    return project


def test_what_waits_is_told_listed_answered_once_and_goes_on(reviewed: Path, robo: Robo) -> None:
    said = robo(*RUN, "--limit", "2")
    assert said.code == 3
    assert "2 waiting" in said.verdict
    assert said.verdict.endswith("robo items list --waiting")
    waiting = robo("items", "list", "--waiting", "--json").json["items"]
    assert [(each["key"], each["role"], each["show"]["Nom"]) for each in waiting] == [
        ("2026-AA-0001", "instructeur", "Martin"),
        ("2026-AA-0002", "instructeur", "Nguyen"),
    ]
    for narrowed, left in ((("--key", "2026-AA-0002"), 1), (("--limit", "1"), 1), (("--state", "done"), 0)):
        assert len(robo("items", "list", "--waiting", *narrowed, "--json").json["items"]) == left
    shown = robo("items", "show", "2026-AA-0001").out
    assert "robo items answer 2026-AA-0001 --choice ok --role instructeur" in shown
    assert robo(*ANSWER[:3], "--choice", "ok").code == 2  # in no role
    assert "Montant accordé" in shown
    slip = robo(*ANSWER, "--choice", "ok", "--set", "montant")
    assert all(said in slip.err for said in ("RB965", "where: --set", "write --set name=value"))
    assert robo(*ANSWER, "--choice", "ok", "--set", "montant=900,50").code == 0
    late = robo(*ANSWER, "--choice", "wrong")
    assert late.code != 0
    assert "RB625" in late.err
    run = robo("runs", "list", "--json").json["runs"][0]["run"]
    again = robo("run", "--resume", run)
    assert "1 waiting, 1 done" in again.verdict
    assert "900,50\xa0€" in (reviewed / "demandes.csv").read_text(encoding="utf-8")
    told = robo("items", "show", "2026-AA-0001", "--json").json["review"]
    assert (told["choice"], told["answered_as"], bool(told["person"]), told["values"]) == (
        "ok",
        "instructeur",
        True,
        {"montant": "900.50"},
    )


def test_a_later_plain_run_goes_on_with_what_was_answered_and_holds_what_was_not(reviewed: Path, robo: Robo) -> None:
    robo(*RUN)
    robo(*ANSWER, "--choice", "ok", "--set", "montant=900")
    first = robo("runs", "list", "--json").json["runs"][0]["run"]
    narrow = robo(*RUN, "--limit", "1")
    assert "RB538" in narrow.err  # whoever asks for one item gets no other
    said = robo(*RUN, "--json")
    assert said.code == 3
    assert [each["run"] for each in said.json["earlier"]] == [first]
    assert said.json["earlier"][0]["items"]["done"] == 1
    assert said.json["items"]["held"] == 3
    assert "robo items list --waiting" in said.verdict
    assert "RB538" not in said.err
    assert robo("items", "show", "2026-AA-0001", "--run", first, "--json").json["state"] == "done"
    assert "900,00" in (reviewed / "demandes.csv").read_text(encoding="utf-8")


def test_a_run_that_cannot_go_on_is_told_and_keeps_the_later_one_from_nothing(reviewed: Path, robo: Robo) -> None:
    lines = (reviewed / "demandes.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (reviewed / "autre.csv").write_text("".join([lines[0], lines[1]]), encoding="utf-8")
    robo("run", "verifier-demandes", "-i", "export=autre.csv")
    robo(*ANSWER, "--choice", "ok")
    (reviewed / "autre.csv").unlink()
    said = robo(*RUN)
    assert said.code == 3
    assert "RB576" in said.err
    assert "waiting" in said.verdict


def test_what_waits_is_told_in_french(reviewed: Path, robo: Robo) -> None:
    said = robo(*RUN, "--limit", "1", ROBO_LANG="fr")
    assert "en attente de la réponse d'une personne" in said.err
    assert "qui répond" in robo("items", "list", "--waiting", ROBO_LANG="fr").out
    shown = robo("items", "show", "2026-AA-0001", ROBO_LANG="fr").out
    assert "à corriger : --set montant=…" in shown


def test_everything_of_a_review_is_shown_and_told_by_hand(reviewed: Path, robo: Robo) -> None:
    shown = robo("process", "show", "verifier-demandes").out
    assert "avis.answer_in = 10 working days" in shown
    assert "avis.on_timeout = skip" in shown
    assert "avis.recheck = no" in shown
    told = robo("process", "manual", "verifier-demandes", ROBO_LANG="fr").out
    assert "Demander à instructeur : « Relire la lettre »." in told
    assert "Sans réponse sous 10 jours ouvrés : laisser la ligne." in told


def case(project: Path, reviews: str, expect: str) -> None:
    folder = project / "processes/verifier-demandes/cases"
    for old in folder.glob("*.yaml"):
        old.unlink()
    text = CASE.replace("REVIEWS", reviews).replace("EXPECT", expect)
    (folder / "01-relu.yaml").write_text(text, encoding="utf-8")


def test_a_case_answers_or_lets_the_time_pass_for_everybody(reviewed: Path, robo: Robo) -> None:
    case(
        reviewed,
        "  - {step: avis, key: 2026-AA-0001, choice: ok, edit: {montant: '12'}}\n  - {step: avis, key: 2026-AA-0002}",
        "  2026-AA-0001: {outcome: done}\n  2026-AA-0002: {outcome: skipped, code: no-answer}\n"
        "  2026-AA-0003: {outcome: skipped}\n  file: {2026-AA-0001: {Vérifiée le: '12,00\xa0€'}}",
    )
    assert robo("test", "--json").json["cases"][0]["problems"] == []


def test_a_case_says_when_nobody_was_asked(reviewed: Path, robo: Robo) -> None:
    two = "  - {step: avis, key: 2026-AA-0001, choice: ok}\n  - {step: avis, key: 2026-AA-0001, choice: wrong}"
    case(reviewed, two, "  2026-AA-0001: {outcome: done}")
    assert robo("test", "--json").json["cases"][0]["problems"] == ["review: nobody was asked at avis"]


def test_what_a_case_does_not_answer_goes_on_waiting(reviewed: Path, robo: Robo) -> None:
    case(reviewed, "  - {step: avis, key: 2026-AA-0001, choice: wrong}", WAITS)
    assert robo("test", "--json").json["cases"][0]["problems"] == []


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("{step: avi, choice: ok}", "RB467", "nobody is asked at avi"),
        ("{step: avis, choice: okk}", "RB468", "okk is no answer to this review"),
        ("{step: avis, choice: ok, edit: {montan: '1'}}", "RB468", "no value montan to correct"),
        ("{step: avis, choice: ok, run: 2}", "RB464", "answered in run 2, and the case has 1"),
    ],
)
def test_a_case_that_answers_what_is_not_asked_is_wrong(
    reviewed: Path, robo: Robo, answer: str, code: str, words: str
) -> None:
    case(reviewed, f"  - {answer}", "  2026-AA-0001: {outcome: done}")
    (found,) = robo("process", "validate", "--json").json["problems"]
    assert (found["code"], words in found["message"]) == (code, True)
