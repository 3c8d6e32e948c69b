"""Each rule of the once protocol is taken out of a copy of robo, and its scenario must then break its property.

`without/RULE.diff` says what falls, and the lines that keep the rule with what stands there without it. Lines that
are not found once fail the test: whoever rewrites a rule rewrites its diff. The model's shortest runs are the
scenarios (`scenarios.py`). Where robo keeps a rule by two guards, both are taken out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import robo

HERE = Path(__file__).parent
SOURCE = Path(robo.__file__).parent.parent
RULES = sorted(path.stem for path in (HERE / "without").glob("*.diff"))


@dataclass
class Mutation:
    """What falls without a rule, and the hunks (module, old lines, new lines) that take it out."""

    falls: str
    hunks: list[tuple[str, list[str], list[str]]] = field(default_factory=list)

    @classmethod
    def of(cls, rule: str) -> Mutation:
        first, *lines = (HERE / "without" / f"{rule}.diff").read_text(encoding="utf-8").splitlines()
        found, module = cls(first.removeprefix("falls: ")), ""
        for line in lines:
            if line.startswith("--- "):
                module = line.removeprefix("--- ")
            elif line == "@@":
                found.hunks.append((module, [], []))
            else:
                _, old, new = found.hunks[-1]
                old.extend([line[1:]] if line[:1] != "+" else [])
                new.extend([line[1:]] if line[:1] != "-" else [])
        return found

    def texts(self) -> dict[str, str]:
        """The changed modules by path."""
        changed: dict[str, str] = {}
        for module, old_lines, new_lines in self.hunks:
            text = changed.get(module) or (SOURCE / module).read_text(encoding="utf-8")
            old, new = ("".join(f"{line}\n" for line in lines) for lines in (old_lines, new_lines))
            assert text.count(old) == 1, f"{module} has {text.count(old)} times:\n{old}"
            changed[module] = text.replace(old, new)
        return changed


def copied(changed: dict[str, str], folder: Path) -> Path:
    """A robo and its runners below `folder` that are these, link by link, but for the changed modules."""
    for top in ("robo", "runners"):
        _link(Path(top), changed, folder)
    return folder


def _link(part: Path, changed: dict[str, str], folder: Path) -> None:
    if str(part) in changed:
        (folder / part).write_text(changed[str(part)], encoding="utf-8")
    elif any(Path(module).is_relative_to(part) for module in changed):
        (folder / part).mkdir()
        for entry in (SOURCE / part).iterdir():
            _link(part / entry.name, changed, folder)
    else:
        (folder / part).symlink_to(SOURCE / part)


@dataclass
class Forge:
    process: subprocess.Popen[str]

    def play(self, path: Path, *names: str) -> dict[str, list[str]]:
        """What the scenarios broke, on the robo below `path`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"path": str(path), "names": names}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    """The process that forks; it writes no bytecode, so a changed module leaves nothing behind."""
    environment = os.environ | {"PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", str(HERE / "forge.py")]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Forge(process)
        assert process.stdin is not None
        process.stdin.close()


def test_with_all_rules_no_scenario_breaks_anything(forge: Forge) -> None:
    played = forge.play(SOURCE)
    assert sorted(played) == RULES
    assert {name: broken for name, broken in played.items() if broken} == {}


@pytest.mark.parametrize("rule", RULES)
def test_without_this_rule_its_property_falls(rule: str, tmp_path: Path, forge: Forge) -> None:
    mutation = Mutation.of(rule)
    assert mutation.falls in forge.play(copied(mutation.texts(), tmp_path), rule)[rule]
