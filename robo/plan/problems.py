"""Problems of a plan, each with its place in the process or in the region's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from robo.definition.calling import beside_file
from robo.definition.diagnostics import Diagnostic, Reporter
from robo.model.process import Process
from robo.model.region import Region
from robo.model.text import Path, Position


def place_of(document: Process | Region, path: Path) -> Position:
    """Where `path` stands; when it has no position of its own, where the nearest part around it stands."""
    for length in range(len(path), -1, -1):
        found = document.positions.get(path[:length])
        if found is not None:
            return found
    return Position(document.file, 1, 1)


class Problems:
    """Collects every problem of one build and raises them together."""

    def __init__(self, process: Process, region: Region | None) -> None:
        self.process = process
        self.region = region
        files: dict[str, Sequence[str]] = {process.file: process.lines}
        files |= {beside_file(process.file, name): text.splitlines() for name, text in process.beside.items()}
        if region is not None:
            files[region.file] = region.lines
        self.reporter = Reporter(files)
        self._own: dict[Path, Position] = {}

    def know(self, places: Mapping[Path, Position]) -> None:
        """Where the parts of a region's own steps stand; their paths begin as those of its overlay."""
        self._own.update(places)

    def place(self, path: Path) -> Position:
        """Where `path` stands, of the process or of a step of the region."""
        for length in range(len(path), 0, -1):
            if (found := self._own.get(path[:length])) is not None:
                return found
        return place_of(self.process, path)

    def report(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        in_region: bool = False,
        meant: str = "",
        expected: str = "",
        remedy: str = "",
        **facts: Any,
    ) -> None:
        """Add one problem at `path` of the process, or of the region's file. Texts are literal templates."""
        at = place_of(self.region, path) if in_region and self.region is not None else self.place(path)
        self.reporter.report(code, message, at=at, meant=meant, expected=expected, remedy=remedy, **facts)
        if not in_region and "call" in path and at.file != self.process.file:
            self._point_at_call(path, code, at)

    def _point_at_call(self, path: Path, code: str, at: Position) -> None:
        """What a called process does may be wrong only where it is called: the call is shown too."""
        self.reporter.report(
            "RB484",
            "what is called here has a problem in this process: %(problem)s, %(place)s",
            at=self.place(path[: path.index("call") + 1]),
            problem=code,
            place=f"{at.file}:{at.line}",
        )

    def found(self) -> tuple[Diagnostic, ...]:
        """Everything that was reported, in the order of the text."""
        return self.reporter.diagnostics()

    @property
    def count(self) -> int:
        return self.reporter.count

    def finish(self) -> None:
        """Raise `DefinitionError` with everything found, if anything was."""
        self.reporter.finish()
