"""Looking for one row: found, absent with evidence, or cannot tell and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import PortalDown, english
from tests.runners.browser.support import Asked, Open, Reply, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = [{"Référence": f"R-{n}", "N°": f"D-{n}", "Né le": "01/02/1990"} for n in range(1, 8)]


def table(rows: list[dict[str, str]], head: bool = True) -> str:
    columns = list(ROWS[0])
    heads = "<thead><tr>" + "".join(f"<th>{c}</th>" for c in columns) + "</tr></thead>" if head else ""
    body = "".join("<tr>" + "".join(f"<td>{row[c]}</td>" for c in columns) + "</tr>" for row in rows)
    return f"<table>{heads}<tbody>{body}</tbody></table>"


def search(site: Site, *, rows: list[dict[str, str]] | None = None, size: int = 3, **how: bool) -> None:
    """A list with a search. `how`: `forgets` the filter (in its address, too, when `quiet`), `ignores` it, `bare` when
    empty, `numbered` pages."""
    everything = ROWS if rows is None else rows

    def page(asked: Asked) -> str:
        wanted = (asked.query.get("q") or [""])[0]
        number = int((asked.query.get("page") or ["1"])[0])
        found = everything if how.get("ignores") else [row for row in everything if wanted in row["Référence"]]
        part = found[(number - 1) * size : number * size]
        more = len(found) > number * size
        shown = "" if how.get("forgets") else wanted
        quiet = "<script>history.replaceState(null, '', '/recherche')</script>" if how.get("quiet") else ""
        form = f"{quiet}<form><label>Référence <input name=q value='{shown}'></label><button>Chercher</button></form>"
        nothing = "" if how.get("bare") else "<p>Aucun dossier</p>"
        following = f"<a href='?q={wanted}&page={number + 1}'>Page suivante</a>" if more else ""
        if how.get("disabled") and not more:
            following = "<a aria-disabled=true>Page suivante</a>"
        return html(form + (table(part) if found else nothing) + following)

    site.pages["/recherche"] = page


def find(site: Site, wanted: str, **more: Any) -> Any:
    params: dict[str, Any] = {
        "at": site.url("/recherche"),
        "search": {"Référence": wanted},
        "button": "Chercher",
        "where": {"Référence": wanted},
        "read": {"number": "N°"},
        "next": "Page suivante",
        "empty": "Aucun dossier",
    }
    params |= more
    return call("find_row", {name: value for name, value in params.items() if value is not None})


async def ask(session: BrowserSession, step: Any) -> Any:
    return (await session.perform([step]))[0]


async def test_one_row_is_found_with_its_values(session: BrowserSession, site: Site) -> None:
    search(site)
    result = await ask(session, find(site, "R-2"))
    assert (result.finding.found, result.finding.several, result.values) == (True, False, {"number": "D-2"})


async def test_a_row_of_a_later_page_is_found(session: BrowserSession, site: Site) -> None:
    search(site)
    result = await ask(session, find(site, "R-7", search=None))
    assert (result.finding.found, result.values) == (True, {"number": "D-7"})


@pytest.mark.parametrize("how", [{}, {"disabled": True}], ids=["no button", "button off"])
async def test_absent_is_said_after_all_pages(session: BrowserSession, site: Site, how: dict[str, bool]) -> None:
    search(site, **how)
    result = await ask(session, find(site, "R-9", search={"Référence": "R-"}))
    assert result.finding.found is False
    assert [asked.query.get("page") for asked in site.asked][-1] == ["3"]


async def test_the_words_for_an_empty_list_are_evidence(session: BrowserSession, site: Site) -> None:
    search(site)
    assert (await ask(session, find(site, "R-9"))).finding.found is False


async def test_an_empty_table_is_evidence(session: BrowserSession, site: Site) -> None:
    site.pages["/recherche"] = html(
        "<form><label>Référence <input name=q value=R-9></label><button>Chercher</button></form>" + table([])
    )
    assert (await ask(session, find(site, "R-9", empty=None))).finding.found is False


async def test_a_page_that_empties_its_field_says_in_its_address_what_it_searched(
    session: BrowserSession, site: Site
) -> None:
    search(site, forgets=True)
    assert (await ask(session, find(site, "R-9"))).finding.found is False


async def test_what_the_address_says_of_something_else_echoes_no_search(session: BrowserSession, site: Site) -> None:
    """`?page=9` is no search for 9: the field is called q."""

    def page(asked: Asked) -> str:
        if "q" not in asked.query:
            return html("<form><label>Référence <input name=q></label><button>Chercher</button></form>")
        again = "<script>history.replaceState(null, '', '/recherche?page=9')</script>"
        return html(again + "<form><label>Référence <input name=q></label></form><p>Aucun dossier</p>")

    site.pages["/recherche"] = page
    finding = (await ask(session, find(site, "9"))).finding
    assert finding.found is None
    assert "does not show" in english(finding.why)


CANNOT: dict[str, tuple[dict[str, bool], dict[str, Any], str]] = {
    "no list, no words": ({"bare": True}, {}, "no list"),
    "filter forgotten": ({"forgets": True, "quiet": True}, {}, "does not show"),
    "page not declared": ({}, {"next": None, "search": {"Référence": "R-"}}, "further page"),
    "another column": ({}, {"where": {"Dossier": "R-9"}, "search": {"Référence": "R-1"}}, "columns"),
}


@pytest.mark.parametrize(("how", "more", "why"), CANNOT.values(), ids=CANNOT.keys())
async def test_anything_less_cannot_tell(
    session: BrowserSession, site: Site, how: dict[str, bool], more: dict[str, Any], why: str
) -> None:
    search(site, **how)
    finding = (await ask(session, find(site, "R-9", **more))).finding
    assert finding.found is None
    assert why in english(finding.why)


@pytest.mark.parametrize("status", [404, 403])
async def test_a_search_that_fails_cannot_tell(session: BrowserSession, site: Site, status: int) -> None:
    search(site)
    page = site.pages["/recherche"]

    def failing(asked: Asked) -> Any:
        assert callable(page)
        return Reply("<p>Aucun dossier</p>", status) if "q" in asked.query else page(asked)

    site.pages["/recherche"] = failing
    if status == 404:
        with pytest.raises(Exception, match="HTTP 404"):
            await ask(session, find(site, "R-9"))
    else:
        assert (await ask(session, find(site, "R-9"))).finding.found is None


async def test_a_search_whose_portal_is_down_is_a_portal_that_is_down(session: BrowserSession, site: Site) -> None:
    site.pages["/recherche"] = Reply("x", 503)
    with pytest.raises(PortalDown):
        await ask(session, find(site, "R-9"))


async def test_several_rows_are_told(session: BrowserSession, site: Site) -> None:
    search(site, rows=[ROWS[0], ROWS[0]])
    finding = (await ask(session, find(site, "R-1"))).finding
    assert (finding.found, finding.several) == (True, True)


async def test_a_twin_on_a_later_page_is_seen(session: BrowserSession, site: Site) -> None:
    search(site, rows=[ROWS[0], *ROWS[1:4], ROWS[0]], size=2)
    finding = (await ask(session, find(site, "R-1", search=None))).finding
    assert finding.several


async def test_data_is_compared_tolerantly_and_by_its_type(session: BrowserSession, site: Site) -> None:
    search(site, rows=[{"Référence": "Élise  DUPONT", "N°": "D-1", "Né le": "01/02/1990"}])
    step = find(site, "x", search=None, where={"Référence": "elise dupont", "Né le": date(1990, 2, 1)})
    assert (await ask(session, step)).values == {"number": "D-1"}


async def test_part_of_a_cell_is_another_row(session: BrowserSession, site: Site) -> None:
    search(site, rows=[{"Référence": "R-10", "N°": "D-10", "Né le": ""}])
    assert (await ask(session, find(site, "R-1"))).finding.found is False


@pytest.mark.parametrize("button", [True, False], ids=["form's own button", "enter"])
async def test_without_a_button_the_form_is_sent_its_own_way(session: BrowserSession, site: Site, button: bool) -> None:
    search(site)
    page = site.pages["/recherche"]
    assert callable(page)
    site.pages["/recherche"] = (
        page if button else lambda asked: str(page(asked)).replace("<button>Chercher</button>", "")
    )
    assert (await ask(session, find(site, "R-2", button=None))).values == {"number": "D-2"}


async def test_a_list_that_a_script_renews_is_read_when_it_came(session: BrowserSession, site: Site) -> None:
    """The old rows stand there until the answer comes: they are not taken for it."""
    site.pages |= {
        "/recherche": html(
            "<label>Référence <input id=q></label><button onclick=\"fetch('/lignes?q='+q.value).then(r=>r.text())"
            f'.then(t=>{{d.innerHTML=t}})">Chercher</button><div id=d>{table(ROWS[:1])}</div>'
        ),
        "/lignes": _slowly,
    }
    assert (await ask(session, find(site, "R-2"))).values == {"number": "D-2"}


def _slowly(asked: Asked) -> str:
    import time

    time.sleep(0.3)  # the answer of a slow portal
    return table([row for row in ROWS if row["Référence"] == asked.query["q"][0]])


async def test_old_rows_are_not_taken_for_an_answer_that_is_still_to_be_asked(
    session: BrowserSession, site: Site
) -> None:
    """The search begins a moment after the typing: until then the old list says nothing about the row."""
    site.pages |= {
        "/recherche": html(
            f"<label>Référence <input id=q></label><div id=d>{table(ROWS[:1])}</div><script>let t;"
            "q.oninput = () => { clearTimeout(t); t = setTimeout(() => fetch('/lignes?q=' + q.value)"
            ".then((r) => r.text()).then((t) => { d.innerHTML = t }), 400) }</script>"
        ),
        "/lignes": _slowly,
    }
    answer = await ask(session, replace(find(site, "R-2", button=None), timeout=10.0))
    assert answer.values == {"number": "D-2"}


async def test_a_list_that_a_script_brings_is_waited_for(session: BrowserSession, site: Site) -> None:
    site.pages |= {
        "/recherche": html(
            "<label>Référence <input value=R-2></label><p id=d>…</p><script>setTimeout(() => fetch('/lignes?q=R-2')"
            ".then((r) => r.text()).then((t) => { d.outerHTML = t }), 200)</script>"
        ),
        "/lignes": _slowly,
    }
    answer = await ask(session, replace(find(site, "R-2", search=None), timeout=10.0))
    assert answer.values == {"number": "D-2"}


async def test_a_heading_with_an_arrow_names_its_column(session: BrowserSession, site: Site) -> None:
    site.pages["/recherche"] = html("<table><tr><th>Référence ▲<th>N°</tr><tr><td>R-1<td>D-1</tr></table>")
    assert (await ask(session, find(site, "R-1", search=None))).values == {"number": "D-1"}


async def test_pages_that_a_script_turns_are_turned(session: BrowserSession, site: Site) -> None:
    pages = [table(ROWS[:3]), table(ROWS[3:6]), table(ROWS[6:])]
    site.pages["/recherche"] = html(
        f"<div id=d>{pages[0]}</div><button id=b onclick='setTimeout(go, 100)'>Page suivante</button>"
        f"<script>const pages={pages!r};let n=0;function go(){{d.innerHTML=pages[++n];b.disabled=n==2}}</script>"
    )
    assert (await ask(session, find(site, "R-7", search=None))).values == {"number": "D-7"}


async def test_a_button_that_turns_nothing_cannot_tell(session: BrowserSession, site: Site) -> None:
    site.pages["/recherche"] = html(table(ROWS[:3]) + "<button>Page suivante</button>")
    step = call(
        "find_row",
        {"at": site.url("/recherche"), "where": {"Référence": "R-9"}, "next": "Page suivante"},
        timeout=0.8,
    )
    finding = (await ask(session, step)).finding
    assert (finding.found, english(finding.why)) == (None, "the next page of the list did not come")


async def test_a_search_that_posts_is_declared_harmless(open_session: Open, site: Site) -> None:
    session = await open_session(reads=("POST /recherche",))

    def page(asked: Asked) -> str:
        wanted = asked.form.get("q", [""])[0]
        field = f"<label>Référence <input name=q value='{wanted}'></label>"
        form = f"<form method=post>{field}<button>Chercher</button></form>"
        return html(form + table([row for row in ROWS if row["Référence"] == wanted]))

    site.pages["/recherche"] = page
    assert (await ask(session, find(site, "R-2"))).values == {"number": "D-2"}
