"""The report as PDF, by each printer: its text has the numbers of the page, its tags what a screen reader needs."""

from __future__ import annotations

import ctypes
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pytest
from pypdfium2 import raw

from robo.errors import InfrastructureError
from robo.services.reporting import pdf
from robo.services.reporting.html import page
from robo.services.reporting.model import Report
from robo.services.reporting.pdf import Printer, printed, weasyprint_lacks
from robo.services.reporting.texts import Texts
from tests import hours_report
from tests.unit.services.reporting.reading import Page, durations

LACKS = weasyprint_lacks()
PRINTERS = [
    pytest.param(Printer.WEASYPRINT, marks=pytest.mark.skipif(LACKS is not None, reason=f"WeasyPrint: {LACKS}")),
    Printer.BROWSER,
]


@dataclass
class Tag:
    """An element of the structure of a PDF."""

    kind: str
    alt: str
    below: list[Tag] = field(default_factory=list)

    def every(self, *kinds: str) -> Iterator[Tag]:
        if self.kind in kinds:
            yield self
        for each in self.below:
            yield from each.every(*kinds)


@pytest.fixture(scope="module")
def report() -> Report:
    """All thirteen processes, in two regions: their picture fills the first sheet."""
    return hours_report.report(regions=2, months=4)


@pytest.fixture(scope="module", params=PRINTERS)
def printer(request: pytest.FixtureRequest) -> Printer:
    return Printer(request.param)


@pytest.fixture(scope="module")
def language(printer: Printer) -> str:
    """A browser writes every space alike, so that numbers of French could not be told from their neighbours."""
    return {Printer.WEASYPRINT: "fr", Printer.BROWSER: "en"}[printer]


@pytest.fixture(scope="module")
def made(report: Report, language: str) -> str:
    return page(report, language)


@pytest.fixture(scope="module")
def document(made: str, printer: Printer) -> Iterator[pdfium.PdfDocument]:
    opened = pdfium.PdfDocument(printed(made, {}, printer))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def sheets(document: pdfium.PdfDocument) -> list[str]:
    """The text of each page, its ends of lines as spaces."""
    return [document[index].get_textpage().get_text_bounded() for index in range(len(document))]


@pytest.fixture(scope="module")
def tags(document: pdfium.PdfDocument) -> list[Tag]:
    return [tag for index in range(len(document)) for tag in tags_of(document[index])]


def tags_of(sheet: pdfium.PdfPage) -> Iterator[Tag]:
    tree = raw.FPDF_StructTree_GetForPage(sheet.raw)
    try:
        for index in range(raw.FPDF_StructTree_CountChildren(tree)):
            yield tag_of(raw.FPDF_StructTree_GetChildAtIndex(tree, index))
    finally:
        raw.FPDF_StructTree_Close(tree)


def tag_of(element: raw.FPDF_STRUCTELEMENT) -> Tag:
    count = raw.FPDF_StructElement_CountChildren(element)
    below = (raw.FPDF_StructElement_GetChildAtIndex(element, index) for index in range(count))
    kind, alt = said(raw.FPDF_StructElement_GetType, element), said(raw.FPDF_StructElement_GetAltText, element)
    return Tag(kind, alt, [tag_of(each) for each in below if each])


def said(ask: object, element: object) -> str:
    size = ask(element, None, 0)  # type: ignore[operator] - a function of PDFium, which has no types
    if not size:
        return ""
    buffer = ctypes.create_string_buffer(size)
    ask(element, buffer, size)  # type: ignore[operator] - the same
    return buffer.raw.decode("utf-16-le").rstrip("\0")


def flat(text: str) -> str:
    """Without spaces: lines are broken where a sheet ends."""
    return "".join(text.split()).replace("\u202f", "").replace("\u00a0", "").replace("\u00ad", "").replace("\ufffe", "")


def test_every_hour_of_the_page_is_on_the_sheets(made: str, sheets: list[str]) -> None:
    from_tables = Page(made).durations()
    on_sheets = Counter(durations("\n".join(sheets).replace("\r", "")))
    assert from_tables - on_sheets == Counter()
    assert sum(from_tables.values()) > 150


def test_the_first_sheet_has_the_sentence_and_the_first_picture(
    report: Report, sheets: list[str], language: str
) -> None:
    texts = Texts(language)
    first = flat(sheets[0])
    assert flat(texts.head(report)) in first
    assert flat(texts.say("human time and corrections")) in first
    assert all(flat(texts.hours(bar.figures.proven)) in first for bar in report.bars)


def test_no_heading_stands_alone_at_the_foot_of_a_sheet(made: str, sheets: list[str]) -> None:
    tree = Page(made).tree
    titles = {flat(each.text_content()) for each in tree.xpath("//h2 | //caption")}
    assert len(titles) > 20
    for sheet in sheets:
        lines = [flat(line) for line in sheet.splitlines() if not re.fullmatch(r"\s*(\d+ / \d+)?\s*", line)]
        assert lines[-1] not in titles


def test_it_is_tagged_and_says_its_title_and_its_language(
    document: pdfium.PdfDocument, made: str, language: str
) -> None:
    assert raw.FPDFCatalog_IsTagged(document.raw)
    tree = Page(made).tree
    assert document.get_metadata_value("Title") == tree.findtext(".//title")
    size = raw.FPDFCatalog_GetLanguage(document.raw, None, 0)
    buffer = (ctypes.c_ushort * (size // 2))()
    raw.FPDFCatalog_GetLanguage(document.raw, buffer, size)
    assert bytes(buffer).decode("utf-16-le").rstrip("\0") == language
    outline = [mark.get_title() for mark in document.get_toc()]
    headings = [" ".join(each.text_content().split()) for each in tree.xpath("//h1 | //h2")]
    assert [" ".join(title.split()) for title in outline] == headings


def test_its_pictures_have_texts_its_tables_heads(tags: list[Tag], made: str) -> None:
    every = [each for tag in tags for each in tag.every("Figure", "H1", "H2", "Table", "TH", "TD", "Caption")]
    kinds = Counter(each.kind for each in every)
    pictures = [each for each in every if each.kind == "Figure"]
    assert len({each.alt for each in pictures}) == 3
    assert all(len(each.alt) > 30 for each in pictures)
    read = Page(made)
    assert kinds["H1"] == 1
    assert kinds["H2"] == len(read.tree.xpath("//h2"))
    assert kinds["Table"] >= len(read.tree.xpath("//table")) <= kinds["Caption"]
    assert kinds["TD"] >= len(read.tree.xpath("//td[normalize-space()]"))
    assert kinds["TH"] >= len(read.tree.xpath("//th"))


@pytest.mark.skipif(LACKS is not None, reason=f"WeasyPrint: {LACKS}")
def test_weasyprint_says_that_it_is_pdf_ua() -> None:
    whole = printed(page(hours_report.nothing(), "fr"), {}, Printer.WEASYPRINT)
    told = re.search(rb"/Metadata.*?stream\r?\n(.*?)\r?\nendstream", whole, re.DOTALL)
    assert told is not None
    assert b"pdfuaid:part" in zlib.decompress(told[1])


def test_a_machine_that_makes_no_pdf_is_told_how_it_could() -> None:
    with pytest.raises(InfrastructureError) as refused:
        printed("", {"executable": "/nowhere/chromium"}, Printer.BROWSER)
    assert refused.value.code == "RB077"
    assert "there is no browser at /nowhere/chromium" in str(refused.value)
    assert "robo[pdf]" in refused.value.remedy


def test_without_weasyprint_the_browser_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "weasyprint_lacks", lambda: 'no library called "pango-1.0-0" was found')
    assert printed(page(hours_report.nothing(), "en"), {}).startswith(b"%PDF")
    with pytest.raises(InfrastructureError) as refused:
        printed("", {}, Printer.WEASYPRINT)
    assert refused.value.code == "RB076"
