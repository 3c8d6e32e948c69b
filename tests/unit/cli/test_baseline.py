"""`robo baseline` at the command line: a study added, approved by another account, filled sheets, the stopwatch."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import openpyxl
import pytest

from robo.cli import person
from tests.unit.cli.conftest import Robo, Said

PROCESS = "verifier-demandes"
TODAY = date.today()  # noqa: DTZ011 - the commands have the time of this machine, and its calendar
DAYS = [TODAY - timedelta(days=2), TODAY - timedelta(days=1)]
HEAD = f"robo: 1\nbaseline: {PROCESS}\nunit: demande\nrole: agente\n"
Fill = Callable[[Any], object]


@pytest.fixture
def chief(robo: Robo, monkeypatch: pytest.MonkeyPatch) -> Robo:
    """The command line of another account of this machine."""

    def call(*arguments: str, **environ: str) -> Said:
        with monkeypatch.context() as patched:
            patched.setattr(person, "account", lambda: "cheffe")
            return robo(*arguments, **environ)

    return call


def study(project: Path, *, n: int = 10, before: int = 12, after: int = 2, name: str = "etude.yaml") -> Path:
    lines = [
        f'  - {{what: {what}, day: "{DAYS[number % 2]}", minutes: {minutes}}}\n'
        for what, minutes in (("before", before), ("after", after))
        for number in range(n)
    ]
    file = project / name
    file.write_text(f"{HEAD}method: timed\nobservations:\n{''.join(lines)}", encoding="utf-8")
    return file


def added(robo: Robo, file: Path) -> str:
    said = robo("baseline", "add", str(file), "--json")
    assert said.code == 0, said.err
    assert said.json["schema"] == "robo.baseline-added/1"
    return str(said.json["id"])


def applied(robo: Robo) -> list[dict[str, Any]]:
    said = robo("baseline", "list", "--json")
    assert said.json["schema"] == "robo.baselines/1"
    return [each for each in said.json["baselines"] if each["applies"]]


def test_a_study_counts_once_somebody_else_approved_it(project: Path, robo: Robo, chief: Robo) -> None:
    which = added(robo, study(project))
    assert [(each["id"], each["standing"]) for each in applied(robo)] == [(which, "unapproved")]
    own = robo("baseline", "approve", which[:8], "--role", "agente")
    assert (own.code, "RB030" in own.err) == (2, True)
    named = robo("baseline", "approve", which[:8], "--role", "cheffe", LOGNAME="cheffe", USER="cheffe")
    assert (named.code, "RB030" in named.err) == (2, True), "an environment makes nobody somebody else"
    other = chief("baseline", "approve", which[:8], "--role", "cheffe-de-bureau", "--json")
    assert (other.code, other.json["schema"], other.json["standing"]) == (0, "robo.baseline-decided/1", "valid")
    assert [(each["id"], each["standing"]) for each in applied(robo)] == [(which, "valid")]
    told = robo("audit", "show", "--type", "baseline").out
    assert "approved from" in told
    assert "cheffe-de-bureau" in told
    shown = robo("baseline", "show", which[:8])
    assert "before: by hand" in shown.out
    assert "approved from" in shown.out


def test_a_later_study_takes_the_place_of_the_earlier_one(project: Path, robo: Robo, chief: Robo) -> None:
    old, new = added(robo, study(project)), added(robo, study(project, n=12, name="suite.yaml"))
    assert chief("baseline", "approve", old[:8], "--role", "cheffe").code == 0
    assert "RB034" in chief("baseline", "approve", new[:8], "--role", "cheffe").err
    assert chief("baseline", "supersede", old[:8], "--by", new[:8], "--role", "cheffe").code == 0
    assert [each["id"] for each in applied(robo)] == [new]
    assert robo("baseline", "withdraw", new[:8], "--role", "agente").code == 0
    assert applied(robo) == []
    assert "superseded" in robo("baseline", "list", "--all").out


def test_an_after_of_0_is_signed_first(project: Path, robo: Robo, chief: Robo) -> None:
    which = added(robo, study(project, after=0))[:8]
    assert "RB032" in chief("baseline", "approve", which, "--role", "cheffe").err
    assert chief("baseline", "sign", which, "--role", "chef-de-service").code == 0
    assert chief("baseline", "approve", which, "--role", "cheffe").code == 0
    assert applied(robo)[0]["standing"] == "valid"


def test_what_was_never_timed_is_listed_as_such(project: Path, robo: Robo) -> None:
    file = project / "declare.yaml"
    file.write_text(f"{HEAD}method: declared\nbefore: 12\nafter: 2\n", encoding="utf-8")
    added(robo, file)
    assert "declared, not measured" in robo("baseline", "list").out
    assert robo("baseline", "show", "zzz").code == 2


# ---- the sheet -----------------------------------------------------------------------------------------------


def written(project: Path, robo: Robo, **language: str) -> Path:
    file = project / "releve.xlsx"
    said = robo("baseline", "sheet", PROCESS, "-o", str(file), "--json", **language)
    assert (said.code, said.json["schema"]) == (0, "robo.baseline-sheet/1"), said.err
    return file


def filled(file: Path, fill: Fill) -> Path:
    book = openpyxl.load_workbook(file)
    fill(book.worksheets[1])
    book.save(file)
    return file


def lines(sheet: Any) -> None:
    """Ten by hand with start and end, ten with the robot in minutes."""
    labels = [each for each in sheet.data_validations.dataValidation if each.type == "list"]
    before, after, *_ = labels[0].formula1.strip('"').split(",")
    for number in range(10):
        day = DAYS[number % 2]
        put(sheet, number + 2, day, before, time(9, number), time(9, number + 12, 30))
        put(sheet, number + 12, day, after, None, None, 2.5)


def put(sheet: Any, line: int, *cells: object) -> None:
    for column, value in enumerate(cells, 2):
        if value is not None:
            sheet.cell(line, column).value = value


def imported(robo: Robo, file: Path) -> Said:
    return robo("baseline", "import", str(file), "--role", "agente", "--json")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_sheet_is_written_filled_and_read_back(project: Path, robo: Robo, language: str) -> None:
    file = filled(written(project, robo, ROBO_LANG=language), lines)
    said = imported(robo, file)
    assert said.code == 0, said.err
    (found,) = applied(robo)
    assert found["minutes"]["before"] == {
        "median": 13,
        "low": 13,
        "high": 13,
        "n": 10,
        "days": 2,
        "last": str(DAYS[1]),
    }
    assert (found["minutes"]["after"]["median"], found["standing"]) == (3, "unapproved")


def test_a_sheet_tells_who_fills_it_in_what_is_possible(project: Path, robo: Robo) -> None:
    book = openpyxl.load_workbook(written(project, robo, ROBO_LANG="fr"))
    assert book.sheetnames == ["Mode d'emploi", "Relevé", "Procédure", "robo"]
    log = book["Relevé"]
    assert {each.type for each in log.data_validations.dataValidation} == {"date", "list", "time", "decimal"}
    assert (log.freeze_panes, log.protection.sheet, log["B2"].protection.locked) == ("B2", True, False)
    assert book["robo"].sheet_state == "hidden"
    assert book["Procédure"]["B3"].value
    assert not any("nom" in str(cell.value).lower().split() for cell in log[1])


WRONG: list[tuple[str, Fill, str]] = [
    ("text in a number cell", lambda s: put(s, 12, None, None, None, None, "trente"), "Relevé!F12: «trente»"),
    ("text in a time cell", lambda s: put(s, 2, DAYS[0], None, "9h30"), "Relevé!D2: «9h30»"),
    ("a day in the future", lambda s: put(s, 2, TODAY + timedelta(days=2)), "Relevé!B2: "),
    ("a day that is a text", lambda s: put(s, 2, "12/11/26 matin"), "Relevé!B2: «12/11/26 matin»"),
    ("the end before the start", lambda s: put(s, 2, None, None, time(9), time(8, 59)), "Relevé!E2: «8:59:00»"),
    ("both ways at once", lambda s: put(s, 2, None, None, None, None, 12), "Relevé!F2: «12»"),
    ("less than nothing", lambda s: put(s, 12, None, None, None, None, -3), "Relevé!F12: «-3»"),
    ("more than a day's work", lambda s: put(s, 12, None, None, None, None, 481), "Relevé!F12: «481»"),
    ("something else", lambda s: put(s, 2, None, "Pause"), "Relevé!C2: «Pause»"),
    ("only a start", lambda s: setattr(s["E2"], "value", None), "Relevé!E2: «»"),
]


@pytest.mark.parametrize(("spoil", "told"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_a_cell_that_cannot_be_right_is_named_and_nothing_is_taken(
    project: Path, robo: Robo, spoil: Fill, told: str
) -> None:
    file = filled(written(project, robo, ROBO_LANG="fr"), lambda sheet: (lines(sheet), spoil(sheet)))
    said = imported(robo, file)
    assert (said.code, said.json["code"]) == (2, "RB042")
    assert told in said.json["message"]
    assert "Relevé!" in said.json["place"]
    assert robo("baseline", "list", "--all", "--json").json["baselines"] == []


def test_a_workbook_that_robo_did_not_write_is_no_sheet(project: Path, robo: Robo) -> None:
    file = project / "autre.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "robo"
    for line, cells in enumerate((("key", "value"), ("form", "other/1")), 1):
        put(book.active, line, None, *cells)
    book.save(file)
    assert imported(robo, file).json["code"] == "RB043"


# ---- the stopwatch -------------------------------------------------------------------------------------------


def test_the_stopwatch_keeps_what_was_stopped_when_it_is_killed(project: Path, robo: Robo) -> None:
    command = [sys.executable, "-m", "robo", "baseline", "time", PROCESS, "--role", "agente", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=project) as running:
        assert running.stdout is not None
        said = json.loads(running.stdout.readline())
        for form in (b"button=start&what=before", b"button=stop", b"button=start&what=after"):
            with urlopen(Request(said["url"], form)) as page:  # noqa: S310 - it is on this machine
                shown = page.read().decode()
        assert 'value="stop"' in shown
        running.send_signal(signal.SIGKILL)
    text = Path(said["file"]).read_text(encoding="utf-8")
    assert text.count("what: ") == 1
    assert f'day: "{datetime.now().astimezone():%Y-%m-%d}"' in text
    assert said["schema"] == "robo.baseline-time/1"
    assert "RB045" in robo("baseline", "add", said["file"]).err
