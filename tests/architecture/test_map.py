"""A newcomer finds the room and the test that states its rule: CONTRIBUTING's map is complete and true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`[^|]+) \| [^|]+ \| ([^|]+) \|$", TEXT, re.MULTILINE)
NO_ROOM = {"__init__.py", "__main__.py", "py.typed", "adr", "docs", "locale"}
"""The package's face, and folders without code."""


def paths(cell: str) -> list[str]:
    return re.findall(r"`([\w/.]+)`", cell)


def test_every_room_is_on_the_map() -> None:
    there = {f"{folder}/{entry.name}" for folder in ("robo", "runners") for entry in (ROOT / folder).iterdir()}
    rooms = {room for room in there if room.rpartition("/")[2] not in NO_ROOM and "__pycache__" not in room}
    assert {room for row in ROWS for room in paths(row[0])} == rooms | {"processes", "config"}


def test_every_room_has_tests_where_the_map_says() -> None:
    for room, where in ROWS:
        folders = [ROOT / path for path in paths(where) if path.startswith("tests/")]
        assert folders, room
        for folder in folders:
            tests = [folder] if folder.is_file() else sorted(folder.rglob("test_*.py"))
            assert any("def test_" in file.read_text(encoding="utf-8") for file in tests), folder


def test_every_test_is_on_the_map() -> None:
    files = {file.relative_to(ROOT).as_posix() for file in (ROOT / "tests").rglob("test_*.py")}
    told = [path for path in paths(TEXT) if path.startswith("tests/")]
    assert not {file for file in files if not any(f"{file}/".startswith(f"{path}/") for path in told)}


def test_an_items_way_through_the_house_goes_through_real_modules() -> None:
    way = TEXT.partition("An item's way")[2].partition("\n\n")[0]
    named = [path for path in paths(way) if path.endswith(".py")]
    assert len(named) >= 7
    there = {file.relative_to(ROOT).as_posix() for file in (ROOT / "robo").rglob("*.py")}
    assert not [path for path in named if not any(file.endswith(f"/{path}") for file in there)]


def test_every_module_says_what_it_is_for() -> None:
    files = [*(ROOT / "robo").rglob("*.py"), *(ROOT / "runners").rglob("*.py")]
    silent = [
        str(file.relative_to(ROOT)) for file in files if not ast.get_docstring(ast.parse(file.read_text("utf-8")))
    ]
    assert not silent
