"""This side of the box: start it, ask it one thing, read its frames, be sure that it ends."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from robo_files.box.trouble import Limits
from robo_files.trouble import error_of

_LENGTH = struct.Struct(">L")
_FRAME = 256_000_000
"""Bytes of a frame that is believed: a chunk of a thousand rows is a few hundred kilobytes."""
_KEPT = ("SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "LANG")
"""What of the environment the box sees. Secrets are in what it does not."""


class Box:
    """One child process with one request. `next` raises the file's error; `close` ends it, however far it is."""

    def __init__(self, request: Mapping[str, Any], limits: Limits) -> None:
        self._file = Path(request["file"])
        self._limits = limits
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-m", "robo_files.box"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )
        body = json.dumps({**request, "limits": limits.plain()}).encode()
        with suppress(BrokenPipeError):  # it died at birth; the first read says how
            self._stdin.write(_LENGTH.pack(len(body)) + body)
            self._stdin.flush()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def _stdin(self) -> Any:
        return self._child.stdin

    def next(self) -> dict[str, Any]:
        """The next frame (a chunk has `columns`); the last one has `end`. Blocks: call it in a thread."""
        frame: dict[str, Any] = json.loads(self._read(_LENGTH.unpack(self._read(_LENGTH.size))[0]))
        if "trouble" in frame:
            raise error_of(frame["trouble"], frame["facts"], Path(frame["facts"].pop("at", self._file)))
        if "c" in frame:
            frame["columns"] = [self._read(size) for _, size in frame["c"]]
        return frame

    def _read(self, size: int) -> bytes:
        assert self._child.stdout is not None  # noqa: S101 - for the type checker; it was asked for
        data = self._child.stdout.read(size) if 0 <= size <= _FRAME else b""
        if len(data) != size:
            raise self._death()
        return data

    def _death(self) -> Exception:
        self._child.kill()  # a frame that cannot be believed also ends it
        code = self._child.wait()
        if code == -getattr(signal, "SIGXCPU", 0):
            return error_of("time", {"limit": self._limits.cpu}, self._file)
        if code == -signal.SIGABRT:
            return error_of("memory", {"limit": self._limits.memory}, self._file)
        return error_of("died", {"how": f"exit {code}"}, self._file)

    def close(self) -> None:
        """End it and its pipes. Idempotent."""
        if self._child.returncode is None:
            self._child.kill()
            self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what it did not read is of no use to anybody
                    pipe.close()


@contextmanager
def boxed(request: Mapping[str, Any], limits: Limits) -> Iterator[Box]:
    box = Box(request, limits)
    try:
        yield box
    finally:
        box.close()


def ask(request: Mapping[str, Any], limits: Limits) -> Any:
    """One request with one answer: what stands in `end`."""
    with boxed(request, limits) as box:
        while "end" not in (frame := box.next()):
            pass
        return frame["end"]


def head_of(request: Mapping[str, Any], limits: Limits) -> Mapping[str, Any]:
    """The first frame only: `sheet`, `header` (row number), `headers`, `letters` of their columns."""
    with boxed({**request, "only_headers": True}, limits) as box:
        return box.next()
