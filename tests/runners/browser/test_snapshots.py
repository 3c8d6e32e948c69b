"""Snapshots: what a part of a page must show, line by line, in Playwright's notation and with its meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import TimedOut
from robo.sdk.values import MISSING
from tests.runners.browser.support import Gate, Open, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = Path(__file__).with_name("snapshots.html").read_text("utf-8")
FRAMED = "    - paragraph: dedans"
"""What is in a frame, which Playwright leaves out."""
DOSSIER = html(
    "<h1>Demande n° 12</h1><section aria-label=Pièces><ul><li>Passeport</li><li>Photo 3</li></ul>"
    "<button disabled>Envoyer</button></section>"
    "<form aria-label=Saisie><label>Nom <input value=Lovelace></label>"
    "<label><input type=checkbox checked>Lu</label></form>"
)


async def _page(session: BrowserSession) -> Any:
    return session._windows.front.page


async def test_the_tree_of_a_page_is_the_one_that_playwright_reads(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = PAGE
    await session.perform([call("open", site.url())])
    tab = session._windows.front
    theirs = (await tab.page.locator("body").aria_snapshot()).split("\n")
    ours = (await tab.do({"job": "snapshot"}))["lines"]
    at = ours.index(FRAMED)
    assert [*ours[: at - 1], ours[at - 1].removesuffix(":"), *ours[at + 1 :]] == theirs


FITS = {
    "one line": ['heading "Demande n° 12" [level=1]'],
    "a regular expression": [r"heading /n° \d+$/"],
    "lines in their order, others between": ['heading "Demande n° 12"', 'form "Saisie"'],
    "what is in a line": [
        {'region "Pièces"': [{"list": [{"listitem": r"/Photo \d/"}]}, 'button "Envoyer" [disabled]']}
    ],
    "the value of a field": [{'textbox "Nom"': "Lovelace"}, 'checkbox "Lu" [checked]'],
    "no name: any": ["heading", "form"],
    "exactly these": [{"list": [{"/children": "equal"}, "listitem", {"listitem": "Photo 3"}]}],
    "text": [{"text": "Nom"}],
    "blanks and apostrophes of the page's own": ['heading "Demande  n° 12"'],
}
PARTS = {
    "another name": (['heading "Demande n° 13"'], 'heading "Demande n° 13"', 'heading "Demande n° 12" [level=1]'),
    "another level": (['heading "Demande n° 12" [level=2]'], "[level=2]", "[level=1]"),
    "not in this order": (['form "Saisie"', 'heading "Demande n° 12"'], 'heading "Demande n° 12"', "nothing more"),
    "a line that is not there": (
        [{'region "Pièces"': [{"list": [{"listitem": "Passeport"}, {"listitem": "Visa"}]}]}],
        "listitem: Visa",
        "«listitem: Photo 3»",
    ),
    "one too many": ([{"list": [{"/children": "equal"}, {"listitem": "Passeport"}]}], "there is more", "Photo 3"),
    "a state": (['button "Envoyer" [disabled=false]'], "[disabled=false]", 'button "Envoyer" [disabled]'),
}


@pytest.mark.parametrize("snapshot", FITS.values(), ids=FITS.keys())
async def test_a_page_shows_a_snapshot_by(session: BrowserSession, site: Site, snapshot: Any) -> None:
    site.pages["/"] = DOSSIER
    await session.perform([call("open", site.url(), expect=[{"snapshot": snapshot}])])


@pytest.mark.parametrize(("snapshot", "line", "there"), PARTS.values(), ids=PARTS.keys())
async def test_a_snapshot_that_is_not_shown_names_the_first_line_that_differs(
    session: BrowserSession, site: Site, snapshot: Any, line: str, there: str
) -> None:
    site.pages["/"] = DOSSIER
    await session.perform([call("open", site.url())])
    with pytest.raises(TimedOut) as trouble:
        await session.perform([call("expect", {"snapshot": snapshot}, timeout=0.2)])
    assert trouble.value.code == "RB740"
    assert line in str(trouble.value)
    assert there in str(trouble.value)
    assert "✗" in str(trouble.value)


async def test_playwright_says_the_same_of_every_one_of_these(session: BrowserSession, site: Site) -> None:
    """The meaning is Playwright's: its own matcher, asked about the same page, agrees."""
    from playwright.async_api import expect

    from robo.sdk.grammar import parse_target
    from robo.sdk.notation import notation

    site.pages["/"] = DOSSIER
    await session.perform([call("open", site.url())])
    body = (await _page(session)).locator("body")

    def text(snapshot: Any) -> str:
        line = parse_target({"snapshot": snapshot}).snapshot
        assert line is not None
        return "\n".join(notation(line))

    for snapshot in FITS.values():
        await expect(body).to_match_aria_snapshot(text(snapshot), timeout=1000)
    for snapshot, _, _ in PARTS.values():
        await expect(body).not_to_match_aria_snapshot(text(snapshot), timeout=1000)


async def test_what_a_submit_awaits_may_be_a_snapshot(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<h1>Reçu</h1><form method=post action=/envoi><button>Envoyer</button></form>")
    site.pages["/envoi"] = html("<h1>Reçu</h1><p role=status>Dossier 7 créé</p>")
    await session.perform([call("open", site.url())])
    answer = await session.submit(
        [],
        call("submit", "Envoyer", expect=[{"snapshot": ["heading", {"status": r"/Dossier \d+ créé/"}]}], in_once=True),
        Gate(),
    )
    assert answer.values == {}


async def test_a_snapshot_is_a_condition_when_it_is_read(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = DOSSIER
    read = {
        "sent": {"snapshot": ['button "Envoyer" [disabled]'], "required": "no"},
        "open": {"snapshot": ['button "Envoyer" [disabled=false]'], "required": "no"},
    }
    result = (await session.perform([call("open", site.url()), call("read", read)]))[1]
    assert result.values == {"sent": "Envoyer", "open": MISSING}


async def test_after_a_snapshot_that_was_not_shown_the_evidence_has_the_part_of_the_page_to_copy(
    open_session: Open, site: Site
) -> None:
    site.pages["/"] = html(
        "<p>ailleurs</p><section aria-label=Compte><p>Mme Lovelace</p><label>Code "
        "<input type=password value=tres-secret>"
        "</label><p>ouvert le 1/1/2026</p><a href=/aide>Aide</a>"
        "<a href='/entrer?jeton=laissez-passer'>Entrer</a>"
        "<a href='/suite;jsessionid=laissez-passer'>Suite</a></section>"
    )
    session = await open_session()
    await session.perform([call("open", site.url())])
    assert "snapshot.yaml" not in await session.evidence([])
    with pytest.raises(TimedOut):
        await session.perform([call("expect", {"snapshot": ["heading"], "within": {"section": "Compte"}}, timeout=0.1)])
    kept = (await session.evidence(["Lovelace"]))["snapshot.yaml"].decode()
    assert "ouvert le 1/1/2026" in kept
    assert "ailleurs" not in kept
    assert "Lovelace" not in kept
    assert "tres-secret" not in kept
    assert "/url: /aide" in kept
    assert "laissez-passer" not in kept
