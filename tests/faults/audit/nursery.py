"""Processes that start in milliseconds: one has loaded all of robo and forks a child for each that is asked for.

`python -m tests.faults.audit.nursery` reads a JSON request a line and answers a JSON line: `{"role", "args", "held"}`
is answered with the child's pid, `{"wait": pid}` with how it ended. A child that is held stops itself before its work
begins, so that somebody can attach to it, and goes on at SIGCONT.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.faults.audit import children

LOG: Final = "children.log"
ROOT: Final = Path(__file__).parents[3]
_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)


class Nursery:
    """The parent's side. What children have to say is in `log`."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.log = folder / LOG

    def room(self, name: str) -> Path:
        """A new folder for the files of one campaign."""
        found = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self._folder))
        found.chmod(0o700)
        return found

    def start(self, role: str, *, held: bool = False, **args: Any) -> int:
        """A child that does `robo`'s work of this role (a function of `children`); its pid."""
        return int(self._ask({"role": role, "args": args, "held": held})["pid"])

    def wait(self, pid: int) -> int:
        """How it ended: its exit code, or minus the signal that killed it."""
        return int(self._ask({"wait": pid})["code"])

    def kill(self, pid: int) -> int:
        """SIGKILL, and how it ended: it may have been quicker."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return self.wait(pid)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """A nursery whose files are in `folder`."""
    command = [sys.executable, "-m", "tests.faults.audit.nursery"]
    environment = {**os.environ, "ROBO_TESTING": "1"}
    with (folder / LOG).open("ab") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
    try:
        yield Nursery(process, folder)
    finally:
        process.communicate()


def _serve() -> None:
    children.load()
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            answer = {"code": os.waitstatus_to_exitcode(status)}
        else:
            answer = {"pid": _fork(children.ROLES[request["role"]], request)}
        print(json.dumps(answer), flush=True)


def _fork(role: Any, request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code, args = 1, request["args"]
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        if "acks" in args:
            args["acks"] = children.open_acks(args["acks"])
        if request["held"]:
            ctypes.CDLL(None).prctl(_SET_PTRACER, _ANY, 0, 0, 0)  # where only descendants may be traced
            os.kill(os.getpid(), signal.SIGSTOP)
        role(**args)
        code = 0
    except BaseException:  # noqa: BLE001 - a forked process must end here, whatever happens
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
