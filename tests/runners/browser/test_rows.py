"""All rows of a list: whole, typed, page after page; or a failure that says what is missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from robo_browser.session import BrowserSession

from robo.sdk.errors import Ambiguous, Failure
from robo.sdk.values import MISSING
from tests.runners.browser.support import Asked, Reply, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

COLUMNS = ("N°", "Nom", "Date", "Montant versé")
LINES = [(f"D-{n}", f"Martin {n}", f"{n:02}/03/2026", f"1 {n:03},50 €") for n in range(1, 24)]
READ = {"number": "N°", "day": {"label": "Date", "type": "date"}, "paid": {"label": "Montant versé", "type": "money"}}


def row(cells: Any, tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def table(lines: Any, columns: Any = COLUMNS) -> str:
    return f"<table><thead>{row(columns, 'th')}</thead><tbody>{''.join(row(line) for line in lines)}</tbody></table>"


def rows(site: Site, path: str = "/liste", **more: Any) -> Any:
    return call("rows", {"at": site.url(path), "read": {"number": "N°"}, **more}, timeout=more.pop("timeout", 20.0))


async def ask(session: BrowserSession, step: Any) -> list[dict[str, Any]]:
    values = (await session.perform([step]))[0].values
    assert values["count"] == len(values["rows"])
    return list(values["rows"])


async def numbers(session: BrowserSession, step: Any) -> list[str]:
    return [each["number"] for each in await ask(session, step)]


ALL = [line[0] for line in LINES]


def paged(site: Site, pager: Any, size: int = 5) -> None:
    """LINES by pages; `pager(number, last)` is what turns them."""

    def page(asked: Asked) -> str:
        number = int((asked.query.get("p") or ["1"])[0])
        last = -(-len(LINES) // size)
        return html(table(LINES[(number - 1) * size : number * size]) + pager(number, last))

    site.pages["/liste"] = page


def following(number: int, last: int) -> str:
    back = f"<a href='?p={number - 1}'>‹ Précédent</a>" if number > 1 else ""
    return f"<nav>{back}" + (f"<a href='?p={number + 1}'>Suivant ›</a>" if number < last else "") + "</nav>"


def greyed(number: int, last: int) -> str:
    at = f"href='?p={number + 1}'" if number < last else "href='#' style='pointer-events:none'"
    return f"<a class='next {'ui-state-disabled' if number == last else ''}' aria-label='Page suivante' {at}>N</a>"


def numbered(number: int, last: int) -> str:
    links = "".join(
        f"<li class='page{' active' if n == number else ''}'><a href='?p={n}'>{n}</a></li>" for n in range(1, last + 1)
    )
    return f"<ul class=pagination>{links}</ul>"


def windowed(number: int, last: int) -> str:
    """As old grids do: two numbers in sight, then an ellipsis to the next ones."""
    first = (number - 1) // 2 * 2 + 1
    shown = [n for n in (first, first + 1) if n <= last]
    links = "".join(f"<span>{n}</span> " if n == number else f"<a href='?p={n}'>{n}</a> " for n in shown)
    before = f"<a href='?p={first - 1}'>...</a>" if first > 1 else ""
    return (
        f"<div id=pager>{before}{links}" + (f"<a href='?p={first + 2}'>...</a>" if first + 2 <= last else "") + "</div>"
    )


async def test_rows_are_typed_by_what_read_says(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = html(table(LINES[:2]))
    assert await ask(session, rows(site, read=READ)) == [
        {"number": "D-1", "day": date(2026, 3, 1), "paid": Decimal("1001.50")},
        {"number": "D-2", "day": date(2026, 3, 2), "paid": Decimal("1002.50")},
    ]


PAGERS = {
    "next button": (following, {"next": "Suivant ›"}),
    "next button that is grey at the end": (greyed, {"next": "Page suivante"}),
    "numbers": (numbered, {"pages": "css=.pagination"}),
    "numbers in windows": (windowed, {"pages": "css=#pager"}),
}


@pytest.mark.parametrize(("pager", "how"), PAGERS.values(), ids=PAGERS.keys())
async def test_every_page_is_read_once(session: BrowserSession, site: Site, pager: Any, how: dict[str, Any]) -> None:
    paged(site, pager)
    assert await numbers(session, rows(site, **how)) == ALL
    assert len(site.asked) == 5


async def test_more_pages_than_are_allowed_are_a_failure(session: BrowserSession, site: Site) -> None:
    paged(site, following)
    with pytest.raises(Failure, match="more pages than are turned") as told:
        await ask(session, rows(site, next="Suivant ›", max_pages=4))
    assert told.value.code == "RB749"
    assert await numbers(session, rows(site, next="Suivant ›", max_pages=5)) == ALL


async def test_a_page_that_nobody_named_is_a_failure(session: BrowserSession, site: Site) -> None:
    paged(site, following)
    with pytest.raises(Failure, match="further page"):
        await ask(session, rows(site))


async def test_an_application_that_remembers_the_page_is_turned_back_to_the_first(
    session: BrowserSession, site: Site
) -> None:
    paged(site, numbered)
    assert await numbers(session, rows(site, "/liste?p=3", pages="css=.pagination")) == ALL


async def test_a_list_that_does_not_begin_at_its_first_page_is_a_failure(session: BrowserSession, site: Site) -> None:
    paged(site, following)
    with pytest.raises(Failure, match="does not begin with its first page"):
        await ask(session, rows(site, "/liste?p=2", next="Suivant ›"))


MORE = """
<div id=here></div><button onclick=more()>Afficher plus</button>
<script>
const all = %s; let n = 0;
function more() { fetch('/suite').then(() => { n = Math.min(n + 10, all.length); here.innerHTML = draw(all.slice(0, n));
  if (n === all.length) document.querySelector('button').remove(); }); }
function draw(rows) {
  return '<table><tr><th>N°<th>Nom</tr>' + rows.map((r) => `<tr><td>${r}<td>x</tr>`).join('') + '</table>'; }
more();
</script>"""


async def test_a_button_that_shows_more_adds_only_what_is_new(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = html(MORE % ALL)
    site.pages["/suite"] = "{}"
    assert await numbers(session, rows(site, next="Afficher plus")) == ALL


async def test_the_same_list_is_searched_for_one_row(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = html(MORE % ALL)
    site.pages["/suite"] = "{}"
    asked = {"at": site.url("/liste"), "where": {"N°": "D-3"}, "next": "Afficher plus", "read": {"number": "N°"}}
    result = (await session.perform([call("find_row", asked, timeout=20.0)]))[0]
    assert (result.finding.found, result.finding.several, result.values) == (True, False, {"number": "D-3"})


SCROLLED = """
<style>#box{height:200px;overflow:auto}.line{display:flex;height:25px}.line>*{width:90px}</style>
<div id=box role=grid aria-rowcount=%(count)s><div role=row aria-rowindex=1 class=line>
<span role=columnheader>N°</span><span role=columnheader>Nom</span></div>
<div id=rows style="position:relative"></div></div>
<script>
const all = %(all)s; rows.style.height = all.length * 25 + 'px';
function draw() { const first = Math.max(0, Math.floor(box.scrollTop / 25) - 2); rows.innerHTML = '';
  all.slice(first, first + 14).forEach((r, n) => { const at = first + n;
    rows.insertAdjacentHTML('beforeend', `<div role=row %(index)s class=line style="position:absolute;top:${at * 25}px">
      <span role=gridcell>${r}</span><span role=gridcell>x</span></div>`); }); }
let under = 0;
function come() { clearTimeout(under); %(wait)s ? (under = setTimeout(draw, %(wait)s)) : requestAnimationFrame(draw); }
box.addEventListener('scroll', come); draw();
</script>"""
INDEXED = 'aria-rowindex="${at + 2}"'


def scrolled(count: int = 121, index: str = "", wait: int = 0) -> str:
    """120 rows, 14 of them drawn; `wait` ms after the list was scrolled, as if they were fetched."""
    return html(SCROLLED % {"all": MANY, "count": count, "index": index, "wait": wait})


MANY = [f"L-{n}" for n in range(120)]


@pytest.mark.parametrize(
    "how",
    [{"index": INDEXED}, {}, {"wait": 150, "count": 0}],
    ids=["rows with numbers", "rows without", "rows that are fetched"],
)
async def test_rows_that_are_drawn_when_they_are_scrolled_to_are_all_read(
    session: BrowserSession, site: Site, how: dict[str, Any]
) -> None:
    site.pages["/liste"] = scrolled(**how)
    assert await numbers(session, rows(site)) == MANY


async def test_a_row_is_absent_only_when_the_list_was_scrolled_to_its_end(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = scrolled(count=0, wait=100)
    there = {"at": site.url("/liste"), "where": {"N°": "L-60"}, "read": {"number": "N°"}, "show": True}
    (result,) = await session.perform([call("find_row", there, timeout=20.0)])
    assert (result.finding.found, result.values) == (True, {"number": "L-60"})
    await session.perform([call("expect", {"row": {"N°": "L-60"}})])
    absent = {"at": site.url("/liste"), "where": {"N°": "L-999"}}
    assert (await session.perform([call("find_row", absent, timeout=20.0)]))[0].finding.found is False


async def test_rows_that_a_grid_counts_and_never_draws_are_a_failure(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = scrolled(count=999, index=INDEXED)
    with pytest.raises(Failure, match="the list has 998 rows, 120 of them were drawn"):
        await ask(session, rows(site))


async def test_a_grid_that_draws_a_part_is_no_evidence_that_a_row_is_absent(
    session: BrowserSession, site: Site
) -> None:
    site.pages["/liste"] = scrolled(count=999, index=INDEXED)
    asked = {"at": site.url("/liste"), "where": {"N°": "L-500"}}
    assert (await session.perform([call("find_row", asked)]))[0].finding.found is None


ENDLESS = """
<style>td{height:160px}</style>
<table><thead><tr><th>N°</tr></thead><tbody id=b></tbody></table><div id=end>…</div>
<script>
const all = %s; let n = 0;
function add() { for (const r of all.slice(n, n + 8)) b.insertAdjacentHTML('beforeend', `<tr><td>${r}</tr>`); n += 8; }
new IntersectionObserver((seen) => { if (seen[0].isIntersecting && n < all.length) fetch('/suite').then(add); })
  .observe(end);
</script>"""


async def test_rows_that_come_when_the_end_of_the_page_is_seen_are_read(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = html(ENDLESS % ALL)
    site.pages["/suite"] = "{}"
    assert await numbers(session, rows(site)) == ALL


def heads(columns: Any = COLUMNS) -> str:
    return f"<table>{row(columns, 'th')}</table>"


def bodies(lines: Any) -> str:
    return f"<div style='height:80px;overflow:auto'><table>{''.join(row(line) for line in lines)}</table></div>"


def drawn(lines: Any, columns: Any = COLUMNS) -> str:
    def parts(cells: Any) -> str:
        return "<div class=l>" + "".join(f"<div class=c>{cell}</div>" for cell in cells) + "</div>"

    return f"<div class=t>{parts(columns)}<div class=body>{''.join(parts(line) for line in lines)}</div></div>"


SHAPES = {
    "headings in a table of their own": heads() + bodies(LINES[:3]),
    "headings with a gap for the scroll bar": heads((*COLUMNS, "")) + bodies(LINES[:3]),
    "plain elements": drawn(LINES[:3]),
    "a first line of plain cells": "<table>" + row(COLUMNS) + "".join(row(line) for line in LINES[:3]) + "</table>",
    "a table within a layout table": f"<table><tr><td>Menu</td><td>{table(LINES[:3])}</td></tr></table>",
    "a frame": f'<iframe srcdoc="{table(LINES[:3])}"></iframe>',
    "a shadow root": "<my-list></my-list><script>customElements.define('my-list', class extends HTMLElement {"
    f"connectedCallback() {{ this.attachShadow({{mode: 'open'}}).innerHTML = `{table(LINES[:3])}`; }} }});</script>",
    "a line between the rows": table(LINES[:2])
    .replace("</tbody>", "<tr><td colspan=4>Mars</td></tr></tbody>")
    .replace("</tbody>", row(LINES[2]) + "</tbody>"),
    "totals below": table(LINES[:3]).replace(
        "</table>", "<tfoot><tr><td>Total<td><td><td>3 006,50</tr></tfoot></table>"
    ),
    "values in fields": table([(f"<input value='{line[0]}'>", *line[1:]) for line in LINES[:3]]),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
async def test_a_table_is_known_by_its_columns_however_it_is_made(
    session: BrowserSession, site: Site, shape: str
) -> None:
    site.pages["/liste"] = html(shape)
    read = await ask(session, rows(site, read={"number": "N°", "name": "Nom"}))
    assert read == [{"number": f"D-{n}", "name": f"Martin {n}"} for n in (1, 2, 3)]


async def test_cells_over_several_rows_and_columns_count_for_each(session: BrowserSession, site: Site) -> None:
    first = "<tr><td rowspan=2>D-1</td><td>A</td><td>3</td></tr><tr><td>B</td><td>4</td></tr>"
    body = f"{first}<tr><td>D-2</td><td colspan=2>5</td></tr>"
    site.pages["/liste"] = html(f"<table>{row(('N°', 'Ligne', 'Quantité'), 'th')}{body}</table>")
    read = {"number": "N°", "line": "Ligne", "many": {"label": "Quantité", "type": "int"}}
    assert await ask(session, rows(site, read=read)) == [
        {"number": "D-1", "line": "A", "many": 3},
        {"number": "D-1", "line": "B", "many": 4},
        {"number": "D-2", "line": "5", "many": 5},
    ]


EMPTY = {
    "a table without rows": (table([]), {}),
    "declared words": ("<p>Aucun dossier trouvé</p>", {"empty": "Aucun dossier"}),
    "declared words in a row": (
        table([]).replace("</tbody>", "<tr><td colspan=4>Aucun dossier</td></tr></tbody>"),
        {"empty": "Aucun dossier"},
    ),
}


@pytest.mark.parametrize(("page", "how"), EMPTY.values(), ids=EMPTY.keys())
async def test_a_list_is_empty_when_that_is_seen(
    session: BrowserSession, site: Site, page: str, how: dict[str, Any]
) -> None:
    site.pages["/liste"] = html(page)
    assert await ask(session, rows(site, **how)) == []


NOT_EMPTY = {
    "nothing at all": ("<h1>Dossiers</h1>", {}, "RB749", "no list with the columns «N°»"),
    "words nobody declared": (
        table([]).replace("</tbody>", "<tr><td colspan=4>Service indisponible</td></tr></tbody>"),
        {},
        "RB748",
        "Service indisponible",
    ),
    "another table": (table([], ("Référence", "Nom")), {}, "RB749", "columns there: «Référence», «Nom»"),
    "plain elements without lines": (drawn([]), {}, "RB749", "no list"),
}


@pytest.mark.parametrize(("page", "how", "code", "words"), NOT_EMPTY.values(), ids=NOT_EMPTY.keys())
async def test_anything_less_is_no_empty_list(
    session: BrowserSession, site: Site, page: str, how: dict[str, Any], code: str, words: str
) -> None:
    site.pages["/liste"] = html(page)
    with pytest.raises(Failure, match=words) as told:
        await ask(session, rows(site, **how))
    assert told.value.code == code


async def test_two_lists_with_the_columns_are_told_apart_by_where_they_are(session: BrowserSession, site: Site) -> None:
    titles = zip(("En cours", "Clos"), LINES, strict=False)
    two = "".join(f"<section><h2>{title}</h2>{table([line])}</section>" for title, line in titles)
    site.pages["/liste"] = html(two)
    with pytest.raises(Ambiguous, match="2 times"):
        await ask(session, rows(site))
    assert await numbers(session, rows(site, table={"section": "Clos"})) == ["D-2"]


@pytest.mark.parametrize("heading", ["N° :", "n°", "N° ▲"])
async def test_a_column_may_be_named_as_the_page_writes_it_or_without_its_signs(
    session: BrowserSession, site: Site, heading: str
) -> None:
    site.pages["/liste"] = html(table([("D-1", "Ada")], (heading, "Nom")))
    assert await numbers(session, rows(site, read={"number": heading})) == ["D-1"]
    assert await numbers(session, rows(site)) == ["D-1"]


async def test_a_value_that_is_not_of_its_type_is_told_with_its_row(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = html(table([*LINES[:2], ("D-3", "x", "bientôt", "")]))
    with pytest.raises(Failure, match=r"day \(page 1, row 3\) was read as «bientôt»"):
        await ask(session, rows(site, read={"day": {"label": "Date", "type": "date"}}))


async def test_a_blank_cell_is_missing_where_it_may_be(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = html(table([("D-3", "x", "", "")]))
    read = {"number": "N°", "day": {"label": "Date", "type": "date", "required": False}}
    assert await ask(session, rows(site, read=read)) == [{"number": "D-3", "day": MISSING}]


async def test_a_page_that_fails_half_way_gives_no_shorter_list(session: BrowserSession, site: Site) -> None:
    paged(site, following)
    page = site.pages["/liste"]
    site.pages["/liste"] = lambda asked: Reply("down", 403) if asked.query.get("p") == ["3"] else page(asked)  # type: ignore[operator]
    with pytest.raises(Failure, match="HTTP 403"):
        await ask(session, rows(site, next="Suivant ›"))


async def test_as_a_source_every_column_is_there_by_its_heading(session: BrowserSession, site: Site) -> None:
    paged(site, following)
    step = call("rows", {"at": site.url("/liste"), "next": "Suivant ›", "columns": ["N°"]}, timeout=20.0)
    found = [row async for row in session.rows(step)]
    assert [row.values["N°"] for row in found] == ALL
    assert (found[6].place, found[6].number, set(found[6].values)) == ("page 2, row 2", 7, set(COLUMNS))
    assert len({row.digest for row in found}) == len(ALL)


async def test_as_a_source_what_read_names_is_text_for_the_fields(session: BrowserSession, site: Site) -> None:
    site.pages["/liste"] = html(table([("Dossier D-1", "", "01/03/2026", "")]))
    read = {"number": {"label": "N°", "match": r"(D-\d+)"}, "name": "Nom"}
    step = call("rows", {"at": site.url("/liste"), "read": read, "columns": ["number", "name"]})
    assert [dict(row.values) async for row in session.rows(step)] == [{"number": "D-1", "name": MISSING}]


async def test_the_page_with_the_row_is_left_in_front(session: BrowserSession, site: Site) -> None:
    paged(site, following)
    asked = {"at": site.url("/liste"), "where": {"N°": "D-8"}, "next": "Suivant ›", "show": True}
    cell = {"name": {"row": {"N°": "D-8"}, "column": "Nom"}}
    results = await session.perform([call("find_row", asked, timeout=20.0), call("read", cell)])
    assert results[1].values == {"name": "Martin 8"}


async def test_a_row_that_is_not_there_cannot_be_shown(session: BrowserSession, site: Site) -> None:
    paged(site, following)
    asked = {"at": site.url("/liste"), "where": {"N°": "D-99"}, "next": "Suivant ›", "show": True}
    with pytest.raises(Failure, match="the list does not have it"):
        await session.perform([call("find_row", asked, timeout=20.0)])
