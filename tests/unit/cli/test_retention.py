"""`robo audit purge` and `robo db`: what goes is gone from the disk, what is copied ends with it, and all is told."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from robo.proof.findings import Flaw
from robo.services.keys import SecretPeriods
from robo.services.retention import Places
from robo.services.secrets import open_keep
from robo.services.sequencing import sequence_all
from robo.services.settings import load_settings
from robo.services.unit_keys import UnitKeys
from robo.services.worker.heartbeat import LifeLock
from robo.store import workers
from robo.store.engine import Store, open_store, upgrade
from tests.archives import SECRET, Archive
from tests.contract.conftest import Timer

Robo = Any


@pytest.fixture
def archive(project: Path) -> Iterator[Archive]:
    """The project's own store, with an item that ended in March 2025; the commands have the time of today."""
    settings, timer = load_settings(project), Timer()
    timer.at = datetime(2025, 3, 2, 8, 0, tzinfo=UTC)
    store = opened(project, timer)
    upgrade(store)
    made = Archive(store, timer, settings.state)
    made.places = Places(evidence=settings.evidence, reports=settings.reports)
    made.done("k1")
    with store.write() as tx:
        workers.leave(tx, "w", made.incarnation)
    sequence_all(store)
    made.seal()
    store.close()
    yield made
    made.store.close()
    store.close()


def opened(project: Path, timer: Timer) -> Store:
    """The project's store, as a new process opens it."""
    settings = load_settings(project)
    keep = open_keep(settings)
    return open_store(settings.store, timer=timer, periods=SecretPeriods(keep), units=UnitKeys(keep, settings.keys))


def on_disk(project: Path, secret: str = SECRET) -> list[str]:
    """The files of the state in which a text stands, as it is."""
    files = [file for file in (project / ".robo").rglob("*") if file.is_file()]
    return sorted(file.name for file in files if secret.encode() in file.read_bytes())


def digests(project: Path) -> dict[str, str]:
    files = sorted((project / ".robo").rglob("*"))
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file() and not file.name.endswith(("-wal", "-shm", ".lock"))
    }


def test_a_dry_run_tells_what_would_go_and_changes_no_byte(project: Path, archive: Archive, robo: Robo) -> None:
    robo("db", "check")  # the head gets its name with the first command that looks
    before = digests(project)
    said = robo("audit", "purge", "--dry-run", "--json")
    assert said.code == 0
    assert said.json["schema"] == "robo.audit-purge/1"
    (period,) = said.json["periods"]
    assert (period["region"], period["class"], period["month"], period["payloads"]) == ("r", "std", "2025-03", 2)
    assert said.json["regions"]["r"]["items"] == 2
    assert (said.json["regions"]["r"]["files"], said.json["file_bytes"]) == (1, len(SECRET.encode()))
    assert digests(project) == before
    told = robo("audit", "purge", "--dry-run", ROBO_LANG="fr")
    assert "2025-03" in told.out
    assert "2 élément(s), 1 fichier(s)" in told.out


def test_doctor_tells_of_a_purge_that_is_late(project: Path, archive: Archive, robo: Robo) -> None:
    def checks() -> list[dict[str, Any]]:
        return [each for each in robo("doctor", "--json").json["checks"] if each["name"] == "retention"]

    (late,) = checks()
    assert (late["ok"], "2025-03" in late["says"], "robo audit purge" in late["remedy"]) == (False, True, True)
    robo("audit", "purge", "--yes")
    assert [each["ok"] for each in checks()] == [True]


def test_nothing_is_destroyed_without_a_yes(project: Path, archive: Archive, robo: Robo) -> None:
    said = robo("audit", "purge")
    assert (said.code, "RB962" in said.err) == (2, True)
    assert on_disk(project)


def test_after_a_purge_no_byte_of_it_is_left_on_the_disk_and_the_log_verifies(
    project: Path, archive: Archive, robo: Robo
) -> None:
    assert {"robo.db"} < set(on_disk(project)) | {"-"}
    said = robo("audit", "purge", "--yes")
    assert said.code == 0, said.err
    assert "gone: 2 payload(s), 2 item(s), 1 file(s)" in said.verdict
    assert on_disk(project) == []
    archive.seal()
    report = archive.verified()
    assert (report.whole, report.present, report.purged) == (True, 0, 2)
    verified = robo("audit", "verify")
    assert verified.code == 0, verified.err
    assert "nothing was purged" in robo("audit", "purge").verdict
    assert robo("db", "check").code == 0


def test_what_cannot_be_deleted_is_told_and_the_command_ends_with_4(
    project: Path, archive: Archive, robo: Robo
) -> None:
    (picture,) = archive.places.evidence.rglob("*.png")
    archive.unknown("u1")  # its run is not over, so the folder of the other one is looked at file by file
    picture.unlink()
    picture.symlink_to("/")
    said = robo("audit", "purge", "--yes", "--json")
    assert said.code == 4
    assert [each["code"] for each in said.json["troubles"]] == ["RB672"]
    assert said.json["regions"]["r"]["items"] == 2


def test_a_copy_made_before_a_purge_is_noise_once_there_is_a_newer_one(
    project: Path, archive: Archive, robo: Robo, tmp_path: Path
) -> None:
    old = tmp_path / "old.backup"
    assert robo("db", "backup", old).code == 0
    assert SECRET.encode() not in old.read_bytes()
    assert robo("audit", "purge", "--yes").code == 0
    said = robo("db", "backup", tmp_path, "--json")
    assert said.json["ended"] == 1
    assert Path(said.json["file"]).parent == tmp_path
    refused = robo("db", "restore", old, "--yes")
    assert (refused.code, "RB678" in refused.err) == (4, True)
    assert robo("db", "restore", said.json["file"], "--yes").code == 0
    assert on_disk(project) == []


def test_a_copy_from_before_a_purge_that_is_put_back_has_no_payload_and_says_so(
    project: Path, archive: Archive, robo: Robo, tmp_path: Path
) -> None:
    robo("db", "backup", tmp_path / "old.backup")
    robo("audit", "purge", "--yes")
    said = robo("db", "restore", tmp_path / "old.backup", "--yes", "--json")
    assert said.code == 0, said.err
    assert "look in the applications" in said.verdict
    assert said.json["forgotten"] > 0
    assert Path(said.json["former"]).exists()
    assert "RB656" in robo("audit", "purge", "--yes").err
    verified = robo("audit", "verify")
    assert (verified.code, "their key is gone, and no purge says so" in verified.out) == (3, True)
    archive.store = opened(project, archive.timer)
    report = archive.verified()
    assert [found.flaw for found in report.findings] == [Flaw.MISSING]
    assert report.present == 0


def test_a_store_is_not_put_back_under_a_robot_that_works_and_is_once_that_one_was_killed(
    project: Path, archive: Archive, robo: Robo, tmp_path: Path
) -> None:
    robo("db", "backup", tmp_path / "a.backup")
    lock = LifeLock(project / ".robo/locks/w2.lock")
    lock.hold()
    with archive.store.write() as tx:
        workers.join(tx, "w2", lock="w2.lock")
    archive.store.close()
    said = robo("db", "restore", tmp_path / "a.backup", "--yes")
    lock.release(left=False)
    assert (said.code, "RB679" in said.err) == (4, True)
    assert robo("db", "restore", tmp_path / "a.backup", "--yes").code == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:],
        lambda raw: raw.replace(b'"size"', b'"site"', 1),
        lambda raw: raw.replace(b'"schema": "0', b'"schema": "1', 1),
        lambda raw: raw + raw,
        lambda _raw: b"SQLite format 3\0",
    ],
    ids=["cut", "half", "flipped", "no-head", "other-head", "twice", "none"],
)
def test_a_copy_that_is_not_whole_is_refused_and_the_store_stays(
    project: Path, archive: Archive, robo: Robo, tmp_path: Path, spoil: Any
) -> None:
    copy = tmp_path / "a.backup"
    robo("db", "backup", copy)
    copy.write_bytes(spoil(copy.read_bytes()))
    before = digests(project)
    said = robo("db", "restore", copy, "--yes")
    assert (said.code, "RB675" in said.err) == (4, True)
    assert digests(project) == before


def test_a_copy_is_never_written_over_a_file(project: Path, archive: Archive, robo: Robo, tmp_path: Path) -> None:
    (tmp_path / "a.backup").write_text("mine")
    said = robo("db", "backup", tmp_path / "a.backup")
    assert (said.code, "RB681" in said.err) == (4, True)
    assert (tmp_path / "a.backup").read_text() == "mine"


def test_a_damaged_store_is_told(project: Path, archive: Archive, robo: Robo) -> None:
    file = project / ".robo/robo.db"
    raw = bytearray(file.read_bytes())
    at = raw.index(b"item.opened", 4096 * 4)
    raw[at - 200 : at + 1000] = bytes(1200)
    file.write_bytes(raw)
    said = robo("db", "check", "--json")
    assert said.code == 4
    assert said.json["wrong"]


def test_a_copy_takes_the_place_of_a_store_that_nobody_can_read_any_more(
    project: Path, archive: Archive, robo: Robo, tmp_path: Path
) -> None:
    robo("db", "backup", tmp_path / "a.backup")
    file = project / ".robo/robo.db"
    file.write_bytes(b"not a database at all" * 1000)
    assert robo("db", "check").code == 4
    said = robo("db", "restore", tmp_path / "a.backup", "--yes", "--json")
    assert (said.code, said.json["forgotten"]) == (0, None), said.err
    assert Path(said.json["former"]).read_bytes().startswith(b"not a database")
    assert robo("db", "check").code == 0
    assert robo("items", "list").out.count("k1") == 1


def test_what_a_run_did_is_counted_and_not_done_again_after_a_purge(project: Path, robo: Robo) -> None:
    run = ("run", "verifier-demandes", "-i", "export=demandes.csv", "--json")
    first = robo(*run).json
    aged(project)
    assert robo("audit", "purge", "--yes").code == 0
    again = robo(*run).json
    assert sum(again["items"].values()) - again["items"]["rejected"] == 0
    shown = robo("runs", "show", first["run"], "--json").json
    assert shown["items"] == {state: count for state, count in first["items"].items() if count}
    assert shown["purged"] is not None
    resumed = robo("run", "--resume", first["run"])
    assert (resumed.code, "RB674" in resumed.err) == (2, True)
    gone = [item for item in robo("items", "list", "--json").json["items"] if item["purged"]]
    assert len(gone) == sum(first["items"].values())
    assert all(item["key"].startswith("~") for item in gone)
    assert "purgé le" in robo("items", "show", gone[0]["item"], ROBO_LANG="fr").out
    assert robo("db", "check").code == 0


def test_who_has_the_key_finds_what_was_purged_and_nobody_else(project: Path, robo: Robo) -> None:
    assert robo("run", "verifier-demandes", "-i", "export=demandes.csv").code == 3
    before = robo("items", "show", "2026-AA-0003", "--json").json
    aged(project)
    assert robo("audit", "purge", "--yes").code == 0
    known = robo("items", "show", "2026-AA-0003", "--json").json
    assert (known["item"], known["purged"] is not None, known["key"] == before["key"]) == (before["item"], True, False)
    told = robo("audit", "show", "--item", "2026-AA-0003", "--json").json["entries"]
    assert {each["obj"] for each in told} == {before["item"]}
    assert robo("audit", "export", "proofs", "--proof", "2026-AA-0003").code == 0
    assert (robo("items", "show", "2026-AA-9999").code, robo("audit", "show", "--item", "2026-AA-9999").out) == (2, "")


def aged(project: Path) -> None:
    """Every item and run of the project ended four hundred days earlier than it did."""
    earlier = timedelta(days=400) // timedelta(microseconds=1)
    store = open_store(load_settings(project).store)
    with store.write() as tx:
        tx.execute(text("UPDATE items SET ended = ended - :earlier"), {"earlier": earlier})
        tx.execute(text("UPDATE runs SET ended = ended - :earlier"), {"earlier": earlier})
    store.close()


def test_an_older_store_is_upgraded(project: Path, robo: Robo) -> None:
    assert robo("db", "upgrade", "--json").json["changed"] is True
    assert robo("db", "upgrade", "--json").json["changed"] is False
    shutil.rmtree(project / ".robo")
