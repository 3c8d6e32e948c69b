"""The runner itself: what it can do is told at once, what does it is loaded when a browser is started."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from robo.sdk.action import ActionSpec
from robo.sdk.errors import InfrastructureError
from robo.sdk.runner import Context, Session
from robo_browser.actions import ACTIONS

if TYPE_CHECKING:
    from robo_browser.chromium import Chromium


class BrowserRunner:
    """Gives `browser.*`. One Chromium for a worker, one context for a session."""

    name: ClassVar[str] = "browser"
    actions: ClassVar[Mapping[str, ActionSpec]] = ACTIONS

    def __init__(self) -> None:
        self.chromium: Chromium | None = None

    def check(self, settings: Mapping[str, Any], *, headed: bool) -> None:
        """The browser that settings name is there, and may be started by this user."""
        from robo_browser import trust
        from robo_browser.discovery import choose

        choose(settings, headed=headed)
        trust.check(settings)

    async def start(self, settings: Mapping[str, Any], *, headed: bool, slots: int) -> None:
        """Launch the browser. Raises `InfrastructureError` with how to get one."""
        import asyncio

        from robo_browser.chromium import Chromium
        from robo_browser.discovery import choose, proxy_of
        from robo_browser.trust import Trust

        choice, trust = choose(settings, headed=headed), await asyncio.to_thread(Trust.of, settings)
        profile = Path(settings["profile"]) if settings.get("profile") else None
        self.chromium = Chromium(choice, headed=headed, proxy=proxy_of(settings), trust=trust, profile=profile)
        await self.chromium.start()

    async def open(self, context: Context) -> Session:
        """A session with cookies and storage of its own."""
        return await self._started().open(context)

    async def print_page(self, page: str) -> bytes:
        """Once started: the tagged PDF of a page that is given whole."""
        return await self._started().print_page(page)

    async def stop(self) -> None:
        """End the browser, politely for some seconds, then by number. Safe to call again."""
        if self.chromium is not None:
            await self.chromium.stop()

    def _started(self) -> Chromium:
        if self.chromium is None:
            raise InfrastructureError("RB723", "the browser runner was not started", remedy="call start() first")
        return self.chromium
