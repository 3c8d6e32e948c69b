"""`robo audit status | seal | rotate`, and what a run says about the log it leaves."""

from __future__ import annotations

import re
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from robo.proof.note import Note, VerifierKey
from tests.unit.cli.conftest import Robo, waiting_for_enter

RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")


def rows(project: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(project / ".robo/robo.db")) as db:
        return db.execute(query).fetchall()


def key_file(project: Path) -> Path:
    return project / ".robo/keys/secrets.key"


def test_a_run_seals_the_log_behind_itself_and_says_only_its_size_to_programs(project: Path, robo: Robo) -> None:
    said = robo(*RUN, "--json")
    size = said.json["checkpoint"]["size"]
    assert rows(project, "SELECT size, sealed FROM audit_head") == [(size, size)]
    assert rows(project, "SELECT count(*) FROM audit_outbox") == [(0,)]
    assert "seal" not in said.err.lower()


def test_a_log_that_cannot_be_sealed_costs_a_run_nothing_but_a_warning(project: Path, robo: Robo) -> None:
    robo(*RUN)
    held = rows(project, "SELECT note FROM audit_checkpoint")
    with closing(sqlite3.connect(project / ".robo/robo.db")) as db:
        db.execute(
            "UPDATE audit_checkpoint SET note = replace(note, char(10) || char(8212), 'x' || char(10) || char(8212))"
        )
        db.commit()
    said = robo(*RUN, "--json")
    assert said.code == 3
    assert said.json["checkpoint"] is None
    assert sum(said.json["items"].values()) >= 0
    assert "RB647" in said.err
    assert "the audit log waits unsealed" in said.err
    status = robo("audit", "status", "--json")
    assert status.code == 4
    assert status.json["unsealed"] > 0
    assert status.json["trouble"]["code"] == "RB632"
    sick = robo("doctor", "--json")
    assert [check["ok"] for check in sick.json["checks"] if check["name"] == "audit log"] == [False]
    with closing(sqlite3.connect(project / ".robo/robo.db")) as db:
        db.execute("UPDATE audit_checkpoint SET note = ?", held[0])
        db.commit()
    assert robo("audit", "seal").code == 0
    assert robo("audit", "status", "--json").json["unsealed"] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_a_run_seals_while_it_lasts_and_what_was_done_when_it_is_interrupted(project: Path) -> None:
    """It waits for Enter before a step: what came before is sealed meanwhile, what Ctrl-C leaves behind at once."""
    config = project / "config/robo.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "\naudit: {every: 1 s}\n", encoding="utf-8")
    with waiting_for_enter(*RUN, "--limit", "1", "--step") as (run, told):
        deadline = time.monotonic() + 60
        while not rows(project, "SELECT 1 FROM audit_checkpoint"):
            assert run.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)  # there is no event to wait for: a run says nothing of what it seals
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130
        assert b"RB" not in told.read()
    ((size, sealed),) = rows(project, "SELECT size, sealed FROM audit_head")
    assert size == sealed
    assert rows(project, "SELECT count(*) FROM audit_outbox") == [(0,)]


def test_secrets_that_cannot_be_opened_are_told_before_a_run_begins(project: Path, robo: Robo) -> None:
    robo(*RUN)
    before = rows(project, "SELECT count(*) FROM runs")
    key_file(project).unlink()
    said = robo(*RUN)
    assert (said.code, "RB910" in said.err, "RB647" in said.err) == (4, True, False)
    assert rows(project, "SELECT count(*) FROM runs") == before


def test_status_gives_what_auditors_and_witnesses_are_given(project: Path, robo: Robo) -> None:
    fresh = robo("audit", "status", "--json")
    assert (fresh.code, fresh.json["origin"], fresh.json["checkpoint"]) == (0, "", None)
    robo(*RUN)
    said = robo("audit", "status", "--json")
    note, key = Note.parse(said.json["checkpoint"]["note"]), VerifierKey.parse(said.json["key"])
    assert note.signed_by([key])
    assert (said.json["schema"], said.json["origin"], said.json["unsealed"]) == ("robo.audit-status/1", key.name, 0)
    told = robo("audit", "status", ROBO_LANG="fr")
    assert str(key) in told.out
    assert "scellé: les 16 premières écritures" in told.out
    assert "contresigné: par personne" in told.out


def test_seal_signs_now_what_commands_left_behind(project: Path, robo: Robo) -> None:
    robo(*RUN)
    robo("secrets", "set", "portal")
    said = robo("audit", "seal", "--json")
    assert said.json["schema"] == "robo.audit-seal/1"
    assert rows(project, "SELECT sealed FROM audit_head") == [(said.json["checkpoint"]["size"],)]


def test_a_clock_that_went_back_is_remarked(project: Path, robo: Robo) -> None:
    robo(*RUN)
    with closing(sqlite3.connect(project / ".robo/robo.db")) as db:
        db.execute("UPDATE audit_checkpoint SET made = made + 3600000000")
        db.commit()
    status = robo("audit", "status")
    assert status.code == 0
    assert re.search(r"the clock is 3[56]\d\d s behind the newest checkpoint", status.err)
    sealed = robo("audit", "seal", ROBO_LANG="fr")
    assert sealed.code == 0
    assert "l'horloge retarde de" in sealed.err


def test_a_settings_file_that_names_another_log_is_told_with_its_place(project: Path, robo: Robo) -> None:
    robo(*RUN)
    config = project / "config/robo.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "\naudit: {origin: robo.pdl/audit}\n", encoding="utf-8")
    said = robo("audit", "seal")
    assert (said.code, "RB645" in said.err, "config/robo.yaml: audit: origin" in said.err) == (2, True, True)


def test_rotate_asks_and_gives_both_lines_of_a_policy(project: Path, robo: Robo) -> None:
    robo(*RUN)
    before = robo("audit", "status", "--json").json["key"]
    assert robo("audit", "rotate").code == 2
    said = robo("audit", "rotate", "--yes")
    after = robo("audit", "status", "--json").json["key"]
    assert said.out.splitlines() == [f"log {before}", f"log {after}"]
    assert before != after
    assert robo("audit", "rotate", "--yes", "--json").json["old"] == after
    assert robo(*RUN, "--json").json["checkpoint"] is not None


def test_robos_own_keys_are_listed_when_asked_for_and_set_by_nobody(project: Path, robo: Robo) -> None:
    robo(*RUN)
    assert robo("secrets", "list", "--json").json["names"] == []
    own = robo("secrets", "list", "--own", "--json").json["names"]
    assert own[0].startswith("robo-log-robo/")
    assert own[1:] == ["robo-period-ma-region-control", "robo-period-ma-region-std", "robo-units-ma-region"]
    assert robo("secrets", "set", own[0]).code == 2
