"""An exported log: a folder as c2sp.org/tlog-tiles lays it out, so that foreign tools read it, and two files of ours.

`checkpoint` (the newest), `tile/0/…` (leaves), `tile/1/…` (nodes), `tile/entries/…`. `checkpoints` holds the earlier
ones, a JSON text a line; `payloads` a line `["EVENT","SALT in hex","PAYLOAD"]` each, in the order of the entries,
absent where none are shown. Less than a whole log: a region is `entries.jsonl` (an entry a line) and
`region.tlog-proof` of its last; single entries are `NUMBER.json` and `NUMBER.tlog-proof` each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, takewhile
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from robo.errors import InfrastructureError, phrase
from robo.proof.canonical import canonical, read_canonical
from robo.proof.checkpoint import Checkpoint, LogProof
from robo.proof.findings import broken
from robo.proof.merkle import HASH_SIZE, TILE_HEIGHT, Frontier, leaf_hash
from robo.proof.note import LONGEST_NOTE, Note, read_at, unreadable
from robo.proof.payloads import Payload
from robo.proof.tiles import LARGEST, LONGEST, WIDTH, pack, tile_path, tiles_of, unpack
from robo.proof.verify import Log

T = TypeVar("T")
CHECKPOINT: Final = "checkpoint"
EARLIER: Final = "checkpoints"
PAYLOADS: Final = "payloads"
ENTRIES: Final = "entries.jsonl"
SUFFIX: Final = ".tlog-proof"
REGION: Final = f"region{SUFFIX}"
LONGEST_PAYLOAD: Final = 1 << 18
"""Bytes of a line: a payload of 64 KiB, each of its characters escaped, and what stands beside it."""
_LONGEST_LINE: Final = {EARLIER: 2 * LONGEST_NOTE, ENTRIES: LONGEST + 1}
_HEX: Final = re.compile("(?:[0-9a-f][0-9a-f])*").fullmatch


def write_export(
    folder: Path, entries: Iterable[bytes], checkpoints: Iterable[Note], payloads: Iterable[Payload] | None = None
) -> None:
    """Write a log whose newest checkpoint (the last) is of all `entries`. The folder must be empty or new. Nothing is
    held but a tile of each level."""
    frontier, tiles = Frontier(), _Tiles(folder)
    for raw in entries:
        leaf = leaf_hash(raw)
        tiles.add(None, raw)
        tiles.add(0, leaf)
        for level, _, node in frontier.append(leaf):
            tiles.add(level, node)
    tiles.close()
    newest = b""
    with written(folder / EARLIER) as earlier:
        for note in checkpoints:
            if newest:
                earlier.write(canonical(newest.decode()) + b"\n")
            newest = str(note).encode()
    write_file(folder / CHECKPOINT, newest)
    _put_payloads(folder, payloads)


def write_region(
    folder: Path, entries: Iterable[bytes], proof: LogProof, payloads: Iterable[Payload] | None = None
) -> None:
    """Write all entries of one region up to the one that `proof` is of: what `verify_region` asks for."""
    with written(folder / ENTRIES) as file:
        file.writelines(raw + b"\n" for raw in entries)
    write_file(folder / REGION, str(proof).encode())
    _put_payloads(folder, payloads)


def write_entries(
    folder: Path, proven: Iterable[tuple[bytes, LogProof]], payloads: Iterable[Payload] | None = None
) -> None:
    """Write single entries, each with its proof: what `verify_entry` asks for."""
    for raw, proof in proven:
        write_file(folder / f"{proof.index}.json", raw)
        write_file(folder / f"{proof.index}{SUFFIX}", str(proof).encode())
    _put_payloads(folder, payloads)


def read_export(folder: Path) -> Log:
    """The log of a folder, to be given to `verify_log`. All is read as it is asked for, and nothing is kept; of no file
    and of no line more than it can have, whoever wrote it.

    `InfrastructureError` RB632, RB630 when something is not in its format, RB660 when the disk does not give it, now or
    while it is read."""
    newest = read_at(CHECKPOINT, Note.parse, read_file(folder, CHECKPOINT, "a checkpoint", LONGEST_NOTE))
    size = read_at(CHECKPOINT, lambda text: Checkpoint.parse(text.decode()), newest.text.encode()).size
    return Log(
        entries=Again(lambda: _entries(folder, size)),
        leaves=Again(lambda: _leaves(folder, size)),
        nodes=_nodes(folder, size),
        checkpoints=Again(lambda: chain(read_lines(folder, EARLIER, _note, _LONGEST_LINE[EARLIER]), [newest])),
        payloads=read_payloads(folder),
    )


def read_region(folder: Path) -> tuple[Iterable[bytes], LogProof]:
    """The entries of a region and the proof of the last, to be given to `verify_region`. Errors as of `read_export`."""
    proof = read_at(REGION, _proof, read_file(folder, REGION, "a proof", 2 * LONGEST_NOTE))
    return Again(lambda: read_lines(folder, ENTRIES, bytes, _LONGEST_LINE[ENTRIES])), proof


def read_entries(folder: Path) -> Iterator[tuple[str, bytes, LogProof]]:
    """Single entries (file, bytes, proof), to be given to `verify_entry` each. An entry without a proof, or a file
    that is neither, is an error: who opens the folder would take it for proven. Errors as of `read_export`."""
    with disk(folder.name):
        names = {each.name.removesuffix(SUFFIX).removesuffix(".json") for each in folder.iterdir()} - {PAYLOADS}
    for name in sorted(names, key=lambda name: (len(name), name)):
        raw = read_file(folder, f"{name}.json", "an entry", LONGEST)
        proof = f"{name}{SUFFIX}"
        written = read_file(folder, proof, "a proof", 2 * LONGEST_NOTE)
        yield f"{name}.json", raw, read_at(proof, partial(_proof_of, name), written)


def read_payloads(folder: Path) -> Iterable[Payload] | None:
    """The payloads of a folder, None when none were exported."""
    with disk(PAYLOADS):
        there = (folder / PAYLOADS).exists()
    return Again(lambda: read_lines(folder, PAYLOADS, _payload, LONGEST_PAYLOAD)) if there else None


class Again(Iterable[T]):
    """What can be gone through again: each time from its beginning."""

    def __init__(self, begin: Callable[[], Iterator[T]]) -> None:
        self._begin = begin

    def __iter__(self) -> Iterator[T]:
        return self._begin()


class _Tiles:
    """Tiles that are being filled, one of each level; level None is the bundle of entries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open: dict[int | None, list[bytes]] = {}
        self.done: dict[int | None, int] = {}

    def add(self, level: int | None, content: bytes) -> None:
        tile = self.open.setdefault(level, [])
        tile.append(content)
        if len(tile) == WIDTH:
            self._write(level)

    def close(self) -> None:
        for level in [level for level, tile in self.open.items() if tile]:
            self._write(level)

    def _write(self, level: int | None) -> None:
        tile, index = self.open[level], self.done.get(level, 0)
        self.done[level] = index + 1
        write_file(self.folder / tile_path(level, index, len(tile)), pack(tile) if level is None else b"".join(tile))
        tile.clear()


def _entries(folder: Path, size: int) -> Iterator[bytes]:
    """The entries of the bundles there are: when one is missing, the log ends there."""
    for index, width in _widths(size):
        name = tile_path(None, index, width)
        with disk(name):
            if not (folder / name).exists():
                return
        entries = unpack(read_file(folder, name, "a bundle of entries", LARGEST), name)
        yield from entries
        if len(entries) != width:
            raise unreadable("RB632", kind="a bundle of entries", why="it is cut", place=name)


def _leaves(folder: Path, size: int) -> Iterator[bytes]:
    for index, _ in _widths(size):
        yield from _tile(folder, size, 0, index)


def _nodes(folder: Path, size: int) -> Callable[[int, int], bytes]:
    """The reader of nodes by (tile level, index). One tile of each level is held."""
    held: dict[int, tuple[int, list[bytes]]] = {}

    def node(level: int, index: int) -> bytes:
        number, within = divmod(index, WIDTH)
        if level not in held or held[level][0] != number:
            held[level] = number, _tile(folder, size, level, number)
        return held[level][1][within]

    return node


def _tile(folder: Path, size: int, level: int, index: int) -> list[bytes]:
    width = min(WIDTH, (size >> level * TILE_HEIGHT) - index * WIDTH)
    name = tile_path(level, index, width)
    tile = read_file(folder, name, "a tile", width * HASH_SIZE)
    if len(tile) != width * HASH_SIZE:
        raise unreadable("RB632", kind="a tile", why="it is cut", place=name)
    return [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]


def _widths(size: int) -> Iterator[tuple[int, int]]:
    """The index and the width of each tile of leaves, and so of each bundle."""
    return ((index, width) for level, index, width in takewhile(lambda tile: tile[0] == 0, tiles_of(size)))


def _note(line: bytes) -> Note:
    return Note.parse(str(read_canonical(line)))


def _proof(raw: bytes) -> LogProof:
    try:
        return LogProof.parse(raw.decode())
    except UnicodeDecodeError as wrong:
        raise unreadable("RB632", kind="a proof", why="it is not UTF-8") from wrong


def _proof_of(name: str, raw: bytes) -> LogProof:
    """A file is called by the number of its entry: a copy of it is not another entry."""
    proof = _proof(raw)
    if str(proof.index) != name:
        raise broken("RB634", "entry %(other)s stands in its place", other=proof.index)
    return proof


def _payload(line: bytes) -> Payload:
    value = read_canonical(line)
    if type(value) is list and [type(each) for each in value] == [str, str, str] and _HEX(value[1]):
        event, salt, body = value
        return event, bytes.fromhex(salt), body.encode()
    raise unreadable("RB632", kind="a payload", why="it is not an event, a salt and a text")


def read_lines(folder: Path, name: str, read: Callable[[bytes], T], most: int) -> Generator[T, None, None]:
    """What the lines of a file say, one at a time, each of `most` bytes at most; none when there is no file. An error
    says on which line. Whoever stops before the last one closes it."""
    with disk(name):
        if not (folder / name).exists():
            return
        with (folder / name).open("rb") as file:
            for number, line in enumerate(iter(partial(file.readline, most + 1), b""), 1):
                if len(line) > most:
                    raise _too_large("a line", most, f"{name}, line {number}")
                try:
                    found = read(line.removesuffix(b"\n"))
                except InfrastructureError as wrong:
                    wrong.place = wrong.place or f"{name}, line {number}"
                    raise
                yield found


def read_file(folder: Path, name: str, kind: str, most: int) -> bytes:
    """What a file holds; it has `most` bytes at most. RB632, RB660."""
    with disk(name):
        try:
            with (folder / name).open("rb") as file:
                if len(content := file.read(most + 1)) > most:
                    raise _too_large(kind, most, name)
                return content
        except (FileNotFoundError, NotADirectoryError):
            raise unreadable("RB632", kind=kind, why="its file is missing", place=name) from None


def _too_large(kind: str, most: int, place: str) -> InfrastructureError:
    return unreadable("RB632", kind=kind, why=phrase("it is larger than %(most)s bytes", most=most), place=place)


@contextmanager
def disk(name: str) -> Iterator[None]:
    """Around what the disk may refuse. Raises RB660."""
    try:
        yield
    except OSError as refused:
        raise InfrastructureError(
            "RB660",
            "%(file)s cannot be read: %(cause)s",
            place=name,
            remedy="give this user the right to read it, or copy the export to a disk that is well",
            file=name,
            cause=refused.strerror or str(refused),
        ) from refused


def _put_payloads(folder: Path, payloads: Iterable[Payload] | None) -> None:
    """A line each; one that nobody can open has none."""
    if payloads is not None:
        with written(folder / PAYLOADS) as file:
            for event, salt, body in payloads:
                if body is not None:
                    file.write(canonical([event, salt.hex(), body.decode()]) + b"\n")


def write_file(path: Path, content: bytes) -> None:
    """A file that holds this, and the folders it needs."""
    with written(path) as file:
        file.write(content)


def written(path: Path) -> BinaryIO:
    """A file to be written, and the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")
