"""Reads the steps that a region adds at an extension point, with what may be read there."""

from __future__ import annotations

from collections.abc import Mapping

from robo.definition.diagnostics import Reporter
from robo.definition.source import Source
from robo.definition.steps import Steps
from robo.definition.yaml_text import YamlNode
from robo.model.process import Process, Step
from robo.model.region import Region
from robo.model.text import Path, Position
from robo.sdk.action import ActionSpec

Read = tuple[tuple[Step, ...], Mapping[Path, Position]]


def read_extension(
    point: Step,
    node: YamlNode,
    path: Path,
    *,
    process: Process,
    region: Region,
    actions: Mapping[str, ActionSpec],
    reporter: Reporter,
) -> Read:
    """The steps of `node`, which stands at `path` of the region's file, and where their parts stand. They read what
    the steps before `point` of the process left, and take no name that the process uses."""
    source = Source(region.file, region.lines, reporter)
    source.positions[path] = node.at
    source.names = dict(process.extensions.get(point.extension, {}))
    source.tables = process.tables
    source.every_id = process.taken
    steps = Steps(source, actions)
    steps.ids |= process.taken | source.names.keys()
    found = steps.steps_of(node, path, f"{point.id}-")
    places = source.places(actions)
    return found, {where: at for where, at in places.items() if where[: len(path)] == path}
