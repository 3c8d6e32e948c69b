"""Trouble with robo's own files, in words for a person. What the store's and the runners' files meet, they tell."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from robo.errors import InfrastructureError

FULL: Final = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def on_disk(path: Path | None = None) -> Iterator[None]:
    """Whatever the system refuses about `path` (or the file it names itself) is an `InfrastructureError` RB958."""
    try:
        yield
    except TimeoutError:
        raise
    except OSError as broken:
        raise refused(broken, path) from broken


def keep_names(folder: Path) -> None:
    """What was made, replaced or removed in a folder stays so after a power cut. An OSError passes through. POSIX:
    elsewhere the system sees to it."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def put(file: Path, content: bytes) -> None:
    """Replace `file` by `content`, readable by its owner only, whole or not at all, on disk when it returns. An OSError
    passes through; what was there stays then."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, file)  # noqa: PTH105 - atomic over an existing file on every system
        keep_names(file.parent)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def refused(broken: OSError, path: Path | None = None) -> InfrastructureError:
    """What the system said about a file, with what to do about it."""
    file = str(path or broken.filename or "-")
    full = broken.errno in FULL
    return InfrastructureError(
        "RB958",
        "%(file)s cannot be read or written: %(cause)s",
        place=file,
        remedy="free some space, then do it again; a run that had begun goes on with `robo run --resume RUN`"
        if full
        else "give this user the right to read and write it, then do it again",
        file=file,
        cause=broken.strerror or type(broken).__name__,
    )
