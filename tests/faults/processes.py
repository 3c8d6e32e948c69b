"""Processes of a trial, seen in /proc: who descends from a robo, who is stopped, what is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

BROWSERS: Final = ("chrome", "chromium", "headless_shell")


def await_that(what: Callable[[], bool], seconds: float) -> bool:
    """Whether `what` became true within `seconds`."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def is_stopped(pid: int) -> bool:
    """Whether the process is stopped by a signal."""
    return _stat(pid)[:1] == ["T"]


def browser_of(robo: int) -> list[tuple[int, str]]:
    """(pid, type) of the browser processes that descend from this one; type "" is the browser's own."""
    parents = {pid: int(stat[1]) for pid in _all() if (stat := _stat(pid))}
    found = []
    for pid in parents:
        above = pid
        while above in parents and above != robo:
            above = parents[above]
        words = _read(pid, "cmdline").decode(errors="replace").replace("\0", " ").split()  # children join theirs
        if above == robo and words and any(name in words[0].rpartition("/")[2] for name in BROWSERS):
            kinds = [word.removeprefix("--type=") for word in words if word.startswith("--type=")]
            found.append((pid, kinds[0] if kinds else ""))
    return found


def of_project(folder: Path) -> list[int]:
    """Living processes that were given this project: a robo, its driver, its browser."""
    mark = f"ROBO_PROJECT={folder}\0".encode()
    return [pid for pid in _all() if mark in _read(pid, "environ") and _stat(pid)[:1] not in ([], ["Z"])]


def send(pid: int, which: signal.Signals) -> None:
    """Signal a process of ours that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)


def _all() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _stat(pid: int) -> list[str]:
    """State, parent, and what follows in /proc/PID/stat; empty when it is gone."""
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
