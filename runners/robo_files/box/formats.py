"""What a workbook is by its first bytes, whatever its name says, and how the marks of its cells are found."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path

from robo_files.box.archive import Archive
from robo_files.box.marks import Marks
from robo_files.box.trouble import Limits, Trouble, phrase
from robo_files.box.workbook import refuse_entities

_OLD = b"\xd0\xcf\x11\xe0"
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


class Kind(Enum):
    """The kinds of workbooks that are read. What is none of them is refused by whoever opens an xlsx."""

    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"


def kind_of(path: Path) -> Kind:
    """By the first bytes. An ods names itself in its first part, which is not packed (OpenDocument 1.3 part 2, 3.3)."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(_OLD):
        return Kind.XLS
    return Kind.ODS if head.startswith(b"PK") and _ODS in head else Kind.XLSX


def marks_of(path: Path, kind: Kind, limits: Limits) -> Callable[[int], Marks]:
    """Check the limits, then give what finds the marks of the sheet at an index."""
    if kind is Kind.ODS:
        from robo_files.box.opendoc import CONTENT, scan_content

        archive = Archive(path, limits)
        if CONTENT not in archive.parts:
            raise Trouble("broken", why=phrase("%(part)s is missing", part=CONTENT))
        if "META-INF/manifest.xml" in archive.parts and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise Trouble("encrypted")
        refuse_entities(archive)
        return lambda index: scan_content(archive, index)
    from robo_files.box.oldbook import scan_records, stream_of

    size = path.stat().st_size
    if size > limits.size:
        raise Trouble("too-big", size=size, limit=limits.size)
    stream = stream_of(path.read_bytes())
    return lambda index: scan_records(stream, index)
