"""The browser itself: found or told how to get it, started with its sandbox or refused, and gone when it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from robo_browser import BrowserRunner
from robo_browser.processes import Kept

from robo.sdk.errors import InfrastructureError, SessionLost
from robo.sdk.runner import Context
from tests.runners.browser.conftest import SETTINGS
from tests.runners.browser.support import Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("headed", "remedy"), [(False, "apt install chromium-headless-shell"), (True, "run without --headed")]
)
async def test_a_browser_that_does_not_start_is_told_with_the_command_that_brings_one(
    tmp_path: Path, headed: bool, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    broken = tmp_path / "browser"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    runner = BrowserRunner()
    with pytest.raises(InfrastructureError) as missing:
        await runner.start({"sandbox": "off", "executable": str(broken)}, headed=headed, slots=1)
    assert missing.value.code == "RB722"
    assert remedy in missing.value.remedy
    await runner.stop()


def alive(pids: list[int]) -> list[int]:
    """Those that still run (who is dead and waits for its parent does not)."""
    states = {pid: Path(f"/proc/{pid}/stat") for pid in pids}
    return [
        pid for pid, path in states.items() if path.exists() and path.read_text().rpartition(") ")[2][0] not in "ZX"
    ]


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")


@needs_proc
@pytest.mark.parametrize("hurt", ["nothing", "browser stopped", "driver stopped", "driver killed"])
async def test_stop_leaves_no_process(hurt: str) -> None:
    runner = BrowserRunner()
    await runner.start(SETTINGS, headed=False, slots=1)
    pids = list(runner.chromium.kept._born)
    assert len(pids) >= 2
    browser, driver = pids[0], pids[1]
    if hurt == "browser stopped":
        os.kill(browser, signal.SIGSTOP)
    elif hurt == "driver stopped":
        os.kill(driver, signal.SIGSTOP)
    elif hurt == "driver killed":
        os.kill(driver, signal.SIGKILL)
    began = time.monotonic()
    await runner.stop()
    assert time.monotonic() - began < 12
    assert alive(pids) == []


@needs_proc
async def test_a_session_after_the_browser_died_has_a_new_browser(context: Callable[..., Context], site: Site) -> None:
    runner = BrowserRunner()
    await runner.start(SETTINGS, headed=False, slots=1)
    try:
        first = await runner.open(context())
        os.kill(next(iter(runner.chromium.kept._born)), signal.SIGKILL)
        with pytest.raises(SessionLost):
            await first.perform([call("open", site.url(), timeout=5.0)])
        await first.close()
        site.pages["/"] = html("<h1>Accueil</h1>")
        second = await runner.open(context())
        await second.perform([call("open", site.url()), call("expect", {"heading": "Accueil"})])
        await second.close()
    finally:
        await runner.stop()


@needs_proc
async def test_a_browser_that_dies_while_a_session_opens_keeps_nobody_waiting(context: Callable[..., Context]) -> None:
    """Playwright never answers who waits for a window of a browser that was killed in the middle of opening it."""
    runner = BrowserRunner()
    await runner.start(SETTINGS, headed=False, slots=1)
    try:
        for moment in (0.02, 0.04, 0.06, 0.08, 0.12):
            opening = asyncio.ensure_future(runner.open(context()))
            await asyncio.wait({opening}, timeout=moment)
            os.kill(alive(list(runner.chromium.kept._born))[0], signal.SIGKILL)
            await asyncio.wait({opening}, timeout=20)
            assert opening.done(), f"killed after {moment} s"
            if trouble := opening.exception():
                assert isinstance(trouble, SessionLost), trouble
            await (await runner.open(context())).close()
    finally:
        await runner.stop()


@needs_proc
async def test_a_number_that_another_process_has_now_is_left_alone() -> None:
    mine = await asyncio.create_subprocess_exec("sleep", "30")
    kept = Kept()
    kept._born[mine.pid] = "another birth"
    kept.kill()
    assert mine.returncode is None
    mine.kill()
    await mine.wait()


async def test_a_session_before_the_start_is_told(context: Callable[..., Any]) -> None:
    with pytest.raises(InfrastructureError):
        await BrowserRunner().open(context())
