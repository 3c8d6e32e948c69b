"""The stopwatch: a page on this machine only, whose buttons post; the server measures. It needs no script.

One person, one page: the address has a token that nobody guesses, and requests of other sites' pages are refused.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Final
from urllib.parse import parse_qs

from robo.errors import RoboError
from robo.proof.baselines import MEASURED
from robo.services.baselines.adding import check_observation
from robo.services.baselines.study import Study

HOST: Final = "127.0.0.1"
_LARGEST: Final = 1000
"""Bytes of a form."""
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
}


@dataclass(frozen=True, slots=True)
class Going:
    """What is being timed: since when on the clock that only goes forward, and since when on the wall."""

    what: str
    since: float
    at: str


@dataclass(slots=True, kw_only=True)
class Watch:
    """A study and the observation that is going on. `today`, `clock`: the day (ISO) and the time (HH:MM) in the region;
    `ticks`: seconds."""

    study: Study
    today: Callable[[], str]
    clock: Callable[[], str]
    ticks: Callable[[], float] = time.monotonic
    going: Going | None = None
    fresh: int = 0
    """How many of the last observations are of this sitting: those that can be taken back."""
    trouble: RoboError | None = None

    @property
    def elapsed(self) -> int:
        """Seconds of what is going on."""
        return int(self.ticks() - self.going.since) if self.going is not None else 0

    def press(self, button: str, what: str) -> None:
        """One of `start`, `stop`, `drop` (what is going on), `undo` (the last one); what makes no sense now is left,
        as after a second press or an old page."""
        self.trouble = None
        if button == "start" and self.going is None and what in MEASURED:
            self.going = Going(what, self.ticks(), self.clock())
        elif button == "stop" and self.going is not None:
            self._stop(self.going)
        elif button == "drop":
            self.going = None
        elif button == "undo" and self.going is None and self.fresh:
            self.study.discard()
            self.fresh -= 1

    def _stop(self, going: Going) -> None:
        """The observation is on disk before it is over."""
        seconds, today = round(self.ticks() - going.since), self.today()
        try:
            check_observation(going.what, today, seconds, today, str(self.study.file))
        except RoboError as trouble:  # forgotten over a night: it is nobody's time
            self.trouble, self.going = trouble, None
            return
        try:
            self.study.note(going.what, today, seconds)
        except RoboError as trouble:
            self.trouble = trouble
            return
        self.going, self.fresh = None, self.fresh + 1


class Server(ThreadingHTTPServer):
    """Answers whoever has the address, one press at a time. `page` draws the watch."""

    daemon_threads = True

    def __init__(self, watch: Watch, page: Callable[[Watch], str]) -> None:
        super().__init__((HOST, 0), _Handler)
        self.watch, self.page = watch, page
        self.path = f"/{secrets.token_urlsafe(24)}/"
        self.lock = Lock()

    @property
    def host(self) -> str:
        return f"{HOST}:{self.server_port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}{self.path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no trouble of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "robo", ""
    timeout = 5

    def do_GET(self) -> None:
        if self._is_ours():
            with self.server.lock:
                page = self.server.page(self.server.watch)
            self._answer(HTTPStatus.OK, page.encode())

    def do_POST(self) -> None:
        """A button: done, then the page is asked for again, so that going back presses nothing twice."""
        if not self._is_ours():
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST:
            self._answer(HTTPStatus.BAD_REQUEST, b"")
            return
        form = parse_qs(self.rfile.read(int(length)).decode("ascii", "replace"))
        button, what = (form.get(name, [""])[0] for name in ("button", "what"))
        with self.server.lock:
            self.server.watch.press(button, what)
        self._answer(HTTPStatus.SEE_OTHER, b"", {"Location": self.server.path})

    def _is_ours(self) -> bool:
        """Whether it is the page's own person who asks: by the token, and by the name of this machine (no other name
        may lead here)."""
        knows = secrets.compare_digest(self.path.encode(), self.server.path.encode())
        origin = self.headers.get("Origin", f"http://{self.server.host}")
        if knows and self.headers.get("Host") == self.server.host and origin == f"http://{self.server.host}":
            return True
        self._answer(HTTPStatus.NOT_FOUND, b"")
        return False

    def _answer(self, status: HTTPStatus, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **(more or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Nothing is written of who pressed what."""
