"""Which browser to start, and how. What is missing is said with the command that brings it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from robo.sdk.errors import InfrastructureError

if TYPE_CHECKING:
    from playwright.async_api import ProxySettings

SHELLS: Final = ("chromium-headless-shell", "chrome-headless-shell")
"""Browsers without a window: a third of the memory, a third of the launch."""
BROWSERS: Final = (
    "chromium",
    "chromium-browser",
    "microsoft-edge",
    "microsoft-edge-stable",
    "google-chrome",
    "google-chrome-stable",
)
ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "win32": (
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ),
    "darwin": (
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ),
}
FLAGS: Final = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-http2",  # an effect sent by the browser itself shares no connection with a page's conversations
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The browser to start. Neither path nor channel: the one Playwright brought."""

    executable: str | None
    channel: str | None
    sandbox: bool


def choose(settings: Mapping[str, Any], *, headed: bool, environment: Mapping[str, str] = os.environ) -> Choice:
    """Settings, then `ROBO_BROWSER`, then the best one installed. Raises `InfrastructureError`."""
    sandbox = _sandbox(settings, environment)
    if headed and sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & environment.keys():
        raise InfrastructureError(
            "RB726",
            "there is no screen here, and a person has to see the browser",
            remedy="run it where somebody sits; none is needed without `--headed`, and without a secret of the kind "
            "`attended`",
        )
    named = settings.get("executable") or environment.get("ROBO_BROWSER")
    if named:
        return Choice(_there(str(named)), None, sandbox)
    if settings.get("channel"):
        return Choice(None, str(settings["channel"]), sandbox)
    for name in (*(() if headed else SHELLS), *BROWSERS):
        if found := shutil.which(name):
            return Choice(found, None, sandbox)
    for place in ELSEWHERE.get(sys.platform, ()):
        if Path(place).is_file():
            return Choice(place, None, sandbox)
    return Choice(None, None, sandbox)


def _there(named: str) -> str:
    found = shutil.which(named)
    if found is None:
        raise InfrastructureError(
            "RB720",
            "there is no browser at %(path)s",
            remedy="correct `browser: executable:` or ROBO_BROWSER, or remove it to take the browser that is installed",
            path=named,
        )
    return found


def _sandbox(settings: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """On, unless somebody said `off`. As root a browser does not start with it: that is refused, not guessed."""
    said = settings.get("sandbox", environment.get("ROBO_BROWSER_SANDBOX", "on"))
    on = said not in (False, "off")
    if on and getattr(os, "geteuid", lambda: 1)() == 0:
        raise InfrastructureError(
            "RB721",
            "as root a browser only starts without its sandbox, and nobody said that it may",
            remedy="run robo as an ordinary user; in a throw-away machine only, set `browser: {sandbox: off}` "
            "or ROBO_BROWSER_SANDBOX=off",
        )
    return on


def proxy_of(settings: Mapping[str, Any]) -> ProxySettings | None:
    """What pages are fetched through, as Playwright takes it; None: as the system says."""
    if not settings.get("proxy"):
        return None
    return {"server": str(settings["proxy"]), "bypass": str(settings.get("direct") or "")}


def missing(why: str, *, headed: bool) -> InfrastructureError:
    """No browser started. `why` is the first line of what Playwright says. `headed`: it was to be seen."""
    return InfrastructureError(
        "RB722",
        "no browser can be started: %(why)s",
        remedy="to see the browser there must be one with windows (`apt install chromium`) and a screen; run without "
        "--headed where there is none"
        if headed
        else "install one: `apt install chromium-headless-shell`, or `python -m playwright install chromium`",
        why=why,
    )
