"""Extension points: a region's own steps where the author of a process left room for some, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from robo.definition.diagnostics import nearest
from robo.definition.extending import read_extension
from robo.errors import Words, phrase
from robo.model.base import Effect
from robo.model.overlay import Overlay
from robo.model.process import Process, Step, StepKind
from robo.model.text import Path
from robo.plan.problems import Problems
from robo.plan.steps import Actions, change_inside, inside, resolve_all, walk

SECTIONS = ("setup", "start", "steps", "on_rejected", "on_skipped", "finish")


def extended(process: Process, overlay: Overlay | None, actions: Actions, problems: Problems) -> Process:
    """The process, its extension points filled with the region's steps: a block each. Those without are gone."""
    for step in process.every_section:
        _no_point_within(step, None, problems)
    own = _Own(process, overlay, actions, problems)
    sections = {name: _fill(getattr(process, name), own.blocks) for name in SECTIONS}
    return process.model_copy(update=sections)


def _fill(steps: tuple[Step, ...], blocks: Mapping[str, Step]) -> tuple[Step, ...]:
    filled = (blocks.get(step.id) if step.kind is StepKind.EXTENSION else _inside(step, blocks) for step in steps)
    return tuple(step for step in filled if step is not None)


def _inside(step: Step, blocks: Mapping[str, Step]) -> Step:
    return step.model_copy(update=change_inside(step, lambda steps: _fill(steps, blocks))) if inside(step) else step


def _no_point_within(step: Step, once: Step | None, problems: Problems) -> None:
    """What belongs to one effect is the author's alone."""
    if step.kind is StepKind.EXTENSION and once is not None:
        problems.report(
            "RB455",
            "an extension cannot stand inside the `once` of %(once)s: what leads to an effect is the author's",
            (*step.path, "extension"),
            remedy="put it before the block, or behind it",
            once=once.id,
        )
    around = step if step.once is not None else once
    for inner in inside(step):
        _no_point_within(inner, around, problems)


class _Own:
    """The region's steps, read where they stand and looked at. `blocks`: extension point (step id) -> its block."""

    def __init__(self, process: Process, overlay: Overlay | None, actions: Actions, problems: Problems) -> None:
        self.problems = problems
        self.blocks: dict[str, Step] = {}
        points = {step.extension: step for step in walk(process.every_section) if step.kind is StepKind.EXTENSION}
        region = problems.region
        for name, node in overlay.extensions.items() if overlay is not None else ():
            path: Path = (*overlay.path, "extensions", name) if overlay is not None else ()
            if name not in points:
                self._no_such_point(process, name, points, path)
            elif region is not None:
                point = points[name]
                long = (*path, "steps") if (*path, "steps") in region.positions else path
                steps, places = read_extension(
                    point,
                    node,
                    long,
                    process=process,
                    region=region,
                    actions=actions,
                    reporter=problems.reporter,
                )
                problems.know(places)
                own = resolve_all(steps, actions, problems)
                if not [step for step in walk(own) if not self._allowed(step)]:
                    self.blocks[point.id] = point.model_copy(update={"kind": StepKind.BLOCK, "do": own})

    def _no_such_point(self, process: Process, name: str, points: Mapping[str, Step], path: Path) -> None:
        self.problems.report(
            "RB492",
            "%(process)s has no extension point %(name)s",
            path,
            in_region=True,
            meant=nearest(name, points),
            expected="one of: %(known)s",
            remedy="correct its name, or ask the author for `extension: %(name)s` where these steps belong",
            process=process.id,
            name=name,
            known=", ".join(sorted(points)) or "-",
        )

    def _allowed(self, step: Step) -> bool:
        """A region reads, and works on its own files; what others see is the author's."""
        beyond = list(_beyond(step))
        for key, why in beyond:
            self.problems.report(
                "RB456",
                "%(word)s cannot stand in an extension: %(why)s",
                (*step.path, key),
                remedy="ask the author of the process for it",
                word=key,
                why=why,
            )
        return not beyond


def _beyond(step: Step) -> Iterator[tuple[str, Words]]:
    """What makes a step more than reading and local: the key, and why."""
    if step.once is not None:
        yield "once", phrase("effects are the author's")
    elif step.effect is not None and step.effect.rank > Effect.LOCAL.rank:
        yield step.action, phrase("its effect is %(effect)s", effect=step.effect.value)
    if step.kind is StepKind.EXTENSION:
        yield "extension", phrase("this is one already")
    if step.review is not None:
        yield "review", phrase("who is asked is the author's")
