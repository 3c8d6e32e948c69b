"""Days chosen in calendars that pages draw, each in the manner of another library, in French and in English."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from robo_browser import calendars
from robo_browser.session import BrowserSession

from robo.sdk.errors import Failure, NotFound
from tests.runners.browser.support import Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE, *DRAWN = re.split(r"<!-- (.*?) -->\n", (Path(__file__).parent / "calendars.html").read_text(encoding="utf-8"))[2:]
DESIGNS = dict(zip(DRAWN[::2], DRAWN[1::2], strict=True))
"""The ways of several libraries to draw a calendar: what it is like, the script that does it."""


def page(site: Site, draw: str, **more: Any) -> None:
    said = {"field": "readonly", "year": 2026, "month": 3, "off": [], "draw": draw, **more}
    site.pages["/rdv"] = html(re.sub("@([A-Z]+)@", lambda found: str(said[found[1].lower()]), PAGE))


def pick(value: Any, **more: Any) -> Any:
    return call("pick_date", {"Date du rendez-vous": value}, timeout=more.pop("timeout", 20.0), **more)


async def chosen(session: BrowserSession, site: Site, value: Any) -> str:
    shown = {"shown": "Date du rendez-vous"}
    results = await session.perform([call("open", site.url("/rdv")), pick(value), call("read", shown)])
    return str(results[2].values["shown"])


DAYS = {
    "this month": date(2026, 3, 17),
    "forward": date(2026, 6, 1),
    "backward": date(2025, 12, 31),
    "another year": date(2027, 5, 30),
}


@pytest.mark.parametrize("draw", DESIGNS.values(), ids=DESIGNS.keys())
@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS.keys())
async def test_the_day_is_chosen_and_read_back(session: BrowserSession, site: Site, draw: str, day: date) -> None:
    page(site, draw)
    assert await chosen(session, site, day) == f"{day:%d/%m/%Y}"


@pytest.mark.parametrize("draw", DESIGNS.values(), ids=DESIGNS.keys())
async def test_a_day_that_the_page_closes_is_told_with_those_that_are_open(
    session: BrowserSession, site: Site, draw: str
) -> None:
    page(site, draw, off=["2026-04-07", "2026-04-08"])
    with pytest.raises(Failure, match="does not let the 07/04/2026 be chosen") as told:
        await chosen(session, site, date(2026, 4, 7))
    assert told.value.code == "RB751"
    assert "«6» · «9»" in told.value.facts["near"]


async def test_a_calendar_that_cannot_be_turned_so_far_says_what_it_shows(session: BrowserSession, site: Site) -> None:
    draw = DESIGNS["headings that turn, months before years"].replace(
        'class="next" onclick="turn(1)"',
        '''class="next ${month === 3 ? 'disabled' : ''}" onclick="month < 3 && turn(1)"''',
    )
    page(site, draw)
    with pytest.raises(Failure, match="shows 4/2026 and cannot be turned to the 02/06/2026"):
        await chosen(session, site, date(2026, 6, 2))


async def test_a_calendar_that_a_press_does_not_turn_says_what_it_shows(
    session: BrowserSession, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "TURNING", 0.2)
    page(site, DESIGNS["headings that turn, months before years"].replace('onclick="turn(1)"', 'onclick="draw()"'))
    with pytest.raises(Failure, match="shows 3/2026 and cannot be turned to the 02/06/2026"):
        await chosen(session, site, date(2026, 6, 2))


async def test_a_text_is_read_as_the_region_writes_dates(session: BrowserSession, site: Site) -> None:
    page(site, DESIGNS["two months side by side"])
    assert await chosen(session, site, "05/04/2026") == "05/04/2026"


async def test_what_is_no_date_is_told_before_anything_is_clicked(session: BrowserSession, site: Site) -> None:
    page(site, DESIGNS["two months side by side"])
    with pytest.raises(Failure, match="«bientôt», which is not a date"):
        await chosen(session, site, "bientôt")


async def test_a_button_beside_the_field_opens_the_calendar(session: BrowserSession, site: Site) -> None:
    page(site, DESIGNS["two months side by side"] + "\nfield.onclick = null;")
    site.pages["/rdv"] = str(site.pages["/rdv"]).replace(
        "</label>", "<button aria-label='Ouvrir le calendrier' onclick='cal.hidden = false; draw()'>📅</button></label>"
    )
    assert await chosen(session, site, date(2026, 4, 5)) == "05/04/2026"


async def test_a_calendar_may_want_to_be_confirmed(session: BrowserSession, site: Site) -> None:
    draw = DESIGNS["a grid of buttons in a dialog, short names, years apart"].replace(
        "'</div></div>'; }", "'</div><button onclick=\"field.value = cal.v; cal.hidden = true\">OK</button></div>'; }"
    )
    page(site, draw + "\nfunction pick(d) { cal.v = `${d}/${month + 1}/${year}`; }")
    assert await chosen(session, site, date(2026, 3, 9)) == "9/3/2026"


async def test_a_field_that_takes_dates_by_itself_gets_one(session: BrowserSession, site: Site) -> None:
    site.pages["/rdv"] = html("<label>Date du rendez-vous <input type=date></label>")
    assert await chosen(session, site, date(2026, 3, 9)) == "2026-03-09"


async def test_a_calendar_without_a_field_shows_the_day_as_chosen(session: BrowserSession, site: Site) -> None:
    draw = DESIGNS["headings that turn, months before years"].replace("<table>", "<section aria-label=Créneaux><table>")
    draw += (
        "\nlet at = 0; pick = (d) => { at = d; draw(); }; field.closest('label').remove(); cal.hidden = false; draw();"
    )
    page(site, draw.replace('class="day ${c}', 'class="day ${!c && at === d ? "selected" : ""} ${c}'))
    calls = [call("open", site.url("/rdv")), call("pick_date", {"Créneaux": date(2026, 5, 4)}, timeout=20.0)]
    assert (await session.perform(calls))[1].note == "Créneaux = «04/05/2026»"


async def test_a_field_without_a_calendar_is_told(session: BrowserSession, site: Site) -> None:
    site.pages["/rdv"] = html("<label>Date du rendez-vous <input></label>")
    with pytest.raises(NotFound, match="no calendar opened"):
        await session.perform([call("open", site.url("/rdv")), pick(date(2026, 3, 9), timeout=4.0)])


async def test_a_field_that_is_not_there_is_told_with_the_nearest(session: BrowserSession, site: Site) -> None:
    site.pages["/rdv"] = html("<label>Date du rendez-vous demandé <input></label>")
    with pytest.raises(NotFound, match="«Date du rendez-vous demandé»"):
        await session.perform([call("open", site.url("/rdv")), pick(date(2026, 3, 9), timeout=2.0)])
