"""A person at a real window: she signs in by mouse and keyboard, and the robot goes on. Needs a screen: Xvfb's."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from robo_browser import BrowserRunner
from robo_browser.discovery import choose

from tests.runners.browser.conftest import SETTINGS
from tests.runners.browser.support import Site, call, html
from tests.runners.browser.test_attended import portal, unasked

pytestmark = pytest.mark.asyncio(loop_scope="session")
SECONDS = 30.0
PIN = "4-canari-71"
WIDE = "<form method=post action=/sso><input name=pin type=password style='position:fixed;inset:0'></form>"
"""A field that she hits wherever the browser draws its page."""


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A screen of this test's own, on whatever display is free."""
    lacking = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
    if lacking:
        pytest.skip(f"{' and '.join(lacking)}: not installed, so nobody signs in at a real window here")
    told, tell = os.pipe()
    command = ["Xvfb", "-displayfd", str(tell), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[tell], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(tell)
    try:
        with os.fdopen(told) as number:
            monkeypatch.setenv("DISPLAY", f":{number.readline().strip()}")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield
    finally:
        server.terminate()
        server.wait(10)


async def person(*does: str) -> None:
    """What she does, as xdotool says it."""
    doing = await asyncio.create_subprocess_exec("xdotool", *does)
    assert await asyncio.wait_for(doing.wait(), SECONDS) == 0


async def test_a_person_signs_in_at_a_window_whose_browser_offers_to_keep_no_password(
    site: Site, context: Callable[..., Any], tmp_path: Path, screen: None
) -> None:
    browser = choose(SETTINGS, headed=True).executable
    if browser is None:
        pytest.skip("no browser with a window is installed, so nobody signs in at a real one here")
    portal(site)
    signed_in = site.pages["/accueil"]
    assert callable(signed_in)
    site.pages["/accueil"] = lambda asked: signed_in(asked) if "in=1" in asked.headers.get("Cookie", "") else html(WIDE)
    runner, profile = BrowserRunner(), tmp_path / "profiles" / "agent"
    await runner.start({**SETTINGS, "executable": browser, "profile": str(profile)}, headed=True, slots=1)
    try:
        session = await runner.open(context(kinds={"agent": "attended"}, secret=unasked))
        login = call("login", {"at": site.url("/accueil"), "secret": "agent"}, expect=[{"heading": "Tableau de bord"}])
        waiting = asyncio.create_task(session.perform([login]))
        await person("search", "--sync", "--onlyvisible", "--name", "^t - ", "windowfocus", "--sync")
        await person("mousemove", "500", "600", "click", "1", "sleep", "0.2", "type", "--delay", "30", PIN)
        assert not waiting.done()
        await person("key", "Return")
        await asyncio.wait_for(waiting, SECONDS)
        assert [asked.form for asked in site.effects()] == [{"pin": [PIN]}]
        await session.close()
    finally:
        await runner.stop()
    kept = json.loads((profile / "Default" / "Preferences").read_text("utf-8"))
    assert (kept["credentials_enable_service"], "sessions" in kept) == (False, True)
