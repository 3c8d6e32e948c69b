"""PDF: the text of pages, and pages put into new files. PDFium parses it, in the box and nowhere else.

Whatever is made twice of the same pages is the same to the byte: the date and the random mark that PDFium writes are
replaced by ones made of the content, which keep their length and so every position in the file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robo_files.box.trouble import Limits, Trouble

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_HEAD = 1024
_HYPHEN = re.compile("[\x02\ufffe](?:\r?\n)?")
"""What PDFium gives for a hyphen at the end of a line: the word goes on."""
_DATE = re.compile(rb"<</CreationDate\(D:\d{14}(?=\+00'00'\)/Creator\(PDFium\)/Producer\(PDFium\)>>)")
_MARK = re.compile(rb"(?<=ID\[<)[0-9A-F]{32}(?=><)|(?<=><)[0-9A-F]{32}(?=>\]>>\s*startxref)")


def text_of(path: Path, first: int, last: int | None, limits: Limits) -> dict[str, Any]:
    """`{count, texts}`: how many pages there are, and the text of those from `first` to `last`."""
    with _opened(path, limits) as document:
        count = len(document)
        end = min(last or count, count)
        return {"count": count, "texts": [_text(document, number) for number in range(first - 1, end)]}


def split(path: Path, target: Path, ranges: Sequence[tuple[int, int | None]], limits: Limits) -> list[dict[str, int]]:
    """One file for each range of pages (from 1, both ends in; None: to the last), under its number in `target`; without
    ranges, one for each page. Answers the pages of each."""
    with _opened(path, limits) as document:
        count = len(document)
        wanted = ranges or [(number, number) for number in range(1, count + 1)]
        for first, last in wanted:
            if not 1 <= first <= (last or count) <= count:
                raise Trouble("no-page", pages=f"{first}-{last or ''}" if first != last else str(first), count=count)
        for index, (first, last) in enumerate(wanted):
            _save([(document, range(first - 1, last or count))], target / str(index))
        return [{"first": first, "last": last or count} for first, last in wanted]


def merge(paths: Sequence[Path], target: Path, limits: Limits) -> int:
    """All pages of all files, one after the other. Answers how many they are."""
    opened = [_opened(path, limits) for path in paths]
    documents: list[PdfDocument] = []
    try:
        for path, each in zip(paths, opened, strict=True):
            try:
                documents.append(each.__enter__())
            except Trouble as trouble:
                raise Trouble(trouble.kind, **{**trouble.facts, "at": str(path)}) from trouble
        _save([(document, range(len(document))) for document in documents], target)
        return sum(len(document) for document in documents)
    finally:
        for document in documents:
            document.close()


@contextmanager
def _opened(path: Path, limits: Limits) -> Iterator[PdfDocument]:
    from pypdfium2 import PdfDocument, PdfiumError

    size = path.stat().st_size
    if size > limits.size:
        raise Trouble("too-big", size=size, limit=limits.size)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise Trouble("empty-file")
    if b"%PDF-" not in head:
        raise Trouble("not-pdf")
    try:
        document = PdfDocument(str(path))
        len(document)
    except PdfiumError as error:
        raise Trouble("encrypted" if "password" in str(error).lower() else "broken", why=str(error)) from error
    try:
        yield document
    except PdfiumError as error:
        raise Trouble("broken", why=str(error)) from error
    finally:
        document.close()


def _text(document: PdfDocument, index: int) -> str:
    page = document[index]
    words = page.get_textpage()
    try:
        return _HYPHEN.sub("", words.get_text_bounded()).replace("\r\n", "\n")
    finally:
        words.close()
        page.close()


def _save(sources: Sequence[tuple[PdfDocument, range]], target: Path) -> None:
    from io import BytesIO

    from pypdfium2 import PdfDocument

    made = PdfDocument.new()
    for document, pages in sources:
        made.import_pages(document, list(pages))
    out = BytesIO()
    made.save(out)
    made.close()
    target.write_bytes(_always_same(out.getvalue()))


def _always_same(content: bytes) -> bytes:
    dated = _DATE.sub(b"<</CreationDate(D:20000101000000", content)
    bare = _MARK.sub(b"0" * 32, dated)
    mark = hashlib.sha256(bare).hexdigest()[:32].upper().encode()
    return _MARK.sub(mark, dated)
