"""What `make check` finds also stops `make test`: a type that breaks, a rule of style, a file not in its format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "tool",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("tests.faults.rules.mutations",)],
    ids=["lint", "format", "types", "rules"],
)
def test_a_tool_of_make_check_has_nothing_to_say(tool: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_make_check_runs_the_same_tools() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    commands = [line.strip().removeprefix("$(BIN)/") for line in recipe.splitlines()[1:]]
    rules = "python -m tests.faults.rules.mutations"
    assert commands == ["ruff check .", "ruff format --check .", "mypy", "lint-imports", rules]
