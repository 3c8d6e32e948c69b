"""A submit: entered and aimed first, then the gate, then one click before the deadline, then the race for an answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from robo_browser.rules import Verdict
from robo_browser.session import BrowserSession

from robo.sdk.errors import DeadlinePassed, Failure, NotFound, SessionLost
from robo.sdk.values import Effect
from tests.runners.browser.support import Asked, Gate, Open, Page, Reply, Site, call, html, soon

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM = html(
    "<form method=post action=/envoi><label>Nom <input name=nom></label><button>Enregistrer</button></form>"
    "<script>document.forms[0].addEventListener('submit', e => { window.trusted = e.isTrusted })</script>"
)
DONE = html("<h1>Demande enregistrée</h1><dl><dt>N° dossier</dt><dd>D-12</dd></dl>")
NUMBER = {"number": "N° dossier"}


def redirecting(_asked: Asked) -> Reply:
    return Reply(status=303, headers=(("Location", "/fait"),))


@pytest.fixture
def portal(site: Site) -> Site:
    site.pages |= {"/": FORM, "/envoi": redirecting, "/fait": DONE}
    return site


async def submit(session: BrowserSession, site: Site, gate: Gate | None = None, **more: Any) -> Any:
    await session.perform([call("open", site.url())])
    action = more.pop("action", "submit")
    step = call(action, more.pop("on", "Enregistrer"), **{"effect": Effect.SUBMIT, "in_once": True, **more})
    entries = [call("fill", {"Nom": "Ada"}, in_once=True, timeout=0.5)]
    return await session.submit(entries, step, gate or Gate())


async def test_a_submit_is_one_request_and_its_receipt_is_read(session: BrowserSession, portal: Site) -> None:
    gate = Gate()
    answer = await submit(session, portal, gate, read=NUMBER)
    assert (answer.values, answer.refused, answer.requests, gate.passed) == ({"number": "D-12"}, None, 1, 1)
    assert [asked.form for asked in portal.effects()] == [{"nom": ["Ada"]}]


async def test_what_is_sent_is_pressed_by_its_whole_name(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = FORM.replace("Enregistrer", "Enregistrer (nouvelle fenêtre)")
    gate = Gate()
    with pytest.raises(NotFound, match="nouvelle fenêtre"):
        await submit(session, site, gate, timeout=0.3)
    assert gate.passed == 0


async def test_nothing_is_sent_before_the_gate_is_passed(session: BrowserSession, portal: Site) -> None:
    gate = Gate()
    at_gate: list[int] = []

    async def look() -> None:
        at_gate.append(len(portal.effects()))

    gate.doing = look
    await submit(session, portal, gate, read=NUMBER)
    assert at_gate == [0]


async def test_a_gate_that_raises_lets_nothing_through(session: BrowserSession, portal: Site) -> None:
    gate = Gate()

    async def refuse() -> None:
        raise RuntimeError("stale")

    gate.doing = refuse
    with pytest.raises(RuntimeError, match="stale"):
        await submit(session, portal, gate, read=NUMBER)
    assert portal.effects() == []


async def test_a_button_that_is_not_there_keeps_the_gate_shut(session: BrowserSession, portal: Site) -> None:
    gate = Gate()
    with pytest.raises(NotFound):
        await submit(session, portal, gate, on="Valider", timeout=0.3)
    assert (gate.passed, portal.effects()) == (0, [])


# -- answers

REFUSED = html("<div role=alert>Dossier déjà existant : D-7</div>" + "<form><button>Enregistrer</button></form>")


async def test_a_declared_refusal_is_an_answer(session: BrowserSession, portal: Site) -> None:
    portal.pages["/envoi"] = REFUSED
    answer = await submit(session, portal, read=NUMBER, refused=[({"text": "Dossier déjà existant"}, "deja")])
    assert answer.values is None
    assert answer.refused is not None
    assert (answer.refused.code, answer.words) == ("deja", "Dossier déjà existant : D-7")


async def test_a_receipt_on_the_same_page_wins_over_a_refusal(session: BrowserSession, portal: Site) -> None:
    portal.pages["/fait"] = html("<div role=alert>Déjà existant</div><dl><dt>N° dossier</dt><dd>D-12</dd></dl>")
    answer = await submit(session, portal, read=NUMBER, refused=[({"text": "Déjà existant"}, "deja")])
    assert (answer.values, answer.refused) == ({"number": "D-12"}, None)


NO_ANSWER: dict[str, Page] = {
    "error 500": Reply("<h1>Erreur</h1>", 500),
    "another page": html("<h1>Bienvenue</h1>"),
    "sign-in page": html("<label>Mot de passe <input type=password></label>"),
}


@pytest.mark.parametrize("page", NO_ANSWER.values(), ids=NO_ANSWER.keys())
async def test_anything_else_is_no_answer(session: BrowserSession, portal: Site, page: Page) -> None:
    portal.pages["/envoi"] = page
    answer = await submit(session, portal, read=NUMBER, timeout=0.8)
    assert (answer.values, answer.refused, answer.requests) == (None, None, 1)


TWO_NUMBERS = "<h2>N° dossier</h2><p>D-12</p><h2>N° dossier</h2><p>D-13</p>"
TWICE: dict[str, Mapping[str, Page]] = {
    "a page that comes": {"/fait": html(TWO_NUMBERS)},
    "the same page": {"/": html(f"<button>Enregistrer</button><div id=r></div><script>document.querySelector('button')"
                                f".onclick = () => {{ r.innerHTML = '{TWO_NUMBERS}' }}</script>")},
}  # fmt: skip


@pytest.mark.parametrize("pages", TWICE.values(), ids=TWICE.keys())
async def test_a_receipt_in_two_places_is_no_answer_and_both_are_told(
    session: BrowserSession, portal: Site, pages: Mapping[str, Page]
) -> None:
    portal.pages |= pages
    await session.perform([call("open", portal.url())])
    answer = await session.submit([], call("submit", "Enregistrer", read=NUMBER, in_once=True, timeout=0.8), Gate())
    assert answer.values is None
    assert answer.words == "«Enregistrer» → «N° dossier» is there 2 times: «D-12» · «D-13»"


async def test_an_answer_that_does_not_come_is_no_answer(session: BrowserSession, portal: Site) -> None:
    never = threading.Event()
    portal.pages["/envoi"] = Reply(DONE, after=never)
    try:
        answer = await submit(session, portal, read=NUMBER, timeout=0.5)
    finally:
        never.set()
    assert (answer.values, answer.requests) == (None, 1)


async def test_without_anything_to_read_the_page_that_came_is_the_answer(session: BrowserSession, portal: Site) -> None:
    answer = await submit(session, portal, refused=[({"text": "Déjà"}, "deja")])
    assert (answer.values, answer.requests) == ({}, 1)


async def test_a_page_that_leaves_without_hearing_the_answer_to_its_end_is_over(
    session: BrowserSession, site: Site
) -> None:
    """A request whose body nobody reads is given up with its document: the browser says nothing more of it."""
    send = "fetch('/envoi', {method: 'PUT', body: 'x'}).then(() => location.reload())"
    site.pages |= {
        "/": html(f'<label>Nom <input></label><button onclick="{send}">Enregistrer</button>'),
        "/envoi": Reply("x" * 8_000_000),
    }
    answer = await submit(session, site, timeout=20.0, gate=Gate(20.0))
    assert (answer.values, answer.requests) == ({}, 1)  # values: it was over before its time was


async def test_without_a_request_and_anything_to_read_there_is_no_answer(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(
        "<form onsubmit='return false'><label>Nom <input></label><button>Enregistrer</button></form>"
    )
    answer = await submit(session, site, timeout=0.5)
    assert (answer.values, answer.requests) == (None, 0)


async def test_what_the_page_said_before_is_no_answer(session: BrowserSession, site: Site) -> None:
    """The receipt and the refusal of the item before are still there."""
    site.pages["/"] = html(
        "<dl><dt>N° dossier</dt><dd id=n>D-1</dd></dl><p>Dossier déjà existant</p>"
        "<form onsubmit=\"setTimeout(()=>{n.textContent='D-2'},150);return false\"><label>Nom <input></label>"
        "<button>Enregistrer</button></form>"
    )
    answer = await submit(session, site, read=NUMBER, refused=[({"text": "déjà existant"}, "deja")])
    assert answer.values == {"number": "D-2"}


async def test_a_receipt_that_is_still_being_written_is_waited_for(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html(
        "<p id=n></p><script>const say = (text) => { n.textContent = text }</script>"
        "<form onsubmit=\"say('en cours');setTimeout(say, 150, 'n° 44');return false\">"
        "<label>Nom <input></label><button>Enregistrer</button></form>"
    )
    answer = await submit(session, site, read={"n": {"css": "#n", "match": r"n° (\d+)"}})
    assert answer.values == {"n": "44"}


async def test_a_receipt_of_what_may_be_missing_is_none_until_something_of_it_is_there(
    session: BrowserSession, site: Site
) -> None:
    """Otherwise the submit would count as answered before the click has landed."""
    site.pages["/"] = html(
        "<p id=n></p><form onsubmit=\"setTimeout(()=>{n.textContent='D-3'},150);return false\">"
        "<label>Nom <input></label><button>Enregistrer</button></form>"
    )
    answer = await submit(session, site, read={"n": {"css": "#n", "required": "non"}})
    assert answer.values == {"n": "D-3"}


async def test_an_answer_that_comes_at_once_is_read_whole(session: BrowserSession, site: Site) -> None:
    """The page is watched from before the press: what it writes in one go, promises included, is one answer."""
    site.pages["/"] = html(
        "<p id=n></p><script>async function say() { n.textContent = 'D-'; await null; n.textContent += '1';"
        " await null; await null; n.textContent += '2' }</script>"
        "<form onsubmit='say();return false'><label>Nom <input></label><button>Enregistrer</button></form>"
    )
    answer = await submit(session, site, read={"n": {"css": "#n"}})
    assert answer.values == {"n": "D-12"}


async def test_what_changes_at_the_gate_is_no_answer(session: BrowserSession, site: Site) -> None:
    """A number that appears before the press belongs to something else; the one after it is the answer."""
    site.pages["/"] = html(
        "<form onsubmit=\"setTimeout(()=>{n.textContent='D-2'},150);return false\"><label>Nom <input></label>"
        "<button>Enregistrer</button></form><p id=n></p>"
    )
    gate, seen = Gate(), []

    async def meanwhile() -> None:
        await session._windows.front.page.evaluate("n.textContent = 'D-1'")
        seen.append(await session._windows.front.page.evaluate("n.textContent"))
        await asyncio.sleep(0.05)

    gate.doing = meanwhile
    answer = await submit(session, site, gate, read={"n": {"css": "#n"}})
    assert (seen, answer.values) == (["D-1"], {"n": "D-2"})


async def test_half_a_document_is_not_read(session: BrowserSession, portal: Site) -> None:
    """A number that comes in two pieces is read whole."""
    release = threading.Event()
    head = "<!doctype html><dl><dt>N° dossier</dt><dd>2026-TS-1"

    def slowly(_asked: Asked) -> Reply:
        return Reply(head + "<script src=/lent.js></script>2</dd></dl>")

    portal.pages |= {
        "/fait": slowly,
        "/lent.js": Reply("", after=release, headers=(("Content-Type", "text/javascript"),)),
    }
    asyncio.get_running_loop().call_later(0.3, release.set)
    answer = await submit(session, portal, read=NUMBER)
    assert answer.values == {"number": "2026-TS-12"}


@pytest.mark.parametrize("script", [True, False], ids=["fetch", "form"])
async def test_an_effect_goes_once_with_cookies_and_its_answer_s_cookies(
    open_session: Open, site: Site, script: bool
) -> None:
    session = await open_session()
    send = (
        "fetch('/envoi',{method:'POST',body:new FormData(this)})"
        ".then(r=>r.text()).then(t=>{out.innerHTML=t});return false"
        if script
        else ""
    )
    site.pages["/"] = Reply(
        html(
            f'<form method=post action=/envoi onsubmit="{send}"><label>Nom <input name=nom></label>'
            "<button>Enregistrer</button></form><div id=out></div>"
        ),
        headers=(("Set-Cookie", "session=abc; HttpOnly; Path=/"), ("Set-Cookie", "lang=fr")),
    )
    site.pages["/envoi"] = Reply(DONE, headers=(("Set-Cookie", "suite=1"), ("Set-Cookie", "fin=2")))
    answer = await submit(session, site, read=NUMBER)
    assert answer.values == {"number": "D-12"}
    (asked,) = site.effects()
    assert set(asked.headers["Cookie"].split("; ")) == {"session=abc", "lang=fr"}
    assert asked.headers["Sec-Fetch-Site"] == "same-origin"
    cookies = {c["name"] for c in await session._windows.cookies(site.url("/"))}
    assert {"suite", "fin"} <= cookies


# -- the deadline


async def test_after_its_time_the_click_is_refused_and_nothing_leaves(session: BrowserSession, portal: Site) -> None:
    with pytest.raises(DeadlinePassed):
        await submit(session, portal, Gate(0.0001), read=NUMBER)
    assert portal.effects() == []


def sending(event: str) -> str:
    """A button whose own script sends, at an event before any form would."""
    return f"<button type=button {event}=\"fetch('/envoi',{{method:'POST'}})\">Enregistrer</button>"


PRESSES: dict[str, tuple[str, str, Any]] = {
    "click": ("<button>Enregistrer</button>", "submit", "Enregistrer"),
    "enter": ("<button>Enregistrer</button>", "press", {"key": "Enter", "on": "Nom"}),
    "click with a script": (sending("onclick"), "submit", "Enregistrer"),
    "mousedown": (sending("onmousedown"), "submit", "Enregistrer"),
    "pointerdown": (sending("onpointerdown"), "submit", "Enregistrer"),
}


@pytest.mark.parametrize("late", [True, False], ids=["late", "in time"])
@pytest.mark.parametrize(("button", "action", "on"), PRESSES.values(), ids=PRESSES.keys())
async def test_the_page_itself_refuses_a_late_press(
    open_session: Open, site: Site, button: str, action: str, on: Any, late: bool
) -> None:
    """A worker that is stopped between arming the page and pressing; the network lets everything pass here."""
    session = await open_session()
    site.pages |= {
        "/": html(f"<form method=post action=/envoi><label>Nom <input name=nom></label>{button}</form>"),
        "/envoi": html("<h1>Fait</h1>"),
    }
    await session.perform([call("open", site.url())])
    session._windows.judge = lambda _sent: Verdict.PASS  # type: ignore[method-assign] - only the page refuses
    tab = session._windows.front
    pressing = {"press": tab.press, "click": tab.click}

    async def stopped(name: str, *args: Any) -> None:
        if late:
            await asyncio.sleep(0.3)
        await pressing[name](*args)

    for name in pressing:
        setattr(tab, name, partial(stopped, name))
    step = call(action, on, effect=Effect.SUBMIT, in_once=True, timeout=1.0, read={"fait": {"heading": "Fait"}})
    doing = session.submit([call("fill", {"Nom": "Ada"}, in_once=True)], step, Gate(0.2 if late else 5.0))
    if late:
        with pytest.raises(DeadlinePassed):
            await doing
        assert site.effects() == []
    else:
        await doing
        assert len(site.effects()) == 1


async def test_a_calendar_that_went_back_refuses_the_press(open_session: Open, portal: Site) -> None:
    """A clock set back after the page was armed: the deadline can no longer be told, so nothing is pressed."""
    session = await open_session()
    gate = Gate()

    async def set_back() -> None:
        await session._windows.front.send(
            "Runtime.evaluate",
            {
                "expression": "Date.now = ((real) => () => real() - 3600000)(Date.now)",
                "uniqueContextId": session._windows.front._context,
            },
        )

    gate.doing = set_back
    with pytest.raises(DeadlinePassed):
        await submit(session, portal, gate, read=NUMBER)
    assert portal.effects() == []


async def test_a_calendar_that_leapt_forward_refuses_the_press(open_session: Open, portal: Site) -> None:
    session = await open_session()
    gate = Gate()

    async def leap() -> None:
        await session._windows.front.send(
            "Runtime.evaluate",
            {
                "expression": "Date.now = ((real) => () => real() + 3600000)(Date.now)",
                "uniqueContextId": session._windows.front._context,
            },
        )

    gate.doing = leap
    with pytest.raises(DeadlinePassed):
        await submit(session, portal, gate, read=NUMBER)
    assert portal.effects() == []


async def test_a_page_that_sends_by_itself_after_the_deadline_is_stopped_at_the_network(
    open_session: Open, site: Site
) -> None:
    session = await open_session()
    site.pages |= {
        "/": html(
            "<form onsubmit=\"setTimeout(()=>fetch('/envoi',{method:'POST'}),400);return false\">"
            "<label>Nom <input></label><button>Enregistrer</button></form>"
        ),
        "/envoi": "x",
    }
    with pytest.raises(DeadlinePassed):
        await submit(session, site, Gate(0.2), read={"n": "css=#n"}, timeout=1.5)
    assert site.effects() == []


async def test_the_page_cannot_take_the_deadline_away(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {
        "/": html(
            "<script>EventTarget.prototype.addEventListener = function () {}; Date.now = performance.now = () => 0;"
            "Event.prototype.preventDefault = Event.prototype.stopImmediatePropagation = function () {};</script>"
            "<form method=post action=/envoi><label>Nom <input name=nom></label><button>Enregistrer</button></form>"
        ),
        "/envoi": DONE,
    }
    with pytest.raises(DeadlinePassed):
        await submit(session, site, Gate(0.0001), read=NUMBER)
    assert site.effects() == []


async def test_the_next_item_may_press_again(session: BrowserSession, portal: Site) -> None:
    with pytest.raises(DeadlinePassed):
        await submit(session, portal, Gate(0.0001), read=NUMBER)
    answer = await submit(session, portal, read=NUMBER)
    assert answer.values == {"number": "D-12"}


async def test_a_button_that_moves_away_at_the_last_moment_is_not_missed_for_another(
    open_session: Open, site: Site
) -> None:
    """Between aiming and clicking the page puts another button under the mouse."""
    session = await open_session()
    site.pages |= {
        "/": html(
            "<form method=post action=/envoi><label>Nom <input name=nom></label><br>"
            "<button id=a>Enregistrer</button>"
            "<button id=b formaction=/supprimer style='display:none'>Supprimer</button></form>"
        ),
        "/envoi": DONE,
        "/supprimer": "x",
    }
    gate = Gate()

    async def swap() -> None:
        await session._windows.front.page.evaluate("a.style.display = 'none'; b.style.display = ''")

    gate.doing = swap
    with pytest.raises(Failure) as moved:
        await submit(session, site, gate, read=NUMBER, timeout=1.0)
    assert moved.value.code == "RB709"
    assert site.effects() == []


# -- losing things after the gate


async def test_a_window_that_dies_after_the_gate_is_a_doubt(open_session: Open, portal: Site) -> None:
    session = await open_session()
    gate = Gate()

    async def die() -> None:
        await session._windows.front.page.close()

    gate.doing = die
    with pytest.raises(SessionLost):
        await submit(session, portal, gate, read=NUMBER)
    assert not await soon(lambda: bool(portal.effects()), 0.1)
