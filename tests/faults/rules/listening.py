"""The scenario of rule `listener`: the page itself must refuse a late click, so a real page in a real browser does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lab import ONLY_AFTER, Lab, OneSession, Request
from robo_browser import BrowserRunner

from robo.model.base import Effect
from robo.model.process import Step, StepKind
from robo.plan.model import Unit
from robo.sdk.runner import Answer, Call, Context, Gate, HostRule, Result

SECONDS = 1.2
"""Budget, and settle: this scenario runs in real time."""
FORM = b"<!doctype html><title>F</title><form method=post action=/file><button>Enregistrer</button></form>"
FILED = b"<!doctype html><title>F</title><p id=number>N-K</p>"


class RealTimer:
    @property
    def at(self) -> datetime:
        return datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at


class RealLab(Lab):
    """A lab whose time passes by itself, and whose portal has one page."""

    def __init__(self, folder: Path, browser: Any, address: str) -> None:
        super().__init__(folder, ONLY_AFTER, timer=RealTimer())
        self.browser = browser
        segment = self.plan.segments[0]
        assert segment.once is not None
        opens, sends = (_step(browser, action, words) for action, words in _said(address))
        sends = sends.model_copy(update={"read": {"number": {"css": "#number"}}})
        once = replace(
            segment.once, body=(Unit((opens,)),), submit=sends, settle=timedelta(seconds=SECONDS), step=sends
        )
        actions = {**self.plan.actions, **browser.actions}
        self.plan = replace(self.plan, segments=(replace(segment, once=once),), actions=actions)

    def pass_(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.2))

    def monotonic(self) -> float:
        return time.monotonic()


def _said(address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("browser.open", address), ("browser.submit", "Enregistrer")


def _step(browser: Any, action: str, words: str) -> Step:
    return Step(
        id="sent" if action == "browser.submit" else "opened",
        named=True,
        kind=StepKind.ACTION,
        path=("steps",),
        action=action,
        params=words,
        effect=Effect(browser.actions[action].effect),
        timeout=timedelta(seconds=SECONDS if action == "browser.submit" else 10),
    )


class Paused:
    """Worker A's slot: its browser, which is paused between the gate and the click; the finder is the lab's."""

    def __init__(self, lab: RealLab, session: Any, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._finder = OneSession(lab)
        self._session = session
        self._meanwhile = meanwhile

    async def get(self, runner: str, going: Sequence[str] = (), witness: Any = None) -> Any:
        return self if runner == "browser" else self._finder

    async def lost(self, runner: str) -> None:
        return None

    async def perform(self, calls: Sequence[Call]) -> Any:
        return await self._session.perform(calls)

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        async def slow_gate(entered: Sequence[str] = ()) -> float:
            until = await gate(entered)
            await self._meanwhile()
            return until

        return await self._session.submit(entries, call, slow_gate)


class ByHand(OneSession):
    """Worker B's slot: it has no page, and files at once."""

    async def submit(self, entries: Sequence[Call], call: Call, gate: Gate) -> Answer:
        await gate()
        self._lab.portal.file(Request("K"))
        return Answer(values={"number": "N-K"}, requests=1)

    async def perform(self, calls: Sequence[Call]) -> Any:
        return [Result()] if calls[0].action == "browser.open" else await super().perform(calls)


async def listener(folder: Path) -> list[str]:
    """A pauses after its gate; B waits for the time to be over, sees nothing, and acts. Then A's click wakes up."""
    browser = BrowserRunner()
    lab: RealLab | None = None
    portal = ThreadingHTTPServer(("127.0.0.1", 0), _pages(lambda: lab))
    threading.Thread(target=portal.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    address = f"http://127.0.0.1:{portal.server_address[1]}"
    rootless = bool(os.environ.get("ROBO_BROWSER_SANDBOX") or os.geteuid())
    await browser.start({} if rootless else {"sandbox": "off"}, headed=False, slots=1)
    try:
        lab = RealLab(folder, browser, address)
        lab.open("K")
        session = await browser.open(_context(folder, address))
        await lab.attempt("A", sessions=Paused(lab, session, lambda: _other(lab)))
        await session.close()
        return lab.broken()
    finally:
        await browser.stop()
        portal.shutdown()
        portal.server_close()
        if lab is not None:
            lab.close()


async def _other(lab: RealLab | None) -> None:
    assert lab is not None
    lab.dead.add("A")
    lab.sweep()
    for _ in range(100):
        if lab.portal.filed:
            return
        if not await lab.attempt("B", sessions=ByHand(lab)):
            lab.pass_(0.2)
    raise AssertionError("B never acted")


def _pages(lab: Callable[[], RealLab | None]) -> type[BaseHTTPRequestHandler]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(FORM)

        def do_POST(self) -> None:
            found = lab()
            if found is not None:
                found.portal.file(Request("K"))
            self._answer(FILED)

        def _answer(self, page: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            return

    return Pages


def _context(folder: Path, address: str) -> Context:
    async def no_secret(name: str) -> Any:
        raise KeyError(name)

    return Context(
        region="r", environment="test", date_format="%d/%m/%Y", zone="Europe/Paris", folder=folder,
        hosts=(HostRule("portal", address),), secret=no_secret, settings={},
    )  # fmt: skip
