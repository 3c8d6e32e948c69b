"""Our own reader of a zip's directory: limits are checked before anything is unpacked, and parts are copied raw.

Format: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5. Only what spreadsheets use: stored and deflated parts, one disk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from robo_files.box.trouble import Limits, Trouble, phrase

_EOCD = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_ZIP64_EOCD = struct.Struct("<4sQ2H2L4Q")
_MARK16, _MARK32 = 0xFFFF, 0xFFFFFFFF
_SMALL = 1_000_000
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One entry: its sizes as declared, and where its local header stands."""

    name: str
    flags: int
    method: int
    packed: int
    unpacked: int
    offset: int
    end: int
    """Where the next local header, or the directory, begins."""
    central: bytes
    """Its record of the directory, as it stands."""


class Archive:
    """A zip that passed the limits. `read` and `blocks` never give more bytes than were declared."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self._data = _load(path, limits)
        start, self._tail, count = _directory(self._data, limits)
        self.parts = {part.name: part for part in _parts(self._data, start, count)}
        if len(self.parts) != count:
            raise Trouble("broken", why="two parts have one name")
        _check(self.parts.values(), limits)

    def blocks(self, name: str) -> Iterator[bytes]:
        """The unpacked bytes of a part, a megabyte at a time."""
        part = self.parts[name]
        begin = _body(self._data, part)
        packed = memoryview(self._data)[begin : begin + part.packed]
        if part.method == 0:
            yield bytes(packed)
            return
        unpacker, given = zlib.decompressobj(-15), 0
        feed: bytes | memoryview = packed
        while not unpacker.eof and feed:
            try:
                block = unpacker.decompress(feed, _BLOCK)
            except zlib.error as error:
                raise Trouble("broken", why=f"{name}: {error}") from error
            given += len(block)
            if given > part.unpacked:
                raise Trouble("broken", why=phrase("%(part)s is larger than it says", part=name))
            yield block
            feed = unpacker.unconsumed_tail
        if given != part.unpacked:
            raise Trouble("broken", why=phrase("%(part)s is shorter than it says", part=name))

    def read(self, name: str) -> bytes:
        """The whole of a part; `broken` if it is not there."""
        if name not in self.parts:
            raise Trouble("broken", why=phrase("%(part)s is missing", part=name))
        return b"".join(self.blocks(name))

    def rewrite(self, out: BinaryIO, changed: Mapping[str, bytes]) -> None:
        """Write the archive again with some parts changed; every other part's bytes are copied as they stand."""
        records: list[bytes] = []
        ordered = sorted(self.parts.values(), key=lambda part: part.offset)
        for part in ordered:
            offset = out.tell()
            if part.name in changed:
                records.append(_put(out, part, changed[part.name]))
            else:
                out.write(self._data[part.offset : part.end])
                records.append(_moved(part, offset))
        start = out.tell()
        by_name = dict(zip((part.name for part in ordered), records, strict=True))
        out.writelines(by_name[name] for name in self.parts)
        count, size = len(self.parts), out.tell() - start
        comment = self._tail
        out.write(_EOCD.pack(b"PK\5\6", 0, 0, count, count, size, start, len(comment)) + comment)


def _load(path: Path, limits: Limits) -> bytes:
    size = path.stat().st_size
    if size == 0:
        raise Trouble("empty-file")
    if size > limits.size:
        raise Trouble("too-big", size=size, limit=limits.size)
    return path.read_bytes()


def _directory(data: bytes, limits: Limits) -> tuple[int, bytes, int]:
    """Where the directory starts, the archive's comment, and how many entries it has."""
    at = data.rfind(b"PK\5\6", max(0, len(data) - _EOCD.size - _MARK16))
    if at < 0 or at + _EOCD.size > len(data):
        raise Trouble("broken", why="the end of the archive is missing; the file was cut short")
    _, _, _, _, count, _, start, comment = _EOCD.unpack_from(data, at)
    if count == _MARK16 or start == _MARK32:
        count, start = _zip64(data, at)
    if count > limits.parts:
        raise Trouble("too-many-parts", count=count, limit=limits.parts)
    begin = at + _EOCD.size
    return start, data[begin : begin + comment], count


def _zip64(data: bytes, eocd: int) -> tuple[int, int]:
    try:
        mark, _, at, _ = _ZIP64_LOCATOR.unpack_from(data, eocd - _ZIP64_LOCATOR.size)
        mark64, *_, count, _, start = _ZIP64_EOCD.unpack_from(data, at)
    except struct.error as error:
        raise Trouble("broken", why="the archive's directory cannot be read") from error
    if mark != b"PK\6\7" or mark64 != b"PK\6\6":
        raise Trouble("broken", why="the archive's directory cannot be read")
    return count, start


def _parts(data: bytes, start: int, count: int) -> list[Part]:
    found: list[Part] = []
    at = start
    for _ in range(count):
        try:
            fields = _CENTRAL.unpack_from(data, at)
        except struct.error as error:
            raise Trouble("broken", why="the archive's directory is cut short") from error
        mark, _, _, flags, method, _, _, _, packed, unpacked, n_name, n_extra, n_comment, *_, offset = fields
        if mark != b"PK\1\2":
            raise Trouble("broken", why="the archive's directory cannot be read")
        end = at + _CENTRAL.size + n_name + n_extra + n_comment
        name = data[at + _CENTRAL.size : at + _CENTRAL.size + n_name]
        extra = data[at + _CENTRAL.size + n_name : at + _CENTRAL.size + n_name + n_extra]
        unpacked, packed, offset = _long(extra, unpacked, packed, offset)
        text = name.decode("utf-8" if flags & 0x800 else "cp437", "replace").replace("\\", "/")
        found.append(Part(text, flags, method, packed, unpacked, offset, 0, data[at:end]))
        at = end
    starts = sorted({part.offset for part in found})
    ends = dict(zip(starts, [*starts[1:], start], strict=True))
    return [replace(part, end=ends[part.offset]) for part in found]


def _long(extra: bytes, unpacked: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The 64-bit values that stand in the extra field for those that did not fit (4.5.3)."""
    values = [unpacked, packed, offset]
    at = 0
    while at + 4 <= len(extra):
        tag, size = struct.unpack_from("<2H", extra, at)
        if tag == 1:
            place = at + 4
            for i, value in enumerate(values):
                if value == _MARK32 and place + 8 <= at + 4 + size:
                    (values[i],) = struct.unpack_from("<Q", extra, place)
                    place += 8
        at += 4 + size
    return values[0], values[1], values[2]


def _check(parts: Collection[Part], limits: Limits) -> None:
    total = sum(part.unpacked for part in parts)
    if total > limits.expanded:
        raise Trouble("bomb", unpacked=total, limit=limits.expanded)
    for part in parts:
        if part.flags & 1:
            raise Trouble("encrypted")
        if part.method not in (0, 8):
            raise Trouble("broken", why=phrase("%(part)s is packed in a way spreadsheets do not use", part=part.name))
        if part.offset + _LOCAL.size + part.packed > part.end:
            raise Trouble("broken", why="parts of the archive overlap")
        if part.unpacked > _SMALL and part.unpacked > limits.ratio * max(part.packed, 1):
            raise Trouble("ratio", part=part.name, ratio=part.unpacked // max(part.packed, 1), limit=limits.ratio)


def _body(data: bytes, part: Part) -> int:
    try:
        mark, *_, n_name, n_extra = _LOCAL.unpack_from(data, part.offset)
    except struct.error as error:
        raise Trouble("broken", why=phrase("%(part)s cannot be read", part=part.name)) from error
    begin = part.offset + _LOCAL.size + n_name + n_extra
    if mark != b"PK\3\4" or begin + part.packed > part.end:
        raise Trouble("broken", why=phrase("%(part)s cannot be read", part=part.name))
    return int(begin)


def _put(out: BinaryIO, part: Part, content: bytes) -> bytes:
    """Write one changed part, deflated; answer its record of the directory."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = packer.compress(content) + packer.flush()
    old = list(_CENTRAL.unpack_from(part.central))
    name = part.central[_CENTRAL.size : _CENTRAL.size + old[10]]
    offset, flags, time, day = out.tell(), part.flags & 0x800, old[5], old[6]
    crc = zlib.crc32(content)
    out.write(_LOCAL.pack(b"PK\3\4", 20, flags, 8, time, day, crc, len(body), len(content), len(name), 0) + name + body)
    made = (
        b"PK\1\2",
        old[1],
        20,
        flags,
        8,
        time,
        day,
        crc,
        len(body),
        len(content),
        len(name),
        0,
        0,
        0,
        old[14],
        old[15],
    )
    return _CENTRAL.pack(*made, offset) + name


def _moved(part: Part, offset: int) -> bytes:
    """The directory record of a part that was copied to another place."""
    if part.central[42:46] == b"\xff\xff\xff\xff":
        raise Trouble("unpatchable", why="the archive uses 64-bit positions")
    return part.central[:42] + struct.pack("<L", offset) + part.central[46:]
