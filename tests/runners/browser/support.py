"""What the tests of this folder share: a small site, calls as the engine makes them, a gate."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from robo_browser.actions import ACTIONS

from robo.sdk.grammar import parse_params, parse_target, parse_watch
from robo.sdk.runner import Call

Open = Callable[..., Any]


@dataclass(frozen=True)
class Asked:
    """One request as the site saw it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: str
    headers: Mapping[str, str]

    @property
    def form(self) -> Mapping[str, list[str]]:
        return parse_qs(self.body)


@dataclass
class Reply:
    body: str | bytes = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    after: threading.Event | None = None
    """Wait for this before answering."""
    lost: bool = False
    """Close the connection without a word."""


Page = str | Reply | Callable[[Asked], "str | Reply"]


@dataclass
class Site:
    """Pages by path, and everything that was asked of them."""

    address: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def clear(self) -> None:
        """For the next test."""
        self.pages.clear()
        self.asked.clear()

    def effects(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method not in {"GET", "HEAD", "OPTIONS"}]

    def url(self, path: str = "/") -> str:
        return self.address + path

    def answer(self, asked: Asked) -> Reply:
        with self.came:
            self.asked.append(asked)
            self.came.notify_all()
        page = self.pages.get(asked.path)
        if page is None:
            return Reply("nothing here", 404)
        given = page(asked) if callable(page) else page
        return given if isinstance(given, Reply) else Reply(given)


def html(body: str, head: str = "") -> str:
    """A whole page around `body`."""
    return f"<!doctype html><html lang=fr><head><meta charset=utf-8><title>t</title>{head}</head><body>{body}</body>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: ClassVar[Site]

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        asked = Asked(self.command, parts.path, parse_qs(parts.query), body, dict(self.headers))
        reply = self.site.answer(asked)
        if reply.after is not None:
            reply.after.wait(20)
        if reply.lost:
            self.close_connection = True
            return
        raw = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
        try:
            self.send_response(reply.status)
            for name, value in (("Content-Type", "text/html; charset=utf-8"), *reply.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
        except OSError:
            return  # the browser left

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        return


class Server(ThreadingHTTPServer):
    """Says nothing about browsers that leave in the middle of a request."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        return


_numbers = itertools.count(1)


def call(action: str, params: Any, **more: Any) -> Call:
    """A call as the engine makes it: `read refused expect` go to its watch."""
    spec = ACTIONS[f"browser.{action}"]
    watch = parse_watch(read=more.pop("read", None), refused=more.pop("refused", ()), expect=more.pop("expect", ()))
    within = more.pop("within", None)
    return Call(
        step=more.pop("step", f"step{next(_numbers)}"),
        action=spec.name,
        params=parse_params(spec, params),
        effect=more.pop("effect", spec.effect),
        timeout=more.pop("timeout", 3.0),
        within=None if within is None else parse_target(within),
        watch=watch,
        **more,
    )


class Gate:
    """A gate that counts how often it was passed, and gives `seconds` from then."""

    def __init__(self, seconds: float = 5.0) -> None:
        self.seconds = seconds
        self.passed = 0
        self.entered: tuple[str, ...] = ()
        self.doing: Callable[[], Any] | None = None

    async def __call__(self, entered: Sequence[str] = ()) -> float:
        self.passed += 1
        self.entered = tuple(entered)
        if self.doing is not None:
            await self.doing()
        return time.monotonic() + self.seconds


async def soon(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    """Whether it becomes true in time (for what another thread does)."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:  # noqa: ASYNC110 - other threads set no event of this loop
        await asyncio.sleep(0.005)
    return condition()
