"""`robo ledger`: what a chief of service types, and what she is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from robo.cli.here import opened
from robo.definition.opening import read_opening
from robo.errors import DefinitionError
from robo.proof.merkle import leaf_hash, verify_inclusion
from robo.store import sequencer
from tests.unit.cli.conftest import Robo

ROOT = Path(__file__).parents[3]
RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")
PAST = f"{datetime.now(UTC) - timedelta(days=75):%Y-%m}"
"""A month that may be closed on any day of this one."""


def test_a_month_is_logged_signed_closed_and_then_closed_to_all(project: Path, robo: Robo) -> None:
    log = ("ledger", "log-time", "--month", PAST)
    assert "RB026" in robo(*log).err
    assert "RB019" in robo(*log, "--supervision", "-5").err
    assert robo(*log, "--supervision", "0").code == 2, "0 is signed"
    assert robo(*log, "--supervision", "0", "--maintenance", "3h30", "--yes").code == 0
    said = robo("ledger", "close", ROBO_LANG="fr")
    assert said.code == 0
    assert f"{PAST} clos en" in said.err
    assert "-3 h 30 prouvées" in said.err
    assert robo("ledger", "close", "--json").json == {"schema": "robo.ledger-closed/1", "closed": [], "open": []}
    again = robo(*log, "--supervision", "1h")
    assert (again.code, "RB010" in again.err) == (2, True)
    late = ("ledger", "reconcile", "--process", "verifier-demandes", "--month", PAST, "--volume", "3")
    assert "RB016" in robo(*late, "--source", "chorus").err
    assert "RB027" in robo(*late, "--source", "Mme Martin").err
    quarter = f"{PAST[:4]}-Q{(int(PAST[5:]) + 2) // 3}"
    attest = ("ledger", "attest", "--quarter", quarter, "--role")
    assert "RB028" in robo(*attest, "Jean Martin").err
    said = robo(*attest, "cheffe-de-bureau", "--yes", "--json")
    assert said.json["months"] == [PAST] if said.code == 0 else "RB017" in said.err, "a quarter that is over"


def test_a_run_closes_what_is_due_and_says_so(project: Path, robo: Robo) -> None:
    robo("ledger", "log-time", "--month", PAST, "--supervision", "2h")
    assert f"{PAST} is closed in" in robo(*RUN).err
    assert f"{PAST} is closed in" not in robo(*RUN).err


def test_a_figure_leads_down_to_its_entries_and_their_proofs(project: Path, robo: Robo) -> None:
    run = robo(*RUN, "--json").json
    robo("audit", "seal")
    said = robo("ledger", "show", "--run", run["run"], "--proof", "--json").json
    assert said["rows"]
    assert {row["kind"] for row in said["rows"]} <= {"credit", "debit"}
    shown = {entry["seq"]: entry for entry in robo("audit", "show", "--type", "ledger", "--json").json["entries"]}
    for row in said["rows"]:
        entry = shown[row["entry"]]
        assert entry["data"]["ledger"] == row["id"]
        assert not {"unit_hash", "receipt_hash"} & row.keys()

        with opened() as app, app.store.read() as tx:
            (raw,) = sequencer.entries(tx, row["entry"], 1)

        way, root = [bytes.fromhex(node) for node in row["proof"]], bytes.fromhex(said["root"])
        assert verify_inclusion(leaf_hash(raw), row["entry"], said["sealed"], way, root)
    told = robo("ledger", "show", ROBO_LANG="fr")
    assert "écriture" in told.out.splitlines()[0]


def test_the_robot_got_an_item_wrong_and_a_row_is_taken_back(project: Path, robo: Robo) -> None:
    robo(*RUN)
    done = robo("items", "list", "--state", "done", "--json").json["items"][0]
    wrong = robo("ledger", "wrong", done["item"], "--undone", "--why", "mauvais service", "--json")
    assert (wrong.code, wrong.json["corrections"]) == (0, []), "nothing was credited: no receipt was read back"
    assert "RB022" in robo("ledger", "wrong", done["item"], "--why", "encore").err
    back = robo("ledger", "correct", wrong.json["debit"][-8:], "--why", "c'était bon", "--yes", "--json")
    assert back.json["corrects"] == wrong.json["debit"]
    assert "RB021" in robo("ledger", "correct", wrong.json["debit"], "--why", "x", "--yes").err
    assert "RB962" in robo("ledger", "correct", wrong.json["debit"], "--why", "x").err
    rows = robo("ledger", "show", "--item", done["item"], "--json").json["rows"]
    assert sum(row["minutes_before"] - row["minutes_after"] for row in rows) == 0
    kept = robo("audit", "show", "--type", "ledger.debit", "--json").json["entries"]
    assert "mauvais service" not in str(kept), "what a person writes is in the payload"


def test_what_was_before_robo_is_declared_once_and_apart(project: Path, robo: Robo) -> None:
    text = (ROOT / "config/ouverture-robo.yaml").read_text(encoding="utf-8")
    (region,) = (each.stem for each in (project / "config/regions").glob("*.yaml"))
    Path("ouverture.yaml").write_text(text.replace("opening: occitanie", f"opening: {region}"), encoding="utf-8")
    said = robo("ledger", "opening", "ouverture.yaml", "--yes", "--json")
    assert (said.code, said.json["minutes"]) == (0, 1119 * 60)
    again = robo("ledger", "opening", "ouverture.yaml", "--yes")
    assert (again.code, "RB024" in again.err) == (2, True)
    (row,) = said.json["rows"]
    assert robo("ledger", "correct", row, "--why", "autre région", "--yes").code == 0
    assert robo("ledger", "opening", "ouverture.yaml", "--yes").code == 0


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("robo: 1\nopening: r\nprocesses: {p: {hours: 3}}", "RB202"),
        ("robo: 1\nopening: r\nsource: s\nprocesses: {p: {units: 3}}", "RB202"),
        ("robo: 1\nopening: r\nsource: s\nprocesses: {p: {hours: -3}}", "RB201"),
        ("robo: 1\nopening: r\nsource: s\nprocesses: {p: {hours: 3, minutes: 90}}", "RB201"),
        ("robo: 1\nopening: r\nsource: s\nprocesses: {p: {hours: 3}}\nagent: Martin", "RB203"),
    ],
)
def test_what_an_opening_balance_may_not_say(tmp_path: Path, wrong: str, code: str) -> None:
    file = tmp_path / "o.yaml"
    file.write_text(wrong, encoding="utf-8")
    with pytest.raises(DefinitionError) as told:
        read_opening(file)
    assert [each.code for each in told.value.diagnostics] == [code]


def test_each_command_shows_an_example_that_can_be_copied(robo: Robo) -> None:
    for command in ("show", "log-time", "correct", "wrong", "reconcile", "attest", "close", "opening"):
        told = robo("ledger", command, "--help", ROBO_LANG="en", COLUMNS="80").out
        (line,) = [each for each in told.splitlines() if each.strip().startswith(f"robo ledger {command}")]
        assert line.split()[:3] == ["robo", "ledger", command]
