"""`--step`: what comes next is shown before it is done, and Ctrl-C is heard while it waits."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from robo.cli.console import folded
from tests.unit.cli.conftest import waiting_for_enter

Robo = Any
RUN = ("run", "verifier-demandes", "-i", "export=demandes.csv", "--limit", "1", "--step")


def test_each_step_says_the_item_its_place_and_what_it_will_do(
    project: Path, robo: Robo, monkeypatch: pytest.MonkeyPatch
) -> None:
    end, start = os.pipe()
    os.write(start, b"\n")
    os.close(start)  # whoever says nothing more lets the rest happen
    with os.fdopen(end) as given:
        monkeypatch.setattr("sys.stdin", given)
        said = robo(*RUN, ROBO_LANG="fr")
    assert said.code == 0
    assert "2026-AA-0001 · processes/verifier-demandes/process.yaml:" in said.err
    assert "Noter la date dans la liste\n  files.update_row Vérifiée le = «" in said.err
    assert "[Entrée]" in said.err
    assert said.out == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_is_heard_while_a_step_waits(project: Path) -> None:
    with waiting_for_enter(*RUN) as (run, told):
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130  # nobody has pressed Enter
        assert b"--resume" in told.read()


def test_a_long_line_is_folded_below_its_beginning_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    head, body = "  12:28:47    0.03 s  fait        ", "Nom = «Okafor», " * 6
    assert folded(head, body) == (head + body).rstrip()
    assert folded("a ", "b\nc") == "a b\n  c"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    first, *others = folded(head, body).split("\n")
    assert len(others) == 2
    assert all(len(each) <= 80 for each in (first, *others))
    assert {each[: len(head)] for each in others} == {" " * len(head)}
    assert not any(each[len(head)].isspace() for each in others)
