"""Small rooms: functions and modules one can hold in one's head, and nothing left for later."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "robo").rglob("*.py"), *(ROOT / "runners").rglob("*.py")])
FUNCTION = 50
MODULE = 400
LATER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
UNEXPLAINED = re.compile(r"#\s*(noqa(: [A-Z0-9, ]+)?|type: ignore(\[[\w, -]+\])?)\s*$")
BLANKET = ("utils.py", "helpers.py", "misc.py", "common.py")


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 100


def test_functions_are_small() -> None:
    long = [
        f"{file.relative_to(ROOT)} {name}: {lines} lines"
        for file in FILES
        for name, lines in functions(file)
        if lines > FUNCTION
    ]
    assert not long


def test_modules_are_small() -> None:
    lengths = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8").count("\n") for file in FILES}
    assert not {name: lines for name, lines in lengths.items() if lines > MODULE}


def test_nothing_is_left_for_later() -> None:
    left = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in FILES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if LATER.search(line)
    ]
    assert not left


def test_every_exception_to_a_rule_says_why() -> None:
    silent = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in FILES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if UNEXPLAINED.search(line)
    ]
    assert not silent


def test_no_module_is_a_drawer() -> None:
    assert not [file for file in FILES if file.name in BLANKET]


def test_only_the_command_line_prints() -> None:
    printing = [
        str(file.relative_to(ROOT))
        for file in FILES
        if "robo/cli/" not in file.as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing
