"""Exports that were verified give the report that their stores would give."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from robo.proof.hours import total
from robo.proof.national import national
from robo.services.reporting.figures import report_of
from robo.services.reporting.model import Asked
from robo.services.reporting.national import books_of
from robo.services.reporting.texts import Texts
from tests.ledgers import PROCESS, ordinary

ASKED = Asked(made=datetime(2026, 10, 20, tzinfo=UTC))


def test_a_report_of_an_export_says_what_the_export_proves(tmp_path: Path) -> None:
    world = ordinary(region="guyane", zone="America/Cayenne")
    found = national([world.export(tmp_path / "guyane")], world.log.policy())
    report = report_of(books_of(found), ASKED)
    proven = total(found.taken[0].figures.values())
    assert report.total == proven
    square = next(each for each in report.squares if each.process == PROCESS)
    assert (square.last is not None, square.stopped, report.methods[0].standing.value) == (True, False, "valid")
    assert [(each.volume, each.borne_out) for each in report.volumes if each.month == "2026-09"] == [(7, True)]
    assert [(each.month, each.closed is not None, each.frozen == each.figures) for each in report.closings] == [
        ("2026-09", True, True)
    ]
    assert [(each.of_month, each.in_month, each.minutes) for each in report.corrections] == [
        ("2026-09", "2026-10", -25)
    ]
    assert "contresigné par bfc et pdl" in Texts("fr").head(report)
