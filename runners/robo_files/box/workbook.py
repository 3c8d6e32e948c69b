"""The parts of an xlsx: which sheets it has and where, found by the standard's relations and nothing else.

Format: ECMA-376 part 1, 12.3 and 18.2. Strict and transitional ones differ by namespace only: local names decide.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from xml.parsers import expat

from robo_files.box.archive import Archive
from robo_files.box.cells import tidy
from robo_files.box.marks import place_of
from robo_files.box.trouble import Limits, Trouble

_HEAD = 4096
_AREA = re.compile(r"([A-Z]{1,3}[0-9]{1,7}):([A-Z]{1,3}[0-9]{1,7})")
_KINDS = ((b"%PDF", "PDF"), (b"<", "HTML or XML"), (b"{\\rtf", "RTF"), (b"\x1f\x8b", "gzip"), (b"7z\xbc\xaf", "7z"))


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    part: str
    """Its part of the archive: `xl/worksheets/sheet1.xml`."""
    hidden: bool


@dataclass(frozen=True, slots=True)
class Workbook:
    archive: Archive
    part: str
    """`xl/workbook.xml`, nearly always."""
    sheets: tuple[Sheet, ...]
    date1904: bool

    def sheet(self, name: str | None) -> Sheet:
        """The sheet of that name (compared as headers are), or the only visible one."""
        return choose(self.sheets, name)


def choose(sheets: Sequence[Sheet], name: str | None) -> Sheet:
    """The sheet of that name (compared as headers are), or the only visible one."""
    if name is None:
        visible = [sheet for sheet in sheets if not sheet.hidden]
        if len(visible) == 1:
            return visible[0]
        raise Trouble("which-sheet", sheets=[sheet.name for sheet in visible])
    wanted = tidy(name)
    for sheet in sheets:
        if tidy(sheet.name) == wanted:
            return sheet
    folded = {tidy(sheet.name).casefold(): sheet.name for sheet in sheets}
    near = get_close_matches(wanted.casefold(), folded, n=1, cutoff=0.5)
    raise Trouble("no-sheet", sheet=name, sheets=[sheet.name for sheet in sheets], near=folded[near[0]] if near else "")


def open_workbook(path: Path, limits: Limits) -> Workbook:
    """Check the limits, then read the workbook's own parts (a few kilobytes). Sheets are not touched."""
    _what_it_is(path)
    archive = Archive(path, limits)
    part = _main_part(archive)
    relations = {key: target for key, (_, target) in relations_of(archive, part).items()}
    sheets: list[Sheet] = []
    mac = [False]

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            mac[0] = attributes.get("date1904", "0") in ("1", "true")
        elif name == "sheet":
            target = next((relations[v] for k, v in attributes.items() if k.endswith(":id") and v in relations), "")
            if target in archive.parts and "/worksheets/" in f"/{target}":
                sheets.append(
                    Sheet(attributes.get("name", ""), target, attributes.get("state", "visible") != "visible")
                )

    walk(archive, part, start)
    if not sheets:
        raise Trouble("empty-workbook")
    return Workbook(archive, part, tuple(sheets), mac[0])


def walk(archive: Archive, name: str, start: Callable[[str, dict[str, str]], None]) -> None:
    """Call `start(local name, attributes)` for each element of a part. A document type is refused: nobody needs one,
    and entities are how a kilobyte becomes a gigabyte."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise Trouble("entities", part=name)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    try:
        for block in archive.blocks(name):
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Trouble("broken", why=f"{name}: {error}") from error


def refuse_entities(archive: Archive) -> None:
    """No part of the workbook may bring a document type, whoever parses it later."""
    for name in archive.parts:
        if name.endswith((".xml", ".rels")):
            head = next(iter(archive.blocks(name)), b"")[:_HEAD].replace(b"\0", b"")
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise Trouble("entities", part=name)


def _what_it_is(path: Path) -> None:
    """Refuse, by its first bytes, what only bears the name of an xlsx."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if head.startswith(b"\xd0\xcf\x11\xe0"):
            rest = head + file.read(1_000_000)
            sealed = "EncryptedPackage".encode("utf-16-le") in rest
            raise Trouble("encrypted") if sealed else Trouble("unpatchable", why="it is an xls (Excel 97-2003)")
    if not head:
        raise Trouble("empty-file")
    if head.startswith(b"PK"):
        return
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    raise Trouble(
        "not-xlsx", found=next((kind for mark, kind in _KINDS if bare.startswith(mark)), "text or something else")
    )


def _main_part(archive: Archive) -> str:
    if "[Content_Types].xml" not in archive.parts or "_rels/.rels" not in archive.parts:
        kind = ""
        if "mimetype" in archive.parts:
            kind = archive.read("mimetype")[:200].decode("ascii", "replace")
        raise Trouble("not-xlsx", found="ods (OpenDocument)" if "opendocument" in kind else "a zip archive")
    for kind, target in relations_of(archive, "").values():
        if kind == "officeDocument" and target in archive.parts:
            if target.endswith(".bin"):
                raise Trouble("not-xlsx", found="xlsb (binary workbook)")
            if target.startswith(("word/", "ppt/")):
                raise Trouble("not-xlsx", found="a Word or PowerPoint document")
            return target
    raise Trouble("not-xlsx", found="a zip archive")


def relations_of(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """A part's relations by their id: (last word of the type, the target's name), external ones left out."""
    folder, _, name = part.rpartition("/")
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], place)

    walk(archive, posixpath.join(folder, "_rels", f"{name}.rels"), start)
    return found


def totals_of(archive: Archive, sheet: str) -> dict[int, range]:
    """The rows of totals that tables of a sheet show (18.5.1.2): number, and the columns (from 0) of the table."""
    folder, _, name = sheet.rpartition("/")
    found: dict[int, range] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        area = _AREA.fullmatch(attributes.get("ref", ""))
        if tag == "table" and area and attributes.get("totalsRowCount", "0") != "0":
            (_, left), (bottom, right) = place_of(area[1].encode()), place_of(area[2].encode())
            found[bottom] = range(left - 1, right)

    if f"{folder}/_rels/{name}.rels" in archive.parts:
        for kind, target in relations_of(archive, sheet).values():
            if kind == "table" and target in archive.parts:
                walk(archive, target, start)
    return found


def recalculated(workbook: bytes) -> bytes:
    """The workbook part with `fullCalcOnLoad`: what was computed from a changed cell is computed again on opening."""
    root = re.search(rb"<(\w+:)?workbook\b", workbook)
    prefix = (root and root[1]) or b""
    found = re.search(rb"<" + prefix + rb"calcPr\b([^>]*?)(/?)>", workbook)
    if found:
        rest = re.sub(rb"\s+fullCalcOnLoad=(\"[^\"]*\"|'[^']*')", b"", found[1])
        return workbook[: found.start(1)] + rest.rstrip() + b' fullCalcOnLoad="1"' + workbook[found.end(1) :]
    for before in (b"definedNames", b"externalReferences", b"functionGroups", b"sheets"):  # the order of 18.2.27
        end = workbook.find(b"</" + prefix + before + b">")
        if end >= 0:
            at = end + len(before) + len(prefix) + 3
            return workbook[:at] + b"<" + prefix + b'calcPr fullCalcOnLoad="1"/>' + workbook[at:]
    return workbook
