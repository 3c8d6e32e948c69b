"""What may appear at any time is put away, whoever waits, and nothing else is pressed for it."""

from __future__ import annotations

from typing import Any

import pytest

from robo.sdk.errors import Failure, NotFound, UndeclaredEffect
from robo.sdk.grammar import parse_target
from robo.sdk.runner import Popup
from tests.runners.browser.support import Gate, Open, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

OVERLAY = (
    "<div id=o role=dialog aria-label='Enquête de satisfaction' style='position:fixed;inset:0;background:#fff' %s>"
    "<button onclick='o.remove(); '>Plus tard</button><button onclick='fetch(\"/avis\")'>Répondre</button></div>"
)
SURVEY = Popup(dismiss=parse_target({"button": "Plus tard"}), see=parse_target({"dialog": "Enquête de satisfaction"}))
COOKIES = Popup(dismiss=parse_target({"button": "Tout refuser"}))
PAGE = "<label>Nom <input></label><button onclick=\"r.textContent = 'Enregistré'\">Suite</button><p id=r></p>"
LATER = OVERLAY % "hidden" + "<script>setTimeout(() => o.hidden = false, 300)</script>"


async def perform(open_session: Open, site: Site, body: str, *calls: Any, popups: tuple[Popup, ...] = (SURVEY,)) -> Any:
    site.pages["/"] = html(body)
    session = await open_session(popups=popups)
    return await session.perform([call("open", site.url("/")), *calls])


async def test_what_covers_the_page_is_put_away_and_told(open_session: Open, site: Site) -> None:
    click = call("click", "Suite", expect=[{"text": "Enregistré"}])
    results = await perform(open_session, site, PAGE + OVERLAY % "", click)
    assert "put away: «Plus tard" in results[-1].note
    assert [asked.path for asked in site.asked if asked.path == "/avis"] == []


async def test_what_appears_while_somebody_waits_is_put_away(open_session: Open, site: Site) -> None:
    ready = "<script>setTimeout(() => { if (!document.getElementById('o')) r.textContent = 'Prêt'; }, 600)</script>"
    body = PAGE + LATER + ready
    await perform(open_session, site, body, call("wait_for", {"text": "Prêt"}))


async def test_without_see_the_button_itself_is_what_appears(open_session: Open, site: Site) -> None:
    button = "<button onclick='parentNode.remove()'>Tout refuser</button>"
    banner = f"<div style='position:fixed;inset:0;background:#fff'>{button}</div>"
    await perform(open_session, site, PAGE + banner, call("click", "Suite"), popups=(SURVEY, COOKIES))


async def test_a_page_without_it_is_left_alone(open_session: Open, site: Site) -> None:
    other = PAGE + "<button onclick=\"r.textContent = 'pressé'\">Plus tard</button>"
    results = await perform(open_session, site, other, call("fill", {"Nom": "x"}), call("read", {"a": "css=body"}))
    assert "pressé" not in results[-1].values["a"]


async def test_what_does_not_go_away_is_told_as_what_is_in_the_way(open_session: Open, site: Site) -> None:
    stuck = OVERLAY.replace("o.remove(); ", "") % ""
    with pytest.raises(Failure, match="is in front of it"):
        await perform(open_session, site, PAGE + stuck, call("click", "Suite", timeout=2.5))


async def test_a_target_that_is_nowhere_is_still_told(open_session: Open, site: Site) -> None:
    with pytest.raises(NotFound, match="«Suite»"):
        await perform(open_session, site, PAGE + LATER, call("click", "Suites", timeout=1.0))


AWAITED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a receipt": ({"read": {"n": "N° dossier"}}, {"n": "12"}),
    "the page that comes": ({"refused": [({"text": "Déjà"}, "deja")]}, {}),
}


@pytest.mark.parametrize(("watch", "values"), AWAITED.values(), ids=AWAITED.keys())
async def test_between_a_submit_and_its_answer_nothing_is_put_away(
    open_session: Open, site: Site, watch: dict[str, Any], values: dict[str, str]
) -> None:
    posting = (OVERLAY % "").replace("o.remove(); ", 'o.remove(); fetch("/avis", {method: "POST"})')
    site.pages |= {
        "/": html("<form method=post action=/d><button>Envoyer</button></form>"),
        "/d": html(posting + "<p id=r></p><script>setTimeout(() => r.innerText = 'N° dossier : 12', 300)</script>"),
    }
    session = await open_session(popups=(SURVEY,))
    await session.perform([call("open", site.url("/"))])
    answer = await session.submit([], call("submit", "Envoyer", in_once=True, **watch), Gate())
    assert (answer.values, answer.requests) == (values, 1)
    assert [asked.path for asked in site.effects()] == ["/d"]
    with pytest.raises(UndeclaredEffect):
        await session.perform([call("read", {"n": "N° dossier"}), call("wait_for", {"text": "Fin"}, timeout=1.0)])
