"""`robo audit show`, `verify`, `export` at the command line: from a real run to a verified export."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from robo.cli.audit_words import templates
from robo.model.audit import EventType
from robo.proof.merkle import leaf_hash
from tests.unit.cli.conftest import Robo

Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def kept() -> dict[str, Path]:
    """The project after its run, made once."""
    return {}


@pytest.fixture
def ran(project: Path, robo: Robo, kept: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of five demands, three done and two rejected, in a log that is sealed."""
    if not kept:
        assert robo("run", "verifier-demandes", "-i", "export=demandes.csv").code == 3
        kept["project"] = tmp_path_factory.mktemp("kept") / "project"
        shutil.copytree(project, kept["project"])
    shutil.copytree(kept["project"], project, dirs_exist_ok=True)
    return project


def policy(robo: Robo, folder: Path) -> Path:
    """What an auditor writes who was given the log's key."""
    file = folder / "auditor.policy"
    file.write_text(f"log {robo('audit', 'status', '--json').json['key']}\nquorum none\n", encoding="utf-8")
    return file


def test_every_event_has_its_sentence() -> None:
    assert {each.value for each in EventType} <= templates().keys()


def test_the_log_is_shown_the_newest_first_and_what_is_personal_only_when_it_is_asked_for(
    ran: Path, robo: Robo
) -> None:
    shown = robo("audit", "show", "--type", "item")
    lines = shown.out.splitlines()
    assert (len(lines), lines[0].split()) == (11, ["entry", "when", "about", "what", "who"])
    assert "item ended: rejected plafond" in shown.out
    assert "2026-AA" not in shown.out
    begun = ("audit", "show", "--type", "run.created")
    assert "@" not in robo(*begun).out
    assert "@" in robo(*begun, "--payload").out
    inside = robo("audit", "show", "--payload", "--item", "2026-AA-0003")
    assert "item opened: queued · key: 2026-AA-0003" in inside.out
    assert "what is personal in 2 entries" in robo("audit", "show", "--limit", "3").out


def test_the_log_speaks_the_language_of_who_reads(ran: Path, robo: Robo) -> None:
    assert "élément terminé : rejeté plafond" in robo("audit", "show", "--type", "item", ROBO_LANG="fr").out
    assert robo("audit", "verify", ROBO_LANG="fr").out.startswith("Journal entier : 14 écritures, scellé jusqu'à 20")


def test_data_of_the_log_has_a_schema(ran: Path, robo: Robo) -> None:
    found = robo("audit", "show", "--run", "01", "--limit", "2", "--json").json
    assert (found["schema"], len(found["entries"])) == ("robo.audit-entries/1", 2)
    assert found["entries"][0]["sentence"] == "run ended: 3 done, 2 rejected"
    assert "payload" not in found["entries"][0]
    whole = robo("audit", "verify", "--json").json
    assert (whole["schema"], whole["whole"], whole["findings"]) == ("robo.audit-verified/1", True, [])


@pytest.mark.parametrize("said", ["yesterday", "2026-13-01"])
def test_a_day_that_is_none_is_refused(said: str, ran: Path, robo: Robo) -> None:
    assert robo("audit", "show", "--since", said).err.startswith("RB669")
    assert "nothing in the log is so" in robo("audit", "show", "--since", "2999-01-01").err


def test_a_policy_that_the_settings_name_and_nobody_can_read_is_told_by_whoever_needs_it(
    ran: Path, robo: Robo, tmp_path: Path
) -> None:
    assert robo("audit", "witness", "show").err.startswith("RB653"), "none is named"
    with (ran / "config/robo.yaml").open("a", encoding="utf-8") as config:
        config.write("audit: {policy: config/none.policy}\n")
    for words in (("witness", "show"), ("verify",), ("export", tmp_path / "export")):
        told = robo("audit", *words)
        assert (told.code, told.err.partition(" ")[0].strip(":"), "none.policy" in told.err) == (2, "RB661", True)


def test_an_export_needs_no_project_to_be_verified_and_is_refused_without_a_policy(
    ran: Path, robo: Robo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = robo("audit", "export", tmp_path / "export", "--payloads", "--json")
    assert (done.code, done.json["schema"]) == (0, "robo.audit-exported/1")
    trusted = policy(robo, tmp_path)
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(ran)
    found = robo("audit", "verify", "--export", "export", "--policy", trusted)
    assert (found.code, found.out.splitlines()[0].partition(",")[0]) == (0, "Log whole: 15 entries")
    assert "payloads: 5 as they were written" in found.out
    assert robo("audit", "verify", "--export", "export").err.startswith("RB667")
    assert robo("audit", "verify", "--export", "export", "--policy", "none").err.startswith("RB661")
    assert robo("audit", "verify", "--export", ".", "--policy", trusted).err.startswith("RB663")
    assert robo("audit", "verify", "--export", "export", "--policy", trusted, "--origin", "another").code == 3


def test_a_region_and_an_item_are_exported_and_verified_alone(ran: Path, robo: Robo, tmp_path: Path) -> None:
    trusted = policy(robo, tmp_path)
    assert robo("audit", "export", "r", "--region", "ma-region").code == 0
    whole = robo("audit", "verify", "--export", "r", "--policy", trusted)
    assert (whole.code, whole.out.partition(":")[0]) == (0, "Region ma-region whole")
    assert robo("audit", "export", "i", "--proof", "2026-AA-0003").code == 0
    proven = robo("audit", "verify", "--export", "i", "--policy", trusted)
    assert (proven.code, proven.out.partition(";")[0]) == (0, "Proven: 2 entries stand in the log")
    assert robo("audit", "export", "i", "--proof", "2026-AA-0003").err.startswith("RB664")
    assert robo("audit", "export", "j", "--proof", "nobody").err.startswith("RB665")
    raw = Path("i/10.json")
    raw.write_bytes(raw.read_bytes().replace(b"rejected", b"done"))
    assert robo("audit", "verify", "--export", "i", "--policy", trusted).code == 3


def _entry(db: sqlite3.Connection, *, hashed: bool = False) -> None:
    (raw,) = db.execute("SELECT entry FROM audit_leaf WHERE seq = 10").fetchone()
    raw = raw.replace(b"rejected", b"done")
    db.execute("UPDATE audit_leaf SET entry = ? WHERE seq = 10", (raw,))
    if hashed:
        db.execute("UPDATE audit_leaf SET hash = ? WHERE seq = 10", (leaf_hash(raw),))


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "an entry": (_entry, "entry 10: the entry was altered: its hash is not the one in the tree"),
    "an entry and its hash": (
        lambda db: _entry(db, hashed=True),
        "entry 11: the entry of ma-region before this one was another when this one was written",
    ),
    "a row deleted": (
        lambda db: db.execute("DELETE FROM audit_leaf WHERE seq = 10"),
        "entry 10: entry 11 stands in its place",
    ),
    "a payload": (
        lambda db: db.execute("UPDATE audit_payload SET salt = zeroblob(32)"),
        "entry 2: the payload was altered: it is not the one that the entry commits to",
    ),
    "a payload deleted": (
        lambda db: db.execute("DELETE FROM audit_payload"),
        "entry 2: 5 payload(s) are gone though no purge says so",
    ),
    "the head": (
        lambda db: db.execute("UPDATE audit_head SET frontier = zeroblob(length(frontier))"),
        "the head of the log was altered: its hashes are not those of the entries",
    ),
    "a checkpoint": (
        lambda db: db.execute("UPDATE audit_checkpoint SET note = replace(note, '\n14\n', '\n13\n')"),
        "checkpoint 1: ",
    ),
    "a node added": (
        lambda db: db.execute("INSERT INTO audit_node VALUES (1, 0, zeroblob(32))"),
        "the tree has 1 nodes over its entries instead of 0",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_done_to_the_database_is_named_and_exits_3(what: str, ran: Path, robo: Robo) -> None:
    tamper, told = TAMPERED[what]
    with sqlite3.connect(ran / ".robo/robo.db") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        tamper(db)
    db.close()
    found = robo("audit", "verify")
    assert found.code == 3
    assert "DOES NOT VERIFY" in found.out.splitlines()[0]
    assert told in found.out.splitlines()[0]
    assert "keep" in found.verdict
    assert json.loads(robo("audit", "verify", "--json").out)["findings"][0]["message"]
