"""A request that brings files is one request, like any other: what the browser keeps back is read once more."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from robo_browser.papers import Papers

from robo.sdk.values import Effect
from tests.runners.browser.support import Gate, Open, Reply, Site, call, html

HEAD = b'--X\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\nContent-Type: application/pdf\r\n\r\n'
TAIL = b"\r\n--X--\r\n"


def held(*parts: bytes | None) -> Mapping[str, Any]:
    """A request as the browser holds it: parts it hands over, and None for what is in a file."""
    entries = [{} if part is None else {"bytes": base64.b64encode(part).decode()} for part in parts]
    return {"hasPostData": True, "postDataEntries": entries}


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    file = tmp_path / 'avis "2026" é.pdf'
    file.write_bytes(b"%PDF-1.4 avis")
    return file


NAMED = HEAD % "avis %222026%22 é.pdf".encode()


def test_a_body_is_put_together_from_what_the_browser_has_and_the_file(paper: Path) -> None:
    papers = Papers()
    papers.give([str(paper)])
    assert papers.body_of(held(NAMED, None, TAIL)) == NAMED + b"%PDF-1.4 avis" + TAIL
    assert papers.body_of(held(b"abc", b"def")) == b"abcdef"
    assert papers.body_of({}) == b""


def test_a_file_that_no_step_gave_is_not_ours_to_send(paper: Path) -> None:
    papers = Papers()
    assert papers.body_of(held(NAMED, None, TAIL)) is None
    papers.give([str(paper), str(paper.parent / "nowhere.pdf")])
    assert papers.body_of(held(HEAD % b"nowhere.pdf", None, TAIL)) is None
    assert papers.body_of(held(b"abc", None)) is None
    assert papers.body_of({"hasPostData": True}) is None
    papers.clear()
    assert papers.body_of(held(NAMED, None, TAIL)) is None


def test_a_file_that_has_changed_since_is_not_ours_to_send(paper: Path) -> None:
    papers = Papers()
    papers.give([str(paper)])
    paper.write_bytes(b"%PDF-1.4 another")
    assert papers.body_of(held(NAMED, None, TAIL)) is None


def test_two_files_of_one_name_are_told_apart_by_nobody(paper: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / paper.name
    other.parent.mkdir()
    other.write_bytes(b"%PDF-1.4 other")
    papers = Papers()
    papers.give([str(paper), str(other)])
    assert papers.body_of(held(NAMED, None, TAIL)) is None


@pytest.mark.asyncio(loop_scope="session")
async def test_an_effect_with_a_file_whose_answer_is_lost_is_not_sent_again(
    open_session: Open, site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "décision n° 12.pdf"
    file.write_bytes(b"%PDF-1.4 \x00\xff une image")
    site.pages |= {
        "/": html(
            "<form method=post action=/envoi enctype=multipart/form-data><input name=a value=é type=hidden>"
            "<label>Pièce <input type=file name=f></label><button name=b value=1>Envoyer</button></form>"
        ),
        "/envoi": Reply(lost=True),
    }
    session = await open_session()
    await session.perform([call("open", site.url()), call("upload", {"Pièce": str(file)})])
    step = call("submit", "Envoyer", effect=Effect.SUBMIT, in_once=True, read={"n": "css=#n"})
    answer = await session.submit([], step, Gate())
    assert (answer.values, answer.requests) == (None, 1)
    (sent,) = site.effects()
    assert "une image" in sent.body
    assert 'name="f"; filename="décision n° 12.pdf"' in sent.body
    assert sent.body.index('name="a"') < sent.body.index('name="f"') < sent.body.index('name="b"')
