"""The windows of one session, and everything that may happen to them without being asked for."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from robo.sdk.errors import DeadlinePassed, Failure, UndeclaredEffect, UnexpectedDialog
from robo.sdk.runner import Context
from robo_browser import wire
from robo_browser.frames import adopt
from robo_browser.guard import Guard
from robo_browser.papers import Papers
from robo_browser.rules import MESSAGE, Sent, Step, Verdict, judge, place_of
from robo_browser.tab import Tab
from robo_browser.values import target_job

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Dialog, Page, WebSocketRoute

T = TypeVar("T")
ARRIVAL: Final = 2.0
"""Seconds a window that was opened has to be there."""
MOST: Final = 8
"""Windows of one session; a page that opens more is not answered."""
EMPTY: Final = frozenset({"", ":", "about:blank"})
"""Addresses of a window whose first page never came."""


class Windows:
    """A browser context with its windows, the rights of the present step, and what went against them."""

    def __init__(
        self, browser: BrowserContext, guard: Guard, context: Context, tls: ssl.SSLContext | None = None
    ) -> None:
        self._browser = browser
        self._guard = guard
        self._context = context
        self.tls = tls
        self._tabs: list[Tab] = []
        self._coming: set[asyncio.Task[None]] = set()
        self._announced = 0
        self._arrived = asyncio.Event()
        self._gave: set[str] = set()
        """Frames that files came from."""
        self._trouble: asyncio.Future[Failure] = asyncio.get_running_loop().create_future()
        self._step = Step()
        self._confirm: str | None = None
        self.context_id = ""
        self.papers = Papers()
        """The files that fields were given."""
        form = context.date_format
        popups = [
            {"dismiss": target_job(popup.dismiss, form), "see": popup.see and target_job(popup.see, form)}
            for popup in context.popups
        ]
        self._always = {"popups": popups} if popups else {}
        self.sent = 0
        """Effects that left since the gate was passed."""

    async def begin(self) -> None:
        """Open the first window; nothing of it escapes the guard."""
        await self._browser.route_web_socket(lambda _url: True, self._socket)
        page = next(iter(self._browser.pages), None) or await self._browser.new_page()
        tab = await self._attach(page)
        info = await tab.send("Target.getTargetInfo")
        self.context_id = info["targetInfo"].get("browserContextId", "")
        self._guard.watch(self)
        self._browser.on("page", self._opened)
        self._browser.on("dialog", self._dialog)

    async def own(self, frame: str) -> bool | None:
        """Whether this frame is one of ours, not of another session of the browser. None: nobody knows."""
        return await self._guard.owns(self, frame)

    async def _attach(self, page: Page) -> Tab:
        tab = await Tab.attach(page, lambda _tab, frame: self._guard.frame(self, frame))
        tab.on("Page.windowOpen", self._announce)
        tab.always = self._always
        page.on("framenavigated", lambda frame: adopt(tab, frame))
        self._tabs.append(tab)
        return tab

    def _announce(self, _event: Mapping[str, Any]) -> None:
        self._announced += 1

    def _opened(self, page: Page) -> None:
        self._announced = max(0, self._announced - 1)
        self._arrived.set()
        task = asyncio.create_task(self._welcome(page))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _welcome(self, page: Page) -> None:
        from playwright.async_api import Error

        try:
            if len(self._tabs) >= MOST:
                await page.close()
            else:
                await self._leave(await self._attach(page))
        except (Error, Failure):
            return  # it closed again before it was looked at

    @property
    def browser(self) -> Browser:
        """The browser that all sessions share."""
        browser = self._browser.browser
        assert browser is not None  # noqa: S101 - only a persistent context has none
        return browser

    async def arrivals(self) -> None:
        """Windows that are just opening are there afterwards."""
        end = time.monotonic() + ARRIVAL
        while self._announced and (left := end - time.monotonic()) > 0:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), left)
            except TimeoutError:
                break
        self._announced = 0
        if self._coming:
            await asyncio.wait(self._coming, timeout=ARRIVAL)

    @property
    def front(self) -> Tab:
        """The newest window that is still open. A session whose windows are all gone is lost."""
        if len(self._tabs) > 1:
            self._tabs = [tab for tab in self._tabs if tab.alive] or self._tabs[:1]
        self._tabs[-1].check()
        return self._tabs[-1]

    def put_away(self) -> list[str]:
        """What appeared since the last time this was asked, and was put away."""
        found = [name for tab in self._tabs for name in tab.put_away]
        for tab in self._tabs:
            tab.put_away.clear()
        return found

    def survive(self, tab: Tab) -> bool:
        """The session goes on without this window."""
        return not tab.alive and any(other.alive for other in self._tabs)

    async def gave_file(self, frame: str) -> None:
        """A file came from this frame. Where it is a window that was opened for it, and so never showed a page, that
        is closed, also when it only arrives later."""
        self._gave.add(frame)
        for tab in self._tabs[1:]:
            await self._leave(tab)

    async def _leave(self, tab: Tab) -> None:
        from playwright.async_api import Error

        if tab.frame in self._gave and tab.page.url in EMPTY:
            tab.lose("the window was opened for a file")
            with suppress(Error):  # some browsers close it themselves
                await tab.page.close()

    async def only_first(self) -> Tab:
        """Close every window but one."""
        alive = [tab for tab in self._tabs if tab.alive]
        for tab in alive[1:]:
            await tab.page.close()
        self._tabs = alive[:1] or self._tabs[:1]
        return self.front

    async def close(self) -> None:
        """The session is over."""
        self._guard.forget(self)
        for task in list(self._coming):
            task.cancel()
        await self._browser.close()

    # -- the rights of a step

    def allow(self, step: Step, confirm: str | None = None) -> None:
        """From here on the requests and dialogs of the page are this step's. Raises what went wrong since the last."""
        self._step = step
        self._confirm = confirm
        if not step.passed_gate:
            self.sent = 0
            self._raise()

    def forget(self) -> None:
        """The item is over: what its page still tries is stopped, and troubles nobody."""
        self._step, self._confirm = Step(), None
        self.papers.clear()
        self._gave.clear()
        if self._trouble.done():
            self._trouble = asyncio.get_running_loop().create_future()

    def _raise(self) -> None:
        if self._trouble.done():
            trouble = self._trouble.result()
            self._trouble = asyncio.get_running_loop().create_future()
            raise trouble

    def _went_wrong(self, trouble: Failure) -> None:
        if not self._trouble.done():
            self._trouble.set_result(trouble)

    async def guarded(self, doing: Awaitable[T]) -> T:
        """Do it; a trouble that the page makes meanwhile ends it at once."""
        task = asyncio.ensure_future(doing)
        try:
            both: set[asyncio.Future[Any]] = {task, self._trouble}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        if self._trouble.done() and not task.cancelled():
            task.exception()  # the page's trouble stands above what became of the step
        self._raise()
        return task.result()

    # -- what the guard asks

    def judge(self, sent: Sent) -> Verdict:
        return judge(
            sent,
            self._step,
            self._context.hosts,
            dry_run=self._context.dry_run,
            now=time.monotonic(),
            wall=time.time(),
        )

    def undeclared(self, sent: Sent) -> None:
        self._went_wrong(
            UndeclaredEffect(
                "RB730",
                "the page tried to send %(method)s %(url)s in a step that changes nothing; it was stopped",
                remedy="a person looks at the page; if the request is harmless, declare it: "
                "`hosts: {name: {url, reads: [%(method)s /path]}}`",
                method=sent.method,
                url=place_of(sent.url),
            )
        )

    def effect(self, *, again: bool) -> wire.Allowance:
        self.sent += 0 if again else 1
        left = max(1.0, self._step.until - time.monotonic())
        return wire.Allowance(self._step.until, self._step.until_wall, left)

    def late(self) -> None:
        self._went_wrong(too_late())

    def certified(self, url: str, certificate: bytes) -> None:
        parts = urlsplit(url)
        self._context.certified(f"{parts.scheme}://{parts.netloc}", certificate)

    async def cookies(self, url: str) -> list[Mapping[str, Any]]:
        answer = await self.front.send("Network.getCookies", {"urls": [url]})
        return list(answer["cookies"])

    def _socket(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def said(message: str | bytes) -> None:
            sent = Sent(MESSAGE, socket.url, message if isinstance(message, str) else "")
            verdict = self.judge(sent)
            if verdict is Verdict.EFFECT:
                self.sent += 1
            if verdict in {Verdict.PASS, Verdict.EFFECT}:
                server.send(message)
            elif verdict is Verdict.LATE:
                self.late()
            else:
                self.undeclared(sent)

        socket.on_message(said)

    # -- native dialogs

    async def _dialog(self, dialog: Dialog) -> None:
        from playwright.async_api import Error

        accept = dialog.type == "beforeunload" or self._confirm == "accept"
        if accept and self._step.passed_gate and not self._step.open_at(time.monotonic(), time.time()):
            accept = False
            self.late()
        try:
            await (dialog.accept() if accept else dialog.dismiss())
        except Error:
            return  # the window closed under it
        if not accept and self._confirm is None:
            self._went_wrong(
                UnexpectedDialog(
                    "RB731",
                    "the page asked: «%(text)s», and no step expects it; it was dismissed",
                    remedy="say `confirm: accept` or `confirm: dismiss` on the step that brings it up",
                    text=dialog.message[:500],
                )
            )


def too_late() -> DeadlinePassed:
    return DeadlinePassed(
        "RB732",
        "the submit came after its time; the page refused it",
        remedy="nothing to do by hand: whether it happened is verified before anything is tried again",
    )
