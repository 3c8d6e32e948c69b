"""The processes of a browser: known by number from its start, and gone when it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

GRACE: Final = 3.0
"""Seconds a process has to leave by itself."""


class Kept:
    """The processes that a browser consists of, with the moment each began (numbers are used again)."""

    def __init__(self) -> None:
        self._born: dict[int, str] = {}

    async def note(self, cdp: CDPSession) -> None:
        """Remember the browser's process and the driver above it."""
        listed = (await cdp.send("SystemInfo.getProcessInfo"))["processInfo"]
        for process in listed:
            self._keep(int(process["id"]))
            if process["type"] == "browser" and (parent := _parent(int(process["id"]))) not in (0, 1, os.getpid()):
                self._keep(parent)

    def _keep(self, pid: int) -> None:
        self._born[pid] = _birth(pid)

    def alive(self) -> list[int]:
        """Those still running, and the same as they were."""
        return [pid for pid, born in self._born.items() if _runs(pid) and _birth(pid) == born]

    async def end(self) -> None:
        """Wait for them to leave; who does not is killed."""
        until = time.monotonic() + GRACE
        while (left := self.alive()) and time.monotonic() < until:  # noqa: ASYNC110 - the kernel gives no event
            await asyncio.sleep(0.02)
        for pid in left:
            for kill in (_kill_group, _kill):
                kill(pid)
        self._born.clear()

    def kill(self) -> None:
        """At once, all of them."""
        for pid in self.alive():
            _kill_group(pid)
            _kill(pid)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError:
        return


def _kill_group(pid: int) -> None:
    """A browser leads a group of its own; ours is left alone."""
    if not hasattr(os, "killpg"):
        return
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
    except OSError:
        return


def _runs(pid: int) -> bool:
    """Never on Windows, where `os.kill(pid, 0)` is Ctrl-C; playwright ends a browser there with its whole tree."""
    if sys.platform == "win32":
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return _stat(pid)[:1] != ["Z"]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(") ")[2].split()
    except OSError:
        return []


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if len(fields) > 1 else 0


def _birth(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else ""  # noqa: PLR2004 - `starttime`, field 22 of proc(5)
