"""Pictures for a person: everything secret or sensitive is covered, and the page is afterwards as it was."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from robo_browser.session import BrowserSession

from tests.runners.browser.support import Open, Site, call, html

pytestmark = pytest.mark.asyncio(loop_scope="session")


def colours(png: bytes, box: tuple[int, int, int, int]) -> set[tuple[int, int, int]]:
    """The colours of the pixels in (left, top, right, bottom) of an 8-bit RGB(A) picture."""
    at, data, head = 8, b"", b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        head = body if kind == b"IHDR" else head
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, _, colour = struct.unpack(">IIBB", head[:10])
    step = {2: 3, 6: 4}[colour]
    raw, before, found = zlib.decompress(data), bytearray(width * step), set()
    for y in range(min(height, box[3])):
        kind, line = (
            raw[y * (width * step + 1)],
            bytearray(raw[y * (width * step + 1) + 1 : (y + 1) * (width * step + 1)]),
        )
        for n in range(len(line)):
            left, up = line[n - step] if n >= step else 0, before[n]
            corner = before[n - step] if n >= step else 0
            line[n] = (line[n] + (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]) & 255
        if y >= box[1]:
            found |= {tuple(line[x * step : x * step + 3]) for x in range(box[0], box[2])}
        before = line
    return found  # type: ignore[return-value] - three bytes each


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


AT = "position:fixed;left:0;top:{}px;width:200px;height:40px;margin:0"
BLACK = {(0, 0, 0)}


@pytest.mark.parametrize(
    ("body", "covered"),
    [
        (f"<p style='{AT.format(0)}'>Mme Lovelace est née</p>", True),
        (f"<p style='{AT.format(0)}'>Mme LÔVELACE</p>", True),
        (f"<p style='{AT.format(0)}'><b>Love</b><i>lace</i></p>", True),
        (f"<input style='{AT.format(0)}' value=Lovelace>", True),
        (f"<input style='{AT.format(0)}' type=password value=x>", True),
        (f"<select style='{AT.format(0)}'><option>Lovelace</select>", True),
        (f"<iframe style='{AT.format(0)}' src='data:text/html,Lovelace'></iframe>", True),
        (f"<p style='{AT.format(0)};color:#00f'>Toulouse</p>", False),
    ],
)
async def test_a_picture_covers_what_is_sensitive_and_nothing_else(
    session: BrowserSession, site: Site, body: str, covered: bool
) -> None:
    site.pages["/"] = html(body)
    await session.perform([call("open", site.url())])
    before = await session._windows.front.page.content()
    kept = await session.evidence(["Lovelace"])
    assert (colours(kept["screenshot.png"], (4, 4, 190, 36)) == BLACK) is covered
    assert await session._windows.front.page.content() == before


async def test_an_address_is_kept_without_its_query_and_without_sensitive_values(
    session: BrowserSession, site: Site
) -> None:
    site.pages["/dossiers/Lovelace"] = html("x")
    await session.perform([call("open", site.url("/dossiers/Lovelace?jeton=abc"))])
    kept = await session.evidence(["Lovelace"])
    assert kept["page.txt"].decode() == site.url("/dossiers/•••") + "\n"


async def test_a_page_that_hangs_leaves_no_picture_and_no_error(open_session: Open, site: Site) -> None:
    session = await open_session()
    site.pages["/"] = html("<p>x</p>")
    from robo_browser import evidence

    await session.perform([call("open", site.url())])
    patience, evidence.PATIENCE = evidence.PATIENCE, 0.5  # type: ignore[misc] - nobody waits five seconds in a test
    try:
        await session._windows.front.page.evaluate("() => { setTimeout(() => { for (;;) {} }) }")
        assert await session.evidence([]) == {}
    finally:
        evidence.PATIENCE = patience  # type: ignore[misc] - as it was


async def test_a_session_that_is_gone_leaves_no_error(open_session: Open) -> None:
    session = await open_session()
    await session.close()
    assert await session.evidence([]) == {}


async def test_a_screenshot_step_keeps_a_file_in_the_session_s_folder(
    open_session: Open, site: Site, tmp_path: Path
) -> None:
    session = await open_session()
    site.pages["/"] = html("<h1>Accueil</h1>")
    results = await session.perform([call("open", site.url()), call("screenshot", "../Récapitulatif final")])
    path = Path(results[1].values["file"])
    assert path == tmp_path / "Recapitulatif-final.png"
    assert path.read_bytes().startswith(b"\x89PNG")
