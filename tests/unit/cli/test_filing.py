"""A folder worked through: each file is an item once, and stands where it belongs whatever happens in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Robo = Callable[..., Any]
PROCESS = """\
robo: 1
process: classer-decisions
title: Classer les décisions signées
inputs: {depot: {type: folder}, filed: {type: folder}}
items:
  from: {files.list: {folder: "${{ inputs.depot }}", match: '^(?P<number>\\d{4}-\\d+) (?P<last>.+)[.]pdf$'}}
  fields: {number: number, last: last, path: path, digest: digest}
  key: ${{ item.number }}
steps:
  - id: filed
    files.move: {file: "${{ item.path }}", to: "${{ inputs.filed }}/${{ item.last }}", name: "${{ item.number }}"}
  - id: found
    files.list: {folder: "${{ filed.folder }}"}
  - reject_if: found.count != 1
    code: several
    message: "${{ found.count }} fichiers"
"""


@pytest.fixture
def folders(project: Path) -> tuple[Path, Path]:
    process = project / "processes/classer-decisions/process.yaml"
    process.parent.mkdir()
    process.write_text(PROCESS, encoding="utf-8")
    depot, filed = project / "depot", project / "classement"
    for folder in (depot, filed):
        folder.mkdir()
    for name in ("2026-14 Martin", "2026-15 Noël", "lisez-moi"):
        (depot / f"{name}.pdf").write_bytes(name.encode())
        os.utime(depot / f"{name}.pdf", (1_700_000_000, 1_700_000_000))
    return depot, filed


def held(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


FILED = {"Martin/2026-14.pdf": b"2026-14 Martin", "Noël/2026-15.pdf": "2026-15 Noël".encode()}


def test_each_file_is_an_item_and_is_filed_once(robo: Robo, folders: tuple[Path, Path]) -> None:
    depot, filed = folders
    said = robo("run", "classer-decisions", "-i", f"depot={depot}", "-i", f"filed={filed}", "--json")
    assert (said.code, said.json["items"]["done"]) == (0, 2), said.out + said.err
    assert (held(filed), set(held(depot))) == (FILED, {"lisez-moi.pdf"})
    again = robo("run", "classer-decisions", "-i", f"depot={depot}", "-i", f"filed={filed}", "--json")
    assert (again.code, again.json["items"]["done"]) == (0, 0)
    assert held(filed) == FILED


def test_another_file_of_that_name_fails_its_item_only(robo: Robo, folders: tuple[Path, Path]) -> None:
    depot, filed = folders
    (filed / "Martin").mkdir()
    (filed / "Martin/2026-14.pdf").write_bytes(b"autre")
    process = depot.parent / "processes/classer-decisions/process.yaml"
    process.write_text(PROCESS + "on_failure: {retry: 0}\n", encoding="utf-8")
    said = robo("run", "classer-decisions", "-i", f"depot={depot}", "-i", f"filed={filed}", "--json")
    assert (said.code, said.json["items"]["done"], said.json["items"]["failed"]) == (1, 1, 1)
    assert held(filed) == {**FILED, "Martin/2026-14.pdf": b"autre"}
    assert "RB838" in robo("items", "show", "2026-14").out


def test_a_dry_run_moves_nothing(robo: Robo, folders: tuple[Path, Path]) -> None:
    depot, filed = folders
    before = held(depot)
    robo("run", "classer-decisions", "-i", f"depot={depot}", "-i", f"filed={filed}", "--dry-run")
    assert (held(depot), held(filed)) == (before, {})


CASE = """\
robo: 1
says: "Chaque décision est classée une fois, aussi quand la même source revient et que le robot tombe"
region: ma-region
inputs: {depot: fixtures/depot}
runs: 2
expect:
  2026-14: {outcome: done}
  2026-15: {outcome: done}
"""


def test_a_case_is_given_copies_of_its_folders(robo: Robo, folders: tuple[Path, Path]) -> None:
    depot, _ = folders
    process = depot.parent / "processes/classer-decisions"
    (process / "cases").mkdir()
    (process / "cases/nominal.yaml").write_text(CASE, encoding="utf-8")
    (process / "fixtures").mkdir()
    depot.rename(process / "fixtures/depot")
    before = held(process / "fixtures")
    said = robo("test", "classer-decisions")
    assert said.code == 0, said.out + said.err
    assert held(process / "fixtures") == before


@pytest.mark.parametrize("point", ["outcome:1", pytest.param("outcome:2", marks=pytest.mark.long)])
def test_a_robot_killed_after_a_move_ends_the_item_once(folders: tuple[Path, Path], point: str) -> None:
    depot, filed = folders
    command = [sys.executable, "-m", "robo", "run"]
    given = ["classer-decisions", "-i", f"depot={depot}", "-i", f"filed={filed}", "--slots", "1", "--json"]
    testing = {**os.environ, "ROBO_TESTING": "1"}
    killed = subprocess.run(
        [*command, *given], env={**testing, "ROBO_CRASH_AT": point}, capture_output=True, check=False
    )
    assert killed.returncode not in {0, 1, 2, 3}, killed.stderr
    assert len(held(filed)) >= 1
    listed = subprocess.run(
        [*command[:-1], "runs", "list", "--json"], env=testing, capture_output=True, text=True, check=True
    )
    begun = json.loads(listed.stdout.splitlines()[-1])["runs"][0]["run"]
    ended = subprocess.run([*command, "--resume", begun], env=testing, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (held(filed), set(held(depot))) == (FILED, {"lisez-moi.pdf"})


BACK = """\
robo: 1
process: numeroter
title: Numéroter
inputs: {export: {type: file}}
items:
  from: {files.rows: {file: "${{ inputs.export }}", encoding: cp850, delimiter: ";"}}
  fields: {number: Nom, done: {column: Reçu, required: false}}
  only_if: item.done is missing
  key: ${{ item.number }}
steps:
  - files.update_row: {set: {Reçu: "fait à ${{ item.number }}"}}
"""


def test_a_value_goes_back_into_a_csv_the_way_its_author_said_it_is_written(robo: Robo, project: Path) -> None:
    (project / "processes/numeroter").mkdir()
    (project / "processes/numeroter/process.yaml").write_text(BACK, encoding="utf-8")
    file = project / "dos.csv"
    file.write_bytes("Nom;Lieu;Reçu\r\nZoé;Orléans;\r\n".encode("cp850"))
    said = robo("run", "numeroter", "-i", f"export={file}")
    assert said.code == 0, said.out + said.err
    assert file.read_bytes() == "Nom;Lieu;Reçu\r\nZoé;Orléans;fait à Zoé\r\n".encode("cp850")
