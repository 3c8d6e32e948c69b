"""Pages are fetched through the proxy that the settings name, effects included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from robo_browser import BrowserRunner

from robo.sdk.runner import HostRule
from tests.runners.browser.conftest import SETTINGS
from tests.runners.browser.support import Gate, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_application_behind_a_proxy_is_reached_and_filed_to_once(
    site: Site, context: Callable[..., Any]
) -> None:
    site.pages |= {
        "/nouvelle": html(
            "<form method=post action=/d><label>Nom <input name=nom></label><button>Envoyer</button></form>"
        ),
        "/d": html("<p>N° dossier : 12</p>"),
    }
    runner = BrowserRunner()
    await runner.start({**SETTINGS, "proxy": site.address, "direct": "*.ailleurs"}, headed=False, slots=1)
    try:
        session = await runner.open(context(hosts=(HostRule("portail", "http://portail.interne"),)))
        await session.perform([call("open", "http://portail.interne/nouvelle")])
        submit = call("submit", "Envoyer", read={"n": "N° dossier"}, in_once=True)
        answer = await session.submit([call("fill", {"Nom": "A"}, in_once=True)], submit, Gate())
        await session.close()
    finally:
        await runner.stop()
    assert answer.values == {"n": "12"}
    assert [(asked.method, asked.headers["Host"]) for asked in site.effects()] == [("POST", "portail.interne")]
