"""Definitions, regions and settings through the command line: what is wrong, all at once, and what is obeyed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

Robo = Any
RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")


def test_rules_about_effects_are_told_beside_slips_of_the_keyboard(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    steps = "  - browser.submit: Envoyer\n  - browser.fil: {Nom: x}\n  - id: e\n    once: x\n    browser.submit: A\n"
    text = file.read_text(encoding="utf-8").replace("steps:\n", f"steps:\n{steps}    verfy: dossier\n")
    file.write_text(text, encoding="utf-8")
    problems = robo("process", "validate", "--json").json["problems"]
    assert [each["code"] for each in problems] == ["RB403", "RB209", "RB203", "RB407", "RB407"]


def codes(robo: Robo, *command: str) -> list[str]:
    said = robo(*command, "--json")
    assert said.code == 2
    return [each["code"] for each in said.json["problems"]]


PAGES = "  - browser.fill: {Nom: x}\n"
SLIP = "  - when: item.lst == 'x'\n    browser.click: A\n"
EFFECT = "  - browser.submit: Envoyer\n"


def test_a_page_that_is_not_open_is_told_beside_other_problems(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    text = file.read_text(encoding="utf-8")
    for steps, wanted in (
        (PAGES + SLIP, ["RB416", "RB304"]),
        (PAGES + EFFECT, ["RB416", "RB403"]),
        (SLIP + PAGES, ["RB304"]),
        ("  - browser.opn: https://a.fr\n" + PAGES, ["RB209"]),
        ("  - browser.open: a.fr\n" + PAGES, ["RB201"]),
    ):
        file.write_text(text.replace("steps:\n", f"steps:\n{steps}"), encoding="utf-8")
        assert codes(robo, "process", "validate") == wanted, steps


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("item.born", "item.brn", ["RB440", "RB442", "RB304", "RB304"]),
        ("inputs:\n", "inputs:\n  folder: {type: foldr}\n", ["RB442", "RB201"]),
        ("inputs:\n", "input:\n", ["RB203", "RB304"]),
        ("title: Vérifier", "titel: Vérifier", ["RB203"]),
    ],
    ids=["a step", "an input", "the word inputs", "a word of the top"],
)
def test_what_an_overlay_says_wrongly_is_told_beside_the_problems_of_its_process(
    project: Path, robo: Robo, old: str, new: str, wanted: list[str]
) -> None:
    region = project / "config/regions/ma-region.yaml"
    overlay = "processes:\n  verifier-demandes:\n    inputs: {export: a.csv}\n    tables: {codes: {a: b}}\n"
    region.write_text(region.read_text(encoding="utf-8") + overlay, encoding="utf-8")
    file = project / "processes/verifier-demandes/process.yaml"
    text = file.read_text(encoding="utf-8").replace("steps:\n", "tables: {codes: {rows: {x: y}}}\nsteps:\n")
    file.write_text(text.replace(old, new), encoding="utf-8")
    assert codes(robo, "process", "validate") == wanted


def test_what_an_overlay_says_wrongly_is_told_beside_the_problems_of_its_own_file(project: Path, robo: Robo) -> None:
    region = project / "config/regions/ma-region.yaml"
    overlay = "processes:\n  verifier-demandes:\n    inputs: {exprot: a.csv}\n    limit: {items: 3}\n"
    region.write_text(region.read_text(encoding="utf-8") + overlay, encoding="utf-8")
    file = project / "processes/verifier-demandes/process.yaml"
    steps = f"steps:\n{PAGES}"
    file.write_text(file.read_text(encoding="utf-8").replace("steps:\n", steps), encoding="utf-8")
    assert codes(robo, *RUN) == ["RB441", "RB203", "RB416"]


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


@pytest.mark.parametrize(
    ("step", "code", "state"),
    [
        ("reject_if: item.amount > 1000\n    code: cher", "cher", "rejected"),
        ('set: {x: "${{ item.amount / 0 }}"}', "RB322", "failed"),
        ("when: (item.number | to_number) > 1\n    set: {x: a}", "bad-value", "rejected"),
        ('set: {x: "${{ item.checked | upper }}"}', "missing-value", "rejected"),
    ],
)
def test_what_goes_wrong_in_a_run_is_told_with_its_line_of_the_definition(
    project: Path, robo: Robo, step: str, code: str, state: str
) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    text = file.read_text(encoding="utf-8").replace("steps:\n", f"steps:\n  - {step}\n")
    file.write_text(text, encoding="utf-8")
    line = 1 + text[: text.index(step)].count("\n")
    said = robo(*RUN, "--only", "2026-AA-0001")
    place = f"processes/verifier-demandes/process.yaml:{line} · s1"
    assert place in said.err
    shown = robo("items", "show", "2026-AA-0001")
    assert place in shown.out
    told = robo("items", "show", "2026-AA-0001", "--json").json
    assert (told["code"], told["state"], told["place"].endswith(place)) == (code, state, True)


def test_the_finish_sees_what_became_of_the_items(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    text = file.read_text(encoding="utf-8")
    seen = "finish:\n  - set: {seen: \"${{ run.items | where('outcome', 'rejected') | map('code') | join(', ') }}\"}\n"
    ends = "  - reject_if: seen != ''\n    code: vu\n    message: ${{ run.items | length }} lignes, ${{ seen }}\n"
    file.write_text(f"{text}\n{seen}{ends}", encoding="utf-8")
    assert "rejected 5 lignes, mineur, plafond" in robo(*RUN).err


OVERLAY = """\
processes:
  verifier-demandes:
    columns: {Nom: {to: Nom de famille, why: leur export}, Vérifiée le: Contrôlée le}
    skip: [trace]
    limits: {items: 100}
    notify: {summary: [chef@exemple.fr]}
    extensions: {avant: [{id: gros, when: item.amount > 1000, note: "gros montant de ${{ item.last }}"}]}
    schedules: {matin: {at: "07:30", window: "07:00-12:00", inputs: {export: demandes.csv}}}
"""


def test_every_value_of_a_region_is_shown_with_its_line_and_run(project: Path, robo: Robo) -> None:
    process = project / "processes/verifier-demandes/process.yaml"
    more = "steps:\n  - extension: avant\n  - {id: trace, optional: yes, note: lu}\n"
    process.write_text(process.read_text(encoding="utf-8").replace("steps:\n", more), encoding="utf-8")
    region = project / "config/regions/ma-region.yaml"
    before = region.read_text(encoding="utf-8")
    region.write_text(before + OVERLAY, encoding="utf-8")
    line = before.count("\n")
    shown = robo("process", "show", "verifier-demandes", "--region", "ma-region", "--explain").out
    for value, row in (
        ("items.fields.last = Nom de famille, str, required, sensitive", 3),
        ("limits.items = 100", 5),
        ("notify.summary = chef@exemple.fr", 6),
        ("end: gros = note gros montant de ${{ item.last }}", 7),
        ("schedules.matin.window = 07:00-12:00", 8),
    ):
        assert f"{value}   # config/regions/ma-region.yaml:{line + row}" in shown, value
    assert "(leur export)" in shown
    assert "schedules.matin.missed = one   # default" in shown
    assert "trace = note" not in shown
    assert "If « Montant »" in robo("process", "manual", "verifier-demandes", "--region", "ma-region").out
    file = project / "demandes.csv"
    text = file.read_text(encoding="utf-8").replace(";Nom;", ";Nom de famille;").replace("Vérifiée", "Contrôlée")
    file.write_text(text, encoding="utf-8")
    said = robo(*RUN)
    assert (said.code, "3 done, 2 rejected" in said.err) == (3, True)
    first = next(row for row in file.read_text(encoding="utf-8").splitlines() if "2026-AA-0001" in row)
    assert re.search(r";\d\d/\d\d/\d{4}$", first)


def test_a_case_of_a_region_has_the_columns_of_its_region(project: Path, robo: Robo) -> None:
    region = project / "config/regions/ma-region.yaml"
    own = "processes: {verifier-demandes: {columns: {Nom: Nom de famille}}}\n"
    region.write_text(region.read_text(encoding="utf-8") + own, encoding="utf-8")
    assert codes(robo, "process", "validate") == ["RB462", "RB462"]
    for case in (project / "processes/verifier-demandes/cases").glob("*.yaml"):
        case.write_text(case.read_text(encoding="utf-8").replace("Nom:", "Nom de famille:"), encoding="utf-8")
    assert robo("process", "validate").code == 0


def test_a_trigger_waits_only_for_a_process_of_the_library(project: Path, robo: Robo) -> None:
    region = project / "config/regions/ma-region.yaml"
    own = "processes: {verifier-demandes: {triggers: {t: {after: verifier-demande, inputs: {export: a.csv}}}}}\n"
    region.write_text(region.read_text(encoding="utf-8") + own, encoding="utf-8")
    assert codes(robo, "process", "validate") == ["RB454"]


def test_two_regions_and_two_processes_are_compared_in_words(project: Path, robo: Robo) -> None:
    region = project / "config/regions/ma-region.yaml"
    text = region.read_text(encoding="utf-8")
    other = text.replace("ma-region", "autre").replace("Europe/Paris", "America/Cayenne")
    own = "processes: {verifier-demandes: {columns: {Nom: Patronyme}, limits: {items: 9}}}\n"
    (project / "config/regions/autre.yaml").write_text(other + own, encoding="utf-8")
    said = robo("process", "diff", "verifier-demandes", "--regions", "ma-region,autre")
    assert said.code == 1
    assert "limits.items: 500 → 9   # default · config/regions/autre.yaml:" in said.out
    assert "items.fields.last: Nom, str, required, sensitive → Patronyme, str, required, sensitive" in said.out
    assert "only in autre: columns.Nom = Patronyme" in said.out
    assert robo("process", "diff", "verifier-demandes", "--regions", "autre,autre").code == 0
    shorter = project / "processes/court/process.yaml"
    shorter.parent.mkdir()
    process = (project / "processes/verifier-demandes/process.yaml").read_text(encoding="utf-8")
    before, _, after = process.partition("  - title: Le montant ne dépasse pas le plafond\n")
    after = after[after.index("  - title:") :]
    shorter.write_text((before + after).replace("process: verifier-demandes", "process: court"), encoding="utf-8")
    found = robo("process", "diff", "verifier-demandes", "court", "--json").json["differences"]
    assert [(each["here"], each["there"]) for each in found] == [("reject_if item.amount > 5000", None)]
    assert robo("process", "diff", "court").code == 2


def test_a_value_of_several_lines_is_shown_on_one(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    steps = "steps:\n  - note: |\n      un\n      deux\n"
    file.write_text(file.read_text(encoding="utf-8").replace("steps:\n", steps), encoding="utf-8")
    shown = robo("process", "show", "verifier-demandes").out
    assert r"un\ndeux" in shown
    assert all(" = " in line for line in shown.splitlines())


def test_all_that_is_asked_of_a_cell_is_shown(project: Path, robo: Robo) -> None:
    file = project / "processes/verifier-demandes/process.yaml"
    fields = "  fields:\n    town: {column: Ville, default: Albi, choices: [Albi, Sète], sensitive: true}\n"
    file.write_text(file.read_text(encoding="utf-8").replace("  fields:\n", fields), encoding="utf-8")
    shown = robo("process", "show", "verifier-demandes").out
    assert "items.fields.town = Ville, str, may be empty, default: Albi, choices: Albi | Sète, sensitive" in shown
