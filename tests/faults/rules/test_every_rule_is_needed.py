"""Each rule of the once protocol is taken out of a copy of robo, and its scenario must then break its property.

`without/RULE.diff` says how (see `mutations.py`). The model's shortest runs are the scenarios (`scenarios.py`). Where
robo keeps a rule by two guards, both are taken out. Nothing else may break, and what goes well with every rule must
go well without this one: so a robo that is merely broken proves nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.rules.mutations import HERE, RULES, SOURCE, Mutation, stale


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


def test_every_line_that_keeps_a_rule_is_where_its_mutation_says() -> None:
    assert list(stale()) == []


def test_with_all_rules_no_scenario_breaks_anything(forge: Forge) -> None:
    played = forge.play(SOURCE)
    assert sorted(played) == sorted([*RULES, "plain"])
    assert {name: broken for name, broken in played.items() if broken} == {}


@pytest.mark.parametrize("rule", RULES)
def test_without_this_rule_its_property_falls(rule: str, tmp_path: Path, forge: Forge) -> None:
    mutation = Mutation.of(rule)
    played = forge.play(copied(mutation.texts(), tmp_path), rule, "plain")
    assert played[rule] == sorted(mutation.falls + mutation.also)
    assert set(played["plain"]) <= set(mutation.also)
