"""Paths that came as text: texts are composed (NFC) wherever they pass, names on a disk are as somebody wrote them."""

from __future__ import annotations

import unicodedata
from pathlib import Path


def as_on_disk(path: Path) -> Path:
    """`path` with accents as the disk has them: one character on some systems, two on others. Unchanged when nothing
    there is called so."""
    try:
        if path.exists() or path.parent == path:
            return path
    except OSError:  # longer than a name may be
        return path
    parent = as_on_disk(path.parent)
    wanted = unicodedata.normalize("NFC", path.name)
    same = (name for name in names_in(parent) if unicodedata.normalize("NFC", name) == wanted)
    return parent / next(same, path.name)


def names_in(folder: Path) -> list[str]:
    """What stands in a folder; nothing when that cannot be seen."""
    try:
        return sorted(each.name for each in folder.iterdir())
    except OSError:
        return []
