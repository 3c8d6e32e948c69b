"""`files.zip` and `files.unzip`. A stranger's archive is read in the box; what it holds gets names of ours."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from robo.sdk.errors import Failure, RoboError
from robo.sdk.runner import Call, Result
from robo_files.actions_moving import UnzipParams, ZipParams
from robo_files.desk import Desk
from robo_files.landing import beside, held, land, refusals
from robo_files.moving import occupied, settle
from robo_files.places import absent, inside, new_file, safe_name, where

_BLOCK = 1 << 20
Entries = dict[str, Path]


def pack(desk: Desk, call: Call) -> Result:
    """Errors: RB830 and RB831 of names, RB837 no such file, RB838 another archive is there, RB839 one name twice."""
    params = call.params
    assert isinstance(params, ZipParams)  # noqa: S101 - the action's own parameters
    entries = _entries(desk, call, params.files)
    target = new_file(desk.context, params.to, call.step, suffix=".zip", beside=Path(params.files[0]).parent)
    values = {**where(target), "count": len(entries)}
    note = f"{len(entries)} → {target}"
    if desk.context.dry_run:
        return Result(values=values, note=f"{note} (dry run)")
    with refusals(target), held(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            if not _holds(desk, target, entries):
                raise occupied(target, call.step)
            return Result(values=values, note=f"{note} (already)")
        with beside(target) as new:
            _write(new, entries)
            try:
                land(new, target, over=False)
            except FileExistsError:
                raise occupied(target, call.step) from None
    return Result(values=values, note=note)


def unpack(desk: Desk, call: Call) -> Result:
    """Errors: those of an archive (RB806-RB809, RB841), RB830 and RB831 of names, RB838 another file is there."""
    params = call.params
    assert isinstance(params, UnzipParams)  # noqa: S101 - the action's own parameters
    archive = inside(desk.context, params.file, call.step)
    folder = inside(desk.context, params.to, call.step, beside=archive.parent)
    with tempfile.TemporaryDirectory(dir=desk.context.folder) as private:
        staged = Path(private)
        target = "" if desk.context.dry_run else private
        told = desk.ask({"do": "unpack", "file": str(archive), "target": target})
        places = _places(desk, call, folder, told)
        if not desk.context.dry_run:
            with refusals(folder):
                settle([staged / str(number) for number in range(len(places))], places, call.step)
    files = [{**where(place), "size": each["size"]} for place, each in zip(places, told, strict=True)]
    return Result(values={"files": files, "count": len(files)}, note=f"{archive.name} → {len(files)} × {folder}")


def _entries(desk: Desk, call: Call, files: Iterable[str]) -> Entries:
    """What stands in the archive, by name: a file under its own, a folder's files under the folder's."""
    found: Entries = {}
    for text in files:
        path = inside(desk.context, text, call.step)
        if not path.exists():
            raise absent(path, call.step)
        for each in _files(path):
            name = str(each.relative_to(path.parent).as_posix())
            if name in found:
                raise _twice(call, name)
            found[name] = each
    if not found:
        raise Failure(
            "RB837",
            "there is no file to pack",
            place=call.step,
            remedy="skip the step when there is nothing: `when: …`",
        )
    return found


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for each in sorted(path.rglob("*")):
        hidden = any(part.startswith((".", "~$")) for part in each.relative_to(path).parts)
        if each.is_file() and not each.is_symlink() and not hidden:
            yield each


def _write(new: Path, entries: Entries) -> None:
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, path in entries.items():
            archive.write(path, name)


def _holds(desk: Desk, archive: Path, entries: Entries) -> bool:
    """Whether the archive that is there holds just these files."""
    try:
        told = desk.ask({"do": "unpack", "file": str(archive), "target": ""})
    except RoboError:  # no archive, or none of ours
        return False
    return {"/".join(each["parts"]): (each["size"], each["crc"]) for each in told} == {
        name: (path.stat().st_size, _checksum(path)) for name, path in entries.items()
    }


def _checksum(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found = zlib.crc32(block, found)
    return found


def _places(desk: Desk, call: Call, folder: Path, told: list[Mapping[str, Any]]) -> list[Path]:
    """Where each file of the archive will stand: its folders and its name made safe, no two the same."""
    places: dict[str, Path] = {}
    for each in told:
        names = [safe_name(name, call.step) for name in each["parts"]]
        place = inside(desk.context, str(folder.joinpath(*names)), call.step)
        if str(place).casefold() in places:
            raise _twice(call, "/".join(names))
        places[str(place).casefold()] = place
    return list(places.values())


def _twice(call: Call, name: str) -> Failure:
    return Failure(
        "RB839",
        "two files would have the name %(name)s",
        place=call.step,
        remedy="rename one of them; on some systems capitals do not count",
        name=name,
    )
