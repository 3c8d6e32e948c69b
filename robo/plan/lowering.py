"""Limits in a region: as low as it likes, never higher than the author's."""

from __future__ import annotations

from collections.abc import Iterator

from robo.model.overlay import Overlay
from robo.model.process import Limits, Process
from robo.model.text import Path
from robo.plan.problems import Problems

STOP = "stop_after"
Said = tuple[Path, str, int, int]
"""Where it stands, the member, the author's number, the region's."""


def lowered(process: Process, overlay: Overlay, problems: Problems) -> Limits:
    """The limits that hold in this region."""
    own = overlay.limits
    if own is None:
        return process.limits
    for path, _, most, asked in _said(process.limits, own):
        if asked > most:
            problems.report(
                "RB493",
                "%(asked)s is more than the author's %(most)s: a region lowers limits",
                (*overlay.path, "limits", *path),
                in_region=True,
                expected="a number up to %(most)s",
                remedy="lower it, or ask the author",
                asked=asked,
                most=most,
            )
    stop = {name: asked for path, name, most, asked in _said(process.limits, own) if path[0] == STOP and asked <= most}
    rest = {name: asked for path, name, most, asked in _said(process.limits, own) if path[0] != STOP and asked <= most}
    return process.limits.model_copy(update={**rest, STOP: process.limits.stop_after.model_copy(update=stop)})


def _said(author: Limits, region: Limits) -> Iterator[Said]:
    for name in ("items", "effects", "rows"):
        if name in region.model_fields_set:
            yield (name,), name, getattr(author, name), getattr(region, name)
    stop = region.stop_after
    for name in stop.model_fields_set if STOP in region.model_fields_set else ():
        word = "rejected" if name.startswith("rejected") else name
        yield (STOP, word), name, getattr(author.stop_after, name), getattr(stop, name)
