"""Real pages, served on this machine, in a real browser: one for all tests of a worker process, a session for each."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from robo_browser import BrowserRunner
from robo_browser.session import BrowserSession

from robo.sdk.runner import Context, HostRule
from robo.sdk.secret import Secret
from tests.runners.browser import support
from tests.runners.browser.support import Open, Site

SETTINGS: Mapping[str, Any] = {} if os.environ.get("ROBO_BROWSER_SANDBOX") or os.geteuid() else {"sandbox": "off"}
"""Whoever runs the tests as root has said so to the Makefile; here it is only true for these pages of ours."""


@pytest.fixture(scope="session")
def _server() -> Iterator[Site]:
    class Handler(support.Handler):
        pass

    server = support.Server(("127.0.0.1", 0), Handler)
    Handler.site = Site(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Handler.site
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def site(_server: Site) -> Site:
    """The site, empty."""
    _server.clear()
    return _server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def runner() -> AsyncIterator[BrowserRunner]:
    runner = BrowserRunner()
    await runner.start(SETTINGS, headed=False, slots=1)
    yield runner
    await runner.stop()


async def _secret(name: str) -> Secret:
    return Secret(name, username="robot.occitanie", password="c4nary-Passw0rd")


def _context(
    site: Site, folder: Path, *, reads: tuple[str, ...] = (), drafts: tuple[str, ...] = (), **more: Any
) -> Context:
    given: dict[str, Any] = {
        "region": "occitanie",
        "environment": "test",
        "date_format": "%d/%m/%Y",
        "zone": "Europe/Paris",
        "folder": folder,
        "hosts": (HostRule("site", site.address, reads, drafts),),
        "secret": _secret,
        "settings": {},
    }
    return Context(**{**given, **more})


@pytest.fixture
def context(site: Site, tmp_path: Path) -> Callable[..., Context]:
    """The context of a session on `site`, with other rights than usual where they are given."""
    return partial(_context, site, folder=tmp_path)


@pytest_asyncio.fixture(loop_scope="session")
async def open_session(runner: BrowserRunner, context: Callable[..., Context]) -> AsyncIterator[Open]:
    """Opens sessions with other rights than usual."""
    opened: list[BrowserSession] = []

    async def begin(**more: Any) -> BrowserSession:
        session = await runner.open(context(**more))
        assert isinstance(session, BrowserSession)
        opened.append(session)
        return session

    yield begin
    for session in opened:
        await session.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _usual(runner: BrowserRunner, _server: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    """One session with the usual rights for all tests that leave it whole."""
    kept: dict[str, BrowserSession] = {}

    async def give() -> BrowserSession:
        if "session" not in kept:
            opened = await runner.open(_context(_server, tmp_path_factory.mktemp("session")))
            assert isinstance(opened, BrowserSession)
            kept["session"] = opened
        return kept["session"]

    yield give
    for session in kept.values():
        await session.close()


@pytest_asyncio.fixture(loop_scope="session")
async def session(_usual: Callable[[], Any], site: Site) -> AsyncIterator[BrowserSession]:
    """A session with the usual rights, its page empty. Tests that break theirs use `open_session`."""
    session: BrowserSession = await _usual()
    yield session
    await session.reset()
