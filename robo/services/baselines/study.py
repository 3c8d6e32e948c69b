"""A time study while it lasts: its observations on disk, as the file that `robo baseline add` reads.

Nobody's name is in it, and no order of persons: what, day, seconds. It is written whole after every observation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from robo.definition.baseline import read_study
from robo.errors import InfrastructureError
from robo.plan.measured import effects_digest
from robo.plan.model import Plan
from robo.proof.baselines import MEASURED, Measured, calculated, of
from robo.services.baselines import refusals
from robo.services.baselines.adding import check_span
from robo.services.disk import on_disk, put

_HEAD: Final = """\
# A time study that `robo baseline time` keeps; `robo baseline add FILE` makes a record of it.
robo: 1
baseline: {process}
unit: {unit}
method: timed
role: {role}
effects: "{effects}"
observations:
"""


@dataclass(slots=True, kw_only=True)
class Study:
    """The observations of one process in one region: `[what, day, seconds]` in the order they were made."""

    file: Path
    head: Mapping[str, str]
    observations: list[list[Any]] = field(default_factory=list)

    @classmethod
    def begun(cls, file: Path, plan: Plan, role: str, today: str) -> Self:
        """The study of this file, gone on with where there is one. RB041 when the process changed since, RB047 when it
        is from long ago."""
        effects = effects_digest(plan)
        head = {"process": plan.process, "unit": plan.counts.unit, "role": role, "effects": effects}
        study = cls(file=file, head=head)
        if file.is_file():
            said = read_study(file, plan.process, plan.region)
            if said["effects"] != effects:
                raise refusals.other_definition(str(file))
            check_span(said["observations"], str(file), today)
            study.observations = list(said["observations"])
        return study

    def note(self, what: str, day: str, seconds: int) -> None:
        """One more observation, on disk when this returns."""
        self._put([*self.observations, [what, day, seconds]])

    def discard(self) -> None:
        """The last observation was none: it is gone from the file too."""
        self._put(self.observations[:-1])

    def seen(self) -> dict[str, Measured]:
        """What there is of each by now."""
        said = calculated(self.observations)
        return {what: of(said, what) for what in MEASURED}

    def _put(self, observations: list[list[Any]]) -> None:
        lines = (f'  - {{what: {what}, day: "{day}", seconds: {seconds}}}\n' for what, day, seconds in observations)
        text = _HEAD.format(**self.head) + "".join(lines) if observations else _HEAD.format(**self.head) + "  []\n"
        with on_disk(self.file):
            put(self.file, text.encode())
        self.observations = observations


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Nobody else observes into this file meanwhile: RB044."""
    from filelock import FileLock, Timeout

    with on_disk(file):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(file.with_suffix(".lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout as busy:
        raise InfrastructureError(
            "RB044",
            "another stopwatch of this study is running",
            place=str(file),
            remedy="use the page that is open, or end the other command with Ctrl-C",
        ) from busy
    try:
        yield
    finally:
        lock.release()
