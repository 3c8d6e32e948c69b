"""Definitions, regions and settings through the command line: what is wrong, all at once, and what is obeyed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Robo = Any
RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")


def test_rules_about_effects_are_told_beside_slips_of_the_keyboard(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    steps = "  - browser.submit: Envoyer\n  - browser.fil: {Nom: x}\n  - id: e\n    once: x\n    browser.submit: A\n"
    text = file.read_text(encoding="utf-8").replace("steps:\n", f"steps:\n{steps}    verfy: dossier\n")
    file.write_text(text, encoding="utf-8")
    problems = robo("process", "validate", "--json").json["problems"]
    assert [each["code"] for each in problems] == ["RB403", "RB209", "RB203", "RB407", "RB407"]


def test_a_region_names_only_processes_of_the_library(project: Path, robo: Robo) -> None:
    file = project / "config/regions/ma-region.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "processes: {verifier-demande: {use: ^0.1}}\n", encoding="utf-8")
    found = robo("process", "validate", "verifier-demandes", "--json").json["problems"]
    assert [(each["code"], each["did_you_mean"]) for each in found] == [("RB454", "verifier-demandes")]


def test_a_process_that_its_region_disables_is_not_run(project: Path, robo: Robo) -> None:
    file = project / "config/regions/ma-region.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "processes:\n  verifier-demandes: {enabled: non}\n", encoding="utf-8")
    assert robo("process", "validate").code == 0
    said = robo(*RUN)
    assert (said.code, said.out) == (2, "")
    assert "RB515" in said.err
    assert "config/regions/ma-region.yaml:13:32" in said.err
    assert robo("runs", "list", "--json").json["runs"] == []
    file.write_text(text, encoding="utf-8")
    assert robo(*RUN).code == 3


def test_a_choice_is_one_of_its_choices_wherever_it_is_given(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    kind = "inputs:\n  kind: {type: choice, choices: [a, b], default: a}\n"
    file.write_text(file.read_text(encoding="utf-8").replace("inputs:\n", kind), encoding="utf-8")
    said = robo(*RUN, "-i", "kind=c")
    assert (said.code, "RB503" in said.err, "one of a, b" in said.err) == (2, True, True)
    assert "n'est pas l'un de : a, b" in robo(*RUN, "-i", "kind=c", ROBO_LANG="fr").err


def test_a_flush_keeps_to_the_limits_of_the_settings(project: Path, robo: Robo) -> None:
    lock, file = project / ".~lock.demandes.csv#", project / "demandes.csv"
    lock.touch()
    robo(*RUN)
    lock.unlink()
    with file.open("a", encoding="utf-8") as more:
        more.write("2026-AA-0099;" + "x" * 2000 + ";17/05/1984;1,00 €;\n")
    settings = project / "config/robo.yaml"
    usual = settings.read_text(encoding="utf-8")
    settings.write_text(usual + "limits: {files: {size: 1 kB}}\n", encoding="utf-8")
    assert robo("runs", "flush", "--json").json["pending"] == 3
    settings.write_text(usual, encoding="utf-8")
    assert robo("runs", "flush", "--json").json["pending"] == 0
