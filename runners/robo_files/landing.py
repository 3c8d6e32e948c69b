"""Putting a file in its place: a hidden new one beside it, made durable, then renamed. Whoever dies in between leaves
the old file or the new one, and a hidden copy that the next writer removes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from weakref import WeakValueDictionary

from robo_files.trouble import changed_meanwhile, disk_full, name_too_long, not_writable, open_elsewhere

_NAME = 255
"""Bytes of a name on the disks of today."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_TOO_LONG = 206
"""Windows: the name or the path has more signs than it takes."""


def refuse_if_open(path: Path) -> None:
    """Excel and LibreOffice leave a lock file beside a workbook they have open."""
    for lock in (f"~${path.name}", f"~${path.name[2:]}", f".~lock.{path.name}#"):
        if len(lock) > len("~$.xlsx") and os.path.exists(path.parent / lock):  # noqa: PTH110 - a name too long is no error
            raise open_elsewhere(path, lock)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
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


def keep_owner(path: Path, new: Path) -> None:
    """Give `new` the owner and the rights of `path`."""
    old = path.stat()
    with suppress(OSError, AttributeError):  # only root may give a file away, and Windows has no such thing
        os.chown(new, old.st_uid, old.st_gid)
        new.chmod(stat.S_IMODE(old.st_mode))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    with suppress(OSError):  # a folder cannot be opened on Windows, nor synced on some network drives
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """The system's refusals in words. On Windows a file that is open elsewhere may not be replaced."""
    try:
        yield
    except PermissionError as error:
        sharing = getattr(error, "winerror", None) in (5, 32, 33)
        raise open_elsewhere(path, "") if sharing else not_writable(path, str(error.strerror)) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG or getattr(error, "winerror", None) == _TOO_LONG:
            raise name_too_long(path) from error
        raise disk_full(path) if error.errno in _FULL else not_writable(path, str(error.strerror)) from error


def digest_of(path: Path) -> bytes:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


class _Lock:
    """What a file is held by; forgotten with its last holder."""

    def __init__(self) -> None:
        self.inner = threading.Lock()


_HELD: WeakValueDictionary[Path, _Lock] = WeakValueDictionary()
_GUARD = threading.Lock()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """One writer of a file at a time in this process; others see each other by what stands in the file."""
    with _GUARD:
        lock = _HELD.setdefault(path, _Lock())
    with lock.inner:
        yield


def land(new: Path, target: Path, *, over: bool) -> None:
    """Make `new` durable and give it the name `target`. Without `over` a file that is there stays, and
    FileExistsError is raised."""
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    if over:
        if target.exists():
            keep_owner(target, new)
        else:
            _usual_rights(new)
        refuse_if_open(target)
        os.replace(new, target)  # noqa: PTH105 - one word for rename over, on every system
    else:
        _usual_rights(new)
        name_once(new, target)
    sync_folder(target.parent)


def swap(path: Path, new: Path, before: bytes) -> None:
    """Make `new` durable, then the file, if its digest is still `before`. Errors: RB820 open, RB823 changed."""
    shutil.copystat(path, new)
    keep_owner(path, new)
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    after = digest_of(new)
    refuse_if_open(path)
    if digest_of(path) != before:
        raise changed_meanwhile(path)
    os.replace(new, path)  # noqa: PTH105 - one word for rename over, on every system
    os.utime(path)
    sync_folder(path.parent)
    if digest_of(path) != after:
        raise changed_meanwhile(path)


def name_once(new: Path, target: Path) -> None:
    """Give `new` the name `target` too, or in its place, and never over a file: FileExistsError."""
    try:
        os.link(new, target)
    except OSError as refused:
        if isinstance(refused, FileExistsError) or refused.errno == errno.EXDEV:
            raise
        if os.path.lexists(target):  # a disk without links (a stick, some network drives): nearly as good
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from refused
        new.rename(target)


def _usual_rights(new: Path) -> None:
    """Those of any new file of this account: `beside` makes one that nobody else may read."""
    with suppress(OSError):
        new.chmod(0o666 & ~_mask())


@cache
def _mask() -> int:
    """What this account takes from the rights of new files. It can only be read by changing it, for every thread of
    the process: so towards what is stricter, and once."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
