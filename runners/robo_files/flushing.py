"""Write-backs into a file: all or nothing, nobody else's work lost, nothing half-written whenever we die.

The box writes a new version beside the file; it is read again, made durable, and renamed over the old one only if
that is still what was read. Dying anywhere leaves either version whole, and a hidden copy that the next flush removes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from robo.sdk.errors import InfrastructureError, UsageError, Words, phrase
from robo.sdk.runner import CellChange
from robo_files.box.trouble import Limits
from robo_files.boxed import ask
from robo_files.landing import beside, digest_of, refusals, refuse_if_open, swap
from robo_files.rows import to_plain
from robo_files.trouble import not_as_written, not_writable

UNREADABLE = phrase("the cell cannot hold this value as it is")


def flush(file: Path, changes: Sequence[CellChange], limits: Limits) -> Sequence[Words]:
    """`done`, or why not, for each change. Raises InfrastructureError when the file cannot be written now:
    RB820 open elsewhere, RB821 no permission, RB822 disk full, RB823 changed meanwhile, and those of reading it."""
    path = Path(os.path.realpath(file))
    asked = [_plain(change) for change in changes]
    try:
        with refusals(path):
            return _flush(path, asked, limits)
    except UsageError as wrong:  # what refuses to be read cannot be written now; the values wait
        raise wrong.told_as(InfrastructureError) from wrong


def _flush(path: Path, asked: Sequence[Mapping[str, Any]], limits: Limits) -> Sequence[Words]:
    refuse_if_open(path)
    before = digest_of(path) if path.is_file() else b""
    if before and not path.stat().st_mode & 0o222:
        raise not_writable(path, "the file is read-only")
    answers: list[Words] = [""] * len(asked)
    with beside(path) as new:
        while not all(answers):
            todo = [i for i, answer in enumerate(answers) if not answer]
            told = _written(path, new, [asked[i] for i in todo], limits)
            if UNREADABLE in told:  # the others are written again, without those
                told = [answer if answer == UNREADABLE else "" for answer in told]
            elif "written" in told:
                swap(path, new, before)
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


def _written(path: Path, new: Path, asked: Sequence[Mapping[str, Any]], limits: Limits) -> list[Words]:
    """Write the new version, then read it from the disk. A cell that does not read as it was written is a conflict."""
    request = {"file": str(path), "target": str(new), "changes": asked}
    told = ask({"do": "update", **request}, limits)
    answers: list[Words] = [answer for answer, *_ in told]
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


def _plain(change: CellChange) -> dict[str, Any]:
    return {
        "sheet": change.sheet,
        "row": change.row,
        "digest": change.row_digest,
        "key": {column: to_plain(value) for column, value in change.row_key.items()},
        "column": change.column,
        "old": to_plain(change.old),
        "new": to_plain(change.new),
        "how": dict(change.how),
    }
