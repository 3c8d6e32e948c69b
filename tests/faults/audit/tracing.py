"""strace on a child that is held: nothing of its start is in the record, and the n-th call is the n-th of its work."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.audit.nursery import Nursery

STRACE: Final = shutil.which("strace")
NONE_HERE: Final = "no strace: no system call was broken and no power was cut (Debian's package `strace`)"
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)")
_FILE: Final = re.compile(r"^\d+<([^>]*)>")
_BYTES: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_ESCAPED: Final = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: its name, the file it is about ("" for none), its arguments as strace writes them, the bytes
    that were written (with `-xx`)."""

    name: str
    file: str
    arguments: str
    data: bytes

    @property
    def last(self) -> int:
        """The last argument, a number: where it was written, how long the file is now."""
        return int(self.arguments.rpartition(", ")[2])


def traced(nursery: Nursery, pid: int, *options: str, record: Path) -> int:
    """Let a held child do its work under strace; how it ended. `record`: where strace writes the calls."""
    assert STRACE is not None
    command = [STRACE, "-q", "-y", "-o", str(record), *options, "-p", str(pid)]
    _await(pid, lambda status: "State:\tT" in status)
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _await(pid, lambda status: _refuses(tracer) or "TracerPid:\t0\n" not in status)
        os.kill(pid, signal.SIGCONT)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        ended = nursery.wait(pid)
        tracer.communicate()
    return ended


def calls(record: Path) -> Iterator[Call]:
    """What strace wrote down: calls that succeeded or were answered with an error, in their order."""
    for line in record.read_text(encoding="ascii", errors="replace").splitlines():
        if found := _CALL.match(line):
            name, arguments, _ = found.groups()
            file = _FILE.match(arguments)
            data = _BYTES.search(arguments)
            written = bytes.fromhex(data[1].replace("\\x", "")) if data else b""
            yield Call(name, _plain(file[1]) if file else "", arguments, written)


def _plain(name: str) -> str:
    """A file's name, where `-xx` has escaped it."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name)


def _refuses(tracer: subprocess.Popen[bytes]) -> bool:
    """False as long as strace runs; what it said of its end is raised."""
    if tracer.poll() is None:
        return False
    assert tracer.stderr is not None
    raise RuntimeError(f"strace cannot attach: {tracer.stderr.read().decode(errors='replace').strip()}")


def _await(pid: int, what: Callable[[str], bool]) -> None:
    """Until `what` is true of the process's status: nobody tells that it has stopped, or is traced."""
    status = Path(f"/proc/{pid}/status")
    for _ in range(5000):
        if what(status.read_text(encoding="ascii", errors="replace")):
            return
        time.sleep(0.001)
    raise RuntimeError("a child did not stop, or strace did not attach, in 5 s")
