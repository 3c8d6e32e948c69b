"""One browser for a worker: launched, started again when it died, ended by number."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from robo.sdk.errors import InfrastructureError
from robo.sdk.runner import Context
from robo_browser.discovery import FLAGS, Choice, missing
from robo_browser.guard import Guard
from robo_browser.printing import printed
from robo_browser.processes import GRACE, Kept
from robo_browser.session import BrowserSession
from robo_browser.tab import lost
from robo_browser.trust import Trust

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, CDPSession, Playwright, ProxySettings

T = TypeVar("T")
LAUNCH: Final = 30.0
"""Seconds a browser may take to start."""
OPENING: Final = 60.0
"""Seconds it may take to open a session."""


class Chromium:
    """One browser and the driver above it. `kept` are their processes. `profile`: the browser of a person who signs in
    herself: it keeps what she leaves there, knows what her own knows, and has one session at a time."""

    def __init__(
        self,
        choice: Choice,
        *,
        headed: bool,
        trust: Trust,
        proxy: ProxySettings | None = None,
        profile: Path | None = None,
    ) -> None:
        self._choice = choice
        self._profile = profile
        self._own: BrowserContext | None = None
        self._trust = trust
        self._proxy = proxy
        self._headed = headed
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._cdp: CDPSession | None = None
        self._guard: Guard | None = None
        self.kept = Kept()
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Launch it. Raises `InfrastructureError` with how to get one."""
        async with self._starting:
            try:
                await self._launch()
            except Exception:
                await self.stop()  # nobody stops what never came up
                raise

    async def _launch(self) -> None:
        from playwright.async_api import Error, async_playwright

        if self._playwright is None:
            if cache := driver_cache():
                os.environ.setdefault("NODE_COMPILE_CACHE", str(cache))
            with self._trust.told():
                self._playwright = await async_playwright().start()
        try:
            self._browser = await self._started(self._playwright)
        except Error as error:
            await self._end()
            raise missing(_first_line(error.message), headed=self._headed) from None
        self._cdp = await while_it_lives(self._browser, self._browser.new_browser_cdp_session())
        # what a person showed to sign in (a card, say) no connection of ours has: effects then go the browser's way
        self._guard = Guard(self._cdp, direct=self._proxy is None and self._profile is None)
        await while_it_lives(self._browser, asyncio.gather(self._guard.start(), self.kept.note(self._cdp)))

    async def _started(self, playwright: Playwright) -> Browser:
        choice = self._choice
        how: dict[str, Any] = {
            "executable_path": choice.executable,
            "channel": choice.channel,
            "headless": not self._headed,
            "chromium_sandbox": choice.sandbox,
            "args": list(FLAGS),
            "proxy": self._proxy,
            "timeout": LAUNCH * 1000,
        }
        if self._profile is None:
            return await playwright.chromium.launch(**how, env=self._trust.environment)
        await asyncio.to_thread(prepare, self._profile)
        self._own = await playwright.chromium.launch_persistent_context(
            self._profile, **how, service_workers="block", accept_downloads=False, locale="fr-FR", no_viewport=True
        )
        browser = self._own.browser
        assert browser is not None  # noqa: S101 - only Android's and Electron's contexts have none
        return browser

    async def open(self, context: Context) -> BrowserSession:
        """A session with cookies and storage of its own; another browser is started when this one died."""
        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                await self._restart()
        assert self._browser is not None  # noqa: S101 - launched just now, or an error was raised
        assert self._guard is not None  # noqa: S101 - the same
        beginning = BrowserSession.begin(self._browser, self._guard, context, self._trust, self._own)
        return await while_it_lives(self._browser, beginning)

    async def print_page(self, page: str) -> bytes:
        """The PDF of a page that is given whole, in a context of its own that reaches nothing and runs no script."""
        browser = self._browser
        assert browser is not None  # noqa: S101 - `start` came first
        return await while_it_lives(browser, printed(browser, page))

    async def _restart(self) -> None:
        """The browser died under its sessions: end what is left of it, and start another."""
        self.kept.kill()
        self._browser = None
        try:
            await self._launch()
        except InfrastructureError:
            raise
        except Exception as broken:  # noqa: BLE001 - Playwright fails in many ways when its driver is dead
            await self._end()
            raise lost(_first_line(str(broken))) from None

    async def stop(self) -> None:
        """End the browser, politely for some seconds, then by number. Safe to call again."""
        await self._end()
        await asyncio.to_thread(self._trust.forget)

    async def _end(self) -> None:
        """End the browser; another may be started."""
        browser, playwright = self._browser, self._playwright
        self._browser = self._playwright = self._cdp = self._own = None
        if self._guard is not None:
            await self._guard.stop()
            self._guard = None
        if browser is not None:
            await _within_grace(browser.close())
        if playwright is not None:
            stopping = asyncio.ensure_future(_within_grace(playwright.stop()))
            await asyncio.wait({stopping}, timeout=GRACE / 2)
            await self.kept.end()
            await stopping


async def while_it_lives(browser: Browser, doing: Awaitable[T]) -> T:
    """What `doing` gives. `SessionLost` RB704 when the browser goes meanwhile, or is silent for `OPENING` seconds.
    Of a browser that dies while a window opens, Playwright says nothing to who waits for that window."""
    gone = asyncio.Event()

    def ended(_browser: Browser) -> None:
        gone.set()

    browser.on("disconnected", ended)
    work, end = asyncio.ensure_future(doing), asyncio.ensure_future(gone.wait())
    try:
        if browser.is_connected():
            await asyncio.wait({work, end}, timeout=OPENING, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise lost(
            "the browser is gone" if gone.is_set() or not browser.is_connected() else "the browser does not answer"
        )
    finally:
        browser.remove_listener("disconnected", ended)
        work.cancel()
        end.cancel()
        await asyncio.gather(work, end, return_exceptions=True)


def prepare(profile: Path) -> None:
    """A profile of the robot's own, in which the browser offers to keep no password: what a person types there to sign
    in stays hers. Blocking."""
    told = profile / "Default" / "Preferences"
    profile.mkdir(mode=0o700, parents=True, exist_ok=True)
    told.parent.mkdir(mode=0o700, exist_ok=True)
    if not told.exists():
        told.write_text(
            json.dumps({"credentials_enable_service": False, "profile": {"password_manager_enabled": False}})
        )


def driver_cache() -> Path | None:
    """Where Playwright's driver keeps its compiled script: it starts in three quarters of the time then. This account's
    own folder (the driver executes what lies there); where it cannot be written, the driver does without."""
    given = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    try:
        return Path(given or Path.home() / ".cache") / "robo" / "driver"
    except RuntimeError:  # an account without a home
        return None


def _first_line(words: str) -> str:
    return words.strip().splitlines()[0][:200] if words.strip() else "no reason given"


async def _within_grace(ending: Any) -> None:
    try:
        await asyncio.wait_for(ending, GRACE)
    except Exception:  # noqa: BLE001 - a browser that cannot say goodbye is ended by number
        return
