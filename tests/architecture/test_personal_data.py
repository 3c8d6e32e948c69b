"""The inventory that a data protection officer reads names every column there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from robo.services.settings import Settings
from robo.store import schema

PAGE = Path(__file__).parents[2] / "robo/docs/donnees-personnelles.md"
ROW = re.compile(r"^\| (?P<table>`\w+`) \| (?P<columns>(?:`\w+` ?)+) \| (?P<kept>[^|]+) \|", re.MULTILINE)


def inventory() -> dict[str, list[str]]:
    """The columns that the page names, by table."""
    found: dict[str, list[str]] = {}
    for row in ROW.finditer(PAGE.read_text(encoding="utf-8")):
        found.setdefault(row["table"].strip("`"), []).extend(re.findall(r"`(\w+)`", row["columns"]))
    return found


def test_every_column_is_in_the_inventory_of_personal_data_with_what_a_purge_does_with_it() -> None:
    """A new column fails here until robo/docs/donnees-personnelles.md says whose data it is."""
    tables = {
        table.name: sorted(column.name for column in table.columns) for table in schema.tables.metadata.sorted_tables
    }
    assert {table: sorted(columns) for table, columns in inventory().items()} == tables


def test_every_folder_of_the_state_is_in_the_inventory() -> None:
    page = PAGE.read_text(encoding="utf-8")
    settings = Settings(project=Path("p"), store="sqlite:///x")
    for place in (settings.evidence, settings.keys, settings.secrets_file, settings.reports):
        assert f"`.robo/{place.name}" in page, place


def test_the_durations_of_the_page_are_those_of_the_settings() -> None:
    page = PAGE.read_text(encoding="utf-8")
    kept = Settings(project=Path("p"), store="sqlite:///x").retention
    for name in ("std", "control", "units", "backups"):
        assert f"| `{name}` | {kept.months(name)} mois |" in page
