"""`robo ledger export | verify`: what an auditor is given, and what she is told."""

from __future__ import annotations

import json
from pathlib import Path

from robo.proof.canonical import canonical
from tests.ledgers import lines_of, rewrite
from tests.unit.cli.conftest import Robo

RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv")


def test_an_export_is_verified_by_a_policy_and_nothing_else(project: Path, robo: Robo) -> None:
    robo(*RUN)
    written = robo("ledger", "export", "-o", "livre", "--json")
    assert (written.code, written.json["schema"]) == (0, "robo.ledger-exported/1")
    assert written.json["rows"] > 0
    key = robo("audit", "status", "--json").json["key"]
    Path("auditor.policy").write_text(f"log {key}\nquorum none\n", encoding="utf-8")
    (project / "config/robo.yaml").rename(project / "config/gone.yaml")

    found = robo("ledger", "verify", "livre", "--policy", "auditor.policy", "--json")
    assert (found.code, found.json["whole"]) == (0, True)
    (region,) = found.json["regions"]
    assert (region["rows"], region["difference"]) == (written.json["rows"], None)
    told = robo("ledger", "verify", "livre", "--policy", "auditor.policy", ROBO_LANG="fr")
    assert "recalculées" in told.out

    lines = lines_of(Path("livre"), "rows.jsonl")
    before = lines[0]["data"]["before"]
    lines[0]["data"]["before"] = before + 600
    rewrite(Path("livre"), "rows.jsonl", lines)
    found = robo("ledger", "verify", "livre", "--policy", "auditor.policy", "--json")
    difference = found.json["regions"][0]["difference"]
    assert (found.code, difference["code"]) == (3, "RB052")
    assert (difference["row"], difference["says"], difference["should"]) == (
        lines[0]["data"]["ledger"],
        before + 600,
        before,
    )
    told = robo("ledger", "verify", "livre", "--policy", "auditor.policy", ROBO_LANG="fr")
    assert "NE SONT PAS PROUVÉES" in told.out


def test_the_books_of_a_project_are_verified_where_they_lie(project: Path, robo: Robo) -> None:
    robo(*RUN)
    found = robo("ledger", "verify", "--json")
    assert (found.code, found.json["whole"], found.json["log"]["whole"]) == (0, True, True)
    assert [each["difference"] for each in found.json["regions"]] == [None]
    assert robo("ledger", "verify").code == 0


def test_whoever_names_no_policy_and_no_ledger_is_told(project: Path, robo: Robo) -> None:
    assert "RB667" in robo("ledger", "verify", "livre").err
    Path("auditor.policy").write_text("quorum none\n", encoding="utf-8")
    said = robo("ledger", "verify", str(project), "--policy", "auditor.policy")
    assert (said.code, "RB050" in said.err) == (2, True)
    assert "RB028" in robo("ledger", "export", "-o", "x", "--from", "octobre").err


def test_a_ledger_whose_log_no_key_of_the_policy_signed_is_refused(project: Path, robo: Robo) -> None:
    robo(*RUN)
    robo("ledger", "export", "-o", "livre")
    Path("auditor.policy").write_text("quorum none\n", encoding="utf-8")
    said = robo("ledger", "verify", "livre", "--policy", "auditor.policy", "--json")
    assert (said.code, said.json["regions"][0]["difference"]["code"]) == (3, "RB051")
    manifest = json.loads(Path("livre/manifest.json").read_bytes())
    assert manifest["origin"] in robo("ledger", "verify", "livre", "--policy", "auditor.policy").out
    assert canonical(manifest) == Path("livre/manifest.json").read_bytes()
