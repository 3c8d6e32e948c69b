"""A Word document with `${{ name }}` in it, filled in. Only names are read there, never expressions: what they are is
said by the process. The result is the same to the byte whenever the values are.
"""

from __future__ import annotations

import copy
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robo_files.box.archive import Archive
from robo_files.box.trouble import Limits, Trouble
from robo_files.box.workbook import refuse_entities

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table, _Row

_PLACE = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ROW = "row."
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
Values = Mapping[str, str]


def fill(path: Path, target: Path, values: Values, rows: Sequence[Values], limits: Limits) -> None:
    """Write `path` to `target` with every `${{ name }}` replaced. A row of a table that names `${{ row.Column }}` comes
    once for each of `rows`. Raises `not-docx`, `no-values` for names that have none."""
    archive = Archive(path, limits)
    if "word/document.xml" not in archive.parts:
        raise Trouble("not-docx")
    refuse_entities(archive)
    import docx

    document = docx.Document(str(path))
    lacking = dict[str, None]()
    for table in _tables(document):
        _repeat(table, rows, lacking)
    for paragraph in _paragraphs(document):
        _replace(paragraph, values, lacking)
    if lacking:
        raise Trouble("no-values", lacking=list(lacking), there=sorted(values))
    out = BytesIO()
    document.save(out)
    _write_same(out, target)


def _tables(document: Document) -> Iterator[Table]:
    """Every table, those within cells too."""
    todo = list(document.tables)
    while todo:
        table = todo.pop(0)
        yield table
        todo += [inner for row in table.rows for cell in row.cells for inner in cell.tables]


def _paragraphs(document: Document) -> Iterator[Any]:
    """Every paragraph of the text, of tables, text boxes, headers and footers."""
    for part in (document.part, *_margins(document)):
        yield from part.element.iter(f"{_WORD}p")


def _margins(document: Document) -> Iterator[Any]:
    seen = set[int]()
    for section in document.sections:
        for each in (
            section.header, section.footer, section.first_page_header, section.first_page_footer,
            section.even_page_header, section.even_page_footer,
        ):  # fmt: skip
            if not each.is_linked_to_previous and id(each.part) not in seen:
                seen.add(id(each.part))
                yield each.part


def _repeat(table: Table, rows: Sequence[Values], lacking: dict[str, None]) -> None:
    for model in list(table.rows):
        if not any(name.startswith(_ROW) for name in _names(model)):
            continue
        for values in rows:
            element = copy.deepcopy(model._tr)  # noqa: SLF001 - python-docx has no way of its own to copy a row
            model._tr.addprevious(element)  # noqa: SLF001 - as above
            named = {f"{_ROW}{name}": value for name, value in values.items()}
            for paragraph in element.iter(f"{_WORD}p"):
                _replace(paragraph, named, lacking, only=_ROW)
        table._tbl.remove(model._tr)  # noqa: SLF001 - as above


def _names(row: _Row) -> Iterator[str]:
    for cell in row.cells:
        for paragraph in cell.paragraphs:
            yield from _PLACE.findall("".join(run.text for run in paragraph.runs))


def _replace(paragraph: Any, values: Values, lacking: dict[str, None], *, only: str = "") -> None:
    """Word cuts a text into runs wherever it likes: a place may begin in one and end in another. What stands for it
    goes into the run it begins in, and so has its looks."""
    from docx.text.run import Run

    runs = [Run(element, None) for element in paragraph.iter(f"{_WORD}r")]  # type: ignore[arg-type]  # it has no use for a parent
    whole = "".join(run.text for run in runs)
    found = [match for match in _PLACE.finditer(whole) if match[1].startswith(only)]
    for match in reversed(found):
        if match[1] not in values:
            lacking[match[1]] = None
            continue
        at = 0
        put = values[match[1]]
        for run in runs:
            text = run.text
            begin, end = max(match.start() - at, 0), min(match.end() - at, len(text))
            at += len(text)
            if begin < end:
                run.text = text[:begin] + put + text[end:]
                put = ""


def _write_same(made: BytesIO, target: Path) -> None:
    """The same parts with one date for all: what is filled in twice with the same values is one file."""
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in parts.namelist():
            out.writestr(zipfile.ZipInfo(name, _LONG_AGO), parts.read(name), zipfile.ZIP_DEFLATED)
