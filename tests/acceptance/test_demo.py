"""The first promise of the README: one command, a portal, a workbook, a browser, and a result that is believed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """`robo demo` once, in a copy of the project, as a person runs it."""
    project = tmp_path_factory.mktemp("demo")
    for name in ("config", "processes"):
        shutil.copytree(ROOT / name, project / name)
    environment = {**os.environ, "ROBO_LANG": "en"}
    done = subprocess.run(
        [sys.executable, "-m", "robo", "demo"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return done, project / ".robo" / "demo"


def line(done: subprocess.CompletedProcess[str], start: str) -> str:
    found = [row for row in done.stdout.splitlines() if row.startswith(start)]
    assert found, done.stdout + done.stderr
    return found[0]


def test_the_demonstration_ends_well(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = demo
    assert done.returncode == 0, done.stdout + done.stderr


def test_nine_are_done_and_the_portal_holds_each_exactly_once(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    assert line(demo[0], "9 done").endswith("exactly one dossier for each of them: yes")


def test_two_are_rejected_with_their_reason(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    assert "mineur: Demandeur mineur" in line(demo[0], "2026-TS-0007  rejected")
    assert "Demandes!D10" in line(demo[0], "2026-TS-0009  rejected")


def test_each_row_of_the_workbook_has_its_line(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    rows = list(load_workbook(demo[1] / "demandes.xlsx")["Demandes"].iter_rows(min_row=2, values_only=True))
    assert f"the {len(rows)} applications of" in demo[0].stderr
    assert all(line(demo[0], f"{row[0]}  ") for row in rows)
    already = rows[2]
    assert "has a receipt number already" in line(demo[0], f"{already[0]}  left alone")


def test_the_lost_answer_is_told_when_it_happens(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    told = [row.split(maxsplit=2)[2] for row in demo[0].stderr.splitlines() if row.startswith("  · 2026-TS-0006")]
    assert told == ["no answer: the robot will look again", "done"]


def test_each_place_to_look_further_is_there(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    further = demo[0].stderr.partition("Look further:")[2].splitlines()
    places = [row.split()[0] for row in further if row.startswith("  .robo")]
    assert len(places) == 2
    assert all((demo[1].parents[1] / place).is_file() for place in places)
    assert demo[0].stderr.endswith("Nothing was done twice, nothing was lost.\n")


def test_the_one_that_was_there_already_is_skipped(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    assert "already-there" in line(demo[0], "2026-TS-0004  skipped")


def test_the_lost_answer_is_found_again_and_not_sent_twice(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    told = line(demo[0], "The answer for 2026-TS-0006 was lost")
    assert "found again by `verify`" in told
    assert told.endswith("received it 1 time(s).")


def test_receipts_come_back_into_the_workbook(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    rows = load_workbook(demo[1] / "demandes.xlsx")["Demandes"].iter_rows(min_row=2, values_only=True)
    receipts = {row[0]: row[-1] for row in rows}
    left_empty = {key for key, receipt in receipts.items() if not receipt}
    assert left_empty == {"2026-TS-0004", "2026-TS-0007", "2026-TS-0009"}
    assert len({receipt for receipt in receipts.values() if receipt}) == len(receipts) - len(left_empty)


def test_the_minutes_come_with_their_provenance_and_none_is_auditable(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    assert line(demo[0], "Minutes gained: 205 net (270 gross), of which 0 timed")
    assert "imported, not measured here" in line(demo[0], "  30 min by hand, 5 with the robot")
    assert "Tarn-et-Garonne" in line(demo[0], "  source: ")
