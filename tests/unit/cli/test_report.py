"""`robo report`: the hours and the week from a project's store, on the screen and into files."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from robo.app import open_app
from robo.model.ledger import LedgerKind, LedgerRow
from robo.store import ledger
from tests.ledgers import lines_of, ordinary, rewrite

Robo = Any
REGION, PROCESS = "ma-region", "verifier-demandes"


@pytest.fixture
def worked(project: Path) -> Iterator[Path]:
    """A project whose robots did three units that nobody measured, and one that a person took up."""
    app = open_app(project)
    month = f"{datetime.now(UTC):%Y-%m}"
    same: dict[str, Any] = {
        "environment": "production",
        "region": REGION,
        "process": PROCESS,
        "version": "1.0.0",
        "unit": f"{PROCESS}/dossier",
        "provenance": "declared",
        "month": month,
    }
    with app.store.write() as tx:
        for unit in range(3):
            row = LedgerRow(kind=LedgerKind.CREDIT, unit_hash=f"{unit:x}", minutes_before=40, minutes_after=10, **same)
            ledger.add(tx, row, actor="robot")
        spent = {"reason": "triage", "code": "already-known", "minutes_before": 0, "minutes_after": 15}
        ledger.add(tx, LedgerRow(kind=LedgerKind.DEBIT, unit_hash="", **same, **spent), actor="robot")
    app.close()
    return project


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_a_project_without_minutes_says_so_and_ends_well(project: Path, robo: Robo) -> None:
    said = robo("report", "hours", LANG="fr_FR.UTF-8")
    assert said.code == 0
    assert plain(said.out).startswith("0 h prouvée, 0 h non mesurée ; arrêté au ")
    assert "journal non scellé" in said.out
    week = robo("report", "week", LANG="fr_FR.UTF-8")
    assert (week.code, "Rien n'a été fait." in week.out, "Rien n'attend." in week.out) == (0, True, True)


def test_a_closed_month_that_was_altered_behind_robo_is_not_reported(project: Path, robo: Robo) -> None:
    app = open_app(project)
    row: dict[str, Any] = {"environment": "production", "region": REGION, "process": PROCESS, "version": "1.0.0"}
    minutes = {"unit": "x", "unit_hash": "a", "minutes_before": 40, "minutes_after": 10, "month": "2026-01"}
    with app.store.write() as tx:
        ledger.add(tx, LedgerRow(kind=LedgerKind.CREDIT, **row, **minutes), actor="robot")
    app.close()
    assert robo("ledger", "log-time", "--month", "2026-01", "--supervision", "0", "--yes").code == 0
    closed = robo("report", "hours", "--from", "2026-01")
    assert closed.code == 0
    with sqlite3.connect(project / ".robo/robo.db") as db:
        db.execute("UPDATE ledger_months SET minutes_before = 9000 WHERE kind = 'credit'")
    altered = robo("report", "hours", "--from", "2026-01")
    assert (altered.code, altered.out) == (4, "")
    assert altered.err.startswith("RB069")
    assert "ma-region/2026-01" in altered.err


def test_the_screen_and_every_file_say_the_same(worked: Path, robo: Robo) -> None:
    shown = robo("report", "hours", LANG="fr_FR.UTF-8")
    assert plain(shown.out).startswith("0 h prouvée, 1 h non mesurée")
    assert re.search(r"^total\s+3\s.*1 h 15 .*0 h 15$", plain(shown.out), re.M)
    read = robo("report", "hours", "--json").json
    assert (read["schema"], read["total"]["unmeasured"], read["total"]["units"]) == ("robo.report-hours/1", 75, 3)
    for name in ("a.json", "a.csv", "a.xlsx", "a.txt"):
        written = robo("report", "hours", "-o", name, LANG="fr_FR.UTF-8")
        assert (written.code, written.out, name in written.verdict) == (0, "", True), written.err
    assert '"unmeasured": 75' in Path("a.json").read_text(encoding="utf-8")
    assert Path("a.csv").read_bytes().startswith(b"\xef\xbb\xbfregion;process;month;measure;value;unit\r\n")
    assert "1 h 15" in plain(Path("a.txt").read_text(encoding="utf-8"))
    items = openpyxl.load_workbook("a.xlsx", data_only=True)["Dossiers"]
    assert [row[5] for row in items.iter_rows(min_row=2, values_only=True)] == ["crédit"] * 3 + ["débit"]
    assert robo("report", "hours", "-o", "a.html", LANG="fr_FR.UTF-8").code == 0
    page = Path("a.html").read_text(encoding="utf-8")
    assert "1\u00a0h\u00a015" in page
    assert robo("report", "hours", "-o", "a.pdf").code == 0
    assert Path("a.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(each.name for each in Path().glob(".*.part")) == []


def test_a_part_of_it_and_words_nobody_knows(worked: Path, robo: Robo) -> None:
    read = robo("report", "hours", "--process", PROCESS, "--region", REGION, "--from", "2020-01", "--json").json
    assert (read["asked"]["first"], read["total"]["units"]) == ("2020-01", 3)
    wrong = {
        "RB065": ("--from", "10/2026"),
        "RB066": ("--from", "2026-10", "--to", "2026-01"),
        "RB067": ("--format", "pdf"),
        "RB940": ("--process", "verifier-demande"),
        "RB941": ("--region", "ma-regio"),
    }
    for code, words in wrong.items():
        said = robo("report", "hours", *words)
        assert (said.code, code in said.err) == (2, True), said.err


def test_a_file_that_cannot_be_written_leaves_nothing(worked: Path, robo: Robo) -> None:
    said = robo("report", "hours", "-o", "nowhere/a.xlsx")
    assert (said.code, "RB970" in said.err) == (4, True)


def test_the_week_fits_into_a_mail(worked: Path, robo: Robo) -> None:
    said = plain(robo("report", "week", LANG="fr_FR.UTF-8").out)
    assert "Fait : 3 ; rendu : 1 h 30, dont chronométré 0 h 00. Repris par des agents : 1, 0 h 15." in said
    assert len(said.splitlines()) <= 10
    read = robo("report", "week", "--json").json
    assert (read["schema"], read["done"][0]["given"], read["done"][0]["spent"]) == ("robo.report-week/1", 90, 15)


# ---- several regions -------------------------------------------------------------------------------------------
@pytest.fixture
def regions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two exports that verify, one that was altered, and a policy; no project anywhere."""
    worlds = {name: ordinary(region=name, origin=f"robo.example/{name}") for name in ("bfc", "idf", "pdl")}
    for name, world in worlds.items():
        world.export(tmp_path / "exports" / name)
    rewrite(tmp_path / "exports/pdl", "rows.jsonl", lines_of(tmp_path / "exports/pdl", "rows.jsonl")[1:])
    logs = "".join(f"log {world.log.key.verifier()}\n" for world in worlds.values())
    (tmp_path / "national.policy").write_text(f"{logs}quorum none\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_exports_are_verified_and_added_up_and_who_is_left_out_is_named(regions: Path, robo: Robo) -> None:
    asked = ("report", "hours", "--from-exports", "exports", "--policy", "national.policy")
    said = robo(*asked, "--json", LANG="fr_FR.UTF-8")
    assert said.code == 3, said.err
    read = said.json
    assert [each["name"] for each in read["left_out"]] == ["pdl (pdl)"], read["left_out"]
    assert "pdl (pdl) est laissé de côté" in said.err
    assert {each["region"] for each in read["cube"]} == {"bfc", "idf"}
    assert (read["total"]["proven"], read["total"]["opening"]) == (-200, 2 * 67_140)
    assert [each["origin"] for each in read["seals"]] == ["robo.example/bfc", "robo.example/idf"]
    assert {each["month"] for each in read["closings"] if each["frozen"]} == {"2026-09"}
    assert all(each["frozen"] == each["figures"] for each in read["closings"] if each["frozen"])
    assert {each["reason"] for each in read["corrections"]} == {"not found"}
    written = robo(*asked, "-o", "france.xlsx", LANG="fr_FR.UTF-8")
    items = openpyxl.load_workbook("france.xlsx")["Dossiers"]
    assert (written.code, "rows.jsonl" in str(items["A2"].value)) == (3, True)


def test_exports_are_believed_by_a_policy_only(regions: Path, robo: Robo) -> None:
    assert "RB667" in robo("report", "hours", "--from-exports", "exports").err
    none = robo("report", "hours", "--from-exports", ".", "--policy", "national.policy")
    assert (none.code, "RB068" in none.err) == (2, True)
