"""`files.copy`, `files.move`, `files.rename`: done twice is done once, and nothing is ever overwritten.

The proof is the file itself: it is done when the target is there with the digest of the source. A file that an item
of `files.list` came from is known by its digest after it has gone, too; of another one the target is believed.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from robo.sdk.errors import Failure
from robo.sdk.runner import Call, Result
from robo_files.actions_moving import MoveParams, RenameParams
from robo_files.desk import Desk
from robo_files.landing import beside, digest_of, held, land, name_once, refusals, refuse_if_open, sync_folder
from robo_files.places import absent, inside, safe_name, where


def copy(desk: Desk, call: Call) -> Result:
    """Errors: RB830 and RB831 of names, RB837 no such file, RB838 another file is there."""
    return _put(desk, call, *_wanted(desk, call), keep=True)


def move(desk: Desk, call: Call) -> Result:
    """As `copy`; the source is gone afterwards."""
    return _put(desk, call, *_wanted(desk, call), keep=False)


def rename(desk: Desk, call: Call) -> Result:
    """As `move`, within the folder of the file."""
    params = call.params
    assert isinstance(params, RenameParams)  # noqa: S101 - the action's own parameters
    source = inside(desk.context, params.file, call.step)
    target = source.with_name(safe_name(params.name, call.step, suffix=source.suffix))
    return _put(desk, call, source, target, keep=False)


def _wanted(desk: Desk, call: Call) -> tuple[Path, Path]:
    params = call.params
    assert isinstance(params, MoveParams)  # noqa: S101 - the action's own parameters
    source = inside(desk.context, params.file, call.step)
    folder = inside(desk.context, params.to, call.step, beside=source.parent)
    name = safe_name(params.name or source.name, call.step, suffix=source.suffix)
    return source, inside(desk.context, str(folder / name), call.step)


def _put(desk: Desk, call: Call, source: Path, target: Path, *, keep: bool) -> Result:
    if desk.context.dry_run:
        return Result(values=where(source), note=f"{source.name} → {target} (dry run)")
    with refusals(target), held(target):
        changed = arrive(source, target, keep=keep, known=known_digest(call, source), step=call.step)
    return Result(values=where(target), note=f"{source.name} → {target}{'' if changed else ' (already)'}")


def arrive(source: Path, target: Path, *, keep: bool, known: str, step: str) -> bool:
    """Bring `source` to `target`; False when it is there already. `known`: the digest of a source that has gone."""
    if not source.is_file():
        _gone(source, target, known, step)
        return False
    if target.exists() and source.samefile(target):
        return _one_file(source, target, keep=keep)
    if not keep:
        refuse_if_open(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _bring(source, target, keep=keep)
    except FileExistsError:
        need_same(source, target, step)
        if not keep:
            source.unlink()
        return False
    if not keep:
        sync_folder(source.parent)
    return True


def settle(staged: Sequence[Path], places: Sequence[Path], step: str) -> None:
    """Copy files that were made in private to their places. What is there already must be the same: all are compared
    before the first is put down. Errors: RB838."""
    for new, place in zip(staged, places, strict=True):
        if place.exists():
            need_same(new, place, step)
    for new, place in zip(staged, places, strict=True):
        with held(place):
            arrive(new, place, keep=True, known="", step=step)


def _one_file(source: Path, target: Path, *, keep: bool) -> bool:
    """Two names of one file: a move that was stopped half-way is ended; capitals changed where they do not count."""
    if keep or source == target:
        return False
    if source.stat().st_nlink > 1:
        source.unlink()
        return False
    source.rename(target)
    return True


def need_same(source: Path, target: Path, step: str) -> None:
    """`target` holds what `source` holds. Errors: RB838."""
    if not target.is_file() or digest_of(source) != digest_of(target):
        raise occupied(target, step)


def occupied(target: Path, step: str) -> Failure:
    """Another file bears the name already."""
    return Failure(
        "RB838",
        "another file is there already: %(file)s; nothing was overwritten",
        place=step,
        remedy="compare the two; then remove one, or give it another name with `name:`",
        file=str(target),
    )


def known_digest(call: Call, source: Path) -> str:
    """The digest that the item's own file had when it was listed; nothing for any other file."""
    origin = getattr(call.params, "source", None)
    values = origin.get("values") if isinstance(origin, Mapping) and origin.get("listed") else None
    if not isinstance(values, Mapping) or os.path.realpath(str(values.get("path", ""))) != str(source):
        return ""
    return str(values.get("digest", ""))


def _gone(source: Path, target: Path, known: str, step: str) -> None:
    """The source is not there: it came already, or it never was."""
    if not target.is_file():
        raise absent(source, step)
    if known and digest_of(target).hex() != known:
        raise occupied(target, step)


def _bring(source: Path, target: Path, *, keep: bool) -> None:
    """On one disk a move is a second name and the loss of the first; elsewhere, as for a copy, bytes are copied."""
    if not keep:
        try:
            name_once(source, target)
        except OSError as refused:
            if refused.errno != errno.EXDEV:
                raise
        else:
            sync_folder(target.parent)
            source.unlink(missing_ok=True)
            return
    with beside(target) as new:
        shutil.copyfile(source, new)
        shutil.copystat(source, new)
        new.chmod(0o600)
        land(new, target, over=False)
    if not keep:
        source.unlink()
