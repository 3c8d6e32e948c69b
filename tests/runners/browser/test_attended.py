"""A person signs in in the robot's window; the robot sees that she is in, takes over, and knows nothing of how."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from robo_browser import BrowserRunner, signing
from robo_browser.session import BrowserSession

from robo.sdk.errors import InfrastructureError, NotFound, SignInUnclear
from robo.sdk.secret import Secret
from tests.runners.browser.conftest import SETTINGS
from tests.runners.browser.support import Asked, Gate, Reply, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")
FORM = "<form method=post action=/sso><label>Carte <input name=pin type=password></label><button>Ouvrir</button></form>"
FILE = "<h1>Tableau de bord</h1><form method=post action=/d><label>Nom <input name=nom></label><button>Envoyer</button>"


async def unasked(name: str) -> Secret:
    raise AssertionError(f"nobody asks for the secret {name}: the person has it")


def portal(site: Site) -> None:
    def home(asked: Asked) -> Reply:
        return Reply(html(FILE + "</form>" if "in=1" in asked.headers.get("Cookie", "") else FORM))

    entered = Reply(status=303, headers=(("Location", "/accueil"), ("Set-Cookie", "in=1; Max-Age=3600")))
    site.pages |= {"/accueil": home, "/sso": entered, "/d": html("<p>N° dossier : 12</p>")}


async def opened(runner: BrowserRunner, context: Callable[..., Any], profile: Path) -> BrowserSession:
    """A session on the profile, in a browser without a window: the test is the person, and needs none."""
    await runner.start({**SETTINGS, "profile": str(profile)}, headed=False, slots=1)
    session = await runner.open(context(kinds={"agent": "attended"}, secret=unasked))
    assert isinstance(session, BrowserSession)
    return session


def unhurried(session: BrowserSession, monkeypatch: pytest.MonkeyPatch, *, person: float = 0.5) -> None:
    """The page has the time it needs to come and to be left; only the person has seconds."""
    arrive = session._hands.arrive
    monkeypatch.setattr(session._hands, "arrive", lambda url, step, _end: arrive(url, step, time.monotonic() + 20))
    monkeypatch.setattr(signing, "GLANCE", 20.0)
    monkeypatch.setattr(signing, "PERSON", person)


def login(site: Site) -> Any:
    return call("login", {"at": site.url("/accueil"), "secret": "agent"}, expect=[{"heading": "Tableau de bord"}])


async def test_the_robot_waits_takes_over_and_finds_her_signed_in_the_next_time(
    site: Site, context: Callable[..., Any], tmp_path: Path
) -> None:
    portal(site)
    runner, profile = BrowserRunner(), tmp_path / "profiles" / "agent"
    session = await opened(runner, context, profile)
    try:
        waiting = asyncio.create_task(session.perform([login(site)]))
        page = session._windows.front.page
        await page.get_by_label("Carte").press_sequentially("1234")
        assert not waiting.done()
        await page.get_by_role("button", name="Ouvrir").click()
        await asyncio.wait_for(waiting, 20)
        submit = call("submit", "Envoyer", read={"n": "N° dossier"}, in_once=True)
        answer = await session.submit([call("fill", {"Nom": "A"}, in_once=True)], submit, Gate())
        assert answer.values == {"n": "12"}
        assert [asked.path for asked in site.effects()] == ["/sso", "/d"]
        await session.close()
        again = await runner.open(context(kinds={"agent": "attended"}, secret=unasked))
        await again.perform([login(site)])
        assert [asked.path for asked in site.effects()] == ["/sso", "/d"]
        await again.close()
    finally:
        await runner.stop()
    assert oct(profile.stat().st_mode)[-3:] == "700"


async def test_what_is_read_after_her_sign_in_is_told_as_itself_when_it_is_not_there(
    site: Site, context: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal(site)
    runner = BrowserRunner()
    session = await opened(runner, context, tmp_path / "profile")
    unhurried(session, monkeypatch, person=5.0)
    step = call(
        "login",
        {"at": site.url("/accueil"), "secret": "agent"},
        timeout=0.5,
        expect=[{"heading": "Tableau de bord"}],
        read={"who": "Compte"},
    )
    try:
        waiting = asyncio.create_task(session.perform([step]))
        await session._windows.front.page.get_by_role("button", name="Ouvrir").click()
        with pytest.raises(NotFound, match="Compte"):
            await waiting
    finally:
        await runner.stop()


async def test_a_refusal_that_stands_there_while_she_signs_in_is_not_asked_for_again_and_again(
    site: Site, context: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal(site)
    runner = BrowserRunner()
    session = await opened(runner, context, tmp_path / "profile")
    unhurried(session, monkeypatch)
    asked: list[str] = []
    do = session._hands.do

    async def counted(job: Any, *more: Any) -> dict[str, Any]:
        asked.append(job["job"])
        return await do(job, *more)

    monkeypatch.setattr(session._hands, "do", counted)
    more = {"timeout": 0.5, "refused": [({"button": "Ouvrir"}, "code")]}
    try:
        with pytest.raises(SignInUnclear, match="nobody signed in"):
            await session.perform([call("login", {"at": site.url("/accueil"), "secret": "agent"}, **more,
                                        expect=[{"heading": "Tableau de bord"}])])  # fmt: skip
    finally:
        await runner.stop()
    assert asked == ["watch"]


async def test_who_does_not_come_holds_the_process_and_leaves_no_picture_of_the_page(
    site: Site, context: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal(site)
    runner = BrowserRunner()
    session = await opened(runner, context, tmp_path / "profile")
    unhurried(session, monkeypatch)
    try:
        with pytest.raises(SignInUnclear, match="nobody signed in"):
            await session.perform([call("login", {"at": site.url("/accueil"), "secret": "agent"}, timeout=0.5,
                                        expect=[{"heading": "Tableau de bord"}])])  # fmt: skip
        assert session._windows.front.page.url == "about:blank"
    finally:
        await runner.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
async def test_without_a_screen_it_is_told_before_anything_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        monkeypatch.delenv(name)
    with pytest.raises(InfrastructureError) as caught:
        BrowserRunner().check(SETTINGS, headed=True)
    assert caught.value.code == "RB726"
