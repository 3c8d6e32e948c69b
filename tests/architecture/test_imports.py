"""The house as failing tests: rooms, doors, and every module standing alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
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
import importlib, json, os, sys, warnings
for name in "pydantic sqlalchemy alembic typer ruamel.yaml jinja2 playwright.async_api starlette".split():
    importlib.import_module(name)
warnings.simplefilter("error")
after = json.load(sys.stdin)

def visit(names):
    broken = False
    for name in names:
        pid = os.fork()
        if pid == 0:
            try:
                importlib.import_module(name)
            except BaseException as error:
                print(f"{name}: {error!r}", flush=True)
                os._exit(1)
            os._exit(visit(after.get(name, [])))
        broken |= bool(os.waitpid(pid, 0)[1])
    return broken

sys.exit(visit(after[""]))
"""
"""Each module is imported by an interpreter that holds others' libraries, and of ours only what the module imports: a
child of the one that has imported the largest part of that. `after`: which modules follow which; "" begins."""


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


def imported(name: str, among: set[str]) -> set[str]:
    """The modules of `among` that `name` imports as it is imported itself: not those in its functions, nor those that
    are for a type checker only."""
    found = set()
    for node in statements(ast.parse(file_of(name).read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{name}: an import names its module whole"
            found |= {
                inner if (inner := f"{node.module}.{alias.name}") in among else node.module for alias in node.names
            }
    return found & among


def house() -> dict[str, set[str]]:
    """Every module, and the modules it imports."""
    names = {name for package in SOURCES for name in modules(package)}
    return {name: imported(name, names) for name in names}


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """What runs when a module is imported, the branches of `if` and `try` included."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from statements([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from statements([*node.body, *node.orelse, *node.finalbody])
            yield from statements(inner for handler in node.handlers for inner in handler.body)
        elif isinstance(node, ast.ClassDef | ast.With):
            yield from statements(node.body)


def file_of(name: str) -> Path:
    root = SOURCES[name.partition(".")[0]].parent.joinpath(*name.split("."))
    return inner if (inner := root / "__init__.py").is_file() else root.with_suffix(".py")


def test_each_module_may_be_imported_first() -> None:
    """No circle of imports: whichever module comes first, what it needs is there whole."""
    needs = house()
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))
    assert set(order) == set(needs)


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="needs fork")
def test_each_module_imports_alone_with_warnings_as_errors() -> None:
    needs, whole = house(), {}
    for name in TopologicalSorter(needs).static_order():
        whole[name] = needs[name].union(*(whole[need] for need in needs[name]))
    after: dict[str, list[str]] = {}
    for name in sorted(needs):
        after.setdefault(max(sorted(needs[name]), key=lambda need: len(whole[need]), default=""), []).append(name)
    assert sum(map(len, after.values())) == len(needs) > 0
    done = subprocess.run(
        [sys.executable, "-c", ALONE], input=json.dumps(after), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
