"""`--step`: a person sees what comes next, and lets it happen."""

from __future__ import annotations

import asyncio
import os
import sys
from threading import Thread

from robo.cli.console import near, printable, show, talk
from robo.cli.language import _
from robo.cli.progress import CLEAR


async def ask_each_step(step: str, note: str) -> None:
    """Shows what comes next and waits for Enter; Ctrl-C ends the run at a safe point. Who has no more to say, as at the
    end of a file, waits for nothing."""
    if sys.stderr.isatty():
        show(CLEAR)  # the bar
    talk(printable(near(step)))
    show(f"  {printable(note)} {_('[Enter]')} ")
    await _line()
    if not sys.stdin.isatty():
        talk()


async def _line() -> None:
    """A line of standard input. It is read in a thread that nobody waits for: Ctrl-C would else come to nothing before
    the next Enter."""
    loop, read = asyncio.get_running_loop(), asyncio.Event()

    def reader() -> None:
        while os.read(sys.stdin.fileno(), 1) not in {b"", b"\n"}:
            pass
        if not loop.is_closed():
            loop.call_soon_threadsafe(read.set)

    Thread(target=reader, daemon=True).start()
    await read.wait()
