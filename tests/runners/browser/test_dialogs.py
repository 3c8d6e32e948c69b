"""Native dialogs and further windows: what is declared is answered, what is not is a trouble that says its text."""

from __future__ import annotations

import asyncio

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import UnexpectedDialog
from robo.sdk.values import Effect
from tests.runners.browser.support import Gate, Open, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASK = html("<p id=n>-</p><button onclick=\"n.textContent=confirm('Vraiment ?')?'oui':'non'\">Aller</button>")
N = {"n": {"css": "#n", "match": "(oui|non)"}}


@pytest.mark.parametrize(("confirm", "answer"), [("accept", "oui"), ("dismiss", "non")])
async def test_a_declared_dialog_is_answered(session: BrowserSession, site: Site, confirm: str, answer: str) -> None:
    site.pages["/"] = ASK
    results = await session.perform([call("open", site.url()), call("click", "Aller", confirm=confirm, read=N)])
    assert results[1].values == {"n": answer}


@pytest.mark.parametrize("kind", ["confirm", "alert", "prompt"])
async def test_a_dialog_nobody_declared_is_dismissed_and_told(session: BrowserSession, site: Site, kind: str) -> None:
    site.pages["/"] = html(
        f"<p id=n>-</p><button onclick=\"n.textContent={kind}('Vraiment ?')?'oui':'non'\">Aller</button>"
    )
    with pytest.raises(UnexpectedDialog) as asked:
        await session.perform([call("open", site.url()), call("click", "Aller")])
    assert asked.value.facts["text"] == "Vraiment ?"
    assert (await session.perform([call("read", N)]))[0].values == {"n": "non"}


async def test_a_dialog_while_a_page_loads_does_not_hang_the_step(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<script>alert('Bienvenue')</script><h1>Accueil</h1>")
    with pytest.raises(UnexpectedDialog):
        await session.perform([call("open", site.url())])
    await session.perform([call("open", site.url(), confirm="accept"), call("expect", {"heading": "Accueil"})])


async def test_leaving_a_page_that_wants_to_keep_a_draft_is_no_trouble(session: BrowserSession, site: Site) -> None:
    site.pages |= {
        "/": html("<label>Nom <input></label><script>onbeforeunload=e=>e.preventDefault()</script>"),
        "/autre": html("<h1>Autre</h1>"),
    }
    steps = [call("open", site.url()), call("fill", {"Nom": "Ada"}), call("open", site.url("/autre"))]
    await session.perform([*steps, call("expect", {"heading": "Autre"})])


async def test_a_submit_that_asks_again_is_confirmed(session: BrowserSession, site: Site) -> None:
    site.pages |= {
        "/": html("<form method=post action=/envoi onsubmit=\"return confirm('Sûr ?')\"><button>Aller</button></form>"),
        "/envoi": html("<p id=n>oui</p>"),
    }
    await session.perform([call("open", site.url())])
    step = call("submit", "Aller", effect=Effect.SUBMIT, in_once=True, confirm="accept", read=N)
    assert (await session.submit([], step, Gate())).values == {"n": "oui"}
    assert len(site.effects()) == 1


async def test_a_submit_s_dialog_is_not_confirmed_after_the_deadline(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {
        "/": html("<form method=post action=/envoi onsubmit=\"return confirm('Sûr ?')\"><button>Aller</button></form>"),
        "/envoi": html("<p id=n>oui</p>"),
    }
    await session.perform([call("open", site.url())])
    answer, seen = session._windows._dialog, asyncio.Event()

    async def slow(dialog: object) -> None:
        seen.set()
        await asyncio.sleep(0.4)
        await answer(dialog)  # type: ignore[arg-type] - handed through as it came

    browser = session._windows.front.page.context
    browser.remove_listener("dialog", answer)
    browser.on("dialog", slow)
    step = call("submit", "Aller", effect=Effect.SUBMIT, in_once=True, confirm="accept", read=N, timeout=2.0)
    with pytest.raises(Exception, match="after its time"):
        await session.submit([], step, Gate(0.3))
    assert seen.is_set()
    assert site.effects() == []


async def test_a_window_that_a_click_opens_comes_to_the_front_and_goes_again(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {
        "/": html("<a href=/detail target=_blank>Détail</a><h1>Liste</h1>"),
        "/detail": html("<h1>Détail</h1><button onclick='window.close()'>Fermer</button>"),
    }
    await session.perform([call("open", site.url()), call("click", "Détail"), call("expect", {"heading": "Détail"})])
    await session.perform([call("click", "Fermer"), call("expect", {"heading": "Liste"})])


async def test_the_next_item_finds_one_window(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {"/": html("<a href=/detail target=_blank>Détail</a>"), "/detail": html("<h1>Détail</h1>")}
    await session.perform([call("open", site.url()), call("click", "Détail")])
    await session.reset()
    assert len(session._windows.front.page.context.pages) == 1


async def test_a_page_that_opens_windows_without_end_gets_few(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages |= {"/": html("<button onclick=\"for(let i=0;i<30;i++)window.open('/x'+i)\">Aller</button>")}
    await session.perform([call("open", site.url()), call("click", "Aller")])
    await session.reset()
    await session.perform([call("open", site.url()), call("expect", "Aller")])


async def test_a_download_nobody_awaits_is_not_kept(open_session: Open, site: Site, tmp_path: object) -> None:
    from tests.runners.browser.support import Reply

    session = await open_session()
    site.pages |= {
        "/": html("<a href=/f.pdf>Reçu</a><h1>Accueil</h1>"),
        "/f.pdf": Reply(b"%PDF-", headers=(("Content-Disposition", "attachment; filename=../../recu.pdf"),)),
    }
    await session.perform([call("open", site.url()), call("click", "Reçu"), call("expect", {"heading": "Accueil"})])
