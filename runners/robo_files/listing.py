"""The files of a folder, each with its digest. A file that is still being written is left for the next time."""

from __future__ import annotations

import hashlib
import os
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import re2  # type: ignore[import-untyped]  # google-re2 has no stubs

from robo.sdk.errors import Failure
from robo.sdk.runner import Call, Result, Row
from robo.sdk.values import MISSING
from robo_files.actions import LISTED, ListParams
from robo_files.desk import Desk
from robo_files.places import inside, need_folder

_HIDDEN = (".", "~$")
_PARTIAL = (".tmp", ".part", ".partial", ".crdownload", ".filepart")
_SYSTEM = frozenset({"thumbs.db", "desktop.ini"})
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when it was looked at."""

    path: Path
    size: int
    changed: int
    """Nanoseconds since 1970, by the disk's own clock."""


def columns_of(params: ListParams) -> tuple[str, ...]:
    """The columns of a listing: the usual ones, and the named groups of `match`."""
    return (*LISTED, *(re2.compile(params.match).groupindex if params.match else ()))


def listed(folder: Path, params: ListParams, zone: str, step: str) -> Iterator[Row]:
    """The files in the order of their names, those below after those above. Hidden files, locks of programs and
    unfinished downloads are none.

    A file that changed within `stable_for` is looked at twice, that long apart; one that grew, or of which more or less
    is read than its size, is left out: it is taken next time. Errors: RB832, RB833."""
    need_folder(folder, step)
    found = [each for each in _files(folder, params, step) if _matched(params, each.path.name) is not None]
    again = _settled(found, params.stable_for.total_seconds())
    number = 0
    for seen in found:
        digest = _digest(seen) if again(seen) else None
        if digest is None:
            continue
        number += 1
        yield Row(
            values=_values(seen, digest, params, ZoneInfo(zone)),
            place=str(Path(folder.name) / seen.path.relative_to(folder)),
            number=number,
            digest=hashlib.sha256(f"{seen.path.name}\0{digest}".encode()).hexdigest()[:24],
            where={"listed": str(folder)},
        )


def list_files(desk: Desk, call: Call) -> Result:
    """`files.list` as a step."""
    params = call.params
    assert isinstance(params, ListParams)  # noqa: S101 - the action's own parameters
    folder = inside(desk.context, params.folder, call.step)
    files = [
        {name: value for name, value in row.values.items() if value is not MISSING}
        for row in listed(folder, params, desk.context.zone, call.step)
    ]
    return Result(values={"files": files, "count": len(files)}, note=f"{len(files)} × {folder.name}")


def _files(folder: Path, params: ListParams, step: str) -> Iterator[Seen]:
    try:
        with os.scandir(folder) as entries:
            here = sorted(entries, key=lambda entry: entry.name)
    except PermissionError as refused:
        raise Failure(
            "RB833",
            "the folder %(folder)s may not be read: %(why)s",
            place=step,
            remedy="give the robot's account the right to read it",
            folder=str(folder),
            why=str(refused.strerror),
        ) from refused
    for entry in here:
        if _is_file(entry):
            state = entry.stat(follow_symlinks=False)
            yield Seen(_named(Path(entry.path), step), state.st_size, state.st_mtime_ns)
    if params.below:
        for entry in here:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(_HIDDEN):
                yield from _files(Path(entry.path), params, step)


def _is_file(entry: os.DirEntry[str]) -> bool:
    name = entry.name.casefold()
    return (
        entry.is_file(follow_symlinks=False)
        and not name.startswith(_HIDDEN)
        and not name.endswith(_PARTIAL)
        and name not in _SYSTEM
    )


def _named(path: Path, step: str) -> Path:
    try:
        str(path).encode()
    except UnicodeEncodeError as foreign:
        shown = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise Failure(
            "RB833",
            "the name of %(file)s is not written in UTF-8",
            place=step,
            remedy="rename it (it comes from an old system or archive)",
            file=shown,
        ) from foreign
    return path


def _matched(params: ListParams, name: str) -> Mapping[str, str | None] | None:
    """What the named groups of `match` take of a name; None when it does not match."""
    if not params.match:
        return {}
    found = re2.search(params.match, _composed(name))
    return dict(found.groupdict()) if found else None


def _composed(name: str) -> str:
    """A name as a definition writes it: some systems write é as two signs."""
    return unicodedata.normalize("NFC", name)


def _settled(found: Sequence[Seen], stable_for: float) -> Callable[[Seen], bool]:
    """Tells of each file whether it has come to rest, waiting once for all that changed just now."""
    now = time.time_ns()
    young = {seen.path for seen in found if not 0 <= stable_for * 1e9 <= now - seen.changed}
    end = time.monotonic() + stable_for

    def settled(seen: Seen) -> bool:
        if seen.path in young:
            time.sleep(max(0.0, end - time.monotonic()))
        return seen.path not in young or _look(seen.path) == seen

    return settled


def _look(path: Path) -> Seen | None:
    try:
        state = path.stat(follow_symlinks=False)
    except OSError:
        return None
    return Seen(path, state.st_size, state.st_mtime_ns)


def _digest(seen: Seen) -> str | None:
    """The SHA-256 of a file, or None when it is not, or no longer, what was seen: somebody is still at it."""
    digest, size = hashlib.sha256(), 0
    try:
        with seen.path.open("rb") as file:
            while block := file.read(_BLOCK):
                size += len(block)
                digest.update(block)
    except OSError:  # gone, or kept by whoever writes it
        return None
    return digest.hexdigest() if size == seen.size and _look(seen.path) == seen else None


def _values(seen: Seen, digest: str, params: ListParams, zone: ZoneInfo) -> Mapping[str, object]:
    path = seen.path
    taken = {name: value or MISSING for name, value in (_matched(params, path.name) or {}).items()}
    return {
        "name": _composed(path.name),
        "path": str(path),
        "folder": str(path.parent),
        "size": seen.size,
        "modified": datetime.fromtimestamp(seen.changed // 10**9, zone).replace(tzinfo=None),
        "digest": digest,
        **taken,
    }
