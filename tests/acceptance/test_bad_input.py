"""What people get wrong and what the world does to them: a clear message, the right exit code, nothing half-done."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from robo.sandbox.faults import Fault
from robo.sandbox.handle import RunningSandbox, spawn

ROOT = Path(__file__).parents[2]
PROCESS = "titre-sejour-saisie"
ACCOUNT = "robot.occitanie"
FRESH = itertools.count(9000)
"""Numbers that the fixtures' workbook does not have."""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with spawn(tmp_path_factory.mktemp("portal") / "portal.db") as running:
        yield running


class Desk:
    """A person at a project of her own, with the practice portal."""

    def __init__(self, project: Path, portal: RunningSandbox) -> None:
        self.project = project
        self.portal = portal
        self.workbook = project / "demandes.xlsx"
        for name in ("config", "processes"):
            shutil.copytree(ROOT / name, project / name)
        shutil.copy(project / "processes" / PROCESS / "fixtures" / "demandes.xlsx", self.workbook)

    @property
    def definition(self) -> Path:
        return self.project / "processes" / PROCESS / "process.yaml"

    def robo(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {
            **os.environ,
            "ROBO_LANG": "en",
            "ROBO_TESTING": "1",
            "ROBO_SECRETS": "env",
            "ROBO_SECRET_PORTAL_USERNAME": ACCOUNT,
            "ROBO_SECRET_PORTAL_PASSWORD": self.portal.accounts[ACCOUNT],
            "ROBO_PROJECT": str(self.project),
        }
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            given["ROBO_BROWSER_SANDBOX"] = "off"
        command = [sys.executable, "-m", "robo", *words]
        return subprocess.run(
            command, env={**given, **environment}, capture_output=True, text=True, timeout=120, check=False
        )

    def run(self, *words: str, url: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        inputs = ["-i", f"export={self.workbook}", "-i", f"portal={url or self.portal.url}"]
        return self.robo("run", PROCESS, "--region", "occitanie", "--json", *inputs, *words, **environment)

    def runs(self) -> list[object]:
        return list(json.loads(self.robo("runs", "list", "--json").stdout)["runs"])


@pytest.fixture
def desk(tmp_path: Path, portal: RunningSandbox) -> Desk:
    return Desk(tmp_path / "project", portal)


def told(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    everything = done.stdout + done.stderr
    assert done.returncode == code, everything
    for word in words:
        assert word in everything
    assert "Traceback" not in everything


def go_on(desk: Desk, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Resume the run that ended like this."""
    return desk.robo("run", "--resume", json.loads(done.stdout.splitlines()[-1])["run"], "--json")


def counts(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    return dict(json.loads(done.stdout.strip().splitlines()[-1])["items"])


def test_a_misspelt_key_is_shown_with_its_line_and_the_right_word(desk: Desk) -> None:
    text = desk.definition.read_text(encoding="utf-8").replace("\nfinders:", "\nfindres:")
    desk.definition.write_text(text, encoding="utf-8")
    told(desk.run(), 2, "process.yaml:", "findres", "did you mean: finders", "^^^^^^^")
    assert desk.runs() == []


def test_a_process_that_is_not_there_names_the_nearest(desk: Desk) -> None:
    told(desk.robo("run", "titre-sejour-saisi", "--region", "occitanie"), 2, "RB940", PROCESS)


def test_a_missing_column_is_named_with_those_that_are_there(desk: Desk) -> None:
    book = load_workbook(desk.workbook)
    book["Demandes"]["B1"] = "Patronyme"
    book.save(desk.workbook)
    told(desk.run(), 2, "RB530", "«Nom»", "«Patronyme»")


def test_an_empty_workbook_says_that_it_is_empty(desk: Desk) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.title = "Demandes"
    book.save(desk.workbook)
    done = desk.run()
    assert done.returncode in {2, 4}
    told(done, done.returncode, "RB8")


@pytest.mark.long
def test_a_workbook_that_expands_to_300_megabytes_is_refused_before_it_is_opened(desk: Desk) -> None:
    bomb = desk.workbook.with_name("bombe.xlsx")
    with zipfile.ZipFile(desk.workbook) as good, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            content = good.read(name)
            bad.writestr(name, content + b" " * 300_000_000 if name.endswith("sheet1.xml") else content)
    desk.workbook = bomb
    done = desk.run()
    assert done.returncode in {2, 4}
    told(done, done.returncode, "RB8")


def test_keys_that_stand_twice_reject_all_their_rows(desk: Desk) -> None:
    book = load_workbook(desk.workbook)
    sheet = book["Demandes"]
    for row in range(sheet.max_row, 3, -1):
        sheet.delete_rows(row)
    sheet["A3"] = sheet["A2"].value
    book.save(desk.workbook)
    done = desk.run()
    told(done, 3)
    assert counts(done)["rejected"] == 2
    assert counts(done)["done"] == 0


def test_more_items_than_the_limit_wait_for_a_yes_and_nothing_is_done(desk: Desk) -> None:
    text = desk.definition.read_text(encoding="utf-8")
    desk.definition.write_text(text + "\nlimits: {items: 3}\n", encoding="utf-8")
    before = len(desk.portal.truth())
    done = desk.run()
    told(done, 3, "--yes")
    assert counts(done)["done"] == 0
    assert len(desk.portal.truth()) == before


def test_a_missing_secret_names_the_command_and_no_run_is_begun(desk: Desk) -> None:
    told(desk.run(ROBO_SECRET_PORTAL_PASSWORD="", ROBO_SECRET_PORTAL_USERNAME=""), 4, "robo secrets set portal")
    assert desk.runs() == []


def test_a_missing_browser_says_how_to_get_one(desk: Desk) -> None:
    told(desk.run(ROBO_BROWSER="/nowhere/chromium"), 4, "RB7", "/nowhere/chromium")


def test_a_portal_that_is_down_holds_the_process_and_costs_no_item(desk: Desk) -> None:
    done = desk.run("--limit", "2", url="http://127.0.0.1:9")
    told(done, 4, "does not answer")
    assert counts(done)["failed"] == 0


@pytest.fixture
def three(desk: Desk) -> Iterator[list[str]]:
    """The keys of a workbook of three rows that no other test has, and a policy that a test can wait for."""
    keys = [f"2026-TS-{next(FRESH)}" for _ in range(3)]
    book = load_workbook(desk.workbook)
    sheet = book["Demandes"]
    sheet.delete_rows(4)  # has its number already
    sheet.delete_rows(5, sheet.max_row)
    for row, key in enumerate(keys, 2):
        sheet.cell(row, 1, key)
    book.save(desk.workbook)
    text = desk.definition.read_text(encoding="utf-8")
    desk.definition.write_text(text + "\non_failure: {retry: 1, wait: 0s}\n", encoding="utf-8")
    yield keys
    desk.portal.faults.clear()


@pytest.mark.long
def test_a_page_that_breaks_on_one_dossier_costs_that_dossier_and_no_other(desk: Desk, three: list[str]) -> None:
    desk.portal.faults.script(three[1], *[Fault("error500", at="stay")] * 2)
    done = desk.run()
    told(done, 1, f"RB716 · {three[1]}", "HTTP 500")
    assert (counts(done)["done"], counts(done)["failed"]) == (2, 1)
    assert [desk.portal.dossiers(key) for key in three] == [1, 0, 1]
    told(desk.robo("items", "retry", three[1]), 0)
    told(go_on(desk, done), 0)
    assert [desk.portal.dossiers(key) for key in three] == [1, 1, 1]


@pytest.mark.long
def test_a_portal_that_goes_down_in_the_middle_holds_what_is_left_and_the_run_goes_on(
    desk: Desk, three: list[str]
) -> None:
    desk.portal.faults.script(three[1], Fault("down", at="stay"), Fault("down", at="identity"))
    done = desk.run("--slots", "1")
    told(done, 4, "HTTP 503", "robo run --resume")
    assert counts(done)["failed"] == 0
    assert [desk.portal.dossiers(key) for key in three] == [1, 0, 0]
    told(go_on(desk, done), 4, "HTTP 503")
    told(go_on(desk, done), 0)
    assert [desk.portal.dossiers(key) for key in three] == [1, 1, 1]


@pytest.mark.long
def test_a_sign_in_page_that_is_broken_is_no_items_trouble(desk: Desk, three: list[str]) -> None:
    desk.portal.faults.set(Fault("error500", at="login"))
    done = desk.run()
    told(done, 4, "HTTP 500")
    assert counts(done)["failed"] == 0
    desk.portal.faults.clear()
    told(go_on(desk, done), 0)
    assert [desk.portal.dossiers(key) for key in three] == [1, 1, 1]


@pytest.mark.long
def test_the_password_stands_in_nothing_that_robo_leaves(desk: Desk) -> None:
    canary = desk.portal.accounts[ACCOUNT]
    done = desk.run("--limit", "1")
    assert canary not in done.stdout + done.stderr
    for file in (desk.project / ".robo").rglob("*"):
        if file.is_file():
            assert canary.encode() not in file.read_bytes(), file


def test_a_workbook_that_is_open_elsewhere_keeps_its_receipts_for_later(desk: Desk) -> None:
    lock = desk.workbook.with_name("~$demandes.xlsx")
    lock.write_bytes(b"\x05Agent")
    done = desk.run("--only", "2026-TS-0012")
    told(done, 3, "demandes.xlsx", "robo runs flush")
    assert counts(done)["done"] == 1
    lock.unlink()
    told(desk.robo("runs", "flush"), 0)
    rows = load_workbook(desk.workbook)["Demandes"].iter_rows(values_only=True)
    assert next(row[-1] for row in rows if row[0] == "2026-TS-0012")


def test_a_dry_run_sends_no_effect_and_shows_what_it_would_enter(desk: Desk) -> None:
    before = len(desk.portal.truth())
    done = desk.run("--dry-run", "--only", "2026-TS-0013")
    told(done, 0)
    assert counts(done)["skipped"] == 1
    assert len(desk.portal.truth()) == before
