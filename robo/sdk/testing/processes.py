"""Which processes this one has started, directly or not. Linux; elsewhere nothing is known and nothing is claimed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

_PROC = Path("/proc")


def known() -> bool:
    """Whether this system tells."""
    return (_PROC / "self" / "stat").exists()


def descendants(of: int | None = None) -> set[int]:
    """Living processes below `of` (this one); the dead that nobody has waited for do not count."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir() if known() else ():
        if folder.name.isdigit():
            pid, state, parent = _stat(folder)
            if state not in ("", "Z", "X"):
                children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    todo = [of or os.getpid()]
    while todo:
        for pid in children.get(todo.pop(), ()):
            if pid not in found:
                found.add(pid)
                todo.append(pid)
    return found


async def gone(pids: set[int], seconds: float = 10.0) -> set[int]:
    """Those of `pids` that still live after at most `seconds`, whoever their parent is by now."""
    for _ in range(int(seconds / 0.05)):
        if not (left := {pid for pid in pids if _stat(_PROC / str(pid))[1] not in ("", "Z", "X")}):
            return left
        await asyncio.sleep(0.05)
    return left


def _stat(folder: Path) -> tuple[int, str, int]:
    """(pid, state, parent) of a process; state is empty when it has gone."""
    try:
        text = (folder / "stat").read_text()
    except OSError:
        return 0, "", 0
    state, parent = text.rpartition(") ")[2].split()[:2]
    return int(folder.name), state, int(parent)
