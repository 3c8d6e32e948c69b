"""Which browser is started: settings, the environment, what is installed; and never without a word as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from robo_browser.discovery import choose

from robo.sdk.errors import InfrastructureError

OFF = {"sandbox": "off"}


def test_nothing_of_playwright_is_loaded_before_a_browser_is_wanted() -> None:
    said = "import sys, robo_browser; sys.exit('playwright' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], check=False).returncode == 0


def test_settings_go_before_the_environment_and_both_before_what_is_installed(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    for path in (first, second):
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(0o755)
    environment = {"ROBO_BROWSER": str(second)}
    assert choose({**OFF, "executable": str(first)}, headed=False, environment=environment).executable == str(first)
    assert choose(OFF, headed=False, environment=environment).executable == str(second)
    assert choose({**OFF, "channel": "msedge"}, headed=False, environment={}).channel == "msedge"


def test_the_headless_shell_is_for_nobody_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert choose(OFF, headed=False, environment={}).executable == "/usr/bin/chromium-headless-shell"
    assert choose(OFF, headed=True, environment={"DISPLAY": ":0"}).executable == "/usr/bin/chromium"


def test_edge_and_chrome_are_taken_where_chromium_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/opt/edge" if name == "microsoft-edge" else None)
    assert choose(OFF, headed=False, environment={}).executable == "/opt/edge"


def test_a_browser_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InfrastructureError) as missing:
        choose({**OFF, "executable": str(tmp_path / "rien")}, headed=False, environment={})
    assert missing.value.code == "RB720"


def test_root_without_a_word_about_the_sandbox_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    with pytest.raises(InfrastructureError) as refused:
        choose({}, headed=False, environment={})
    assert refused.value.code == "RB721"
    assert choose({"sandbox": False}, headed=False, environment={}).sandbox is False
    assert choose({}, headed=False, environment={"ROBO_BROWSER_SANDBOX": "off"}).sandbox is False


def test_an_ordinary_user_keeps_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert choose({}, headed=False, environment={}).sandbox is True
