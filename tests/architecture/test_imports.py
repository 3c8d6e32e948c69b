"""The house as failing tests: rooms, doors, and every module standing alone."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONDUCTORS = {"worker", "scheduler", "triggers", "library", "cases", "reporting", "alerts"}
SOURCES = {
    "robo": ROOT / "robo",
    "robo_browser": ROOT / "runners/robo_browser",
    "robo_files": ROOT / "runners/robo_files",
    "robo_http": ROOT / "runners/robo_http",
    "robo_mail": ROOT / "runners/robo_mail",
}
ALONE = """
import importlib, os, sys, warnings
for name in "pydantic sqlalchemy alembic typer ruamel.yaml jinja2 playwright.async_api starlette".split():
    importlib.import_module(name)
warnings.simplefilter("error")
broken = []
for name in sys.argv[1:]:
    pid = os.fork() if hasattr(os, "fork") else 0
    if pid == 0:
        try:
            importlib.import_module(name)
        except BaseException as error:
            print(f"{name}: {error!r}", flush=True)
            os._exit(1)
        os._exit(0)
    broken += [name] if os.waitpid(pid, 0)[1] else []
sys.exit(bool(broken))
"""
"""Each module is imported by a child of an interpreter that has imported others' libraries, and nothing of ours."""


def contracts() -> list[dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def modules(package: str) -> list[str]:
    folder = SOURCES[package]
    found = []
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder.parent).with_suffix("").parts
        if parts[-1] != "__main__" and "migrations" not in parts:  # Alembic runs those, nobody imports them
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def test_every_import_goes_through_a_door_that_the_house_has() -> None:
    checked = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_service_is_a_book_or_a_conductor() -> None:
    books = {
        str(name).rpartition(".")[2]
        for contract in contracts()
        if contract["name"] == "Books never use conductors"
        for name in contract["source_modules"]  # type: ignore[attr-defined] # TOML holds a list here
    }
    there = {entry.stem for entry in (ROOT / "robo/services").iterdir() if not entry.stem.startswith("_")}
    assert there - CONDUCTORS == books, "name each new service in the contracts of pyproject.toml"


def test_conductors_are_independent_of_each_other() -> None:
    there = sorted(
        f"robo.services.{entry.stem}" for entry in (ROOT / "robo/services").iterdir() if entry.stem in CONDUCTORS
    )
    declared = [contract["modules"] for contract in contracts() if "Conductors" in str(contract["name"])]
    assert len(there) == 1 or sorted(declared[0]) == there  # type: ignore[call-overload] # TOML holds a list here


def test_the_package_itself_imports_nothing() -> None:
    text = (ROOT / "robo/__init__.py").read_text(encoding="utf-8")
    assert "import" not in text, "imports of robo/__init__.py escape the layers contract"


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
@pytest.mark.parametrize("package", SOURCES)
def test_each_module_imports_alone_with_warnings_as_errors(package: str) -> None:
    names = modules(package)
    assert names
    done = subprocess.run([sys.executable, "-c", ALONE, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
