"""Write-backs into a file: all or nothing, nobody else's work lost, nothing half-written whenever we die.

The box writes a new version beside the file; it is read again, made durable, and renamed over the old one only if
that is still what was read. Dying anywhere leaves either version whole, and a hidden copy that the next flush removes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from robo.sdk.errors import InfrastructureError, UsageError
from robo.sdk.runner import CellChange
from robo_files.box.trouble import Limits
from robo_files.boxed import ask
from robo_files.rows import to_plain
from robo_files.trouble import changed_meanwhile, disk_full, not_as_written, not_writable, open_elsewhere

UNREADABLE = "conflict: the cell cannot hold this value as it is"
_NAME = 255
"""Bytes of a name on the disks of today."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


def flush(file: Path, changes: Sequence[CellChange], limits: Limits) -> Sequence[str]:
    """`done` or `conflict: …` for each change. Raises InfrastructureError when the file cannot be written now:
    RB820 open elsewhere, RB821 no permission, RB822 disk full, RB823 changed meanwhile, and those of reading it."""
    path = Path(os.path.realpath(file))
    asked = [_plain(change) for change in changes]
    try:
        with _refusals(path):
            return _flush(path, asked, limits)
    except UsageError as wrong:  # what refuses to be read cannot be written now; the values wait
        raise wrong.told_as(InfrastructureError) from wrong


def _flush(path: Path, asked: Sequence[Mapping[str, Any]], limits: Limits) -> Sequence[str]:
    refuse_if_open(path)
    before = _digest(path) if path.is_file() else b""
    if before and not path.stat().st_mode & 0o222:
        raise not_writable(path, "the file is read-only")
    answers = [""] * len(asked)
    with _beside(path) as new:
        while not all(answers):
            todo = [i for i, answer in enumerate(answers) if not answer]
            told = _written(path, new, [asked[i] for i in todo], limits)
            if UNREADABLE in told:  # the others are written again, without those
                told = [answer if answer == UNREADABLE else "" for answer in told]
            elif "written" in told:
                _swap(path, new, before)
            for i, answer in zip(todo, told, strict=True):
                answers[i] = answer
    return ["done" if answer == "written" else answer for answer in answers]


def there(file: Path, changes: Sequence[CellChange], limits: Limits) -> Sequence[bool]:
    """Whether each change that was written still is. False only where the cell holds the old value again, as when an
    old copy was saved over the file; what somebody changed since is theirs."""
    path = Path(os.path.realpath(file))
    asked = [_plain(change) for change in changes]
    told = ask({"do": "update", "file": str(path), "target": "", "changes": asked}, limits)
    return [answer != "written" for answer, *_ in told]


def refuse_if_open(path: Path) -> None:
    """Excel and LibreOffice leave a lock file beside a workbook they have open."""
    for lock in (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#"):
        if len(lock) > len("~$.xlsx") and os.path.exists(path.parent / lock):  # noqa: PTH110 - a name too long is no error
            raise open_elsewhere(path, lock)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A fresh hidden file in the same folder, with the rights of `path`; gone afterwards, whatever happened."""
    new = path.with_name(f".~robo-{path.name}")
    if len(os.fsencode(new.name)) > _NAME:
        new = path.with_name(f".~robo-{hashlib.sha256(os.fsencode(path.name)).hexdigest()}{path.suffix}")
    try:
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield new
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)


def _written(path: Path, new: Path, asked: Sequence[Mapping[str, Any]], limits: Limits) -> list[str]:
    """Write the new version, then read it from the disk. A cell that does not read as it was written is a conflict."""
    request = {"file": str(path), "target": str(new), "changes": asked}
    told = ask({"do": "update", **request}, limits)
    answers: list[str] = [answer for answer, *_ in told]
    if "written" not in answers:
        return answers
    held = [i for i, answer in enumerate(answers) if answer in ("written", "done")]
    check = {"do": "check", "file": str(new), "changes": [asked[i] for i in held], "told": [told[i] for i in held]}
    try:
        again = dict(zip(held, ask(check, limits), strict=True))
    except UsageError as unreadable:
        raise not_as_written(path) from unreadable
    if any(answers[i] == "done" and not there for i, there in again.items()):
        raise not_as_written(path)
    return [answer if again.get(i, True) else UNREADABLE for i, answer in enumerate(answers)]


def _swap(path: Path, new: Path, before: bytes) -> None:
    """Make `new` durable, then the file, if the file is still what it was."""
    shutil.copystat(path, new)
    _keep_owner(path, new)
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    after = _digest(new)
    refuse_if_open(path)
    if _digest(path) != before:
        raise changed_meanwhile(path)
    os.replace(new, path)  # noqa: PTH105 - one word for rename over, on every system
    os.utime(path)
    _sync_folder(path.parent)
    if _digest(path) != after:
        raise changed_meanwhile(path)


def _keep_owner(path: Path, new: Path) -> None:
    old = path.stat()
    with suppress(OSError, AttributeError):  # only root may give a file away, and Windows has no such thing
        os.chown(new, old.st_uid, old.st_gid)
        new.chmod(stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # a folder cannot be opened on Windows, nor synced on some network drives
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """The system's refusals in words. On Windows a file that is open elsewhere may not be replaced."""
    try:
        yield
    except PermissionError as error:
        sharing = getattr(error, "winerror", None) in (5, 32, 33)
        raise open_elsewhere(path, "") if sharing else not_writable(path, str(error.strerror)) from error
    except OSError as error:
        raise disk_full(path) if error.errno in _FULL else not_writable(path, str(error.strerror)) from error


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _plain(change: CellChange) -> dict[str, Any]:
    return {
        "sheet": change.sheet,
        "row": change.row,
        "digest": change.row_digest,
        "key": {column: to_plain(value) for column, value in change.row_key.items()},
        "column": change.column,
        "old": to_plain(change.old),
        "new": to_plain(change.new),
    }
