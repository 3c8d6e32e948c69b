"""What is installed is what was locked, and nothing of the machine that locked it is in the lock."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
BROUGHT = {"pydantic_core", "pytest"}
"""pydantic's own half; and what a guest's author has who derives from the contract suite of `robo.sdk.testing`."""
USED_BY_OTHERS = {"psycopg", "python-multipart", "tzdata"}
"""By sqlalchemy (it stands in the address of the store), by starlette (forms), by the standard library (Windows)."""
PINNED = {
    canonicalize_name(found[1]): Version(found[2])
    for found in re.finditer(r"^([\w.-]+)==([\w.!+]+)", LOCK, re.MULTILINE)
}


def wanted() -> list[Requirement]:
    extras = [each for extra in EXTRAS.values() for each in extra]
    return [Requirement(text) for text in (*PROJECT["dependencies"], *extras)]


def test_the_lock_satisfies_every_requirement() -> None:
    unmet = [
        str(each)
        for each in wanted()
        if (pin := PINNED.get(canonicalize_name(each.name))) is None or pin not in each.specifier
    ]
    assert not unmet, "make the lock again: its command is in CONTRIBUTING.md"


def test_every_pin_has_hashes() -> None:
    blocks = re.split(r"\n(?=[\w.-]+==)", LOCK.strip())
    bare = [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block]
    assert not bare


def test_the_lock_names_no_address_and_no_path() -> None:
    assert not re.search(r"https?://|file:|--index|--find-links|^-f |^-i |@ ", LOCK, re.MULTILINE)


def test_the_lock_serves_windows_and_mac_too() -> None:
    """Compiled packages list one hash for each platform's wheel: one alone would be this machine's."""
    for name in ("greenlet", "pydantic-core", "pyrage", "python-calamine", "google-re2"):
        block = LOCK.partition(f"\n{name}==")[2].partition("\n    # via")[0]
        assert block.count("--hash=") >= 4, name
    assert "sys_platform == 'win32'" in LOCK


def test_what_is_imported_is_asked_for() -> None:
    """The environment of developers holds more than a user's: a library of theirs would be missed only there."""
    given = importlib.metadata.packages_distributions()
    asked = {canonicalize_name(Requirement(text).name) for text in (*PROJECT["dependencies"], *EXTRAS["all"])}
    foreign = {name for name in imported() if name not in sys.stdlib_module_names and not name.startswith("robo")}
    assert {"pydantic", "playwright", "ruamel"} <= foreign
    missing = {name for name in foreign - BROUGHT if not asked & set(map(canonicalize_name, given.get(name, [])))}
    assert not missing


def test_what_is_asked_for_is_imported() -> None:
    given = importlib.metadata.packages_distributions()
    used = {canonicalize_name(name) for module in imported() for name in given.get(module, [])}
    asked = {canonicalize_name(Requirement(text).name) for text in (*PROJECT["dependencies"], *EXTRAS["all"])}
    assert asked - used == USED_BY_OTHERS


@cache
def imported() -> set[str]:
    """The first name of every module that robo or a runner imports, anywhere in a file."""
    found = set()
    for file in (*(ROOT / "robo").rglob("*.py"), *(ROOT / "runners").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def test_every_library_has_its_line_in_the_decision() -> None:
    decision = (ROOT / "robo/adr/0002-dependencies.md").read_text(encoding="utf-8")
    unnamed = {each.name for each in wanted() if not re.search(rf"\b{re.escape(each.name)}\b", spelt(decision))}
    assert not unnamed


def spelt(text: str) -> str:
    """pytest's plugins are told in short: `pytest (+ asyncio, randomly, xdist)`."""
    return text + " ".join(
        f"pytest-{name}" for name in re.findall(r"\w+", text.partition("pytest (+ ")[2].partition(")")[0])
    )


def test_all_gathers_what_users_may_add() -> None:
    assert set(EXTRAS["all"]) == {*EXTRAS["postgres"], *EXTRAS["keyring"], *EXTRAS["pdf"]}
    assert set(EXTRAS["all"]) <= set(EXTRAS["dev"])


@pytest.mark.skipif(shutil.which("make") is None or not hasattr(os, "geteuid"), reason="needs make and a Unix")
@pytest.mark.parametrize("goal", ["demo", "test", "faults", "bench"])
def test_make_says_every_time_that_root_has_no_sandbox(goal: str) -> None:
    would = subprocess.run(["make", "-n", goal], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("WITHOUT its sandbox" in would.stdout) is (os.geteuid() == 0)


def test_every_runner_is_an_entry_point() -> None:
    declared = {target.partition(":")[0] for target in PROJECT["entry-points"]["robo.runners"].values()}
    assert declared == {folder.name for folder in (ROOT / "runners").iterdir() if folder.name.startswith("robo_")}


def test_the_licence_is_the_whole_eupl() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
    assert all(f"\n{number}. " in text for number in range(1, 16))
    assert "Appendix" in text
