"""Trouble with robo's own files, in words for a person. What the store's and the runners' files meet, they tell."""

from __future__ import annotations

import errno
import os
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
