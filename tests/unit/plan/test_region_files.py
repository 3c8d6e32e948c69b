"""A region's file: what it says, and what it is told when it says it wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import holidays
import pytest

from robo.definition.region import HOLIDAYS, load_region, read_region
from robo.errors import DefinitionError

HEAD = "robo: 1\nregion: ici\ntitle: Ici\n"


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as caught:
        read_region((HEAD + text).encode(), "ici.yaml", "ici")
    return [(found.code, found.line.strip()) for found in caught.value.diagnostics]


def read(text: str) -> Any:
    return read_region((HEAD + text).encode(), "ici.yaml", "ici")


def test_a_region_says_little_and_has_defaults() -> None:
    region = read("")
    assert (region.zone, region.holidays, region.date_format) == ("Europe/Paris", "", "%d/%m/%Y")
    assert region.overlays == {}


def test_every_entry_may_say_why() -> None:
    overlay = read("""
processes:
  p:
    why: un
    inputs: {a: {value: x, why: deux}, b: y}
    tables: {t: {why: trois, rows: {k: v}}}
    labels: [{from: A, to: B, why: quatre}]
""").overlays["p"]
    assert (overlay.inputs, overlay.tables) == ({"a": "x", "b": "y"}, {"t": {"k": "v"}})
    assert sorted(overlay.why.values()) == ["deux", "trois", "un"]
    assert overlay.labels[0].why == "quatre"


def test_a_table_may_hold_a_row_called_rows_or_why() -> None:
    overlay = read("processes: {p: {tables: {t: {why: pourquoi, rows: lignes}}}}").overlays["p"]
    assert overlay.tables == {"t": {"why": "pourquoi", "rows": "lignes"}}


@pytest.mark.parametrize(
    "key", ["columns", "secrets", "skip", "extensions", "limits", "notify", "schedules", "triggers"]
)
def test_what_comes_in_a_later_version_is_said_so(key: str) -> None:
    assert [code for code, _ in problems(f"processes:\n  p:\n    {key}: {{a: b}}\n")] == ["RB210"]


@pytest.mark.parametrize("key", ["reject_if", "once", "check", "verify", "steps", "hosts", "review"])
def test_what_protects_is_the_authors_and_said_so(key: str) -> None:
    assert [code for code, _ in problems(f"processes:\n  p:\n    {key}: {{a: b}}\n")] == ["RB218"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("zoone: Europe/Paris\n", "RB203"),
        ("zone: Europe/Pariss\n", "RB201"),
        ("zone: ../../etc/passwd\n", "RB201"),
        ('holidays: "GF"\n', "RB201"),
        ("date_format: yy/mm\n", "RB201"),
        ("grants: {hosts: {portail.exemple: production}}\n", "RB201"),
        ('grants: {hosts: {"https://portail.exemple/chemin": production}}\n', "RB201"),
        ('grants: {hosts: {"https://portail.exemple": prod}}\n', "RB201"),
        ("processes: {p: {use: latest}}\n", "RB201"),
        ("processes: {p: {enabled: peut-être}}\n", "RB201"),
        ("processes: {p: {labels: [{to: B}]}}\n", "RB202"),
        ("processes: {p: {labels: {A: B}}}\n", "RB204"),
        ("processes: {p: {labels: [{from: A, to: ''}]}}\n", "RB201"),
        ("processes: {p: {inputs: [a]}}\n", "RB204"),
    ],
)
def test_what_is_wrong_is_reported_on_its_line(text: str, code: str) -> None:
    assert problems(text) == [(code, text.strip())]


def test_a_file_is_called_like_its_region() -> None:
    with pytest.raises(DefinitionError) as caught:
        read_region(HEAD.encode(), "ailleurs.yaml", "ailleurs")
    assert [found.code for found in caught.value.diagnostics] == ["RB201"]


def test_all_problems_of_a_file_come_at_once() -> None:
    assert [code for code, _ in problems("zone: X\nprocesses: {p: {labell: x, triggers: {a: b}}}\n")] == [
        "RB201", "RB203", "RB210",
    ]  # fmt: skip


def test_the_digest_of_a_region_is_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "ici.yaml").write_text(HEAD, encoding="utf-8")
    (tmp_path / "la").mkdir()
    (tmp_path / "la" / "ici.yaml").write_text(HEAD + "# autre\n", encoding="utf-8")
    assert load_region(tmp_path / "ici.yaml").digest != load_region(tmp_path / "la" / "ici.yaml").digest


def test_the_holidays_a_region_may_name_are_those_that_exist() -> None:
    assert set(HOLIDAYS) <= set(holidays.France.subdivisions)


def test_a_region_asked_for_with_each_process_is_read_once_until_its_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "ici.yaml"
    file.write_text(HEAD, encoding="utf-8")
    first = load_region(file)
    assert load_region(file) is first
    file.write_text(HEAD + "\n", encoding="utf-8")
    assert load_region(file) is not first
