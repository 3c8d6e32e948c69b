"""What a step of this runner works with: where it may write, the limits, and boxes that end with the session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robo.sdk.paths import as_on_disk
from robo.sdk.runner import Context
from robo_files.box.trouble import Limits
from robo_files.boxed import Box


@dataclass(slots=True)
class Desk:
    """One session's. Its steps are done in a thread; `stop` ends what they still wait for."""

    context: Context
    limits: Limits
    boxes: set[Box]
    """Those of all sessions: the runner ends what is left of them."""
    _mine: set[Box] = field(default_factory=set)

    def on_disk(self, text: str) -> Path:
        """The absolute path of a file that is read."""
        return as_on_disk(Path(text).expanduser().absolute())

    def start(self, request: Mapping[str, Any]) -> Box:
        """A box; whoever starts it ends it with `end`."""
        box = Box(request, self.limits)
        self.boxes.add(box)
        self._mine.add(box)
        return box

    def end(self, box: Box) -> None:
        box.close()
        self._mine.discard(box)
        self.boxes.discard(box)

    @contextmanager
    def box(self, request: Mapping[str, Any]) -> Iterator[Box]:
        box = self.start(request)
        try:
            yield box
        finally:
            self.end(box)

    def ask(self, request: Mapping[str, Any]) -> Any:
        """One request with one answer: what stands in `end`."""
        with self.box(request) as box:
            while "end" not in (frame := box.next()):
                pass
            return frame["end"]

    def stop(self) -> None:
        """End every reading that is not finished. Idempotent."""
        for box in tuple(self._mine):
            self.end(box)
