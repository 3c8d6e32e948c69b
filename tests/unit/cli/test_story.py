"""`robo runs show` and `robo items show`: a trace that a person can read."""

from __future__ import annotations

import re
from pathlib import Path

from tests.unit.cli.conftest import Robo

RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")

STEP = re.compile(r"^  \d\d:\d\d:\d\d +\d+\.\d\d s  \w+ +(.+?)  (.+)$", re.MULTILINE)


def test_runs_show_tells_each_step_with_its_time_what_needs_a_person_first(project: Path, robo: Robo) -> None:
    run = robo(*RUN, "--json").json["run"]
    told = robo("runs", "show", run).out
    assert re.search(rf"^run +{run}$", told, re.MULTILINE)
    assert re.search(r"^items +3 done, 2 rejected$", told, re.MULTILINE)
    keys = re.findall(r"^(2026-AA-\d+): (\w+)", told, re.MULTILINE)
    assert [state for _, state in keys] == ["rejected", "rejected", "done", "done", "done"]
    assert "2026-AA-0003: rejected  mineur: Né le 22 août 2015" in told
    steps = STEP.findall(told)
    assert [title for title, _ in steps] == ["Noter la date dans la liste"] * 3
    assert all(re.fullmatch(r"Vérifiée le = «\d{4}-\d\d-\d\d»", note) for _, note in steps)


def test_a_long_run_is_told_in_part_unless_all_is_asked_for(project: Path, robo: Robo) -> None:
    header, first, *_ = (project / "demandes.csv").read_text(encoding="utf-8").splitlines()
    rows = [first.replace("2026-AA-0001", f"2026-AA-{number:04}") for number in range(1, 14)]
    (project / "demandes.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    run = robo(*RUN, "--json").json["run"]
    some, every = robo("runs", "show", run), robo("runs", "show", run, "--all")
    assert some.out.count(": done") == 10
    assert "3 more items" in some.err
    assert every.out.count(": done") == 13
    assert "more items" not in every.err


def test_a_dry_run_says_so_and_what_it_was_limited_to(project: Path, robo: Robo) -> None:
    run = robo(*RUN, "--dry-run", "--limit", "2", "--json").json["run"]
    assert re.search(r"^asked for +--dry-run --limit 2$", robo("runs", "show", run).out, re.MULTILINE)


def test_a_step_of_an_item_has_its_time_too(project: Path, robo: Robo) -> None:
    robo(*RUN)
    told = robo("items", "show", "2026-AA-0001").out
    assert re.search(r"^attempt 1, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", told, re.MULTILINE)
    assert STEP.search(told)
