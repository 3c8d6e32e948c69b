"""Files that tell of persons: deleted one by one, and what cannot be deleted is told with its place."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from robo.errors import InfrastructureError, RoboError
from robo.services.disk import keep_names
from robo.store import clearing
from robo.store.clearing import Picture
from robo.store.engine import Store

KEPT: Final = "kept"
"""In the folder of evidence: files that a later attempt needs, a folder for each item."""
MANY: Final = 500


def delete(root: Path, files: Sequence[Picture], troubles: list[RoboError]) -> list[Picture]:
    """Those of `files` (named in the folder `root`) that are gone for good when this returns."""
    gone, folders = [], set()
    for each in files:
        file = root / each.file
        if not each.file or not file.resolve().is_relative_to(root.resolve()):
            troubles.append(_stays(file, "it is outside the folder of evidence"))
            continue
        try:
            file.unlink(missing_ok=True)
        except OSError as broken:
            troubles.append(_stays(file, broken.strerror or str(broken)))
            continue
        folders.add(file.parent)
        gone.append(each)
    for folder in sorted(folders, reverse=True):
        if folder.is_dir():
            keep_names(folder)
        with suppress(OSError):  # others are still in it
            folder.rmdir()
    return gone


def clear(store: Store, evidence: Path, reports: Path, before: datetime, troubles: list[RoboError]) -> int:
    """What no row names (any more): folders of runs and items that are cleared, reports older than `before`. How
    many."""
    folders = [each for root in (evidence, evidence / KEPT) for each in _in(root) if each.is_dir()]
    named = {each.name: each for each in folders if each.name != KEPT}
    names, count = sorted(named), 0
    for start in range(0, len(names), MANY):
        with store.read() as tx:
            gone = clearing.purged(tx, names[start : start + MANY])
        count += sum(remove(named[name], troubles) for name in sorted(gone))
    for report in _in(reports):
        with suppress(FileNotFoundError):
            if report.is_file() and report.stat().st_mtime < before.timestamp():
                count += remove(report, troubles)
    with suppress(OSError):  # there is no such folder, or somebody's files are in it
        (evidence / KEPT).rmdir()
    return count


def _in(folder: Path) -> Iterable[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else ()


def remove(path: Path, troubles: list[RoboError]) -> bool:
    """Delete a file, or a folder with all in it; whether it is gone."""
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as broken:
        troubles.append(_stays(Path(broken.filename or path), broken.strerror or str(broken)))
        return False
    return True


def _stays(file: Path, cause: str) -> InfrastructureError:
    return InfrastructureError(
        "RB672",
        "%(file)s cannot be deleted: %(cause)s; the rest was purged",
        place=str(file),
        remedy="give this user the right to delete it, or delete it yourself, then purge again",
        file=str(file),
        cause=cause,
    )
