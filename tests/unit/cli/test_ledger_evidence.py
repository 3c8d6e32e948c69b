"""`robo ledger sample | recheck`: what whoever controls a month types, and what is told."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from robo.cli.here import opened
from robo.model.ledger import LedgerKind, LedgerRow
from robo.store import ledger
from tests.unit.cli.conftest import Robo


@pytest.fixture
def month(project: Path) -> str:
    """The month in which three dossiers were credited."""
    with opened() as app:
        region = app.region_ids()[0]
        rows = [
            LedgerRow(
                kind=LedgerKind.CREDIT,
                environment="production",
                region=region,
                process="verifier-demandes",
                version="1.0.0",
                unit="verifier-demandes/dossier",
                unit_hash=f"{number:02}",
                minutes_before=30,
                minutes_after=5,
            )
            for number in range(3)
        ]
        app.store.transact(lambda tx: [ledger.add(tx, row, actor="robot") for row in rows])
        return str(app.ledger_rows()[0]["month"])


def test_a_sample_is_drawn_by_a_seed_that_is_named_or_by_the_closing(month: str, robo: Robo) -> None:
    draw = ("ledger", "sample", "--month", month)
    assert "RB080" in robo(*draw).err
    assert "RB081" in robo("ledger", "sample", "--month", "2020-01").err
    assert "RB028" in robo("ledger", "sample", "--month", "mars").err
    found = robo(*draw, "--seed", "7", "--count", "2", "--json").json
    assert (found["schema"], found["chosen"], found["credits"]) == ("robo.ledger-sample/1", True, 3)
    assert [type(row["entry"]) for row in found["rows"]] == [int, int]
    lines = list(csv.DictReader(io.StringIO(robo(*draw, "--seed", "7", "--format", "csv").out), delimiter=";"))
    assert [line["row"] for line in lines][:2] == [row["row"] for row in found["rows"]]
    assert len(lines) == 3
    said = robo(*draw, "--seed", "7", ROBO_LANG="fr")
    assert (said.code, "tirés par 7" in said.err) == (0, True)


def test_nothing_is_looked_for_again_before_its_time(month: str, robo: Robo) -> None:
    said = robo("ledger", "recheck", "--json")
    assert (said.code, said.json["looked"]) == (0, [])
    early = robo("ledger", "recheck", "--month", month)
    assert (early.code, "RB082" in early.err) == (2, True)
