"""How a log lies on a disk or behind HTTP: tiles of 256 hashes and bundles of 256 entries (c2sp.org/tlog-tiles)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from robo.proof.merkle import TILE_HEIGHT, node_hash
from robo.proof.note import unreadable

WIDTH: Final = 1 << TILE_HEIGHT
LONGEST: Final = 0xFFFF
"""Bytes of an entry, as many as a bundle can hold of one."""
LARGEST: Final = WIDTH * (2 + LONGEST)
"""Bytes of a bundle."""

ReadTile = Callable[[int, int], Sequence[bytes]]
"""(level, index): the hashes of that tile, 256 or as many as there are. Level 0 holds leaves."""


def tile_path(level: int | None, index: int, width: int = WIDTH) -> str:
    """Where a tile lies; level None is the bundle of entries. `tile/0/x001/234`, `tile/entries/000.p/17`."""
    digits = f"{index:d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{'entries' if level is None else level}/{name}{partial}"


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """The tiles of a log of `size` entries: (level, index, width), leaves first. Bundles are as those of level 0."""
    level, count = 0, size
    while count:
        for index in range(-(-count // WIDTH)):
            yield level, index, min(WIDTH, count - index * WIDTH)
        level, count = level + 1, count // WIDTH


def node_reader(read: ReadTile) -> Callable[[int, int], bytes]:
    """A `Node` for roots and proofs, from tiles. Each tile is read once as long as the reader lives."""
    tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, within = divmod(level, TILE_HEIGHT)
        first = index << within
        place = (tile_level, first // WIDTH)
        if place not in tiles:
            tiles[place] = read(*place)
        hashes = list(tiles[place][first % WIDTH : first % WIDTH + (1 << within)])
        if len(hashes) != 1 << within:
            raise unreadable("RB632", kind="a tile", why="it holds too few hashes", place=tile_path(*place))
        while len(hashes) > 1:
            hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    return node


def pack(entries: Sequence[bytes]) -> bytes:
    """A bundle: each entry (≤ 65 535 bytes) behind its length in two bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack(bundle: bytes, place: str = "") -> list[bytes]:
    """The entries of a bundle. `InfrastructureError` RB632 when it is cut."""
    entries, begin, size = [], 2, len(bundle)
    while begin <= size:
        end = begin + (bundle[begin - 2] << 8 | bundle[begin - 1])
        entries.append(bundle[begin:end])
        begin = end + 2
    if begin != size + 2:
        raise unreadable("RB632", kind="a bundle of entries", why="it is cut", place=place)
    return entries
