"""The runner itself: settings to limits, sessions, and the flush of write-backs. What does it is loaded at its use."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robo.sdk.action import ActionSpec
from robo.sdk.errors import UsageError, Words
from robo.sdk.runner import CellChange, Context
from robo_files.actions import ACTIONS
from robo_files.box.trouble import Limits

if TYPE_CHECKING:
    from robo_files.boxed import Box
    from robo_files.session import FilesSession


class FilesRunner:
    """`files.*`. Starts nothing of its own; each reading is a short child process that ends with it."""

    name = "files"
    actions: Mapping[str, ActionSpec] = ACTIONS

    def __init__(self) -> None:
        self._limits = Limits()
        self._boxes: set[Box] = set()

    async def start(self, settings: Mapping[str, Any], *, headed: bool, slots: int) -> None:
        """Take the limits from the settings (`size`, `expanded`, `ratio`, `parts`, `memory`, `cpu`)."""
        self._limits = limits_from(settings)

    async def open(self, context: Context) -> FilesSession:
        from robo_files.session import FilesSession

        return FilesSession(context, self._limits, self._boxes)

    async def stop(self) -> None:
        for box in tuple(self._boxes):
            box.close()
        self._boxes.clear()

    def flush(self, file: Path, changes: Sequence[CellChange]) -> Sequence[Words]:
        """Write all changes of one file at once; see `robo_files.flushing`."""
        from robo_files.flushing import flush

        return flush(file, changes, self._limits)

    def there(self, file: Path, changes: Sequence[CellChange]) -> Sequence[bool]:
        """Whether each change that was flushed still is in the file."""
        from robo_files.flushing import there

        return there(file, changes, self._limits)


def limits_from(settings: Mapping[str, Any]) -> Limits:
    """The limits with what the settings change. Names that are not limits belong to others and are left alone."""
    changed: dict[str, int] = {}
    for field in dataclasses.fields(Limits):
        if field.name in settings:
            changed[field.name] = _whole(field.name, settings[field.name])
    return Limits(**changed)


def _whole(name: str, value: Any) -> int:
    try:
        number = int(str(value).replace(" ", "").replace("_", ""))
    except ValueError:
        number = 0
    if number < 1:
        raise UsageError(
            "RB829",
            "`limits: {files: {%(name)s: …}}` must be a whole number above 0, not %(value)s",
            remedy="give sizes in bytes or as 50 MB, cpu in seconds",
            name=name,
            value=str(value),
        )
    return number
