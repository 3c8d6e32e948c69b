"""Rows that belong together, dates that come, reasons that are written back: as a person sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REMINDERS = """robo: 1
process: relances
title: Relancer chaque agent
inputs: {export: {type: file}}
items:
  from: {files.rows: "${{ inputs.export }}"}
  fields:
    invoice: Facture
    agent: Agent
    service: Service
    amount: {column: Montant, type: money}
    told: {column: Relancé, required: no}
  let: {who: "${{ item.agent | upper }}"}
  only_if: item.told is missing
  group: {by: who, as: lines}
  key: ${{ item.who }}
steps:
  - set: {total: "${{ item.lines | sum('amount') | fixed(2) }}"}
  - reject_if: item.service == 'PAIE'
    code: paie
    message: ${{ item.lines | map('invoice') | join(', ') }}
  - files.update_row: {set: {Relancé: "${{ total }}"}}
on_rejected:
  - files.update_row: {set: {Motif: "${{ item.code }}"}}
"""
INVOICES = """Facture;Agent;Service;Montant;Relancé;Motif
F1;Anne;RH;10,50;;
F2;Bob;PAIE;20;;
F3;anne;RH;5;;
F4;Luc;RH;1;;
F5;Luc;BUD;2;;
F6;Eve;RH;beaucoup;;
F7;Eve;RH;2;;
F8;Max;RH;2;oui;
"""
CONTRACTS = """robo: 1
process: echeances
title: Rappeler les fins de contrat
inputs: {export: {type: file}}
items:
  from: {files.rows: "${{ inputs.export }}"}
  fields: {number: N°, end: {column: Fin, type: date}, told: {column: Rappel, required: no}}
  milestones: {before: end, at: [60 days, 30 days]}
  key: ${{ item.number }}-${{ item.milestone }}
steps:
  - files.update_row: {set: {Rappel: "J-${{ run.date | days_until(item.end) }}"}}
"""
CASE = """robo: 1
says: le dixième jour de juin est férié en Guyane, et ouvré à Paris
region: REGION
today: "2026-06-09"
runs: 2
items:
  - {N°: C1, Fin: 10/07/2026, Rappel: ''}
  - {N°: C2, Fin: 01/12/2026, Rappel: ''}
expect:
  C1-DAYS: {outcome: done}
  file: {C1-DAYS: {Rappel: J-31}}
  not_taken: [C1-DAYS]
"""


class Desk:
    """A project with processes that need files only."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.write("config/robo.yaml", "title: Essai\n")
        self.write("config/regions/idf.yaml", "robo: 1\nregion: idf\ntitle: Île-de-France\n")
        guyane = 'robo: 1\nregion: guyane\ntitle: Guyane\nzone: America/Cayenne\nholidays: "973"\n'
        self.write("config/regions/guyane.yaml", guyane)

    def write(self, name: str, text: str) -> Path:
        file = self.project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def robo(self, *words: str) -> subprocess.CompletedProcess[str]:
        given = {**os.environ, "ROBO_LANG": "en", "ROBO_PROJECT": str(self.project)}
        command = [sys.executable, "-m", "robo", *words]
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=120, check=False)

    def run(self, process: str, source: Path) -> dict[str, Any]:
        done = self.robo("run", process, "--region", "idf", "-i", f"export={source}", "--json")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {outcome: number for outcome, number in found["items"].items() if number}

    def items(self) -> dict[str, tuple[str, str]]:
        found = json.loads(self.robo("items", "list", "--json").stdout)["items"]
        return {item["key"]: (item["code"], item["message"]) for item in found}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_invoices_of_an_agent_are_one_reminder_and_reasons_come_back(desk: Desk) -> None:
    desk.write("processes/relances/process.yaml", REMINDERS)
    export = desk.write("export.csv", INVOICES)
    assert desk.run("relances", export) == {"done": 1, "rejected": 3}
    cells = {line.split(";")[0]: line.split(";")[4:] for line in export.read_text(encoding="utf-8").splitlines()[1:]}
    assert cells == {
        "F1": ["15,50", ""],
        "F2": ["", "paie"],
        "F3": ["15,50", ""],
        "F4": ["", "differs-in-group"],
        "F5": ["", "differs-in-group"],
        "F6": ["", "bad-field"],
        "F7": ["", "bad-field"],
        "F8": ["oui", ""],
    }
    assert desk.items()["BOB"] == ("paie", "F2")
    assert desk.items()["LUC"][1] == "item.service is not the same in all rows of this item"
    assert desk.run("relances", export) == {}, "nobody corrected anything: nothing is told a second time"


@pytest.mark.parametrize(("region", "days"), [("idf", "60"), pytest.param("guyane", "30", marks=pytest.mark.long)])
def test_a_milestone_comes_on_the_working_days_of_its_region(desk: Desk, region: str, days: str) -> None:
    desk.write("processes/echeances/process.yaml", CONTRACTS)
    desk.write("processes/echeances/cases/juin.yaml", CASE.replace("REGION", region).replace("DAYS", days))
    played = desk.robo("test", "echeances")
    assert played.returncode == 0, played.stdout + played.stderr
