"""The files and folders that a run is given: found as they stand on the disk, or refused in words (`RB504`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robo.definition.diagnostics import nearest
from robo.errors import UsageError
from robo.model.process import Input, Kind
from robo.sdk.paths import as_on_disk, names_in


def found(wanted: Input, text: str, folder: Path) -> str:
    """The absolute path of what `text` names, seen from `folder`. Errors: RB504."""
    path = as_on_disk(folder / text).resolve()
    try:
        there, is_folder = path.exists(), path.is_dir()
    except OSError:  # a name longer than the disk takes
        there = is_folder = False
    if not there:
        raise UsageError(
            "RB504",
            "there is no %(kind)s %(file)s",
            place=str(path),
            remedy="check the path given for the input %(name)s; nearest: %(near)s",
            kind=wanted.type.value,
            file=path.name,
            name=wanted.name,
            near=nearest(path.name, names_in(path.parent)) or "-",
        )
    if is_folder != (wanted.type is Kind.FOLDER):
        raise UsageError(
            "RB504",
            "%(file)s is a folder, the input %(name)s is a file" if is_folder else "%(file)s is no folder",
            place=str(path),
            remedy="give the file inside it" if is_folder else "give the folder of the input %(name)s",
            file=path.name,
            name=wanted.name,
        )
    return _storable(str(path))


def given_places(wanted: Mapping[str, Input], inputs: Mapping[str, Any]) -> tuple[Path, ...]:
    """The folders and files among the inputs of a run: what its robot may write, move or pack."""
    kinds = (Kind.FILE, Kind.FOLDER)
    return tuple(
        Path(inputs[name]) for name, each in wanted.items() if each.type in kinds and isinstance(inputs.get(name), str)
    )


def _storable(path: str) -> str:
    """A name that is not UTF-8 cannot be kept, shown, or found again on another machine."""
    try:
        path.encode()
    except UnicodeEncodeError as foreign:
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise UsageError(
            "RB504",
            "the name of %(file)s is not written in UTF-8",
            place=shown,
            remedy="rename it (it comes from an old system or archive), then give the new name",
            file=Path(shown).name,
        ) from foreign
    return path
