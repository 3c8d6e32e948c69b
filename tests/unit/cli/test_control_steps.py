"""Control steps as a user meets them: a run, its end, the item's story, `process show`, the manual."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Robo = Any
RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")
STEPS = """\
steps:
  - id: complete
    title: La demande est complète
    check:
      - {not: item.amount > 5000, code: plafond, says: "${{ item.amount | euros }} demandés"}
      - {not: item.born | add_years(18) > run.date, code: mineur, says: "Né le ${{ item.born | date_fr }}"}
    else: ELSE
  - note: "Vu ${{ item.number }} : ${{ complete.codes | join(', ') }}"
  - id: parts
    for_each: ${{ item.number | split('-') }}
    as: part
    do: [{note: "Partie ${{ part }}"}]
  - choose:
      - {when: item.amount > 5000, do: [{files.update_row: {set: {Vérifiée le: à voir}}}]}
      - {else: [{files.update_row: {set: {Vérifiée le: "${{ run.date }}"}}}]}
finish:
  - output: {done: "${{ run.items | where('outcome', 'done') | length }}", day: "${{ run.date }}"}
counts: {unit: demande}
"""


@pytest.fixture
def changed(project: Path) -> Any:
    file = project / "processes/verifier-demandes/process.yaml"
    before = file.read_text(encoding="utf-8").partition("steps:\n")[0]

    def change(otherwise: str) -> None:
        file.write_text(before + STEPS.replace("ELSE", otherwise), encoding="utf-8")

    return change


def test_a_check_rejects_with_every_reason(changed: Any, robo: Robo) -> None:
    changed("reject")
    said = robo(*RUN, "--json")
    assert (said.json["items"]["done"], said.json["items"]["rejected"]) == (3, 2)
    items = {item["key"]: item for item in robo("items", "list", "--json").json["items"]}
    assert items["2026-AA-0004"]["code"] == "plafond"
    assert "demandés" in items["2026-AA-0004"]["message"]


def test_what_is_handed_over_is_done_and_told_at_the_end(changed: Any, robo: Robo, project: Path) -> None:
    changed("hand_over")
    said = robo(*RUN)
    assert "done handed-over · 2026-AA-0003: Né le 22 août 2015 (" in said.err
    assert "(and 1 more)" in said.err
    assert "5 done" in said.verdict
    shown = robo("items", "show", "2026-AA-0003").out
    assert "Vu 2026-AA-0003 : mineur" in shown
    assert [f"Partie {part}" in shown for part in ("2026", "AA", "0003")] == [True] * 3
    assert (project / "demandes.csv").read_text(encoding="utf-8").count("à voir") == 1


def test_the_result_of_a_run_is_shown_and_is_in_its_json(changed: Any, robo: Robo) -> None:
    changed("continue")
    said = robo(*RUN, "--json")
    assert said.json["output"]["done"] == 5
    shown = robo("runs", "show", said.json["run"], "--json").json
    assert shown["output"] == said.json["output"]
    assert "output done: 5" in robo("runs", "show", said.json["run"]).out


def test_the_definition_is_shown_and_told_to_a_person(changed: Any, robo: Robo) -> None:
    changed("reject")
    shown = robo("process", "show", "verifier-demandes").out
    assert "item.amount > 5000 → plafond" in shown
    assert "end: parts = for_each item.number | split('-') as part" in shown
    told = robo("process", "manual", "verifier-demandes", ROBO_LANG="fr").out
    assert "Vérifier tout ceci" in told
    assert "pour chaque « part »" in told
    assert "Sinon, faire les 1 point(s) suivants." in told
