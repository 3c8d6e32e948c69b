"""What calamine does not tell about the cells of an xls: which are errors, which are computed.

Formats: [MS-CFB] for the streams of the file, [MS-XLS] 2.4 for the records (BIFF8; what is read is the same in BIFF5).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from robo_files.box.marks import Marks
from robo_files.box.trouble import Trouble

_HEADER = 512
_ENTRY = 128
_LAST = 0xFFFFFFFA
"""Sector numbers from here on are no sectors."""
_BOF, _EOF, _BOUNDSHEET, _FORMULA, _BOOLERR, _FILEPASS = 0x0809, 0x000A, 0x0085, 0x0006, 0x0205, 0x002F
_BOOLERR_SIZE, _FORMULA_SIZE = 8, 14
_IS_ERROR = 2
"""The first byte of a result that is no number (2.5.133)."""
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_SEALED = "EncryptedPackage".encode("utf-16-le")
_OFFICE = {"WordDocument": "a Word document", "PowerPoint Document": "a PowerPoint document"}


def stream_of(data: bytes) -> bytes:
    """The stream of records of an xls. Raises `encrypted`, `not-xlsx` (another document of the 1990s) or `broken`."""
    if _SEALED in data:
        raise Trouble("encrypted")
    try:
        return _stream(data)
    except (struct.error, IndexError) as error:
        raise Trouble("broken", why="its directory cannot be read") from error


def _stream(data: bytes) -> bytes:
    (shift,) = struct.unpack_from("<H", data, 30)
    (directory,) = struct.unpack_from("<L", data, 48)
    small, small_fat = struct.unpack_from("<L", data, 56)[0], struct.unpack_from("<L", data, 60)[0]
    if shift not in (9, 12):
        raise Trouble("broken", why="its directory cannot be read")
    size = 1 << shift
    fat = _fat(data, size)
    entries = _joined(data, fat, directory, size, first=1)
    found: dict[str, tuple[int, int]] = {}
    for at in range(0, len(entries) - _ENTRY + 1, _ENTRY):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
        found[name] = struct.unpack_from("<LL", entries, at + 116)
    if "Root Entry" not in found:
        raise Trouble("broken", why="its directory is missing; the file was cut short")
    start, length = found.get("Workbook") or found.get("Book") or _other(found)
    if length >= small:
        return _joined(data, fat, start, size, first=1)[:length]
    lesser = _numbers(_joined(data, fat, small_fat, size, first=1))
    container = _joined(data, fat, found["Root Entry"][0], size, first=1)
    return _joined(container, lesser, start, 64, first=0)[:length]


def _other(found: dict[str, tuple[int, int]]) -> tuple[int, int]:
    raise Trouble("not-xlsx", found=next((kind for name, kind in _OFFICE.items() if name in found), "another document"))


def _fat(data: bytes, size: int) -> tuple[int, ...]:
    count, more, blocks = (struct.unpack_from("<L", data, at)[0] for at in (44, 68, 72))
    sectors = list(struct.unpack_from("<109L", data, 76))
    for _ in range(min(blocks, len(data) // size)):
        listed = struct.unpack_from(f"<{size // 4}L", data, (more + 1) * size)
        sectors += listed[:-1]
        more = listed[-1]
    held = b"".join(data[(n + 1) * size : (n + 2) * size] for n in sectors[:count] if n < _LAST)
    return _numbers(held)


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}L", data[: len(data) // 4 * 4])


def _joined(data: bytes, fat: tuple[int, ...], start: int, size: int, *, first: int) -> bytes:
    """The sectors of a chain, one after the other. `first`: sectors that stand before number 0 (the header)."""
    pieces: list[bytes] = []
    while start < _LAST:
        if len(pieces) > len(fat):
            raise Trouble("broken", why="its parts go round in a circle")
        pieces.append(data[(start + first) * size : (start + first + 1) * size])
        start = fat[start]
    return b"".join(pieces)


def scan_records(stream: bytes, index: int) -> Marks:
    """The marks of the sheet that comes at `index` (from 0) of the workbook."""
    starts = [struct.unpack_from("<L", body)[0] for kind, body in _records(stream, 0) if kind == _BOUNDSHEET]
    marks = Marks()
    for kind, body in _records(stream, starts[index]) if index < len(starts) else ():
        if kind == _BOOLERR and len(body) >= _BOOLERR_SIZE and body[7]:
            _wrong(marks, body, body[6])
        elif kind == _FORMULA and len(body) >= _FORMULA_SIZE:
            row, column = struct.unpack_from("<HH", body)
            marks.computed.setdefault(row + 1, set()).add(column + 1)
            if body[12:14] == b"\xff\xff" and body[6] == _IS_ERROR:
                _wrong(marks, body, body[8])
    return marks


def _wrong(marks: Marks, body: bytes, code: int) -> None:
    row, column = struct.unpack_from("<HH", body)
    marks.errors.setdefault(row + 1, {})[column + 1] = _ERRORS.get(code, "#ERR!")


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of the part that begins at `at`, those of charts within it left out."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind == _FILEPASS:
            raise Trouble("encrypted")
        depth += (kind == _BOF) - (kind == _EOF)
        if depth == 1:
            yield kind, stream[at + 4 : at + 4 + size]
        elif depth < 1:
            return
        at += 4 + size
