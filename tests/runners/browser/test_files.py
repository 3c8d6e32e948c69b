"""Files that come from an application and files that go to it."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import Any

import pytest
from robo_browser import windows
from robo_browser.session import BrowserSession

from robo.sdk.errors import Failure, NotFound, SessionLost, TimedOut
from tests.runners.browser.support import Open, Reply, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONTENT = b"%PDF-1.4 attestation"


def given(name: str, content: bytes = CONTENT) -> Reply:
    return Reply(
        content,
        headers=(
            ("Content-Type", "application/octet-stream"),
            ("Content-Disposition", f'attachment; filename="{name}"'),
        ),
    )


async def fetch(session: BrowserSession, site: Site, params: Any, **more: Any) -> Any:
    calls = [call("open", site.url("/")), call("download", params, timeout=more.pop("timeout", 5.0), **more)]
    return (await session.perform(calls))[1].values


LINKS = {
    "a link": "<a href=/f>Télécharger</a>",
    "a new window": "<a href=/f target=_blank>Télécharger</a>",
    "a form": "<form action=/f><button>Télécharger</button></form>",
    "made by a script": "<button onclick=\"const a = document.createElement('a'); a.href = window.URL.createObjectURL("
    f"new Blob(['{CONTENT.decode()}'])); a.download = 'x.pdf'; a.click()\">Télécharger</button>",
    "after a while": "<button onclick=\"setTimeout(() => location = '/f', 300)\">Télécharger</button>",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
async def test_a_file_is_awaited_however_it_comes(session: BrowserSession, site: Site, link: str) -> None:
    site.pages |= {"/": html(link), "/f": given("Attestation n° 12.pdf")}
    values = await fetch(session, site, {"target": "Télécharger", "name": "attestation-12"})
    file = Path(values["file"])
    assert file.read_bytes() == CONTENT
    assert values["name"] == file.name == "attestation-12.pdf"
    assert (values["size"], values["digest"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_browser_that_no_longer_hears_of_files_is_a_lost_session(open_session: Open, site: Site) -> None:
    site.pages |= {"/": html(LINKS["a link"]), "/f": given("x.pdf")}
    session = await open_session()
    await fetch(session, site, "Télécharger")
    await session._shelf.close()
    with pytest.raises(SessionLost):
        await fetch(session, site, "Télécharger")
    windows = len(session._windows.browser.contexts)
    await session.close()
    assert len(session._windows.browser.contexts) == windows - 1


@pytest.mark.parametrize("link", ["a link", "a new window"])
async def test_a_file_of_another_session_is_not_taken(
    open_session: Open, site: Site, tmp_path: Path, link: str
) -> None:
    site.pages |= {"/": html(LINKS[link]), "/f": given("x.pdf")}
    one, other = await open_session(folder=tmp_path / "one"), await open_session(folder=tmp_path / "other")
    coming = await other._shelf.expect(1000)
    await fetch(one, site, "Télécharger")
    assert coming.guid == ""
    values = await fetch(other, site, "Télécharger")
    assert Path(values["file"]).read_bytes() == CONTENT


async def test_a_file_whose_frame_nobody_knows_is_taken_where_it_lies(
    open_session: Open, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window may be gone before it can be asked for: the browser puts the file into its session's folder."""

    async def unknown(*_asked: Any) -> None:
        return None

    site.pages |= {"/": html(LINKS["a new window"]), "/f": given("x.pdf")}
    one, other = await open_session(folder=tmp_path / "one"), await open_session(folder=tmp_path / "other")
    monkeypatch.setattr(one._windows._guard, "owns", unknown)
    coming = await other._shelf.expect(1000)
    values = await fetch(one, site, "Télécharger")
    assert Path(values["file"]).read_bytes() == CONTENT
    assert coming.guid == ""


@pytest.mark.parametrize("arrival", [2.0, 0.0], ids=["there in time", "there when it likes"])
async def test_a_window_that_opened_for_a_file_is_left(
    session: BrowserSession, site: Site, monkeypatch: pytest.MonkeyPatch, arrival: float
) -> None:
    monkeypatch.setattr(windows, "ARRIVAL", arrival)
    more = LINKS["a new window"] + "<a href=/suite target=_blank>Suite</a>"
    site.pages |= {"/": html(more), "/f": given("x.pdf"), "/suite": html("<h1>Suite du dossier</h1>")}
    await fetch(session, site, "Télécharger")
    assert session._windows.front.page.url == site.url("/")
    monkeypatch.undo()
    await session.perform([call("click", "Suite", expect=[{"heading": "Suite du dossier"}])])
    assert [page.url for page in session._windows._browser.pages] == [site.url("/"), site.url("/suite")]


HOSTILE = {
    "../../.bashrc": "bin",
    "/etc/passwd": "bin",
    "C:\\Windows\\x.exe": "bin",
    "liste.xlsx": "xlsx",
    "a.pdf.exe": "bin",
    "": "bin",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_name_of_the_page_becomes_a_path(open_session: Open, site: Site, tmp_path: Path, name: str) -> None:
    session = await open_session()
    site.pages |= {"/": html("<a href=/f>Télécharger</a>"), "/f": given(name)}
    values = await fetch(session, site, "Télécharger", step="attestation")
    assert values["name"] == f"attestation.{HOSTILE[name]}"
    assert tmp_path in Path(values["file"]).parents
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [values["name"]]


async def test_two_files_of_one_name_are_two(session: BrowserSession, site: Site) -> None:
    site.pages |= {"/": html("<a href=/f>Télécharger</a>"), "/f": given("a.pdf")}
    first = await fetch(session, site, {"target": "Télécharger", "name": "a"})
    second = await fetch(session, site, {"target": "Télécharger", "name": "a"})
    assert first["file"] != second["file"]
    assert Path(first["file"]).exists()


async def test_a_file_that_is_too_large_is_given_up(session: BrowserSession, site: Site) -> None:
    site.pages |= {"/": html("<a href=/f>Télécharger</a>"), "/f": given("a.pdf", b"x" * (2 * 1024 * 1024))}
    with pytest.raises(Failure, match="more than `max_mb` allows") as told:
        await fetch(session, site, {"target": "Télécharger", "max_mb": 1})
    assert told.value.code == "RB755"


async def test_a_click_that_gives_no_file_is_told(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<button>Télécharger</button>")
    with pytest.raises(TimedOut, match="no file came") as told:
        await fetch(session, site, "Télécharger", timeout=1.0)
    assert told.value.code == "RB754"


async def test_a_button_that_is_not_there_is_told_with_the_nearest(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<button>Télécharger le récépissé</button>")
    with pytest.raises(NotFound, match="«Télécharger le récépissé»"):
        await fetch(session, site, "Télécharger", timeout=1.0)


async def test_a_file_that_nobody_awaits_is_refused(open_session: Open, site: Site, tmp_path: Path) -> None:
    session = await open_session()
    site.pages |= {"/": html("<a href=/f>Télécharger</a>"), "/f": given("a.pdf")}
    await fetch(session, site, "Télécharger", step="one")
    await session.perform([call("click", "Télécharger")])
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["one.pdf"]


async def test_files_of_an_item_are_gone_with_it(session: BrowserSession, site: Site) -> None:
    site.pages |= {"/": html("<a href=/f>Télécharger</a>"), "/f": given("a.pdf")}
    file = Path((await fetch(session, site, "Télécharger"))["file"])
    await session.reset()
    assert not file.exists()


async def test_a_page_is_kept_as_pdf(session: BrowserSession, site: Site) -> None:
    site.pages["/"] = html("<h1>Récépissé</h1>")
    values = (await session.perform([call("open", site.url("/")), call("pdf", "Récépissé 12")]))[1].values
    assert Path(values["file"]).read_bytes().startswith(b"%PDF-")
    assert values["name"] == "Recepisse-12.pdf"


# files that go to an application

FIELDS = {
    "a field": "<label>Justificatif <input type=file multiple></label>",
    "hidden behind its label": "<label for=f class=btn>Justificatif</label>"
    "<input id=f type=file multiple style='display:none'>",
    "hidden behind a button": "<div><button type=button onclick='f.click()'>Justificatif</button>"
    "<input id=f type=file multiple hidden></div>",
    "words before the button that opens it": "<div><span>Justificatif</span> <button type=button>Parcourir…</button>"
    "<input type=file id=f multiple style='display:none'></div>",
    "a zone to drop on": "<div class=zone style='border:1px dashed'><p>Justificatif</p><p>Glissez vos fichiers ici</p>"
    "<input type=file multiple style='opacity:0;position:absolute;width:1px;height:1px'></div>",
    "text beside": "<table><tr><td>Justificatif :</td><td><input type=file multiple></td></tr></table>",
    "a frame": '<iframe srcdoc="<label>Justificatif <input type=file multiple></label>"></iframe>',
}


@pytest.fixture
def pieces(tmp_path: Path) -> list[str]:
    made = []
    for name in ("pièce d'identité.pdf", "avis 2026.pdf"):
        (tmp_path / name).write_bytes(CONTENT)
        made.append(str(tmp_path / name))
    return made


async def send(session: BrowserSession, site: Site, value: Any, **more: Any) -> Any:
    calls = [call("open", site.url("/")), call("upload", {"Justificatif": value}, timeout=more.pop("timeout", 3.0))]
    return (await session.perform(calls))[1]


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS.keys())
async def test_files_are_given_to_the_field_that_a_person_sees(
    session: BrowserSession, site: Site, pieces: list[str], field: str
) -> None:
    site.pages["/"] = html(field + "<label>Autre pièce <input type=file></label>")
    result = await send(session, site, pieces)
    assert result.note == "Justificatif = «pièce d'identité.pdf, avis 2026.pdf»"


async def test_the_application_gets_the_content(open_session: Open, site: Site, pieces: list[str]) -> None:
    site.pages |= {
        "/": html(
            "<form method=post action=/d enctype=multipart/form-data>"
            "<label>Justificatif <input type=file name=f></label><button>Suivant</button></form>"
        ),
        "/d": html("<h1>Pièce reçue</h1>"),
    }
    session = await open_session()
    await send(session, site, pieces[0])
    await session.perform([call("next", "Suivant", expect=[{"heading": "Pièce reçue"}])])
    body = site.effects()[0].body
    assert CONTENT.decode() in body
    assert 'filename="pièce d\'identité.pdf"' in body


async def test_a_page_that_takes_the_file_at_once_says_its_name(
    session: BrowserSession, site: Site, pieces: list[str]
) -> None:
    site.pages["/"] = html(
        '<label>Justificatif <input type=file onchange="l.textContent = files[0].name; '
        "setTimeout(() => value = '', 50)\"></label><ul><li id=l></ul>"
    )
    assert (await send(session, site, pieces[1])).note == "Justificatif = «avis 2026.pdf»"


async def test_a_page_that_throws_the_file_away_is_told(session: BrowserSession, site: Site, pieces: list[str]) -> None:
    site.pages["/"] = html("<label>Justificatif <input type=file onchange=\"value = ''\"></label>")
    with pytest.raises(Failure, match=r"avis 2026\.pdf"):
        await send(session, site, pieces[1], timeout=1.0)


WRONG = {
    "one field for two files": ("<label>Justificatif <input type=file></label>", 2, "takes one file, not 2"),
    "another kind": ("<label>Justificatif <input type=file accept='.jpg, .png'></label>", 1, "takes .jpg, .png, which"),
    "no such field": ("<label>Justificatifs de domicile <input type=file></label>", 1, "«Justificatifs de domicile»"),
}


@pytest.mark.parametrize(("field", "count", "words"), WRONG.values(), ids=WRONG.keys())
async def test_what_a_field_does_not_take_is_told_before(
    session: BrowserSession, site: Site, pieces: list[str], field: str, count: int, words: str
) -> None:
    site.pages["/"] = html(field)
    with pytest.raises(Failure, match=words):
        await send(session, site, pieces[:count], timeout=1.0)


async def test_a_file_that_is_not_there_is_told_with_those_that_are(
    session: BrowserSession, site: Site, pieces: list[str]
) -> None:
    site.pages["/"] = html(FIELDS["a field"])
    with pytest.raises(NotFound, match=r"avis 2026\.pdf"):
        await send(session, site, str(Path(pieces[0]).parent / "avis.pdf"))
