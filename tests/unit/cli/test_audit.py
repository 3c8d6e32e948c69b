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
from robo.proof.note import COSIGNATURE
from tests.unit.cli.conftest import Robo
from tests.unit.proof.conftest import key

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
    assert "what is personal in 3 entries" in robo("audit", "show", "--limit", "3").out


def test_the_log_speaks_the_language_of_who_reads(ran: Path, robo: Robo) -> None:
    assert "élément terminé : rejeté plafond" in robo("audit", "show", "--type", "item", ROBO_LANG="fr").out
    assert robo("audit", "verify", ROBO_LANG="fr").out.startswith("Journal entier : 16 écritures, scellé jusqu'à 20")


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
    assert (found.code, found.out.splitlines()[0].partition(",")[0]) == (0, "Log whole: 17 entries")
    assert "payloads: 5 as they were written" in found.out
    assert robo("audit", "verify", "--export", "export").err.startswith("RB667")
    assert robo("audit", "verify", "--export", "export", "--policy", "none").err.startswith("RB661")
    assert robo("audit", "verify", "--export", ".", "--policy", trusted).err.startswith("RB663")
    assert robo("audit", "verify", "--export", "export", "--policy", trusted, "--origin", "another").code == 3


def test_what_is_only_not_countersigned_enough_is_not_called_altered(ran: Path, robo: Robo, tmp_path: Path) -> None:
    trusted = policy(robo, tmp_path)
    witness = key("bfc.example/witness").verifier(COSIGNATURE)
    text = trusted.read_text(encoding="utf-8").replace("quorum none", f"witness bfc {witness}\nquorum bfc")
    trusted.write_text(text, encoding="utf-8")
    found = robo("audit", "verify", "--policy", trusted)
    assert found.code == 3
    assert found.out.startswith("CONSISTENT, BUT NOT COUNTERSIGNED by enough witnesses: 16 entries, sealed up to 20")
    assert "robo audit witness ask" in found.verdict
    findings = robo("audit", "verify", "--policy", trusted, "--json").json["findings"]
    assert [each["code"] for each in findings] == ["RB649"]
    assert robo("audit", "export", "r", "--region", "ma-region").code == 0
    region = robo("audit", "verify", "--export", "r", "--policy", trusted, ROBO_LANG="fr")
    assert (region.code, region.out.partition(" :")[0]) == (3, "PAS CONTRESIGNÉ par assez de témoins")


def test_a_policy_without_the_key_of_the_log_judges_nothing(ran: Path, robo: Robo, tmp_path: Path) -> None:
    trusted = policy(robo, tmp_path)
    assert robo("audit", "export", "e").code == 0
    origin = robo("audit", "status", "--json").json["origin"]
    other = robo("audit", "verify", "--export", "e", "--policy", trusted, "--origin", "another")
    assert (other.code, other.out.splitlines()[0]) == (3, f"CANNOT BE JUDGED: this is the log {origin}, not another")
    trusted.write_text(f"log {key(origin).verifier()}\nquorum none\n", encoding="utf-8")
    for where in (("--export", "e"), ()):
        wrong = robo("audit", "verify", *where, "--policy", trusted)
        told = f"CANNOT BE JUDGED: the policy does not have the key that sealed the log {origin}"
        assert (wrong.code, wrong.out.splitlines()[0]) == (3, told)
        assert "the log's line of the policy" in wrong.verdict


def test_a_key_that_the_policy_lacks_is_all_that_is_told_of_a_log_that_was_handed_over(
    ran: Path, robo: Robo, tmp_path: Path
) -> None:
    trusted = policy(robo, tmp_path)
    both = robo("audit", "rotate", "--yes").out
    newer = tmp_path / "newer.policy"
    newer.write_text(both.splitlines()[-1] + "\nquorum none\n", encoding="utf-8")
    told = "CANNOT BE JUDGED WHOLE: entry 16 of the log "
    for only in (trusted, newer):
        found = robo("audit", "verify", "--policy", only)
        assert (found.code, found.out.startswith(told)) == (3, True)
        assert "a line `log` for each" in found.verdict
        findings = robo("audit", "verify", "--policy", only, "--json").json["findings"]
        assert {each["code"] for each in findings} == {"RB648"}
        assert [each["entry"] for each in findings if each["flaw"] == "key"] == [16]
    trusted.write_text(both + "quorum none\n", encoding="utf-8")
    assert robo("audit", "verify", "--policy", trusted).code == 0


def test_a_log_in_which_nothing_is_yet_is_called_empty(project: Path, robo: Robo) -> None:
    found = robo("audit", "verify", ROBO_LANG="fr")
    assert (found.code, found.out) == (0, "Le journal est vide : rien n'y est encore écrit\n")


def test_places_are_told_in_the_language_of_who_reads(ran: Path, robo: Robo, tmp_path: Path) -> None:
    trusted = policy(robo, tmp_path)
    assert robo("audit", "export", "e", "--payloads").code == 0
    lines = Path("e/payloads").read_bytes().splitlines(keepends=True)
    Path("e/payloads").write_bytes(b"".join([lines[0], b"rubbish\n", *lines[2:]]))
    assert "payloads, ligne 2: " in robo("audit", "verify", "--export", "e", "--policy", trusted, ROBO_LANG="fr").out
    assert robo("audit", "export", "i", "--proof", "2026-AA-0003").code == 0
    Path("i/10.json").unlink()
    told = robo("audit", "verify", "--export", "i", "--policy", trusted, ROBO_LANG="fr").out
    assert "10.json: une écriture est illisible" in told
    trusted.write_text("log x\n", encoding="utf-8")
    assert ", ligne 1" in robo("audit", "verify", "--export", "e", "--policy", trusted, ROBO_LANG="fr").err
    Path("config/robo.yaml").write_text("robo: 1\nretention: {std: 13}\n", encoding="utf-8")
    assert "un nombre de mois de 1 à 12" in robo("audit", "verify", ROBO_LANG="fr").err


def test_a_region_and_an_item_are_exported_and_verified_alone(ran: Path, robo: Robo, tmp_path: Path) -> None:
    trusted = policy(robo, tmp_path)
    assert robo("audit", "export", "r", "--region", "ma-region").code == 0
    whole = robo("audit", "verify", "--export", "r", "--policy", trusted)
    assert (whole.code, whole.out.partition(":")[0]) == (0, "Region ma-region whole")
    assert robo("audit", "export", "i", "--proof", "2026-AA-0003").code == 0
    proven = robo("audit", "verify", "--export", "i", "--policy", trusted)
    assert (proven.code, proven.out.partition(";")[0]) == (0, "Proven: 3 entries stand in the log")
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
        lambda db: db.execute("UPDATE audit_checkpoint SET note = replace(note, '\n16\n', '\n15\n')"),
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
