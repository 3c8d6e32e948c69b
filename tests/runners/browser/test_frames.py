"""Frames are looked into without being named: those of the page's own site, of another host, of another site."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from robo_browser import BrowserRunner
from robo_browser.discovery import choose
from robo_browser.session import BrowserSession

from robo.sdk.errors import NotFound
from robo.sdk.runner import Context
from tests.runners.browser.conftest import SETTINGS
from tests.runners.browser.support import Gate, Handler, Open, Server, Site, call, html, soon

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def _other() -> Iterator[Site]:
    class Own(Handler):
        pass

    server = Server(("127.0.0.1", 0), Own)
    Own.site = Site(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Own.site
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def isolated(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserRunner]:
    """A browser that gives every site a process of its own, as those with a window do."""
    browser = choose(SETTINGS, headed=False).executable
    if browser is None:
        pytest.skip("the browser that Playwright brings is started by Playwright alone")
    started = tmp_path_factory.mktemp("browser") / "browser"
    started.write_text(f'#!/bin/sh\nexec "{browser}" --site-per-process "$@"\n')
    started.chmod(0o700)
    runner = BrowserRunner()
    await runner.start({**SETTINGS, "executable": str(started)}, headed=False, slots=1)
    yield runner
    await runner.stop()


@pytest.fixture(params=["own host", "another port", "another site", "own process"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def inner(kind: str, _other: Site, site: Site) -> tuple[Site, str]:
    """Where the frame's pages are, and the address of its first one."""
    _other.clear()
    if kind == "own host":
        return site, site.url("/inner")
    host = "127.0.0.1" if kind == "another port" else "localhost"
    return _other, _other.url("/inner").replace("127.0.0.1", host)


@pytest_asyncio.fixture(loop_scope="session")
async def open_session(
    kind: str, runner: BrowserRunner, isolated: BrowserRunner, context: Callable[..., Context]
) -> AsyncIterator[Open]:
    opened: list[BrowserSession] = []

    async def begin(**more: Any) -> BrowserSession:
        session = await (isolated if kind == "own process" else runner).open(context(**more))
        assert isinstance(session, BrowserSession)
        opened.append(session)
        return session

    yield begin
    for session in opened:
        await session.close()


@pytest_asyncio.fixture(loop_scope="session")
async def session(open_session: Open) -> BrowserSession:
    begun: BrowserSession = await open_session()
    return begun


FORM = "<div style='height:900px'>Aide</div><form method=post action=/sent><label>Nom <input name=nom></label>"
FORM += "<label>Pays <select name=p><option>France<option>Guyane</select></label><button>Envoyer</button></form>"


def framed(site: Site, inner: tuple[Site, str], form: str, more: str = "") -> None:
    place, address = inner
    place.pages["/inner"] = html(form)
    frame = f"<iframe src='{address}' style='margin:700px 0 0 40px;width:500px;height:300px'></iframe>"
    site.pages["/"] = html(f"<h1>Portail</h1>{frame}{more}")


async def test_fields_and_buttons_in_a_frame_are_found_without_it(
    open_session: Open, site: Site, inner: tuple[Site, str]
) -> None:
    framed(site, inner, FORM)
    inner[0].pages["/sent"] = html("<h2>Reçu</h2><p>N° dossier : 12</p>")
    session: BrowserSession = await open_session()
    entries = [call("fill", {"Nom": "Martin"}, in_once=True), call("select", {"Pays": "Guyane"}, in_once=True)]
    await session.perform([call("open", site.url("/")), call("expect", "Nom")])
    gate = Gate()
    submit = call("submit", "Envoyer", read={"number": "N° dossier"}, in_once=True, timeout=5.0)
    answer = await session.submit(entries, submit, gate)
    assert answer.values == {"number": "12"}
    assert (gate.passed, gate.entered) == (1, ("Nom = «Martin»", "Pays = «Guyane»"))
    sent = inner[0].effects()
    assert [asked.form for asked in sent] == [{"nom": ["Martin"], "p": ["Guyane"]}]


async def test_values_and_lists_in_a_frame_are_read(
    session: BrowserSession, site: Site, inner: tuple[Site, str]
) -> None:
    table = "<table><tr><th>N°<th>Nom</tr><tr><td>1<td>A</tr><tr><td>2<td>B</tr></table>"
    framed(site, inner, f"<p>Solde : 12,50 €</p>{table}")
    rows = call("rows", {"at": site.url("/"), "read": {"number": "N°"}})
    read = call("read", {"left": {"label": "Solde", "type": "money"}})
    results = await session.perform([rows, read])
    assert [each["number"] for each in results[0].values["rows"]] == ["1", "2"]
    assert str(results[1].values["left"]) == "12.50"


async def test_a_click_falls_on_what_is_in_the_frame(
    session: BrowserSession, site: Site, inner: tuple[Site, str]
) -> None:
    framed(site, inner, FORM + "<button type=button onclick=\"r.textContent = 'vu'\">Voir</button><p id=r></p>")
    await session.perform([call("open", site.url("/")), call("click", "Voir", expect=[{"text": "vu"}])])


async def test_what_is_in_the_page_goes_before_what_is_in_a_frame(
    session: BrowserSession, site: Site, inner: tuple[Site, str]
) -> None:
    framed(site, inner, "<label>Nom <input value=dedans></label>", "<label>Nom <input value=dehors></label>")
    read = call("read", {"name": "Nom"}, timeout=1.0)
    if inner[0] is site:
        pytest.skip("one site: one page")
    assert (await session.perform([call("open", site.url("/")), read]))[1].values == {"name": "dehors"}


async def test_what_is_nowhere_is_told_in_time(session: BrowserSession, site: Site, inner: tuple[Site, str]) -> None:
    framed(site, inner, FORM)
    with pytest.raises(NotFound, match="Prénom"):
        await session.perform([call("open", site.url("/")), call("fill", {"Prénom": "x"}, timeout=1.0)])


async def test_an_effect_of_a_frame_that_nobody_declared_is_stopped(
    open_session: Open, site: Site, inner: tuple[Site, str]
) -> None:
    from robo.sdk.errors import UndeclaredEffect

    framed(site, inner, "<button onclick=\"fetch('/x', {method: 'POST'})\">Voir</button>")
    session = await open_session()
    steps: list[Any] = [call("open", site.url("/")), call("click", "Voir"), call("wait_for", "Fin", timeout=1.0)]
    with pytest.raises(UndeclaredEffect):
        await session.perform(steps)
    assert inner[0].effects() == []


async def test_a_frame_that_goes_on_to_another_page_is_looked_into_again(
    session: BrowserSession, site: Site, inner: tuple[Site, str]
) -> None:
    place, _ = inner
    framed(site, inner, "<a href=/second>Suite</a>")
    place.pages["/second"] = html("<a href=/third>Suite et fin</a>")
    place.pages["/third"] = html("<p>N° dossier : 12</p>")
    onward = [
        call("open", site.url("/")),
        call("click", "Suite", expect=["Suite et fin"]),
        call("click", "Suite et fin"),
    ]
    results = await session.perform([*onward, call("read", {"number": "N° dossier"})])
    assert results[-1].values == {"number": "12"}


async def test_a_frame_that_is_gone_is_neither_counted_nor_listened_for(
    session: BrowserSession, site: Site, inner: tuple[Site, str]
) -> None:
    def heard() -> list[int]:
        return [len(tab.page._impl_obj.listeners(event)) for event in ("crash", "close")]

    tab = session._windows.front
    before = heard()
    framed(site, inner, "<p>N° dossier : 12</p>")
    site.pages["/alone"] = html("<h1>Fin</h1>")
    for _ in range(2):
        await session.perform([call("open", site.url("/")), call("read", {"number": "N° dossier"})])
        assert tab.has_foreign_frames
        await session.perform([call("open", site.url("/alone"), expect=[{"heading": "Fin"}])])
        assert await soon(lambda: not tab.has_foreign_frames)
    assert tab.inner == {}
    assert heard() == before
