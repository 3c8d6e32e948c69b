"""Frames of other sites: each a world of its own, which the script of the page around it cannot look into.

Nobody names a frame: what a job looks for is looked for in the page first, then in such frames, and the job is done
where it was found. Frames of the page's own site are a part of the page (`roots` in its script).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from robo.sdk.errors import Failure
from robo_browser.rules import origin
from robo_browser.tab import DocumentGone, Tab

if TYPE_CHECKING:
    from playwright.async_api import Frame

AGAIN: Final = 0.1
"""Seconds between two looks through all frames."""


@dataclass(frozen=True, slots=True)
class World:
    """Where jobs are done: a window, or (`frame`) one of its frames that only its own script can look into."""

    tab: Tab
    frame: str = ""
    inner: Tab | None = None
    """The frame's own process, where it has one."""
    context: str | None = None

    async def do(self, job: Mapping[str, Any], wait: float) -> dict[str, Any]:
        """One job, done there; points are given as they are in the window."""
        answer = await (self.inner or self.tab).do(job, wait, context=self.context)
        if not self.frame or "x" not in answer:
            return answer
        left, top = await self.corner()
        return {**answer, "x": answer["x"] + left, "y": answer["y"] + top}

    async def corner(self) -> tuple[float, float]:
        """Where the frame begins in its window."""
        await self.tab.send("DOM.enable")
        owner = await self.tab.send("DOM.getFrameOwner", {"frameId": self.frame})
        box = await self.tab.send("DOM.getBoxModel", {"backendNodeId": owner["backendNodeId"]})
        left, top = box["model"]["content"][:2]
        return float(left), float(top)

    async def has(self, wanted: Mapping[str, Any]) -> bool:
        """Whether what is looked for is there now."""
        try:
            return bool((await self.do({"job": "has", **wanted}, 0.0)).get("has"))
        except (DocumentGone, Failure):
            return False


def adopt(tab: Tab, frame: Frame) -> None:
    """A frame came: it may have a process of its own."""
    if frame.parent_frame is not None:
        task = asyncio.ensure_future(_adopt(tab, frame))
        tab.adopting.add(task)
        task.add_done_callback(tab.adopting.discard)


async def _adopt(tab: Tab, frame: Frame) -> None:
    from playwright.async_api import Error

    try:
        inner = await Tab.attach(tab.page, lambda _inner, _frame: None, frame)
    except (Error, DocumentGone, Failure):
        return  # it lives with this document, or is gone again
    inner.always = tab.always
    tab.inner[inner.frame] = inner

    def gone(_event: object) -> None:
        tab.inner.pop(inner.frame, None)

    inner.on("close", gone)


def apart(tab: Tab) -> bool:
    """Whether some frame is of another site, or has not come yet: then more than the page has to be looked at."""
    frames = tab.page.frames
    if len(frames) == 1:
        return False
    own = origin(tab.page.url)
    return any(not frame.url or (frame.url.startswith("http") and origin(frame.url) != own) for frame in frames[1:])


def worlds(tab: Tab) -> list[World]:
    """The window itself, then its frames of other sites."""
    within = [World(tab, frame, context=context) for context, frame in tab.foreign.items()]
    apart = [World(tab, frame, inner=inner) for frame, inner in tab.inner.items() if inner.alive]
    return [World(tab), *within, *apart]


async def where(tab: Tab, job: Mapping[str, Any], end: float, last: World | None) -> World:
    """The world that has what a job looks for; the window itself when none has, the last one when it looks for
    nothing."""
    wanted = wanted_by(job)
    while True:
        found = worlds(tab)
        if not apart(tab):
            return found[0]
        if wanted is None:
            return last if last in found else found[0]
        for world in found:
            if await world.has(wanted):
                return world
        if time.monotonic() + AGAIN >= end:
            return found[0]
        await asyncio.sleep(AGAIN)


def wanted_by(job: Mapping[str, Any]) -> dict[str, Any] | None:
    """What must be in a document for a job to be done there."""
    if "columns" in job:
        return {name: job.get(name) for name in ("columns", "where", "empty", "table")}
    if job["job"] == "fileField":
        return {"targets": job["targets"], "doing": "file"}
    if job.get("entries"):
        return {"targets": job["entries"][0]["targets"], "doing": "enter"}
    if job.get("targets"):
        doing = job.get("doing") or ("click" if job["job"] == "aim" else "enter")
        return {"targets": job["targets"], "doing": doing}
    for read in (job.get("read") or {}).values():
        return {"targets": read["targets"], "doing": "read"}
    for expected in job.get("expect") or ():
        return {"targets": expected, "doing": "see"}
    return None
