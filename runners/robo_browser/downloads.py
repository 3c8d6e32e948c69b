"""Files that an application gives: awaited, in the session's private folder, under a name of ours, not larger than
allowed.

Between download steps the browser refuses every file. During one it writes what comes under a number of its own; the
name an application gives is only looked at for its ending.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from robo.sdk.errors import Failure, TimedOut
from robo.sdk.runner import Call, Result
from robo_browser.acting import Hands
from robo_browser.evidence import file_name
from robo_browser.parameters import DownloadParams
from robo_browser.tab import lost
from robo_browser.values import target_words
from robo_browser.windows import Windows

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

ENDINGS: Final = frozenset({
    "pdf", "csv", "txt", "tsv", "xml", "json", "zip", "xls", "xlsx", "xlsm", "ods", "odt", "odp", "doc", "docx", "rtf",
    "ppt", "pptx", "png", "jpg", "jpeg", "tif", "tiff", "gif", "p7m", "p7s", "asc", "eml", "msg", "ics", "html", "htm",
})  # fmt: skip
"""Endings of names that are kept; any other becomes `.bin`."""
PIECE: Final = 1024 * 1024


@dataclass(slots=True)
class Coming:
    """One file on its way."""

    guid: str = ""
    frame: str = ""
    """Where it came from."""
    called: str = ""
    state: str = ""
    size: int = 0
    more: int = 0
    """Further files that came in the same step."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Shelf:
    """The files of one session. One file a step is awaited; all others are refused."""

    def __init__(self, windows: Windows, folder: Path) -> None:
        self._windows = windows
        self._folder = folder / "downloads"
        self._cdp: CDPSession | None = None
        self._coming: Coming | None = None
        self._undecided: dict[str, list[Mapping[str, Any]]] = {}
        """What was heard of files, by their number, until it is known whose they are."""
        self._asking: set[asyncio.Task[None]] = set()
        self._limit = 0
        self._number = 0

    async def _behave(self, behavior: str, **more: Any) -> None:
        """Raises `SessionLost` when the browser is gone."""
        from playwright.async_api import Error

        params = {"behavior": behavior, "browserContextId": self._windows.context_id, "eventsEnabled": True, **more}
        try:
            if self._cdp is None:
                self._cdp = await self._windows.browser.new_browser_cdp_session()
                self._cdp.on("Browser.downloadWillBegin", self._begins)
                self._cdp.on("Browser.downloadProgress", self._goes_on)
            await self._cdp.send("Browser.setDownloadBehavior", params)
        except Error as error:
            raise lost(error.message.splitlines()[0][:200]) from None

    def _begins(self, event: Mapping[str, Any]) -> None:
        if self._coming is not None:
            self._undecided[event["guid"]] = [event]
            task = asyncio.create_task(self._ask(event))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self, event: Mapping[str, Any]) -> None:
        """Every session hears of the files of all: is it one of ours? Where nobody knows, its place will tell."""
        ours = await self._windows.own(event["frameId"])
        if ours is not None:
            self._decide(event["guid"], ours=ours)

    def _decide(self, guid: str, *, ours: bool) -> None:
        coming, heard = self._coming, self._undecided.pop(guid, None)
        if not ours or coming is None or heard is None:
            return
        begun, *later = heard
        if coming.guid:
            coming.more += 1
            self._cancel(guid)
            return
        coming.guid, coming.frame = guid, begun["frameId"]
        coming.called = str(begun.get("suggestedFilename", ""))
        coming.changed.set()
        for event in later:
            self._goes_on(event)

    def _goes_on(self, event: Mapping[str, Any]) -> None:
        coming, guid = self._coming, event["guid"]
        if guid in self._undecided:
            self._undecided[guid].append(event)
            if event.get("state") == "completed":
                self._decide(guid, ours=(self._folder / guid).exists())
            return
        if coming is None or guid != coming.guid:
            return
        coming.size = int(event.get("receivedBytes", 0))
        if coming.size > self._limit or int(event.get("totalBytes", 0)) > self._limit:
            coming.size = max(coming.size, int(event.get("totalBytes", 0)))
            coming.state = "too large"
            self._cancel(coming.guid)
        elif event.get("state") != "inProgress" and coming.state != "too large":
            coming.state = str(event.get("state"))
        coming.changed.set()

    def _cancel(self, guid: str) -> None:
        assert self._cdp is not None  # noqa: S101 - it told us of the file
        params = {"guid": guid, "browserContextId": self._windows.context_id}
        task = asyncio.ensure_future(self._cdp.send("Browser.cancelDownload", params))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def expect(self, limit: int) -> Coming:
        """From now on one file is taken, of at most `limit` bytes."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._undecided.clear()
        self._coming, self._limit = Coming(), limit
        await self._behave("allowAndName", downloadPath=str(self._folder))
        return self._coming

    async def refuse(self) -> None:
        """No file is taken any more."""
        self._coming = None
        await self._behave("deny")

    def take(self, coming: Coming, name: str) -> Path:
        """The file that came, under a name of ours. Blocking."""
        ending = Path(coming.called).suffix.lower().lstrip(".")
        target = self.place(name, ending if ending in ENDINGS else "bin")
        (self._folder / coming.guid).replace(target)
        target.chmod(0o600)
        return target

    def place(self, name: str, ending: str) -> Path:
        """Where a file of this name goes: in a folder of its own, so that no two are one. Blocking."""
        self._number += 1
        folder = self._folder / f"{self._number:03}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = Path(name)
        given = own.suffix.lower().lstrip(".")
        return folder / f"{file_name(own.stem if given in ENDINGS else name)}.{given if given in ENDINGS else ending}"

    def clear(self) -> None:
        """Forget the files of the last item. Blocking."""
        shutil.rmtree(self._folder, ignore_errors=True)

    async def close(self) -> None:
        """The session is over."""
        if self._cdp is not None:
            await self._cdp.detach()


async def download(hands: Hands, shelf: Shelf, call: Call, params: DownloadParams, end: float) -> Result:
    """Click, and await the file that this starts. The page that was there stays in front."""
    coming = await shelf.expect(params.max_mb * 1024 * 1024)
    try:
        job = {"targets": [hands.target(params.target, call.within)], "words": target_words(params.target)}
        await hands.click_at(job, call, end)
        await _arrived(coming, call, end)
        file = await asyncio.to_thread(shelf.take, coming, params.name or call.step)
        await hands.windows.gave_file(coming.frame)
    finally:
        await shelf.refuse()
    return await asyncio.to_thread(told, file, called=coming.called)


async def _arrived(coming: Coming, call: Call, end: float) -> None:
    """Until the file is whole. Raises what kept it from being so."""
    while coming.state in {"", "inProgress"}:
        coming.changed.clear()
        left = end - time.monotonic()
        try:
            await asyncio.wait_for(coming.changed.wait(), max(0.0, left))
        except TimeoutError:
            raise _late(coming, call) from None
    if coming.state == "too large":
        raise Failure(
            "RB755",
            "the file has %(size)s bytes, more than `max_mb` allows",
            place=call.step,
            remedy="raise `max_mb` if a file of this size is what is wanted",
            size=coming.size,
        )
    if coming.state != "completed":
        raise Failure(
            "RB756",
            "the file did not come whole: the connection was cut, or the application took it back",
            place=call.step,
            remedy="nothing to do by hand: the item is tried again",
        )


def _late(coming: Coming, call: Call) -> TimedOut:
    if not coming.guid:
        return TimedOut(
            "RB754",
            "no file came in %(seconds)s s",
            place=call.step,
            remedy="look at what the click does: a page that only shows the document is kept with `browser.pdf`",
            seconds=call.timeout,
        )
    return TimedOut(
        "RB757",
        "the file was not whole in %(seconds)s s: %(size)s bytes had come",
        place=call.step,
        remedy="raise the step's `timeout` if the application is only slow",
        seconds=call.timeout,
        size=coming.size,
    )


async def pdf(hands: Hands, shelf: Shelf, name: str, call: Call) -> Result:
    """The page as a PDF file."""
    answer = await hands.tab.send("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})

    def write() -> Result:
        file = shelf.place(name or call.step, "pdf").with_suffix(".pdf")
        file.write_bytes(base64.b64decode(answer["data"]))
        file.chmod(0o600)
        return told(file)

    return await asyncio.to_thread(write)


def told(file: Path, *, called: str = "") -> Result:
    """What a step leaves of a file: where it is, what it is called, its size and digest. Blocking."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            digest.update(piece)
    values = {"file": str(file), "name": file.name, "size": file.stat().st_size, "digest": digest.hexdigest()}
    return Result(
        values=values, note=f"{file.name}, {values['size']} bytes" + (f" («{called[:80]}»)" if called else "")
    )
