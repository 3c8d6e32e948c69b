"""One window: its document, our script in it, the mouse, the keyboard, and the requests on their way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from robo.sdk.errors import Failure, SessionLost, TimedOut
from robo_browser.script import WORLD, expression, source

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Frame, Page

GRACE: Final = 5.0
"""Seconds a page may be silent beyond the time it was given before it is taken for dead."""
QUIET: Final = 2.0
"""Seconds a click waits for the requests it started; longer ones are taken for a page's own conversations."""
GONE: Final = ("context was destroyed", "Cannot find context", "uniqueContextId not found", "navigated or closed")


class DocumentGone(Exception):  # noqa: N818 - a fact about the page, caught in this package
    """The document left while a job was running in it. Says nothing about what the job did."""


class Tab:
    """A window as the session uses it. `open` attaches to a page; everything else needs it attached."""

    def __init__(self, page: Page, cdp: CDPSession, frame: str, changed: Callable[[Tab, str], None]) -> None:
        self.page = page
        self.frame = frame
        self._cdp = cdp
        self._changed = changed
        self._context: str | None = None
        self._others: dict[str, str] = {}
        self._origins: dict[str, str] = {}
        """By frame: a world of ours that began with a blank document keeps that one's, the page's own tells."""
        self.inner: dict[str, Tab] = {}
        """Frames of other sites that live in a process of their own."""
        self.adopting: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self._documents = 0
        self._lost = ""
        self._of_page: dict[str, Callable[[Any], None]] = {}
        """What listens to the page, by the name of the event."""
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._talking: dict[str, float] = {}
        self._talks = 0
        self._talk = asyncio.Event()
        self._halted = asyncio.Event()
        self._committed = asyncio.Event()
        self.always: Mapping[str, Any] = {}
        """What every job of this window is told."""
        self.put_away: list[str] = []
        """What appeared, and was put away by a press of these."""

    @classmethod
    async def attach(cls, page: Page, frames: Callable[[Tab, str], None], frame: Frame | None = None) -> Tab:
        """Attach to `page`, or to one frame of it that has a process of its own. `frames` hears of every frame that
        becomes part of it."""
        cdp = await page.context.new_cdp_session(frame or page)
        tree = (await cdp.send("Page.getFrameTree"))["frameTree"]
        tab = cls(page, cdp, tree["frame"]["id"], frames)
        tab._listen()
        for each in _frames(tree):
            frames(tab, each)
        script = {"source": source(), "worldName": WORLD, "runImmediately": True}
        try:
            await asyncio.gather(
                cdp.send("Runtime.enable"),
                cdp.send("Page.enable"),
                cdp.send("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}),
                cdp.send("Page.addScriptToEvaluateOnNewDocument", script),
            )
        except BaseException:
            tab.lose("it was gone before it was looked at")
            raise
        return tab

    def _listen(self) -> None:
        heard: Mapping[str, Callable[[dict[str, Any]], None]] = {
            "Runtime.executionContextCreated": self._context_created,
            "Runtime.executionContextDestroyed": self._context_destroyed,
            "Runtime.executionContextsCleared": self._contexts_cleared,
            "Page.frameStoppedLoading": self._stopped_loading,
            "Page.frameAttached": lambda event: self._changed(self, event["frameId"]),
            "Network.requestWillBeSent": self._request_sent,
            "Network.loadingFinished": self._request_done,
            "Network.loadingFailed": self._request_done,
            "Inspector.targetCrashed": lambda _event: self.lose("the page crashed"),
        }
        for name, hear in heard.items():
            self._cdp.on(name, hear)
        self._of_page = {
            "crash": lambda _page: self.lose("the page crashed"),
            "close": lambda _page: self.lose("the window was closed"),
        }
        for event, lose in self._of_page.items():
            self.page.on(event, lose)  # type: ignore[call-overload]  # its overloads name each event
        self._cdp.on("close", lambda *_: self.lose("the browser is gone"))

    def on(self, name: str, hear: Callable[[dict[str, Any]], None]) -> None:
        """Hear a protocol event of this window."""
        self._cdp.on(name, hear)

    def _context_created(self, event: dict[str, Any]) -> None:
        context = event["context"]
        if context["name"] != WORLD:
            if context["auxData"]["isDefault"]:
                self._origins[context["auxData"]["frameId"]] = context["origin"]
            return
        if context["auxData"]["frameId"] == self.frame:
            self._context = context["uniqueId"]
            self._documents += 1
            self._talks = 0
            self._talking.clear()  # what the last document asked and did not hear to its end is given up with it
            self._talk.set()
            self._arrived.set()
            self._committed.set()
        else:
            self._others[context["uniqueId"]] = context["auxData"]["frameId"]

    def _context_destroyed(self, event: dict[str, Any]) -> None:
        if event.get("executionContextUniqueId") == self._context:
            self._left()
        self._others.pop(event.get("executionContextUniqueId", ""), None)

    def _contexts_cleared(self, _event: dict[str, Any]) -> None:
        self._left()
        self._others.clear()

    def _left(self) -> None:
        self._context = None
        self._arrived.clear()

    def _request_sent(self, event: dict[str, Any]) -> None:
        if event.get("type") in {"XHR", "Fetch"}:
            self._talking[event["requestId"]] = time.monotonic()
            self._talks += 1

    def _request_done(self, event: dict[str, Any]) -> None:
        if self._talking.pop(event["requestId"], None) is not None:
            self._talk.set()

    def _stopped_loading(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self.frame:
            self._halted.set()

    def lose(self, why: str) -> None:
        """No answer will come from this window any more."""
        self._lost = self._lost or why
        while self._of_page:  # a frame of the page goes, the page stays: it must not keep what listened for the frame
            self.page.remove_listener(*self._of_page.popitem())
        if not self._gone.done():
            self._gone.set_result(None)
        for event in (self._arrived, self._talk, self._committed):
            event.set()

    @property
    def alive(self) -> bool:
        return not self._lost

    @property
    def documents(self) -> int:
        """How many documents this window has had: grows with every navigation."""
        return self._documents

    def check(self) -> None:
        """Raise if the window is gone."""
        if self._lost:
            raise lost(self._lost)

    async def send(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """One protocol message; a dead window becomes `SessionLost`."""
        from playwright.async_api import Error

        self.check()
        try:
            return await self._cdp.send(method, params or {})
        except Error as error:
            if any(words in error.message for words in GONE):
                raise DocumentGone from None
            if "closed" in error.message or "crashed" in error.message:
                self.lose("the window was closed")
                raise lost(self._lost) from None
            raise broken({"text": error.message}) from None

    async def do(
        self, job: Mapping[str, Any], wait: float = 0.0, *, later: float = 0.0, context: str | None = None
    ) -> dict[str, Any]:
        """Run one job of our script in the present document, or in the frame of `context`. Raises `DocumentGone` when
        the document leaves.

        `wait`: seconds the job may take in the page, from `later` seconds on at the latest; a page silent for longer
        is lost."""
        context = context or await self._present(wait)
        text = expression({**self.always, **job, "wait": max(0.0, wait) * 1000})
        params = {"expression": text, "uniqueContextId": context, "awaitPromise": True, "returnByValue": True}
        try:
            answer = await self._unless_lost(self.send("Runtime.evaluate", params), max(wait, 0.0) + later + GRACE)
        finally:
            del text, params  # a secret may be in it, and a traceback keeps locals
        if "exceptionDetails" in answer:
            if self._context != context and context not in self._others:
                raise DocumentGone
            raise broken(answer["exceptionDetails"])
        value: dict[str, Any] = answer["result"].get("value") or {}
        self.put_away += value.pop("putAway", ())
        return value

    async def put_files(self, files: Sequence[str], context: str | None = None) -> None:
        """Give files to the field that our script holds, in the document or in the frame of `context`."""
        context = context or await self._present(0.0)
        params = {"expression": "globalThis.robo.held()", "uniqueContextId": context}
        field = (await self.send("Runtime.evaluate", params))["result"]
        await self.send("DOM.setFileInputFiles", {"files": list(files), "objectId": field.get("objectId", "")})

    async def _unless_lost(self, asking: Coroutine[Any, Any, dict[str, Any]], patience: float) -> dict[str, Any]:
        """The answer, unless the window goes first or is silent for too long."""
        task = asyncio.ensure_future(asking)
        both: set[asyncio.Future[Any]] = {task, self._gone}
        try:
            await asyncio.wait(both, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if task.cancelled():
            raise lost(self._lost or "the page does not answer")
        return task.result()

    async def _present(self, wait: float) -> str:
        """The document there is, or the next one when one has just left."""
        if self._context is None:
            try:
                await asyncio.wait_for(self._arrived.wait(), max(wait, 0.0) + GRACE)
            except TimeoutError:
                raise TimedOut("RB703", "the page did not come in time", remedy=SLOW) from None
        self.check()
        if self._context is None:
            raise DocumentGone
        return self._context

    async def navigate(self, url: str, wait: float) -> str:
        """Go to `url`; the answer is Chromium's word for what went wrong, or nothing. Returns once it is committed.

        Raises `TimeoutError`."""
        end, before = time.monotonic() + wait, self._documents
        answer = await asyncio.wait_for(self.send("Page.navigate", {"url": url}), wait)
        if answer.get("loaderId") and not answer.get("errorText"):
            await self._next_document(before, end, even_if_halted=True)
        return str(answer.get("errorText", ""))

    async def arm(self, seconds: float) -> None:
        """Every frame of this window refuses presses after `seconds`."""
        job = {"job": "arm", "seconds": seconds}
        others = [
            self.send("Runtime.evaluate", {"expression": expression(job), "uniqueContextId": context})
            for context in self._others
        ]
        inner = [each.do(job) for each in self.inner.values() if each.alive]
        results = await asyncio.gather(self.do(job), *others, *inner, return_exceptions=True)
        if isinstance(results[0], BaseException):
            raise results[0]

    @property
    def foreign(self) -> Mapping[str, str]:
        """Frames of another origin that live with this document, by their context."""
        if not self._others:
            return {}
        own = self._origins.get(self.frame)
        return {each: frame for each, frame in self._others.items() if self._origins.get(frame, own) != own}

    @property
    def has_foreign_frames(self) -> bool:
        """Frames that the script of the top document may not be able to reach."""
        return bool(self._others or any(each.alive for each in self.inner.values()))

    async def click(self, x: float, y: float, *, times: int = 1) -> None:
        """Trusted clicks of the left button, one after the other at once."""
        self._halted.clear()
        events: list[dict[str, Any]] = [{"type": "mouseMoved", "x": x, "y": y}]
        for count in range(1, times + 1):
            at = {"x": x, "y": y, "button": "left", "clickCount": count}
            events += [{"type": "mousePressed", **at}, {"type": "mouseReleased", **at}]
        await asyncio.gather(*(self.send("Input.dispatchMouseEvent", event) for event in events))

    async def press(self, key: str) -> None:
        """One key, by its name on the keyboard (`Enter`, `Tab`, `F5`, `Control+S`)."""
        from playwright.async_api import Error

        self._halted.clear()
        try:
            await self.page.keyboard.press(key)
        except Error as error:
            if "Unknown key" not in error.message:
                raise lost("the window was closed") from None
            raise Failure(
                "RB739",
                "there is no key %(key)s",
                remedy="write it as on an English keyboard: Enter, Tab, Escape, F5, ArrowDown, Control+S",
                key=key,
            ) from None

    async def type(self, text: str) -> None:
        """Key by key, as a person would, over what is selected."""
        from playwright.async_api import Error

        try:
            await (self.page.keyboard.type(text) if text else self.page.keyboard.press("Delete"))
        except Error:
            raise lost("the window was closed") from None

    def talking_since(self, moment: float) -> bool:
        """Requests of scripts started after `moment` are still without their answer."""
        return any(began >= moment for began in self._talking.values())

    @property
    def talks(self) -> int:
        """How many requests scripts of the present document have sent."""
        return self._talks

    async def silence(self, moment: float, end: float) -> None:
        """Until the requests that scripts began after `moment` are answered."""
        while self.talking_since(moment) and self.alive and (left := end - time.monotonic()) > 0:
            self._talk.clear()
            try:
                await asyncio.wait_for(self._talk.wait(), left)
            except TimeoutError:
                return

    async def calm(self, moment: float, documents: int, wait: float, *, patient: bool = False) -> bool:
        """After an act at `moment`: the navigation it began has arrived, the requests it started are answered.

        `patient`: after a submit; requests are awaited for all of `wait`, not only for a moment. True: the page moved
        under an aimed click, which was withheld and did nothing."""
        end, missed = time.monotonic() + wait, False
        if self._documents == documents:
            try:
                answer = await self.do({"job": "calm"}, 0.0)
            except DocumentGone:
                answer = {"leaving": True}
            missed = bool(answer.get("missed"))
            if answer.get("leaving") and self._documents == documents:
                await self._next_document(documents, end)
        if self._documents != documents:
            await self.ready(end - time.monotonic(), answering=patient)
        await self.silence(moment, end if patient else min(end, time.monotonic() + QUIET))
        return missed

    async def _next_document(self, documents: int, end: float, *, even_if_halted: bool = False) -> None:
        """Until a new document is there, or the page has given up leaving (a download, an empty answer)."""
        while self._documents == documents and self.alive and (even_if_halted or not self._halted.is_set()):
            self._committed.clear()
            if even_if_halted:
                self._halted.clear()
            waits = [asyncio.ensure_future(self._halted.wait()), asyncio.ensure_future(self._committed.wait())]
            left = end - time.monotonic()
            await asyncio.wait(waits, timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if left <= 0:
                return

    async def ready(self, wait: float, *, complete: bool = False, answering: bool = False) -> dict[str, Any]:
        """Wait until the document is read to its end: {status, signIn, url}, or {timeout}. `answering`: it may be the
        answer to a submit, so nothing in it is put away."""
        end = time.monotonic() + max(0.0, wait)
        while True:
            try:
                return await self.do({"job": "ready", "complete": complete, "after": answering}, end - time.monotonic())
            except DocumentGone:
                if time.monotonic() >= end:
                    return {"timeout": True}


SLOW: Final = "look at the page; raise the step's `timeout` if the application is only slow"


def lost(why: str) -> SessionLost:
    return SessionLost("RB704", "the browser session is lost: %(why)s", remedy=LOST, why=why)


LOST: Final = "nothing to do by hand: a new session is opened and signed in"


def broken(details: Mapping[str, Any]) -> SessionLost:
    """Our own script failed in the page. The text of the failure may quote the page, never what was entered."""
    words = str(details.get("exception", {}).get("description", details.get("text", "")))
    return SessionLost(
        "RB705",
        "the page could not be read: %(why)s",
        remedy="report it with this line",
        why=words.split("\n", maxsplit=1)[0][:200],
    )


def _frames(tree: Mapping[str, Any]) -> list[str]:
    return [tree["frame"]["id"], *(frame for child in tree.get("childFrames", ()) for frame in _frames(child))]
