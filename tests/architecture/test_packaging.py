"""What is installed is what was locked, and nothing of the machine that locked it is in the lock."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = {
    canonicalize_name(found[1]): Version(found[2])
    for found in re.finditer(r"^([\w.-]+)==([\w.!+]+)", LOCK, re.MULTILINE)
}


def wanted() -> list[Requirement]:
    extras = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
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
    for name in ("greenlet", "pydantic-core", "pyrage", "python-calamine", "cryptography"):
        block = LOCK.partition(f"\n{name}==")[2].partition("\n    # via")[0]
        assert block.count("--hash=") >= 4, name
    assert "sys_platform == 'win32'" in LOCK


def test_all_gathers_what_users_may_add() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(extras["all"]) == {*extras["postgres"], *extras["keyring"]}
    assert set(extras["all"]) <= set(extras["dev"])


def test_every_runner_is_an_entry_point() -> None:
    declared = {target.partition(":")[0] for target in PROJECT["entry-points"]["robo.runners"].values()}
    assert declared == {folder.name for folder in (ROOT / "runners").iterdir() if folder.name.startswith("robo_")}


def test_the_licence_is_the_whole_eupl() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
    assert all(f"\n{number}. " in text for number in range(1, 16))
    assert "Appendix" in text
