"""An exported log: a folder as c2sp.org/tlog-tiles lays it out, so that foreign tools read it, and two files of ours.

`checkpoint` (the newest), `tile/0/…` (leaves), `tile/1/…` (nodes), `tile/entries/…`. `checkpoints` holds the earlier
ones, a JSON text a line; `payloads` a line `["EVENT","SALT in hex","PAYLOAD"]` each, absent where none are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from robo.proof.canonical import canonical, read_canonical
from robo.proof.checkpoint import Checkpoint
from robo.proof.merkle import HASH_SIZE, TILE_HEIGHT, leaf_hash, node_hash
from robo.proof.note import Note, read_at, unreadable
from robo.proof.tiles import WIDTH, pack, tile_path, tiles_of, unpack
from robo.proof.verify import Log

T = TypeVar("T")
Payload = tuple[str, bytes, bytes]
"""An event's id, the salt and the canonical bytes of its payload."""


def write_export(
    folder: Path, entries: Iterable[bytes], checkpoints: Sequence[Note], payloads: Iterable[Payload] | None = None
) -> None:
    """Write a log whose newest checkpoint (the last) is of all `entries`. The folder must be empty or new."""
    stream = iter(entries)
    level: list[bytes] = []
    for index, bundle in enumerate(iter(lambda: list(islice(stream, WIDTH)), [])):
        _put(folder / tile_path(None, index, len(bundle)), pack(bundle))
        level += map(leaf_hash, bundle)
    kept, size = {0: level}, len(level)
    for tile_level, index, width in tiles_of(size):
        if tile_level not in kept:
            kept[tile_level] = _above(kept[tile_level - 1])
        _put(
            folder / tile_path(tile_level, index, width),
            b"".join(kept[tile_level][index * WIDTH : index * WIDTH + width]),
        )
    _put(folder / "checkpoint", str(checkpoints[-1]).encode())
    _put(folder / "checkpoints", b"".join(canonical(str(note)) + b"\n" for note in checkpoints[:-1]))
    if payloads is not None:
        with (folder / "payloads").open("wb") as file:
            file.writelines(canonical([event, salt.hex(), body.decode()]) + b"\n" for event, salt, body in payloads)


def read_export(folder: Path) -> Log:
    """The log of a folder, to be given to `verify_log`. Entries and leaves are read as they are asked for.

    `InfrastructureError` RB632, RB630 when a checkpoint or a payload is not in its format, now or while it is read.
    """
    newest = read_at("checkpoint", Note.parse, _get(folder / "checkpoint", "a checkpoint"))
    earlier = _read_lines(folder / "checkpoints", lambda line: Note.parse(str(read_canonical(line))))
    size = Checkpoint.parse(newest.text).size
    payloads = dict(_read_lines(folder / "payloads", _payload)) if (folder / "payloads").exists() else None
    return Log(
        entries=_entries(folder, size),
        leaves=_leaves(folder, size),
        checkpoints=(*earlier, newest),
        payloads=None if payloads is None else payloads.get,
    )


def _entries(folder: Path, size: int) -> Iterator[bytes]:
    """The entries of the bundles there are: when one is missing, the log ends there."""
    for level, index, width in tiles_of(size):
        path = folder / tile_path(None, index, width)
        if level or not path.exists():
            return
        yield from unpack(path.read_bytes(), tile_path(None, index, width))


def _leaves(folder: Path, size: int) -> Iterator[bytes]:
    for level, index, width in tiles_of(size):
        if level:
            return
        tile = _get(folder / tile_path(0, index, width), "a tile")
        yield from (tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE))


def _above(hashes: list[bytes]) -> list[bytes]:
    """The hashes of the tile level above: one over each 256 of these."""
    for _ in range(TILE_HEIGHT):
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes) - 1, 2)]
    return hashes


def _payload(line: bytes) -> tuple[str, tuple[bytes, bytes]]:
    match read_canonical(line):
        case [str(event), str(salt), str(body)] if re.fullmatch("(?:[0-9a-f]{2})*", salt):
            return event, (bytes.fromhex(salt), body.encode())
    raise unreadable("RB632", kind="a payload", why="it is not an event, a salt and a text")


def _read_lines(path: Path, read: Callable[[bytes], T]) -> Iterator[T]:
    """What the lines of a file say, one at a time; none when there is no file. An error says on which line."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            yield read_at(f"{path.name}, line {number}", read, line.removesuffix(b"\n"))


def _get(path: Path, kind: str) -> bytes:
    if not path.is_file():
        raise unreadable("RB632", kind=kind, why="its file is missing", place=path.name)
    return path.read_bytes()


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
