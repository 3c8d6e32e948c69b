"""What goes out: data on standard output, talk on standard error, JSON with a named schema, colour on terminals."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from robo.errors import InfrastructureError

STYLES: Final = {"bad": "31", "good": "32", "warn": "33", "strong": "1", "faint": "2"}


def prepare() -> None:
    """Streams that take whatever is written: one that is closed swallows it, a file or a pipe is UTF-8 on every system,
    and a letter that a terminal of another encoding cannot show becomes a question mark instead of an error."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open as long as we are
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def data(text: str = "") -> None:
    """One line of what was asked for, on standard output."""
    with _reader_may_leave(sys.stdout):
        sys.stdout.write(f"{text}\n")


def talk(text: str = "") -> None:
    """One line of talk (progress, advice, verdict), on standard error, after all that was said before it."""
    finish()
    show(f"{text}\n")


def show(text: str) -> None:
    """Text as it is, now, on standard error."""
    with _reader_may_leave(sys.stderr):
        sys.stderr.write(text)
        sys.stderr.flush()


def finish() -> None:
    """What was asked for is out. Raises `InfrastructureError` RB959 when it could not be written."""
    with _reader_may_leave(sys.stdout):
        sys.stdout.flush()


@contextmanager
def _reader_may_leave(stream: TextIO) -> Iterator[None]:
    """Who reads may leave (`| head`): the work goes on, unread, and its exit code stands. Data that a full disk does
    not take is an error; talk that nobody can hear is not."""
    try:
        yield
    except OSError as broken:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # no second complaint at exit
        if isinstance(broken, BrokenPipeError) or stream is not sys.stdout:
            return
        raise InfrastructureError(
            "RB959",
            "the answer cannot be written: %(cause)s",
            place="standard output",
            remedy="free some space, or write it elsewhere; what the command did is done",
            cause=broken.strerror or type(broken).__name__,
        ) from broken


def emit(noun: str, content: Mapping[str, Any], version: int = 1) -> None:
    """One JSON object on one line of standard output, named `robo.<noun>/<version>`."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"  # then letters are escaped, none is lost
    data(json.dumps({"schema": f"robo.{noun}/{version}", **content}, ensure_ascii=plain, default=_plain))
    finish()


def _plain(value: Any) -> Any:
    """What JSON cannot hold by itself. A secret cannot pass: it refuses to be copied, and is not a known shape."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="python")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if repr(value) == "missing":
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    if hasattr(value, "as_tuple") or isinstance(value, os.PathLike):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a report")


def colourful(stream: TextIO | None = None) -> bool:
    """Whether the stream (standard error) shows colours: a terminal, and nobody said NO_COLOR."""
    return (stream or sys.stderr).isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """`text` in one of `STYLES` where the stream shows colours."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if colourful(stream) else text


def width(text: str) -> int:
    """Terminal cells of a text: wide letters two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """An aligned table on standard output; control characters of data are shown as blanks."""
    lines = [[_printable(str(cell)) for cell in row] for row in (headers, *rows)]
    widths = [max(width(line[n]) for line in lines) for n in range(len(headers))]
    for number, line in enumerate(lines):
        padded = "  ".join(cell + " " * (room - width(cell)) for cell, room in zip(line, widths, strict=True))
        data(paint(padded.rstrip(), "strong", sys.stdout) if number == 0 else padded.rstrip())


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def printable(text: str) -> str:
    """Text of pages and workbooks is data: what could move a terminal's cursor is shown as a blank, lines stay."""
    return "\n".join(_printable(line) for line in text.splitlines())


def folded(head: str, body: str) -> str:
    """`head`, then a text whose further lines stand below its beginning; on a terminal it is folded at its width."""
    import shutil
    import textwrap

    lines = body.splitlines() or [""]
    if sys.stdout.isatty():
        room = max(shutil.get_terminal_size().columns - width(head), 20)
        lines = [part for line in lines for part in textwrap.wrap(line, room, break_on_hyphens=False) or [""]]
    return (head + f"\n{' ' * width(head)}".join(lines)).rstrip()


def verdict(text: str, *, good: bool) -> None:
    """The last line: what came out, and where to look."""
    talk(paint(printable(text), "good" if good else "bad"))


def near(text: str) -> str:
    """Paths below the current folder as a person would type them."""
    return text.replace(f"{Path.cwd()}{os.sep}", "")
