"""Copies of the store that a purge can end: each is one file, encrypted whole under a key of its own.

What the store keeps in clear (keys of items, receipts, what they left) is in a copy too, and a copy is out of anybody's
hands. So its key stays in the secrets backend, and is destroyed when the copy is too old, or holds what was purged
since and a newer copy is there. A copy without its key is noise.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from robo.errors import InfrastructureError
from robo.services.disk import keep_names, on_disk
from robo.services.keys import damaged
from robo.services.secrets import OWN, Keep

NAMED: Final = f"{OWN}backup-"
"""How the name of a copy's key begins; its id follows. One name a copy: a keyring holds only short values."""
_KEY, _MADE = "key", "made"
MAGIC: Final = b"robo backup 1\n"
CHUNK: Final = 1 << 20
"""Bytes that are encrypted at once."""
_SIZE: Final = 32
_TAG: Final = 16
_LONGEST: Final = 4096
"""Bytes of the line that says what a copy is."""
_LAST, _MORE = b"\1", b"\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a copy says of itself in clear: nothing of anybody. `size` and `root`: how far its audit log goes."""

    id: str
    made: str  # 2026-11-26T17:00:00.000000+00:00
    engine: str  # sqlite | postgresql
    schema: str
    origin: str
    size: int
    root: str

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.made)


def write(keep: Keep, about: About, content: Iterable[bytes], to: Path) -> int:
    """Write a copy to the file `to`, whole and on the disk when this returns; its bytes. RB681: the file is there.

    The key is kept first: a copy whose key was lost would look like one."""
    if to.exists():
        raise InfrastructureError(
            "RB681",
            "%(file)s is there already, and no copy is written over another",
            place=str(to),
            remedy="give another name, or a folder: the copy then gets a name of its own",
            file=str(to),
        )
    key = secrets.token_bytes(_SIZE)
    keep.change(f"{NAMED}{about.id}", lambda _: {_KEY: key.hex(), _MADE: about.made})
    new = to.with_name(f".{to.name}.new")
    with on_disk(new):
        try:
            new.touch(mode=0o600)
            with new.open("wb") as out:
                _encrypted(out, key, about, content)
                out.flush()
                os.fsync(out.fileno())
                size = out.tell()
            new.replace(to)
            keep_names(to.parent)
        finally:
            new.unlink(missing_ok=True)
    return size


def _encrypted(out: BinaryIO, key: bytes, about: About, content: Iterable[bytes]) -> None:
    """Pieces in their order, of which each knows its number and whether it is the last: none can be left out."""
    head = json.dumps(asdict(about), sort_keys=True).encode() + b"\n"
    out.write(MAGIC + head)
    cipher, number, before = AESGCM(key), 0, b""
    for piece in _pieces(content):
        if number:
            _put(out, cipher.encrypt(_nonce(number, _MORE), before, head))
        before, number = piece, number + 1
    _put(out, cipher.encrypt(_nonce(max(number, 1), _LAST), before, head))


def _pieces(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, `CHUNK` at a time."""
    held = b""
    for part in content:
        held += part
        while len(held) >= CHUNK:
            yield held[:CHUNK]
            held = held[CHUNK:]
    if held:
        yield held


def _nonce(number: int, last: bytes) -> bytes:
    """Never twice under one key: a copy has a key of its own."""
    return number.to_bytes(11, "big") + last


def _put(out: BinaryIO, piece: bytes) -> None:
    out.write(len(piece).to_bytes(4, "big") + piece)


def about(file: Path) -> About:
    """What a copy says of itself. RB675 when the file is none."""
    with on_disk(file), file.open("rb") as read:
        return _head(read, file)[0]


def read(keep: Keep, file: Path) -> Iterator[bytes]:
    """The content of a copy, piece by piece. RB678 when its key was destroyed, or is on another machine; RB675 when the
    file was cut, or is not as it was written: then nothing of it may be used; RB642 when the key is damaged."""
    with on_disk(file), file.open("rb") as source:
        said, head = _head(source, file)
        held = keep.read(f"{NAMED}{said.id}")
        if held is None:
            raise InfrastructureError(
                "RB678",
                "the copy of %(made)s cannot be read: its key was destroyed by a purge, or was never on this machine",
                place=str(file),
                remedy="take a newer copy; on another machine, give it the secrets of the one that made the copy first",
                made=said.made[:16].replace("T", " "),
            )
        cipher, number, last = AESGCM(_key(f"{NAMED}{said.id}", held)), 0, False
        while not last:
            number += 1
            length = int.from_bytes(source.read(4), "big")
            piece = source.read(length) if _TAG <= length <= CHUNK + _TAG else b""
            last = source.read(1) == b""
            if not last:
                source.seek(-1, os.SEEK_CUR)
            try:
                yield cipher.decrypt(_nonce(number, _LAST if last else _MORE), piece, head)
            except (InvalidTag, ValueError) as broken:
                raise _no_copy(file, "it was cut, or changed") from broken


def _head(source: BinaryIO, file: Path) -> tuple[About, bytes]:
    if source.read(len(MAGIC)) != MAGIC:
        raise _no_copy(file, "it does not begin like one")
    head = source.readline(_LONGEST)
    try:
        return About(**json.loads(head)), head
    except (ValueError, TypeError) as broken:
        raise _no_copy(file, "what it says of itself cannot be read") from broken


def end(keep: Keep, *, older: datetime, superseded: datetime | None = None) -> int:
    """Destroy the keys of the copies made before `older`, and of those made before `superseded` of which a newer one is
    there; how many."""
    held = {name: keep.read(name) for name in keep.names() if name.startswith(NAMED)}
    made = {name: _made(name, parts) for name, parts in held.items() if parts is not None}
    newest = max(made.values(), default=None)
    count = 0
    for name, when in made.items():
        outlived = superseded is not None and newest is not None and when < superseded <= newest
        if when < older or outlived:
            keep.change(name, lambda _: None)
            count += 1
    return count


def _key(name: str, held: Mapping[str, str]) -> bytes:
    try:
        key = bytes.fromhex(held.get(_KEY, ""))
    except ValueError:
        key = b""
    if len(key) != _SIZE:
        raise damaged(name)
    return key


def _made(name: str, held: Mapping[str, str]) -> datetime:
    try:
        return datetime.fromisoformat(held.get(_MADE, ""))
    except ValueError as broken:
        raise damaged(name) from broken


def called(at: datetime) -> str:
    """The name of a copy that was given none: two of one second have two."""
    return f"robo-{at.astimezone(UTC):%Y%m%d-%H%M%S-%f}.backup"


def _no_copy(file: Path, why: str) -> InfrastructureError:
    return InfrastructureError(
        "RB675",
        "%(file)s is no whole copy of a store: %(why)s",
        place=str(file),
        remedy="take another copy; nothing of this one was used",
        file=str(file),
        why=why,
    )
