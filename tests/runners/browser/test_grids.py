"""Many lines in a grid: few trips, every cell read back, lines that hold something left alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import Failure, NotFound
from tests.runners.browser.support import Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADD = {"button": "Ajouter une ligne"}


def fill(lines: Sequence[Any], *, add: Any = ADD, timeout: float = 60.0, **more: Any) -> Any:
    """The call as the engine makes it: `columns` evaluated for each row."""
    columns = lines[0] if lines else {"Compte": "", "Montant": ""}
    params = {"rows": list(range(len(lines))), "columns": columns, **more}
    made = call("fill_rows", params if add is None else {**params, "add": add}, timeout=timeout)
    return replace(made, params=made.params.model_copy(update={"lines": tuple(lines)}))


async def run(session: BrowserSession, site: Site, body: str, step: Any) -> Any:
    site.pages["/"] = html(body)
    return (await session.perform([call("open", site.url("/")), step]))[1]


def some(count: int) -> list[dict[str, Any]]:
    return [{"Compte": f"6{n:05}", "Montant": Decimal(n) / 4} for n in range(1, count + 1)]


async def shown(session: BrowserSession) -> list[list[str]]:
    """What the grid's fields or cells say, whoever drew it."""
    tab = session._windows.front
    return list(
        await tab.page.evaluate(
            """() => [...document.querySelectorAll('#g tr:has(td), #g .line')].map((row) =>
            [...row.querySelectorAll('td, .cell')].map((cell) =>
              (cell.querySelector('input,select')?.value ?? cell.textContent).trim()))"""
        )
    )


_, *MADE = re.split(r"<!-- (.*?) -->\n", (Path(__file__).parent / "grids.html").read_text(encoding="utf-8"))
GRIDS = dict(zip(MADE[::2], MADE[1::2], strict=True))
"""Grids as strangers might have made them: what each is like, the page."""
FIELDS = GRIDS["fields, a line for each press"]
HEAD = "<thead><tr><th>Ligne</th><th>Compte *</th><th>Montant</th></tr></thead>"


async def test_four_hundred_lines_are_entered_in_few_trips(session: BrowserSession, site: Site) -> None:
    trips = session._windows
    lines = some(400)
    await run(session, site, FIELDS, call("wait_for", "Compte"))
    tab = trips.front
    asked, do = [], tab.do
    tab.do = lambda job, *more, **how: (asked.append(job["job"]), do(job, *more, **how))[1]  # type: ignore[method-assign]
    try:
        result = (await session.perform([fill(lines)]))[0]
    finally:
        del tab.do
    assert result.values == {"count": 400}
    assert [row[1] for row in await shown(session)] == [line["Compte"] for line in lines]
    assert [Decimal(row[2]) for row in await shown(session)] == [line["Montant"] for line in lines]
    assert len(asked) < 15


async def test_free_lines_are_taken_and_others_left_alone(session: BrowserSession, site: Site) -> None:
    rows = [("600001", "12.00"), ("", ""), ("", "0,00"), ("600002", ""), ("", "")]
    body = "".join(f"<tr><td>{a}</td><td><input value='{a}'></td><td><input value='{b}'></td></tr>" for a, b in rows)
    await run(session, site, f"<table id=g>{HEAD}<tbody>{body}</tbody></table>", fill(some(3), add=None))
    now = [row[1:] for row in await shown(session)]
    assert now == [["600001", "12.00"], ["600001", "0,25"], ["600002", "0,5"], ["600002", ""], ["600003", "0,75"]]


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
async def test_a_grid_is_filled_however_it_is_made(session: BrowserSession, site: Site, grid: str) -> None:
    result = await run(session, site, grid, fill(some(7)))
    assert result.values == {"count": 7}
    now = sorted(row[-2:] for row in await shown(session))
    assert [row[0] for row in now] == [line["Compte"] for line in some(7)]
    assert [Decimal(row[1].replace(",", ".")) for row in now] == [line["Montant"] for line in some(7)]


async def test_a_line_may_come_with_a_page_of_its_own(session: BrowserSession, site: Site) -> None:
    def page(asked: Any) -> str:
        kept = asked.query.get("c", [])
        body = "".join(f"<tr><td><input name=c value='{value}'></td></tr>" for value in [*kept, ""])
        form = f"<table id=g><tr><th>Compte</th></tr>{body}</table><button>Ajouter une ligne</button>"
        return html(f"<form>{form}</form>")

    site.pages["/"] = page
    lines = [{"Compte": f"60{n}"} for n in range(4)]
    await session.perform([call("open", site.url("/")), fill(lines)])
    assert [row[0] for row in await shown(session)] == ["600", "601", "602", "603"]


async def test_lists_dates_and_boxes_are_entered_as_elsewhere(session: BrowserSession, site: Site) -> None:
    body = """<table id=g><tr><th>Nature<th>Date<th>Payée</tr>
<tr><td><select><option value="">—<option value=F>Frais<option value=I>Impôt</select>
<td><input type=date><td><input type=checkbox></tr></table>"""
    line = {"Nature": "Impôt", "Date": date(2026, 3, 2), "Payée": True}
    await run(session, site, body, fill([line], add=None))
    assert await shown(session) == [["I", "2026-03-02", "on"]]


async def test_no_lines_are_no_work(session: BrowserSession, site: Site) -> None:
    assert (await run(session, site, FIELDS, fill([]))).values == {"count": 0}


async def test_two_grids_are_told_apart_by_where_they_are(session: BrowserSession, site: Site) -> None:
    grid = "<table><tr><th>Compte<th>Montant</tr><tr><td><input><td><input></tr></table>"
    body = f"<section><h2>Dépenses</h2>{grid}</section><section><h2>Recettes</h2><div id=g>{grid}</div></section>"
    await run(session, site, body, fill(some(1), add=None, table={"section": "Recettes"}))
    assert await shown(session) == [["600001", "0,25"]]


OPTIONS = (
    "<table><tr><th>Compte<th>Montant</tr><tr><td><select><option>—<option>600002</select><td><input></tr></table>"
)
WRONG = {
    "no free line": ("<table><tr><th>Compte<th>Montant</tr></table>", None, "RB770", "0 free lines for 2"),
    "a button that gives none": (FIELDS.replace("n += 1;", "return;"), ADD, "RB771", "no free line"),
    "no such choice": (OPTIONS, None, "RB707", "line 1, Compte does not offer «600001»"),
    "locked": (FIELDS.replace("<input>", "<input readonly>"), ADD, "RB708", "line 1, Compte"),
    "a cell that never opens": (
        "<table><tr><th>Compte<th>Montant</tr><tr><td><td><input></tr></table>",
        None,
        "RB772",
        "line 1, Compte",
    ),
    "a page that changes what was entered": (
        FIELDS.replace("<input>", '<input oninput="value = value.slice(0, 3)">'),
        ADD,
        "RB774",
        "line 1, Compte: «600» after «600001»",
    ),
}


@pytest.mark.parametrize(("body", "add", "code", "words"), WRONG.values(), ids=WRONG.keys())
async def test_what_goes_wrong_is_told_with_its_line(
    session: BrowserSession, site: Site, body: str, add: Any, code: str, words: str
) -> None:
    with pytest.raises(Failure, match=words) as told:
        await run(session, site, body, fill(some(2), add=add, timeout=8.0))
    assert told.value.code == code


async def test_a_column_that_is_not_there_is_told_with_those_that_are(session: BrowserSession, site: Site) -> None:
    with pytest.raises(NotFound, match=r"«Compte», «Somme».*«Compte \*»"):
        await run(session, site, FIELDS, fill([{"Compte": "1", "Somme": "2"}], timeout=2.0))
