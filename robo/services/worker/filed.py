"""Files that a later attempt needs: what a finished segment left in a session's private folder, which goes with it.

They lie beside the evidence, where every worker of the store finds them, from the commit that finishes their segment
until their item is done.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robo.services.disk import keep_names, on_disk


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """Implements `robo.store.book.Files`. `root`: where they are kept, a folder for each item; `private`: where the
    sessions of this worker have theirs."""

    root: Path
    private: Path

    def keep(self, item: str, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same values; what is the path of a private file is the path of its copy, which is on the disk then."""
        return {name: self._kept(item, value) for name, value in outputs.items()}

    def _kept(self, item: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: self._kept(item, part) for name, part in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(self._kept(item, part) for part in value)
        if isinstance(value, str) and value.startswith(f"{self.private}{os.sep}") and (file := Path(value)).is_file():
            return str(self._copy(file, self.root / item / file.relative_to(self.private)))
        return value

    def _copy(self, file: Path, to: Path) -> Path:
        """Whole and durable under its name, or not there; a second time nothing is done."""
        with on_disk(to):
            if to.exists():
                return to
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = to.with_name(f".{to.name}.new")
            shutil.copyfile(file, new)
            new.chmod(0o600)
            with new.open("rb+") as written:
                os.fsync(written.fileno())
            new.replace(to)
            keep_names(to.parent)
        return to

    def any(self) -> bool:
        """Whether anything is kept here, of whatever item."""
        return self.root.is_dir()

    def forget(self, items: Iterable[str]) -> None:
        """Nobody goes on with these."""
        for item in items:
            shutil.rmtree(self.root / item, ignore_errors=True)
