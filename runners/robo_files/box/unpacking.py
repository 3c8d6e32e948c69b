"""A stranger's zip: its names and sizes first, then its files under numbers, so that no name of its chooses a place."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import Any

from robo_files.box.archive import Archive, Part
from robo_files.box.trouble import Limits, Trouble, phrase

_DRIVE = re.compile(r"[A-Za-z]:")
_KIND, _LINK = 0o170000, 0o120000


def unpack(path: Path, target: str, limits: Limits) -> list[dict[str, Any]]:
    """What the archive holds, as `{parts, size, crc}` in its order, folders left out. With `target` (an empty folder)
    each is written there under its number. Every name is looked at before anything is written."""
    archive = Archive(path, limits)
    found = [(part, _names(part)) for part in archive.parts.values() if not part.name.endswith("/")]
    told = []
    for number, (part, names) in enumerate(found):
        (crc,) = struct.unpack_from("<L", part.central, 16)
        if target:
            _write(archive, part, Path(target) / str(number), crc)
        told.append({"parts": names, "size": part.unpacked, "crc": crc})
    return told


def _names(part: Part) -> list[str]:
    """The folders and the name of an entry. One that is absolute, climbs, or is a link is refused: nobody packs such a
    thing by accident."""
    (attributes,) = struct.unpack_from("<L", part.central, 38)
    if attributes >> 16 & _KIND == _LINK:
        raise Trouble("link-inside", entry=part.name)
    names = [name for name in part.name.split("/") if name not in ("", ".")]
    if part.name.startswith("/") or _DRIVE.match(part.name) or ".." in names or "\0" in part.name or not names:
        raise Trouble("path-inside", entry=part.name)
    return names


def _write(archive: Archive, part: Part, file: Path, crc: int) -> None:
    sum_of = 0
    with file.open("xb") as out:
        for block in archive.blocks(part.name):
            sum_of = zlib.crc32(block, sum_of)
            out.write(block)
    if sum_of != crc:
        raise Trouble("broken", why=phrase("%(part)s does not have its checksum", part=part.name))
