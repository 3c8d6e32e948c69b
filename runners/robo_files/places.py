"""Where a file may be, and what it may be called: inside what the run was given, under a name all systems take."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Any

from robo.sdk.errors import Failure, InfrastructureError, Rejection, RoboError, UsageError
from robo.sdk.paths import as_on_disk
from robo.sdk.runner import Context

DISK_FULL = "RB822"
CONTENT = frozenset(
    [
        "RB795",
        "RB803",
        "RB804",
        "RB805",
        "RB806",
        "RB807",
        "RB808",
        "RB809",
        "RB811",
        "RB817",
        "RB818",
        "RB841",
        "RB847",
        "RB851",
    ]
)
"""What is wrong with what somebody sent: empty, damaged, locked, too large, of another kind."""
_NAME = 200
"""Bytes of a name: what every disk takes, with room for the mark of a hidden copy."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def inside(context: Context, text: str, step: str, *, beside: Path | None = None) -> Path:
    """The absolute path of `text`, if it lies in what the run was given. `beside`: where a relative path counts from.

    Links are followed first: what lies elsewhere in truth lies elsewhere. Errors: RB830."""
    wanted = Path(text).expanduser()
    if not wanted.is_absolute() and beside is not None:
        wanted = beside / wanted
    path = Path(os.path.realpath(as_on_disk(wanted.absolute())))
    if any(path.is_relative_to(os.path.realpath(place)) for place in (context.folder, *context.places)):
        return path
    raise Failure(
        "RB830",
        "%(path)s lies outside the folders this run was given",
        place=step,
        remedy="declare an input `{type: folder}`, give that folder with -i, and build the path from it: "
        "${{ inputs.name }}/…",
        path=str(path),
    )


def safe_name(name: str, step: str, *, suffix: str = "") -> str:
    """`name` as a file may be called on every system, with `suffix` at its end: signs that separate or are forbidden
    become `-`, blanks are collapsed, names of devices get a `_`. Errors: RB831 when nothing is left."""
    clean = " ".join(_FORBIDDEN.sub("-", unicodedata.normalize("NFC", name)).split()).rstrip(". ").lstrip(" ")
    if suffix and clean.casefold().endswith(suffix.casefold()):
        clean, suffix = clean[: -len(suffix)], clean[-len(suffix) :]
    if not clean.strip("-. "):
        raise Failure(
            "RB831",
            "«%(name)s» cannot be the name of a file",
            place=step,
            remedy="build it from a value that is never blank",
            name=name,
        )
    if _RESERVED.fullmatch(clean):
        clean = f"_{clean}"
    while len(os.fsencode(clean + suffix)) > _NAME:
        clean = clean[:-1].rstrip(". ")
    return clean + suffix


def new_file(context: Context, text: str, step: str, *, suffix: str, beside: Path | None = None) -> Path:
    """Where a file that is to be written stands: `text` with its name made safe, in what the run was given. `beside`:
    where a relative path counts from. Errors: RB830, RB831."""
    wanted = Path(text)
    folder = inside(context, str(wanted.parent), step, beside=beside)
    return inside(context, str(folder / safe_name(wanted.name, step, suffix=suffix)), step)


def where(path: Path) -> dict[str, Any]:
    """What an action that leaves a file tells about it: `path`, `name`, `folder`."""
    return {"path": str(path), "name": path.name, "folder": str(path.parent)}


def need_folder(path: Path, step: str) -> None:
    """`path` is a folder that is there. Errors: RB832."""
    if not path.is_dir():
        raise Failure(
            "RB832",
            "%(folder)s is a file, a folder is wanted" if path.exists() else "the folder %(folder)s is not there",
            place=step,
            remedy="check the path, and that the drive is connected",
            folder=str(path),
        )


def absent(path: Path, step: str) -> Failure:
    """A file that a step names is not where it should be."""
    return Failure(
        "RB837",
        "the file %(file)s is not there",
        place=step,
        remedy="check the path; if somebody moved it, this item has nothing left to do here",
        file=str(path),
    )


def as_trouble(wrong: UsageError | InfrastructureError, step: str) -> RoboError:
    """What is wrong with a file that an item names is that item's trouble only; a full disk is everybody's. What stands
    in the file, or how it would be called, does not change by trying again: a person must act."""
    if wrong.code == DISK_FULL:
        return wrong
    kind = Rejection if wrong.code in CONTENT else Failure
    return kind(wrong.code, wrong.message, place=step, remedy=wrong.remedy, **wrong.facts)
