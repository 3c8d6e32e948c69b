"""PDF: text as it is read, pages put elsewhere once, damaged and locked files told.

`fixtures/libreoffice.pdf` (three pages) and `libreoffice-locked.pdf` (the same, with a password) were exported by
LibreOffice Calc 7.4; other files are made by reportlab. PDFium reads them all."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas
from robo_files import FilesRunner
from robo_files.actions_paper import PDF_SPLIT

from robo.sdk.errors import ItemTrouble, NotFound
from robo.sdk.grammar import parse_params
from robo.sdk.runner import Call, Context, Result
from robo.sdk.values import Effect

Do = Callable[..., Awaitable[Result]]
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def decision(given: Path) -> Path:
    return Path(shutil.copy(FIXTURES / "libreoffice.pdf", given / "decisions.pdf"))


@pytest.fixture
def pdf(given: Path) -> Callable[..., Path]:
    """A PDF with one text a page; a blank text is a page with a drawing only."""

    def write(name: str, *pages: str) -> Path:
        canvas = Canvas(str(given / name))
        for words in pages:
            canvas.drawString(100, 700, words)
            canvas.rect(10, 10, 50, 50)
            canvas.showPage()
        canvas.save()
        return given / name

    return write


def texts(file: Path) -> list[str]:
    with pypdfium2.PdfDocument(file) as document:
        return [document[index].get_textpage().get_text_bounded().splitlines()[0] for index in range(len(document))]


def held(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


async def test_the_text_of_all_pages_and_of_each(do: Do, decision: Path) -> None:
    result = await do("files.pdf_text", file=str(decision))
    assert result.values["count"] == 3
    assert result.values["pages"][0] == "Décision n° 2026-14\nMme Léa Martin est admise à l’œuvre sociale."
    assert result.values["text"].endswith("M. Ali Noël est admis.\n\nAnnexe\nVoies de recours")


@pytest.mark.parametrize(
    ("pages", "first"), [("2", "2026-15"), ("2-3", "2026-15"), ("3-", "Annexe"), ("1 - 1", "2026-14")]
)
async def test_some_pages_only(do: Do, decision: Path, pages: str, first: str) -> None:
    result = await do("files.pdf_text", file=str(decision), pages=pages)
    assert first in result.values["pages"][0]
    assert result.values["count"] == 3


@pytest.mark.parametrize("pages", ["4", "2-4", "0", "a", "2-1-3"])
async def test_pages_that_are_not_there_are_told(do: Do, decision: Path, pages: str) -> None:
    for action, more in (("pdf_text", {"pages": pages}), ("pdf_split", {"pages": [pages], "to": "pages"})):
        with pytest.raises(ItemTrouble) as caught:
            await do(f"files.{action}", file=str(decision), **more)
        assert caught.value.code == "RB849"


async def test_pages_that_are_pictures_have_no_text_and_an_optional_step_goes_on(
    do: Do, pdf: Callable[..., Path]
) -> None:
    with pytest.raises(NotFound) as caught:
        await do("files.pdf_text", file=str(pdf("scan.pdf", "", "")))
    assert (caught.value.code, "scanned" in caught.value.advice) == ("RB848", True)


async def test_a_locked_pdf_is_told(do: Do, given: Path) -> None:
    file = shutil.copy(FIXTURES / "libreoffice-locked.pdf", given)
    with pytest.raises(ItemTrouble) as caught:
        await do("files.pdf_text", file=str(file))
    assert caught.value.code == "RB805"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "RB803"), (b"PK\3\4", "RB847"), (b"<html>", "RB847"), (b"%PDF-1.7\nrien", "RB806")],
    ids=["empty", "a zip", "a page", "damaged"],
)
async def test_what_is_no_pdf_is_told(do: Do, given: Path, content: bytes, code: str) -> None:
    (given / "a.pdf").write_bytes(content)
    for action, more in (("pdf_text", {}), ("pdf_split", {"to": "pages"})):
        with pytest.raises(ItemTrouble) as caught:
            await do(f"files.{action}", file=str(given / "a.pdf"), **more)
        assert caught.value.code == code


async def test_each_page_becomes_a_file(do: Do, decision: Path, given: Path) -> None:
    result = await do("files.pdf_split", file=str(decision), to="pages")
    assert [each["name"] for each in result.values["files"]] == [f"decisions-{n}.pdf" for n in (1, 2, 3)]
    found = [texts(given / "pages" / each["name"]) for each in result.values["files"]]
    assert found == [["Décision n° 2026-14"], ["Décision n° 2026-15"], ["Annexe"]]


async def test_pages_may_stay_together_under_a_name(do: Do, decision: Path, given: Path) -> None:
    result = await do("files.pdf_split", file=str(decision), to=str(given), pages=["1", "2-"], name="2026/14")
    assert [(each["name"], each["count"]) for each in result.values["files"]] == [
        ("2026-14-1.pdf", 1),
        ("2026-14-2-3.pdf", 2),
    ]
    assert texts(given / "2026-14-2-3.pdf") == ["Décision n° 2026-15", "Annexe"]


async def test_files_are_put_together_in_their_order(
    do: Do, decision: Path, pdf: Callable[..., Path], given: Path
) -> None:
    first = pdf("lettre.pdf", "Lettre")
    result = await do("files.pdf_merge", files=[str(first), str(decision)], to=str(given / "envoi" / "2026-14"))
    assert (result.values["name"], result.values["count"]) == ("2026-14.pdf", 4)
    assert texts(given / "envoi" / "2026-14.pdf")[:2] == ["Lettre", "Décision n° 2026-14"]


async def test_done_twice_is_done_once(do: Do, decision: Path, given: Path) -> None:
    for _ in range(2):
        await do("files.pdf_split", file=str(decision), to="pages")
        await do(
            "files.pdf_merge",
            files=[str(given / "pages" / f"decisions-{n}.pdf") for n in (2, 1)],
            to=str(given / "m.pdf"),
        )
        once = held(given)
        (given / "pages" / "decisions-3.pdf").unlink()  # as when it was killed half-way
    await do("files.pdf_split", file=str(decision), to="pages")
    assert held(given) == once


async def test_another_file_of_that_name_stays(do: Do, decision: Path, given: Path) -> None:
    (given / "pages").mkdir()
    (given / "pages" / "decisions-2.pdf").write_bytes(b"autre")
    before = held(given)
    for action, more in (
        ("pdf_split", {"file": str(decision), "to": "pages"}),
        ("pdf_merge", {"files": [str(decision)], "to": str(given / "pages" / "decisions-2.pdf")}),
    ):
        with pytest.raises(ItemTrouble) as caught:
            await do(f"files.{action}", **more)
        assert (caught.value.code, held(given)) == ("RB838", before)


async def test_the_file_that_cannot_be_read_is_the_one_that_is_named(do: Do, decision: Path, given: Path) -> None:
    (given / "abime.pdf").write_bytes(b"%PDF-1.7\nrien")
    with pytest.raises(ItemTrouble) as caught:
        await do("files.pdf_merge", files=[str(decision), str(given / "abime.pdf")], to=str(given / "m.pdf"))
    assert (caught.value.code, "abime.pdf" in str(caught.value)) == ("RB806", True)
    with pytest.raises(ItemTrouble) as caught:
        await do("files.pdf_merge", files=[str(decision), str(given / "rien.pdf")], to=str(given / "m.pdf"))
    assert caught.value.code == "RB837"


async def test_nothing_leaves_what_the_run_was_given(do: Do, decision: Path, given: Path, tmp_path: Path) -> None:
    for action, more in (
        ("pdf_split", {"file": str(decision), "to": "/"}),
        ("pdf_merge", {"files": [str(decision)], "to": "/envoi.pdf"}),
        ("pdf_merge", {"files": [str(FIXTURES / "libreoffice.pdf")], "to": str(given / "envoi.pdf")}),
    ):
        with pytest.raises(ItemTrouble) as caught:
            await do(f"files.{action}", **more)
        assert caught.value.code == "RB830"


async def test_a_dry_run_splits_nothing(runner: FilesRunner, context: Context, decision: Path, given: Path) -> None:
    session = await runner.open(replace(context, dry_run=True))
    params = parse_params(PDF_SPLIT, {"file": str(decision), "to": "pages"})
    (result,) = await session.perform([Call("step", "files.pdf_split", params, Effect.LOCAL, 30)])
    assert (result.values["count"], list(held(given))) == (3, ["decisions.pdf"])
